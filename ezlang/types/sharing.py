"""The sharings of secrets between two parties, and the protocol choices that choose them."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Sharing(Enum):
    """The form in which two parties share a secret.

    ARITHMETIC: x = x₀ + x₁ modulo 2^width, for integers. BOOLEAN: x = x₀ ⊕ x₁, for integers and
    bools. YAO: wire labels of garbled circuits.
    """

    ARITHMETIC = "arithmetic"
    BOOLEAN = "boolean"
    YAO = "yao"

    __hash__ = object.__hash__  # members are singletons; Enum's own hash is that of the name


PROTOCOL_CHOICES: Final = ("auto", "arithmetic", "boolean", "yao")
"""The protocol choices: the cheapest sharing for each secret, or one for all."""

GARBLING_CHOICES: Final = ("auto", "half-gates", "three-halves")
"""The cheapest garbling scheme for the program and the network, or one of them."""

DEFAULT_PROTOCOL: Final = "auto"
DEFAULT_GARBLING: Final = "auto"
DEFAULT_NETWORK: Final = "lan"

DEFAULT_MEMORY: Final = 256_000_000
"""Bytes of wire labels or shares that a run may make by doing iterations of loops together."""
