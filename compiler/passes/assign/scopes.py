"""Scopes of a function, and placement of conversions in them."""

from __future__ import annotations

from collections.abc import Iterable

from ezlang.records import dataclass

RARELY = 1e-6
"""Assumed frequency with which a loop's items aren't separate, so that the original loop runs."""


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """A region, or a function's body if there is no `outer`.

    `loops` says whether it may run several times per run of `outer`. `trips` is the number of runs
    per run of `outer`; `weight` is the total number of runs.
    """

    outer: Scope | None
    loops: bool
    trips: float
    weight: float
    depth: int

    def inside(self, loops: bool, trips: float) -> Scope:
        """Return the scope of a nested region."""
        return Scope(self, loops, trips, self.weight * trips, self.depth + 1)


def outermost(weight: float) -> Scope:
    """Return the scope of the body of a function that is called `weight` times."""
    return Scope(None, False, 1, weight, 0)


def best_place(defined: Scope, uses: Iterable[Scope]) -> Scope:
    """Return the innermost scope that encloses all uses and runs once per run of `defined`."""
    found: Scope | None = None
    for use in uses:
        found = use if found is None else _common(found, use)
    place = found or defined
    best = place
    while place is not defined and place.outer is not None:
        if place.loops:
            best = place.outer
        place = place.outer
    return best


def _common(x: Scope, y: Scope) -> Scope:
    while x is not y:
        if x.depth >= y.depth and x.outer is not None:
            x = x.outer
        elif y.outer is not None:
            y = y.outer
        else:
            break
    return x
