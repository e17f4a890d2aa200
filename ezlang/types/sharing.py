"""The sharings of secrets between two parties, and the protocol choices that choose them."""

from __future__ import annotations

from enum import Enum
from typing import Final, TypedDict


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


class Choices(TypedDict, total=False):
    """How a program of two parties is prepared, which both parties must choose alike.

    `protocol` is one of PROTOCOL_CHOICES: `yao`, `boolean`, `arithmetic`, or `auto` for the
    cheapest sharings on a `network`, which is the name of a profile or a file. `garbling` is the
    scheme of garbled circuits, one of GARBLING_CHOICES. `memory`: how many bytes of wire labels or
    shares iterations of loops may make together. What isn't given is the default.
    """

    protocol: str
    network: str
    garbling: str
    memory: int
