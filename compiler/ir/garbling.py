"""Garbling schemes. They determine the messages, and so are part of a program."""

from __future__ import annotations

from enum import Enum


class Garbling(Enum):
    """How ANDs of garbled circuits are garbled.

    Half-gates [ZRE15], with 2κ bits each, or three-halves [RR21], with 3κ/2 + 5 bits.
    """

    HALF_GATES = "half_gates"
    THREE_HALVES = "three_halves"

    __hash__ = object.__hash__  # members are singletons; Enum's own hash is that of the name
