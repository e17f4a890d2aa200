"""Choices of sharings, and the protocol choices that ignore costs."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

from ezlang.records import dataclass

from ...ir.sharings import A, B, Y
from ...ir.tree import Sharing
from .problem import Problem


class ProtocolChoice(Enum):
    """How sharings are chosen: by cost, or one for the whole program.

    BOOLEAN and YAO are always possible. ARITHMETIC applies to operations with an arithmetic form;
    the others are boolean. A sharing that the program requests takes precedence.
    """

    AUTO = "auto"
    YAO = "yao"
    BOOLEAN = "boolean"
    ARITHMETIC = "arithmetic"


@dataclass(frozen=True, slots=True)
class Solution:
    """The operation sharing of each variable of a problem.

    `seconds` is its cost according to the model, `bound` a lower bound for all choices. `exact`
    says that it is proven to be optimal for the model.
    """

    sharings: tuple[Sharing, ...]
    seconds: float
    bound: float
    exact: bool
    protocol: ProtocolChoice


_PREFERRED: Final[Mapping[ProtocolChoice, tuple[Sharing, ...]]] = MappingProxyType(
    {
        ProtocolChoice.YAO: (Y, B, A),
        ProtocolChoice.BOOLEAN: (B, Y, A),
        ProtocolChoice.ARITHMETIC: (A, B, Y),
    }
)

FIXED: Final = tuple(_PREFERRED)
"""The protocol choices that ignore costs."""


def fixed(problem: Problem, protocol: ProtocolChoice) -> tuple[Sharing, ...]:
    """Return the assignment of a uniform protocol choice."""
    order = _PREFERRED[protocol]
    return tuple(min(v.domain, key=order.index) for v in problem.variables)
