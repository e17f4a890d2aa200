"""What a choice of sharings costs by the model: computing, sending, and waiting along the way.

Computing and sending add up over all operations and conversions. Waiting is the length of the
longest path of messages: operations that don't depend on one another wait together. OTs for shares,
and those for Yao's protocol, have to be set up before the first that is taken. That leaves out
that messages side by side have to be of the same protocol round to share one, and that effects keep
their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ...ir.tree import Sharing
from .problem import Block, Item, Problem, Secret
from .routes import Route, Routes, kind_of

Columns = Sequence[Sharing]
"""The column of each variable."""

Conversions = tuple[int, float, tuple[bool, bool], list[float]]
"""Of a secret: its number, what its conversions take, in time and OTs, and its uses' delays."""

_UNUSED = float("-inf")
_NEITHER = (False, False)


@dataclass(slots=True)
class Model:
    """Evaluates choices for one problem; for `detours` see routes.py.

    `set_ups` are what setting up OTs takes: those for shares, in both directions, and those for
    Yao. `known` are the routes of each secret that have been looked for, by its own sharing and
    those that are wanted: secrets that are alike have theirs in common. `work` counts the
    operations and secrets that have been looked at.
    """

    problem: Problem
    detours: bool = True
    routes: Routes = field(init=False)
    set_ups: tuple[float, float] = field(init=False)
    known: list[dict[object, Route]] = field(init=False)
    work: int = 0
    _totals: dict[tuple[Sharing, ...], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        profile = self.problem.profile
        self.routes = Routes(profile, self.detours)
        one = profile.start + 1.5 * profile.rtt
        self.set_ups = 2 * one, one
        alike: dict[object, dict[object, Route]] = {}
        self.known = [alike.setdefault(kind_of(one), {}) for one in self.problem.secrets]

    def own(self, secret: Secret, columns: Columns) -> Sharing | None:
        """Return the sharing that a secret is computed in."""
        return None if secret.variable is None else secret.held[columns[secret.variable]]

    def wanted(self, secret: Secret, columns: Columns) -> frozenset[Sharing]:
        """Return the sharings that a secret is used in."""
        uses = (self.problem.uses[number] for number in secret.uses)
        found = {use.wants[columns[use.variable]] for use in uses}
        return frozenset(sharing for sharing in found if sharing is not None)

    def route(self, secret: Secret, columns: Columns) -> Route:
        """Return the conversions of a secret."""
        return self.routes.of(secret, self.own(secret, columns), self.wanted(secret, columns))

    def found(self, secret: Secret, own: Sharing | None, wants: Sequence[Sharing | None]) -> Route:
        """Return the conversions of a secret from its own sharing to those of its uses."""
        key = own, frozenset(wants)
        route = self.known[secret.index].get(key)
        if route is None:
            wanted = frozenset(sharing for sharing in wants if sharing is not None)
            route = self.routes.of(secret, own, wanted)
            self.known[secret.index][key] = route
        return route

    def total(self, columns: Columns) -> float:
        """Return how long a run takes."""
        key = tuple(columns)
        if key not in self._totals:
            self._totals[key] = State(self, list(columns)).total
        return self._totals[key]


@dataclass(slots=True)
class State:
    """A choice that may be changed bit by bit; `computing` and `waiting` are its costs.

    Kept for each secret is what its conversions take, for each use how long the secret takes to
    come into its sharing, for each variable how long its operation waits; `takers` counts what
    takes OTs for shares, and for Yao's protocol.
    """

    model: Model
    columns: list[Sharing]
    converting: list[float] = field(init=False)
    delays: list[float] = field(init=False)
    lengths: list[float] = field(init=False)
    computing: float = field(init=False)
    waiting: float = field(init=False)
    takers: list[int] = field(init=False)
    taking: list[tuple[bool, bool]] = field(init=False)

    def __post_init__(self) -> None:
        problem = self.model.problem
        self.converting = [0.0] * len(problem.secrets)
        self.delays = [_UNUSED] * len(problem.uses)
        pairs = list(zip(problem.variables, self.columns, strict=True))
        self.taking = [_NEITHER] * len(problem.secrets)
        self.takers = [sum(c in v.takes_ots for v, c in pairs), 0]
        self.lengths = [variable.latency[column] for variable, column in pairs]
        self.computing = sum(variable.seconds[column] for variable, column in pairs)
        self.computing += self.refresh(range(len(problem.secrets)))
        self.waiting = self.measure()

    @property
    def total(self) -> float:
        """How long a run takes."""
        return self.computing + self.waiting + self.starting

    @property
    def starting(self) -> float:
        """How long it takes to set up OTs."""
        return sum(s for s, takers in zip(self.model.set_ups, self.takers, strict=True) if takers)

    def put(self, variable: int, column: Sharing) -> float:
        """Give a variable a column; return what that adds to computing, apart from conversions."""
        found = self.model.problem.variables[variable]
        change = found.seconds[column] - found.seconds[self.columns[variable]]
        self.takers[0] += column in found.takes_ots
        self.takers[0] -= self.columns[variable] in found.takes_ots
        self.columns[variable] = column
        self.lengths[variable] = found.latency[column]
        return change

    def refresh(self, secrets: Iterable[int]) -> float:
        """Work out the conversions of secrets anew; return what that adds to computing."""
        problem, change, columns, delays = self.model.problem, 0.0, self.columns, self.delays
        for number in secrets:
            secret = problem.secrets[number]
            uses = [problem.uses[index] for index in secret.uses]
            wants = [use.wants[columns[use.variable]] for use in uses]
            route = self.model.found(secret, self.model.own(secret, columns), wants)
            seconds = route.seconds * secret.scope.weight
            change += seconds - self.converting[number]
            self.converting[number] = seconds
            if route.takes_ots != self.taking[number]:
                for kind in (0, 1):
                    self.takers[kind] += route.takes_ots[kind] - self.taking[number][kind]
                self.taking[number] = route.takes_ots
            for index, wanted in zip(secret.uses, wants, strict=True):
                delays[index] = _UNUSED if wanted is None else route.latency[wanted]
        return change

    def conversions(self, secrets: Iterable[int]) -> list[Conversions]:
        """Return what is kept of secrets, for `take_back`."""
        return [
            (
                number,
                self.converting[number],
                self.taking[number],
                [self.delays[index] for index in self.model.problem.secrets[number].uses],
            )
            for number in secrets
        ]

    def take_back(self, kept: Iterable[Conversions]) -> None:
        """Have the conversions of secrets as they were."""
        for number, seconds, taking, delays in kept:
            self.converting[number] = seconds
            for kind in (0, 1):
                self.takers[kind] += taking[kind] - self.taking[number][kind]
            self.taking[number] = taking
            for index, delay in zip(self.model.problem.secrets[number].uses, delays, strict=True):
                self.delays[index] = delay

    def measure(self) -> float:
        """Return how long messages are waited for."""
        lengths: dict[str, float] = {}
        for function in self.model.problem.program.functions:
            block = self.model.problem.blocks[function.name]
            lengths[function.name] = self._block(block, lengths)
        return lengths[self.model.problem.program.main.name]

    def _block(self, block: Block, functions: dict[str, float]) -> float:
        times = dict.fromkeys(block.parameters, 0.0)
        end, delays = 0.0, self.delays
        self.model.work += len(block.items)
        for item in block.items:
            start = 0.0
            for value in item.reads:
                found = times.get(value, 0.0)
                if found > start:
                    start = found
            for value, use in item.uses:
                made = times.get(value)
                if made is not None and made + delays[use] > start:
                    start = made + delays[use]
            finished = start + self._length(item, functions)
            for value in item.makes:
                times[value] = finished
            if finished > end:
                end = finished
        return end

    def _length(self, item: Item, functions: dict[str, float]) -> float:
        if item.variable is not None:
            return self.lengths[item.variable]
        if item.calls:
            return functions[item.calls]
        if not item.blocks:
            return 0.0
        blocks = [self._block(block, functions) for block in item.blocks]
        return max(blocks) if item.branches else item.times * sum(blocks)
