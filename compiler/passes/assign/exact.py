"""Lower bound for the cost of sharings by integer programming, for smaller programs.

HiGHS solves the integer program through `scipy`, the extra `exact`. The bound doesn't affect the
choice, because the two parties compile independently, and only one may have `scipy`. For each
variable v and sharing c there is x[v, c]. For each secret and each set of sharings to which it is
converted there is a pattern p, a continuous variable, because it is integral whenever x is. For
each operation there is its end time T. For OTs for shares, and for those of Yao's protocol, z says
whether they are set up:

    minimise  Σ seconds·x + Σ seconds·p + Σ seconds·z + T(end of main)
    Σ_c x[v, c] = 1;   Σ_W p[s, o, W] = Σ {x[v, c] : the secret s of v is held in o for c}
    Σ {x[u, c] : u uses s in t for c} ≤ Σ {p[s, o, W] : t is o or in W}
    z ≥ x, z ≥ p  for the columns and patterns that take such OTs
    T(u) ≥ T(s) + wait(o → t)·(held in o + used in t − 1) + Σ wait·x[u, c]

Each wait for a conversion is the shortest possible, so the optimum is a lower bound for the model.
The effort is limited by a number of nodes, not by time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from importlib import import_module
from itertools import combinations
from typing import Any, Final

import numpy as np

from ezlang.records import dataclass, replace

from ...ir.tree import Sharing
from .model import Model
from .problem import ORDER, Block, Node, Problem, Secret, sharings_of
from .routes import Route
from .solution import Solution

LARGEST: Final = 100
"""Largest number of variables for which x is required to be integral."""

RELAXED: Final = 1000
"""Largest number of variables for which the linear relaxation is solved, with 0 ≤ x ≤ 1."""

NODES: Final = 300
"""Node limit of the solver's branch-and-bound tree; most programs are solved at the root."""

_GAP: Final = 1e-5
_EXACT: Final = 1e-4
"""Relative gap to the bound up to which a choice counts as exact: solvers have rounding errors."""

Terms = list[tuple[int, float]]
"""A linear form: pairs of a column and its coefficient."""


def certified(model: Model, found: Solution) -> Solution:
    """Return a choice with the best available bound, and whether it is proven optimal."""
    count = len(model.problem.variables)
    if not 0 < count <= RELAXED:
        return replace(found, exact=not count)
    try:
        optimize = import_module("scipy.optimize")
    except ImportError:
        return found
    program = _Program(model, found.seconds)
    program.state()
    bound = program.bound(optimize, whole=count <= LARGEST)
    if bound is None:
        return found
    bound = max(found.bound, min(bound, found.seconds))
    return replace(found, bound=bound, exact=found.seconds <= bound * (1 + _EXACT))


