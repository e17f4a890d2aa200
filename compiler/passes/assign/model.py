"""Cost model of a choice of sharings: computation, communication, and latency.

Computation and communication are summed over all operations and conversions. Latency is the length
of the critical path of messages: independent operations wait at the same time. OTs for shares, and
those for Yao's protocol, must be set up before they are first used. The model ignores that parallel
messages must belong to the same protocol round to be combined, and that effects keep their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from ezlang.records import dataclass, replace

from ...ir.sharings import A
from ...ir.tree import Sharing
from .estimates import operation_usage
from .problem import Block, Node, Problem, Secret, Variable, cheap_operands
from .routes import Route, Routes, kind_of

Assignment = Sequence[Sharing]
"""The operation sharing of each variable."""

Conversions = tuple[int, float, tuple[bool, bool], list[float]]
"""Saved costs of a secret: its number, the time and OTs of its conversions, its uses' delays."""

_UNUSED = float("-inf")
_NEITHER = (False, False)


@dataclass(frozen=True, slots=True)
class Costs:
    """The costs of a variable by operation sharing: `seconds` of all its runs, `latency` of one.

    `takes_ots` are the operation sharings in which it uses OTs for shares.
    """

    seconds: Mapping[Sharing, float]
    latency: Mapping[Sharing, float]
    takes_ots: frozenset[Sharing]


def costs_of(problem: Problem, variable: Variable) -> Costs:
    """Return the costs of a variable of a problem; a join has none."""
    operation, profile, domain = variable.operation, problem.profile, variable.domain
    seconds, latency = dict.fromkeys(domain, 0.0), dict.fromkeys(domain, 0.0)
    takes_ots = set[Sharing]()
    if operation is not None:
        cheap = cheap_operands(operation, problem.twins.get(variable.function, {}))
        for sharing in domain:
            form = operation
            if sharing is A and cheap is not None:
                form = replace(operation, operands=cheap)
            usage = operation_usage(form, sharing, profile, problem.facts[variable.function])
            seconds[sharing] = usage.seconds(profile) * variable.scope.weight
            latency[sharing] = usage.latency(profile)
            if usage.ots:
                takes_ots.add(sharing)
    return Costs(seconds, latency, frozenset(takes_ots))


