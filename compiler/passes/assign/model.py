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
from .critical_path import CriticalPath
from .estimates import operation_usage
from .problem import ORDER, Problem, Secret, Use, Variable, cheap_operands
from .routes import Route, Routes, kind_of

Assignment = Sequence[Sharing]
"""The operation sharing of each variable."""

_UNUSED = float("-inf")
_NEITHER = (False, False)
_PLACES: Mapping[Sharing | None, int] = {one: n for n, one in enumerate((*ORDER, None))}
_FIELDS = len(_PLACES)


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
    kind share a cache. `uses_of` are the uses by each variable. `work` counts the operations and
    secrets evaluated so far.
    """

    problem: Problem
    detours: bool = True
    routes: Routes = field(init=False)
    set_ups: tuple[float, float] = field(init=False)
    known: list[dict[object, Route]] = field(init=False)
    uses_of: list[list[int]] = field(init=False)
    path: CriticalPath = field(init=False)
    work: int = 0
    _costs: list[Costs] = field(default_factory=list)
    _states: dict[tuple[Sharing, ...], SearchState] = field(default_factory=dict)

    def __post_init__(self) -> None:
        profile = self.problem.profile
        self.routes = Routes(profile, self.detours)
        self.set_ups = 2 * profile.start + profile.rtt, profile.start + 1.5 * profile.rtt
        alike: dict[object, dict[object, Route]] = {}
        self.known = [alike.setdefault(kind_of(one), {}) for one in self.problem.secrets]
        self.uses_of = [[] for _ in self.problem.variables]
        for number, use in enumerate(self.problem.uses):
            self.uses_of[use.variable].append(number)
        self.path = CriticalPath(self.problem)

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

    def found(self, secret: Secret, own: Sharing | None, wants: Sequence[int]) -> Route:
        """Return the conversions of a secret from its own sharing to those of its uses.

        `wants` are how many uses want each sharing, in `ORDER`.
        """
        first, second, third = wants
        key = own, first > 0, second > 0, third > 0
        route = self.known[secret.index].get(key)
        if route is None:
            wanted = (sharing for sharing, count in zip(ORDER, wants, strict=True) if count)
            route = self.routes.of(secret, own, frozenset(wanted))
            self.known[secret.index][key] = route
        return route

    def total(self, sharings: Assignment) -> float:
        """Return the time of a run."""
        return self._state(sharings).total

    def apart(self, first: Assignment, second: Assignment) -> tuple[float, float]:
        """Return the times of two assignments without what they have in common.

        Operations with the same sharing in both, and conversions of the same time, are common.
        """
        one, other = self._state(first), self._state(second)
        pairs = zip(self.costs, first, second, strict=True)
        common = sum(costs.seconds[a] for costs, a, b in pairs if a is b)
        converting = zip(one.converting, other.converting, strict=True)
        common += sum(a for a, b in converting if a == b)
        return one.total - common, other.total - common

    def _state(self, sharings: Assignment) -> SearchState:
        key = tuple(sharings)
        if key not in self._states:
            self._states[key] = SearchState(self, list(sharings))
        return self._states[key]


@dataclass(slots=True)
class SearchState:
    """A choice with incremental updates; `computing` and `waiting` are its costs.

    For each secret, the state has the conversions, and the time that they take. For each sharing of
    a secret, in `ORDER`, and then for uses of its cleartext, `wanted` counts the uses, and `delays`
    has the time until it is available. `places` are where in these lists each use counts; `lengths`
    are the latencies of the variables' operations. `takers` counts the users of OTs for shares, and
    of those for Yao's protocol.
    """

    model: Model
    sharings: list[Sharing]
    routes: list[Route | None] = field(init=False)
    converting: list[float] = field(init=False)
    wanted: list[int] = field(init=False)
    delays: list[float] = field(init=False)
    places: list[int] = field(init=False)
    lengths: list[float] = field(init=False)
    computing: float = field(init=False)
    waiting: float = field(init=False)
    takers: list[int] = field(init=False)

    def __post_init__(self) -> None:
        problem = self.model.problem
        self.routes = [None] * len(problem.secrets)
        self.converting = [0.0] * len(problem.secrets)
        self.delays = [_UNUSED] * _FIELDS * len(problem.secrets)
        self.wanted = [0] * len(self.delays)
        self.places = [_place(one, self.sharings[one.variable]) for one in problem.uses]
        for place in self.places:
            self.wanted[place] += 1
        choices = list(zip(self.model.costs, self.sharings, strict=True))
        self.takers = [sum(c in costs.takes_ots for costs, c in choices), 0]
        self.lengths = [costs.latency[sharing] for costs, sharing in choices]
        self.computing = sum(costs.seconds[sharing] for costs, sharing in choices)
        self.computing += self._convert(range(len(problem.secrets)))[0]
        self.waiting = self.measure()

    @property
    def total(self) -> float:
        """The time of a run."""
        return self.computing + self.waiting + self.starting

    @property
    def starting(self) -> float:
        """The time to set up OTs."""
        return sum(s for s, takers in zip(self.model.set_ups, self.takers, strict=True) if takers)

    def put(
        self, choices: Iterable[tuple[int, Sharing]], secrets: Iterable[int]
    ) -> tuple[float, list[int]]:
        """Set the sharings of variables; return the change of computing time.

        `secrets` are those that the variables make or use, in order. The second result are those
        whose conversions have changed.
        """
        change, uses = 0.0, self.model.problem.uses
        for variable, sharing in choices:
            costs, old = self.model.costs[variable], self.sharings[variable]
            change += costs.seconds[sharing] - costs.seconds[old]
            self.takers[0] += (sharing in costs.takes_ots) - (old in costs.takes_ots)
            self.sharings[variable] = sharing
            self.lengths[variable] = costs.latency[sharing]
            for number in self.model.uses_of[variable]:
                self.wanted[self.places[number]] -= 1
                self.places[number] = place = _place(uses[number], sharing)
                self.wanted[place] += 1
        converting, changed = self._convert(secrets)
        return change + converting, changed

    def _convert(self, secrets: Iterable[int]) -> tuple[float, list[int]]:
        """Find the conversions of secrets anew; return what `put` does, for these alone."""
        model, sharings, wanted = self.model, self.sharings, self.wanted
        all_secrets, change, changed = model.problem.secrets, 0.0, []
        for number in secrets:
            secret, old, first = all_secrets[number], self.routes[number], _FIELDS * number
            variable = secret.variable
            own = None if variable is None else secret.held[sharings[variable]]
            route = model.found(secret, own, wanted[first : first + len(ORDER)])
            if route is old:
                continue
            self.routes[number] = route
            changed.append(number)
            seconds = route.seconds * secret.scope.weight
            change += seconds - self.converting[number]
            self.converting[number] = seconds
            taken = _NEITHER if old is None else old.takes_ots
            for kind in (0, 1):
                self.takers[kind] += route.takes_ots[kind] - taken[kind]
            for sharing, delay in route.latency.items():
                self.delays[first + _PLACES[sharing]] = delay
        return change, changed

    def measure(self) -> float:
        """Return the total latency: the length of the critical path."""
        self.model.work += self.model.path.size
        return self.model.path.length(self.lengths, self.delays, self.places)


def _place(use: Use, sharing: Sharing) -> int:
    """Return where a use counts, whose variable has a sharing."""
    return _FIELDS * use.secret + _PLACES[use.wants[sharing]]
