"""How two parties keep a secret."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Sharing(Enum):
    """How the two parties keep a secret.

    ARITHMETIC: integers x = x₀ + x₁ modulo 2^width. BOOLEAN: x = x₀ ⊕ x₁, integers and bools.
    YAO: wire labels of garbled circuits.
    """

    ARITHMETIC = "arithmetic"
    BOOLEAN = "boolean"
    YAO = "yao"

    __hash__ = object.__hash__  # members are alone; Enum's own hashes their names


POLICIES: Final = ("auto", "arithmetic", "boolean", "yao")
"""What can be said of all secrets of a program: what is cheapest, or one sharing."""

DEFAULT_POLICY: Final = "auto"
DEFAULT_NETWORK: Final = "lan"