@dataclass(slots=True)
class _Program:
    """An integer program under construction: `costs` per column, rows as triplets."""

    model: Model
    limit: float
    costs: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    bounded: list[float] = field(default_factory=list)
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    x: dict[tuple[int, Sharing], int] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)

    @property
    def problem(self) -> Problem:
        return self.model.problem

    def column(self, cost: float, *, whole: bool = False, high: float = 1) -> int:
        self.costs.append(cost)
        self.whole.append(int(whole))
        self.bounded.append(high)
        return len(self.costs) - 1

    def row(self, terms: Iterable[tuple[int, float]], low: float, high: float = np.inf) -> None:
        number = len(self.low)
        self.entries += [(number, column, factor) for column, factor in terms]
        self.low.append(low)
        self.high.append(high)

    def state(self) -> None:
        """Add all columns and rows of the program."""
        for variable in self.problem.variables:
            for sharing in variable.domain:
                cost = self.model.costs[variable.index].seconds[sharing]
                self.x[variable.index, sharing] = self.column(cost, whole=True)
            self.row(((self.x[variable.index, c], 1) for c in variable.domain), 1, 1)
        self.starts = [self.column(seconds, whole=True) for seconds in self.model.set_ups]
        for index, costs in enumerate(self.model.costs):
            for sharing in sorted(costs.takes_ots, key=ORDER.index):
                self._needs_start(0, self.x[index, sharing])
        for secret in self.problem.secrets:
            self._patterns(secret)
        main = self.problem.program.main.name
        for function in self.problem.program.functions:
            name = function.name
            self.ends[name] = self._block(self.problem.blocks[name], float(name == main))

    def _needs_start(self, kind: int, column: int) -> None:
        """Require that OTs are set up if a column isn't 0."""
        self.row([(self.starts[kind], 1.0), (column, -1.0)], 0)

    # Conversions

    def _held(self, secret: Secret) -> dict[Sharing | None, Terms]:
        """Return the possible own sharings of a secret, each with the form that indicates it."""
        if secret.variable is None:
            return {None: []}
        found: dict[Sharing | None, Terms] = {}
        for sharing in self.problem.variables[secret.variable].domain:
            terms = found.setdefault(secret.held[sharing], [])
            terms.append((self.x[secret.variable, sharing], 1.0))
        return found

    def _patterns(self, secret: Secret) -> None:
        uses = [self.problem.uses[number] for number in secret.uses]
        wanted = {s for use in uses for s in use.wants.values() if s is not None}
        reached: dict[Sharing, Terms] = {s: [] for s in ORDER}
        for own, terms in self._held(secret).items():
            made: Terms = []
            goals = [s for s in ORDER if s in wanted and s is not own]
            for chosen in _subsets(goals):
                route = self.model.routes.of(secret, own, frozenset(chosen))
                pattern = self.column(route.seconds * secret.scope.weight)
                made.append((pattern, 1.0))
                for kind in (0, 1):
                    if route.takes_ots[kind]:
                        self._needs_start(kind, pattern)
                for sharing in {*chosen, *(() if own is None else (own,))}:
                    reached[sharing].append((pattern, -1.0))
            if own is None:
                self.row(made, 1, 1)
            else:
                self.row([*made, *((column, -factor) for column, factor in terms)], 0, 0)
        for use in uses:
            for sharing in wanted:
                wants = [
                    (self.x[use.variable, c], 1.0) for c, s in use.wants.items() if s is sharing
                ]
                if wants:
                    self.row([*wants, *reached[sharing]], -np.inf, 0)

    # Waiting

    def _block(self, block: Block, cost: float) -> int:
        """Add the rows of a block; return the column of its duration."""
        end = self.column(cost, high=np.inf)
        times: dict[int, int] = {}
        if block.parameters:
            times = dict.fromkeys(block.parameters, self.column(0, high=0))
        for item in block.items:
            finished = self.column(0, high=np.inf)
            for length in self._lengths(item):
                self._item(item, finished, length, times)
            self.row(((end, 1.0), (finished, -1.0)), 0)
            times.update((value, finished) for value in item.makes)
        return end

    def _lengths(self, item: Node) -> list[Terms]:
        """Return linear forms whose maximum is the duration of an operation."""
        if item.calls:
            return [[(self.ends[item.calls], 1.0)]]
        if item.blocks:
            inner = [(self._block(block, 0.0), item.times) for block in item.blocks]
            return [[one] for one in inner] if item.branches else [inner]
        if item.variable is None:
            return [[]]
        latency = self.model.costs[item.variable].latency
        return [[(self.x[item.variable, c], wait) for c, wait in latency.items()]]

    def _item(self, item: Node, finished: int, length: Terms, times: dict[int, int]) -> None:
        taken = [(column, -factor) for column, factor in length]
        self.row([(finished, 1.0), *taken], 0)
        secrets = {value for value, _ in item.uses}
        for value in item.reads:
            if value in times and value not in secrets:
                self.row([(finished, 1.0), (times[value], -1.0), *taken], 0)
        for value, number in item.uses:
            if value not in times:
                continue
            use = self.problem.uses[number]
            secret = self.problem.secrets[use.secret]
            form = [(finished, 1.0), (times[value], -1.0), *taken]
            unused = [c for c, s in use.wants.items() if s is None]
            form += [(self.x[use.variable, c], self.limit) for c in unused]
            self.row(form, 0)
            for own, held in self._held(secret).items():
                for sharing in {s for s in use.wants.values() if s not in (None, own)}:
                    assert sharing is not None
                    wait = self._wait(secret, own, sharing)
                    if not wait:
                        continue
                    wants = [self.x[use.variable, c] for c, s in use.wants.items() if s is sharing]
                    waits = [(column, -wait) for column in (*(c for c, _ in held), *wants)]
                    self.row([*form, *waits], 0.0 if own is None else -wait)

    def _wait(self, secret: Secret, own: Sharing | None, goal: Sharing) -> float:
        """Return the shortest wait for the conversion of a secret to another sharing."""
        others = [s for s in sharings_of(secret.value.type) if s not in (own, goal)]
        routes: list[Route] = []
        for more in _subsets(others):
            routes.append(self.model.routes.of(secret, own, frozenset((goal, *more))))
        return min(route.latency[goal] for route in routes)

    # Solving

    def bound(self, optimize: Any, *, whole: bool) -> float | None:
        """Return a lower bound for all choices; None if none was found within the node limit."""
        rows, columns, factors = (np.array(part) for part in zip(*self.entries, strict=True))
        sparse = import_module("scipy.sparse")
        shape = (len(self.low), len(self.costs))
        matrix = sparse.csr_array((factors, (rows, columns)), shape=shape)
        # The solver's tolerances are absolute, so the objective is scaled to about 1.
        scale = 1.0 / max(self.limit, 1e-12)
        result = optimize.milp(
            np.array(self.costs) * scale,
            integrality=np.array(self.whole) if whole else None,
            bounds=optimize.Bounds(0, np.array(self.bounded)),
            constraints=optimize.LinearConstraint(matrix, self.low, self.high),
            options={"node_limit": NODES, "mip_rel_gap": _GAP},
        )
        if result.x is None:
            return None
        return float(result.mip_dual_bound if whole else result.fun) / scale


def _subsets(sharings: list[Sharing]) -> Iterator[tuple[Sharing, ...]]:
    for size in range(len(sharings) + 1):
        yield from combinations(sharings, size)
