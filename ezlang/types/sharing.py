"""The sharings of secrets between two parties."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Sharing(Enum):
    """The form in which two parties share a secret.

    ARITHMETIC: integers x = x₀ + x₁ modulo 2^width. BOOLEAN: x = x₀ ⊕ x₁, integers and bools.
    YAO: wire labels of garbled circuits.
    """

    ARITHMETIC = "arithmetic"
    BOOLEAN = "boolean"
    YAO = "yao"

    __hash__ = object.__hash__  # members are singletons; Enum's own hashes their names


POLICIES: Final = ("auto", "arithmetic", "boolean", "yao")
"""The policies for all secrets of a program: the cheapest sharings, or a single one."""

DEFAULT_POLICY: Final = "auto"
DEFAULT_NETWORK: Final = "lan"
