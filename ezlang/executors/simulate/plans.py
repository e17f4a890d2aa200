"""Regions as they are run: lists of functions, one for each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from ezlang.records import dataclass

from .clear_values import ClearValue

S = TypeVar("S")
"""The representation of a secret."""

Values = dict[int, ClearValue | S]
"""The values of a call that are still needed, by number."""

Step = Callable[[Values[S]], None]
"""Runs an operation, or a group of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Generic[S]):
    """A region: the numbers of its parameters, its constants, its steps, and what it yields.

    `dying` are the yields that nothing else reads; `moves`: all die, and all are distinct.
    """

    parameters: tuple[int, ...]
    constants: Mapping[int, ClearValue]
    steps: tuple[Step[S], ...]
    yields: tuple[int, ...]
    dying: frozenset[int]
    moves: bool
