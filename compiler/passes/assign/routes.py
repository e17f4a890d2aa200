"""Cheapest conversions of a secret into all sharings in which it is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from itertools import product

from ezlang.records import dataclass

from ...cost.profiles import Profile
from ...cost.usage import Usage
from ...ir.sharings import A, B, Y
from ...ir.tree import Sharing
from .estimates import convert_usage, share_usage
from .problem import ORDER, Secret, sharings_of

Edge = tuple[Sharing | None, Sharing]
"""A conversion from one sharing to another; from None, the sharing of a known value."""


@dataclass(frozen=True, slots=True)
class Route:
    """Conversions in an executable order; `seconds` is the time of executing each once.

    `latency` is the time until the secret is available, by sharing. `takes_ots` says whether OTs
    are used for shares, and for Yao's protocol.
    """

    edges: tuple[Edge, ...]
    seconds: float
    latency: Mapping[Sharing, float]
    takes_ots: tuple[bool, bool]


@dataclass(slots=True)
class Routes:
    """Finds routes, and caches them.

    `detours` says whether conversions may pass through a sharing that has no use. Yao is always
    converted to arithmetic via boolean. Known values are never shared on a detour.
    """

    profile: Profile
    detours: bool
    found: dict[object, Route] = field(default_factory=dict)
    usages: dict[object, Mapping[Edge, Usage]] = field(default_factory=dict)

    def of(self, secret: Secret, own: Sharing | None, wanted: frozenset[Sharing]) -> Route:
        """Return the best route from a secret's own sharing to the wanted ones."""
        kind = kind_of(secret)
        key = kind, own, wanted
        route = self.found.get(key)
        if route is None:
            usages = self.usages.get(kind)
            if usages is None:
                usages = self.usages[kind] = _edges(secret, self.profile)
            route = self.found[key] = self._best(usages, own, wanted)
        return route

    def _best(
        self, usages: Mapping[Edge, Usage], own: Sharing | None, wanted: frozenset[Sharing]
    ) -> Route:
        latency = {edge: usage.latency(self.profile) for edge, usage in usages.items()}
        seconds = {edge: usage.seconds(self.profile) for edge, usage in usages.items()}
        best: tuple[float, Route] | None = None
        for edges in _trees(own, wanted, usages, self.detours):
            total = sum(seconds[edge] + latency[edge] for edge in edges)
            if best is not None and best[0] <= total:
                continue
            ready: dict[Sharing, float] = {} if own is None else {own: 0.0}
            for old, new in edges:
                ready[new] = latency[old, new] + (0.0 if old is None else ready[old])
            taking = [new for old, new in edges if usages[old, new].ots]
            takes_ots = any(new is not Y for new in taking), Y in taking
            best = total, Route(edges, sum(seconds[edge] for edge in edges), ready, takes_ots)
        assert best is not None
        return best[1]


def kind_of(secret: Secret) -> object:
    """Return the properties of a secret that determine the cost of its conversions."""
    type, source = secret.value.type, secret.source
    label = None if source is None else source.operands[0].type.label
    return type.element, type.size, label


def _edges(secret: Secret, profile: Profile) -> dict[Edge, Usage]:
    """Return the usage of each single conversion. There is none from Yao to arithmetic."""
    type, source = secret.value.type, secret.source
    sharings = sharings_of(type)
    usages: dict[Edge, Usage] = {}
    for new in sharings:
        if source is not None:
            usages[None, new] = share_usage(source, new)
        for old in sharings:
            if old is not new and (old, new) != (Y, A):
                usages[old, new] = convert_usage(type, old, new, profile)
    return usages


def _trees(
    own: Sharing | None,
    wanted: frozenset[Sharing],
    usages: Mapping[Edge, Usage],
    detours: bool,
) -> Iterator[tuple[Edge, ...]]:
    """Yield all trees of conversions, in topological order, that reach the wanted sharings."""
    goals = [s for s in ORDER if s in wanted and s is not own]
    others = [s for s in ORDER if s not in wanted and s is not own]
    if own is None:
        others = []
    elif not detours:
        others = [B] if own is Y and A in wanted and B not in wanted else []
    for used in product((False, True), repeat=len(others)):
        reached = goals + [s for s, one in zip(others, used, strict=True) if one]
        choices = [[edge for edge in usages if edge[1] is new] for new in reached]
        for chosen in product(*choices):
            ordered = _in_order(own, chosen)
            if ordered is not None:
                yield ordered


def _in_order(own: Sharing | None, edges: tuple[Edge, ...]) -> tuple[Edge, ...] | None:
    there: set[Sharing | None] = {own}
    left, ordered = list(edges), list[Edge]()
    while left:
        ready = next((edge for edge in left if edge[0] in there), None)
        if ready is None:
            return None
        left.remove(ready)
        ordered.append(ready)
        there.add(ready[1])
    return tuple(ordered)
