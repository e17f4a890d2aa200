"""The order comparisons, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from .kinds import BinaryKind

EXCHANGED: Final[Mapping[BinaryKind, BinaryKind]] = MappingProxyType(
    {
        BinaryKind.LT: BinaryKind.GT,
        BinaryKind.LE: BinaryKind.GE,
        BinaryKind.GT: BinaryKind.LT,
        BinaryKind.GE: BinaryKind.LE,
    }
)
"""The comparison with its operands exchanged."""

NEGATED: Final[Mapping[BinaryKind, BinaryKind]] = MappingProxyType(
    {
        BinaryKind.LT: BinaryKind.GE,
        BinaryKind.LE: BinaryKind.GT,
        BinaryKind.GT: BinaryKind.LE,
        BinaryKind.GE: BinaryKind.LT,
    }
)
"""The comparison that is true where the other one is false."""
