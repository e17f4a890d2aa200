"""What a choice of sharings costs by the model: computing, sending, and waiting along the way.

Computing and sending add up over all operations and conversions. Waiting is the length of the
longest path of messages: operations that don't depend on one another wait together. That leaves out
that messages side by side have to be of the same protocol round to share one, and that effects keep
their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...ir.tree import Sharing
from .problem import Block, Item, Problem, Secret
from .routes import Route, Routes

Columns = Sequence[Sharing]
"""The column of each variable."""


@dataclass(slots=True)
class Model:
    """Evaluates choices for one problem. `work` counts the items and secrets looked at."""

    problem: Problem
    routes: Routes = field(init=False)
    work: int = 0

    def __post_init__(self) -> None:
        self.routes = Routes(self.problem.profile)

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

    def converting(self, secret: Secret, columns: Columns) -> float:
        """Return how long the conversions of a secret take altogether, apart from waiting."""
        return self.route(secret, columns).seconds * secret.scope.weight

    def computing(self, columns: Columns) -> float:
        """Return how long everything takes, apart from waiting."""
        own = sum(v.seconds[columns[v.index]] for v in self.problem.variables)
        return own + sum(self.converting(secret, columns) for secret in self.problem.secrets)

    def waiting(self, columns: Columns) -> float:
        """Return how long messages are waited for."""
        return _Paths(self, columns).function(self.problem.program.main.name)

    def total(self, columns: Columns) -> float:
        """Return how long a run takes."""
        return self.computing(columns) + self.waiting(columns)


@dataclass(slots=True)
class _Paths:
    model: Model
    columns: Columns
    routes: dict[int, Route] = field(default_factory=dict)
    functions: dict[str, float] = field(default_factory=dict)

    def function(self, name: str) -> float:
        if name not in self.functions:
            self.functions[name] = self.block(self.model.problem.blocks[name])
        return self.functions[name]

    def block(self, block: Block) -> float:
        times: dict[int, float] = {}
        end = 0.0
        self.model.work += len(block.items)
        for item in block.items:
            finished = self.start(item, times) + self.length(item)
            for value in item.makes:
                times[value] = finished
            end = max(end, finished)
        return end

    def start(self, item: Item, times: dict[int, float]) -> float:
        start = 0.0
        for value in item.reads:
            start = max(start, times.get(value, 0.0))
        problem = self.model.problem
        for number in item.uses:
            use = problem.uses[number]
            wanted = use.wants[self.columns[use.variable]]
            secret = problem.secrets[use.secret]
            made = times.get(secret.value.id)
            if wanted is None or made is None:
                continue
            route = self.routes.get(use.secret)
            if route is None:
                route = self.routes[use.secret] = self.model.route(secret, self.columns)
            start = max(start, made + route.latency[wanted])
        return start

    def length(self, item: Item) -> float:
        if item.calls:
            return self.function(item.calls)
        if item.blocks:
            blocks = [self.block(block) for block in item.blocks]
            return max(blocks) if item.branches else item.times * sum(blocks)
        if item.variable is None:
            return 0.0
        return self.model.problem.variables[item.variable].latency[self.columns[item.variable]]
