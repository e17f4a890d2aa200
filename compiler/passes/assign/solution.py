"""A choice of sharings, and the policies that make it without looking at costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from ...ir.sharings import A, B, Y
from ...ir.tree import Sharing
from .problem import Problem


class Policy(Enum):
    """How sharings are chosen: by cost, or one for the whole program.

    BOOLEAN and YAO are always possible; ARITHMETIC is for what there is a form for, and boolean for
    the rest. What the program itself asks for goes before.
    """

    AUTO = "auto"
    YAO = "yao"
    BOOLEAN = "boolean"
    ARITHMETIC = "arithmetic"


@dataclass(frozen=True, slots=True)
class Solution:
    """The column of each variable of a problem.

    `seconds` is what it costs by the model, `bound` what any choice costs at least; `exact` says
    that the model has been shown to have no better one.
    """

    columns: tuple[Sharing, ...]
    seconds: float
    bound: float
    exact: bool
    policy: Policy


_PREFERRED: Final[Mapping[Policy, tuple[Sharing, ...]]] = MappingProxyType(
    {
        Policy.YAO: (Y, B, A),
        Policy.BOOLEAN: (B, Y, A),
        Policy.ARITHMETIC: (A, B, Y),
    }
)

FIXED: Final = tuple(_PREFERRED)
"""The policies that don't look at costs."""


def fixed(problem: Problem, policy: Policy) -> tuple[Sharing, ...]:
    """Return the columns that a fixed policy chooses."""
    order = _PREFERRED[policy]
    return tuple(min(v.domain, key=order.index) for v in problem.variables)