@dataclass(slots=True)
class Model:
    """Evaluates choices for one problem; for `detours` see routes.py.

    `set_ups` are the times to set up OTs: for shares, in both directions, and for Yao. `known`
    caches the routes of each secret by its own sharing and those of its uses; secrets of the same
    kind share a cache. `work` counts the operations and secrets evaluated so far.
    """

    problem: Problem
    detours: bool = True
    routes: Routes = field(init=False)
    set_ups: tuple[float, float] = field(init=False)
    known: list[dict[object, Route]] = field(init=False)
    work: int = 0
    _costs: list[Costs] = field(default_factory=list)
    _totals: dict[tuple[Sharing, ...], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        profile = self.problem.profile
        self.routes = Routes(profile, self.detours)
        self.set_ups = 2 * profile.start + profile.rtt, profile.start + 1.5 * profile.rtt
        alike: dict[object, dict[object, Route]] = {}
        self.known = [alike.setdefault(kind_of(one), {}) for one in self.problem.secrets]

    @property
    def costs(self) -> Sequence[Costs]:
        """The costs of the variables, which are estimated where they are first asked for."""
        if not self._costs:
            self._costs = [costs_of(self.problem, one) for one in self.problem.variables]
        return self._costs

    def own(self, secret: Secret, sharings: Assignment) -> Sharing | None:
        """Return the sharing in which a secret is computed."""
        return None if secret.variable is None else secret.held[sharings[secret.variable]]

    def wanted(self, secret: Secret, sharings: Assignment) -> frozenset[Sharing]:
        """Return the sharings in which a secret is used."""
        uses = (self.problem.uses[number] for number in secret.uses)
        found = {use.wants[sharings[use.variable]] for use in uses}
        return frozenset(sharing for sharing in found if sharing is not None)

    def route(self, secret: Secret, sharings: Assignment) -> Route:
        """Return the conversions of a secret."""
        return self.routes.of(secret, self.own(secret, sharings), self.wanted(secret, sharings))

    def found(self, secret: Secret, own: Sharing | None, wants: Sequence[Sharing | None]) -> Route:
        """Return the conversions of a secret from its own sharing to those of its uses."""
        key = own, frozenset(wants)
        route = self.known[secret.index].get(key)
        if route is None:
            wanted = frozenset(sharing for sharing in wants if sharing is not None)
            route = self.routes.of(secret, own, wanted)
            self.known[secret.index][key] = route
        return route

    def total(self, sharings: Assignment) -> float:
        """Return the time of a run."""
        key = tuple(sharings)
        if key not in self._totals:
            self._totals[key] = SearchState(self, list(sharings)).total
        return self._totals[key]

    def apart(self, first: Assignment, second: Assignment) -> tuple[float, float]:
        """Return the times of two assignments without what they have in common.

        Operations with the same sharing in both, and conversions of the same time, are common.
        """
        one, other = SearchState(self, list(first)), SearchState(self, list(second))
        pairs = zip(self.costs, first, second, strict=True)
        common = sum(costs.seconds[a] for costs, a, b in pairs if a is b)
        converting = zip(one.converting, other.converting, strict=True)
        common += sum(a for a, b in converting if a == b)
        return one.total - common, other.total - common


@dataclass(slots=True)
class SearchState:
    """A choice with incremental updates; `computing` and `waiting` are its costs.

    The state has, for each secret, the time of its conversions; for each use, the delay until the
    secret is available in its sharing; for each variable, the latency of its operation. `takers`
    counts the users of OTs for shares, and of those for Yao's protocol.
    """

    model: Model
    sharings: list[Sharing]
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
        pairs = list(zip(self.model.costs, self.sharings, strict=True))
        self.taking = [_NEITHER] * len(problem.secrets)
        self.takers = [sum(c in costs.takes_ots for costs, c in pairs), 0]
        self.lengths = [costs.latency[sharing] for costs, sharing in pairs]
        self.computing = sum(costs.seconds[sharing] for costs, sharing in pairs)
        self.computing += self.refresh(range(len(problem.secrets)))
        self.waiting = self.measure()

    @property
    def total(self) -> float:
        """The time of a run."""
        return self.computing + self.waiting + self.starting

    @property
    def starting(self) -> float:
        """The time to set up OTs."""
        return sum(s for s, takers in zip(self.model.set_ups, self.takers, strict=True) if takers)

    def put(self, variable: int, sharing: Sharing) -> float:
        """Set a variable's sharing; return the change of computing time, except for conversions."""
        found = self.model.costs[variable]
        change = found.seconds[sharing] - found.seconds[self.sharings[variable]]
        self.takers[0] += sharing in found.takes_ots
        self.takers[0] -= self.sharings[variable] in found.takes_ots
        self.sharings[variable] = sharing
        self.lengths[variable] = found.latency[sharing]
        return change

    def refresh(self, secrets: Iterable[int]) -> float:
        """Recompute the conversions of secrets; return the change of computing time."""
        problem, change, sharings, delays = self.model.problem, 0.0, self.sharings, self.delays
        for number in secrets:
            secret = problem.secrets[number]
            uses = [problem.uses[index] for index in secret.uses]
            wants = [use.wants[sharings[use.variable]] for use in uses]
            route = self.model.found(secret, self.model.own(secret, sharings), wants)
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
        """Return the saved costs of secrets, for `take_back`."""
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
        """Restore the saved costs of secrets."""
        for number, seconds, taking, delays in kept:
            self.converting[number] = seconds
            for kind in (0, 1):
                self.takers[kind] += taking[kind] - self.taking[number][kind]
            self.taking[number] = taking
            for index, delay in zip(self.model.problem.secrets[number].uses, delays, strict=True):
                self.delays[index] = delay

    def measure(self) -> float:
        """Return the total latency: the length of the critical path."""
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

    def _length(self, item: Node, functions: dict[str, float]) -> float:
        if item.variable is not None:
            return self.lengths[item.variable]
        if item.calls:
            return functions[item.calls]
        if not item.blocks:
            return 0.0
        blocks = [self._block(block, functions) for block in item.blocks]
        return max(blocks) if item.branches else item.times * sum(blocks)
