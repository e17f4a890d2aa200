"""Local search for the cheapest sharings, never worse than its starting points.

The search starts from each uniform protocol choice. A move changes the sharing of one variable, of
connected variables, or of all variables of a kind or a region. It is accepted if it reduces the
total cost. The order is fixed, and effort is measured in steps instead of time, so that the two
parties, which compile independently, make the same choice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import field
from itertools import combinations

from ezlang.records import dataclass

from ...ir import tree as ir
from ...ir.tree import Sharing
from .model import Model, SearchState
from .problem import ORDER, Variable
from .scopes import Scope
from .solution import FIXED, ProtocolChoice, Solution, fixed

WORK = 300_000
"""Limit on the number of operations and secrets that the search evaluates."""

FEW = 100
"""Largest number of variables for which pairs of variables are moved, too."""

_TINY = 1e-12


def search(model: Model) -> Solution:
    """Return the best choice found."""
    return judged(model, ends(model)[0])


def judged(model: Model, sharings: tuple[Sharing, ...]) -> Solution:
    """Return a choice with a lower bound: the cost of the operations alone."""
    return Solution(sharings, model.total(sharings), _bound(model), False, ProtocolChoice.AUTO)


def ends(model: Model) -> list[tuple[Sharing, ...]]:
    """Return the final choices of the searches from each uniform assignment, the best first."""
    starts = [fixed(model.problem, protocol) for protocol in FIXED]
    climbs = [_Climb(model, SearchState(model, list(sharings))) for sharings in starts]
    climbs.sort(key=lambda climb: climb.total)
    for share, climb in zip((2, 4, 4), climbs, strict=True):
        climb.run(WORK // share)
    climbs.sort(key=lambda climb: climb.total)
    return list(dict.fromkeys(tuple(climb.state.sharings) for climb in climbs))


def _bound(model: Model) -> float:
    return sum(min(costs.seconds.values(), default=0.0) for costs in model.costs)


@dataclass(slots=True)
class _Climb:
    model: Model
    state: SearchState
    near: list[list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.near = [[] for _ in self.model.problem.variables]
        for secret in self.model.problem.secrets:
            if secret.variable is not None:
                self.near[secret.variable].append(secret.index)
        for use in self.model.problem.uses:
            self.near[use.variable].append(use.secret)

    @property
    def total(self) -> float:
        return self.state.total

    def run(self, work: int) -> None:
        """Make moves until none is an improvement, or the work limit is reached."""
        end = self.model.work + work
        better = True
        while better and self.model.work < end:
            better = False
            for variables in self.sets():
                for sharing in ORDER:
                    better = self.move(variables, sharing) or better
                if self.model.work >= end:
                    break

    def sets(self) -> Iterator[list[Variable]]:
        """Yield variables to move together: all, by region, by kind, connected, pairs, single."""
        variables = self.model.problem.variables
        if len(variables) > 1:
            yield variables
        regions: dict[Scope, list[Variable]] = defaultdict(list)
        for variable in variables:
            scope: Scope | None = variable.scope
            while scope is not None:
                regions[scope].append(variable)
                scope = scope.outer
        yield from (found for found in regions.values() if 1 < len(found) < len(variables))
        kinds: dict[object, list[Variable]] = defaultdict(list)
        for variable in variables:
            kinds[_kind(variable)].append(variable)
        yield from (found for found in kinds.values() if 1 < len(found) < len(variables))
        yield from (found for found in self.components() if 1 < len(found) < len(variables))
        if len(variables) <= FEW:
            yield from self.pairs()
        for variable in variables:
            yield [variable]

    def pairs(self) -> Iterator[list[Variable]]:
        """Yield the pairs of variables that make or use the same secret."""
        variables = self.model.problem.variables
        around: dict[int, list[int]] = defaultdict(list)
        for number, secrets in enumerate(self.near):
            for secret in dict.fromkeys(secrets):
                around[secret].append(number)
        seen = {pair for numbers in around.values() for pair in combinations(numbers, 2)}
        yield from ([variables[x], variables[y]] for x, y in sorted(seen))

    def components(self) -> list[list[Variable]]:
        problem = self.model.problem
        parent = list(range(len(problem.variables)))

        def root(number: int) -> int:
            while parent[number] != number:
                parent[number] = parent[parent[number]]
                number = parent[number]
            return number

        for use in problem.uses:
            maker = problem.secrets[use.secret].variable
            if (
                maker is not None
                and self.state.sharings[maker] is self.state.sharings[use.variable]
            ):
                parent[root(use.variable)] = root(maker)
        found: dict[int, list[Variable]] = defaultdict(list)
        for variable in problem.variables:
            found[root(variable.index)].append(variable)
        return list(found.values())

    def move(self, variables: list[Variable], sharing: Sharing) -> bool:
        """Set the sharing of all variables that allow it; undo the move unless it is cheaper."""
        state = self.state
        moved = [
            v for v in variables if sharing in v.domain and state.sharings[v.index] is not sharing
        ]
        if not moved:
            return False
        touched = sorted({secret for v in moved for secret in self.near[v.index]})
        self.model.work += len(touched) + len(moved)
        before = state.total
        old = [(v.index, state.sharings[v.index]) for v in moved]
        change, converted = state.put([(v.index, sharing) for v in moved], touched)
        # The latency may decrease, but it is never negative.
        computing = state.computing + change + state.starting
        if computing < before - _TINY:
            waiting = state.measure()
            if computing + waiting < before * (1 - 1e-9) - _TINY:
                state.computing, state.waiting = state.computing + change, waiting
                return True
        state.put(old, converted)
        return False


def _kind(variable: Variable) -> object:
    operation = variable.operation
    if operation is None:
        return None
    kind = operation.kind if isinstance(operation, ir.Unary | ir.Binary | ir.Reduce) else None
    return type(operation), kind
