"""Recognition of scans, whose intermediate values are used in the loop, as prefix networks.

For example `s += a[i]; p[i] = s`, also with other associative operations. If no other loop-carried
value is on a dependence cycle with it, a prefix network computes all its intermediate values, with
logarithmic depth and at most two operations per element [BK82].
"""

from __future__ import annotations

from ezlang.records import replace

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind
from ..analyses.scalars import Scalars
from ..rewriting.parts import items_of
from .body import Body, Passed, Scan
from .partition import Graph
from .reductions import Search, combined, dependents, uses


def find_scans(build: Builder, scalars: Scalars, body: Body, kinds: frozenset[BinaryKind]) -> None:
    """Remove scans of the given kinds from a body's operations."""
    for position, one in enumerate(body.carried):
        if not isinstance(one, Passed) or one.scan is not None:
            continue
        found = _scan_of(build, scalars, body, one, kinds)
        if found is not None:
            body.carried[position] = replace(one, scan=found)


def _scan_of(
    build: Builder, scalars: Scalars, body: Body, one: Passed, kinds: frozenset[BinaryKind]
) -> Scan | None:
    definitions = {r.id: operation for operation in body.operations for r in operation.results}
    search = Search(scalars, definitions, dependents(body.operations, one.parameter))
    found = search.between(one.parameter, one.following)
    if found is None or len(search.kinds) != 1 or not search.kinds <= kinds:
        return None
    made = {r.id for o in search.path for r in o.results}
    path = {n for n, o in enumerate(body.operations) if any(r.id in made for r in o.results)}
    private = search.versions | made
    private -= {one.parameter.id, one.following.id}
    given = {value.id for value in body.outputs}
    given |= {other.following.id for other in body.passed if other != one}
    outside = [operation for n, operation in enumerate(body.operations) if n not in path]
    if private & given or any(private & uses(operation) for operation in outside):
        return None
    graph = Graph.of(body)
    node = len(body.operations) + body.passed.index(one)
    circle = graph.reached({node}, graph.following) & graph.reached({node}, graph.preceding)
    if circle != path | {node}:
        return None
    (kind,) = search.kinds
    with build.nested() as more:
        value = combined(build, kind, found)
    body.operations[:] = [*outside, *more]
    return Scan(kind, value)


def running(build: Builder, kind: BinaryKind, items: ir.Value) -> ir.Value:
    """Emit the inclusive scan of items along dimension 0."""
    size, *rest = items.type.shape
    if size == 1:
        return items
    half = size // 2
    pairs = build.reshape(items_of(build, items, 0, 2 * half), (half, 2, *rest))
    even, odd = (build.extract(pairs, (build.index(n),), (False, True)) for n in (0, 1))
    at_odd = running(build, kind, build.binary(kind, even, odd))
    result = _placed(build, items, at_odd, 1)
    count = (size - 1) // 2
    if not count:
        return result
    # Each item at an even position, except the first, is combined with the prefix before it.
    later = build.affine_read(items, _every_other(2, 1 + len(rest)), (count, *rest))
    before = items_of(build, at_odd, 0, count)
    return _placed(build, result, build.binary(kind, before, later), 2)


def _placed(build: Builder, items: ir.Value, part: ir.Value, first: int) -> ir.Value:
    """Emit items with every second one, starting at number `first`, replaced."""
    return build.affine_write(items, part, _every_other(first, len(items.type.shape)))


def _every_other(first: int, rank: int) -> list[tuple[int, ...]]:
    places = [(0, *(int(d == k) for k in range(rank))) for d in range(rank)]
    return [(first, 2, *(0,) * (rank - 1)), *places[1:]]
