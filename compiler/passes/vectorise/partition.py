"""Loop distribution: partition of a body into vectorised and sequential operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.records import dataclass

from ...ir import tree as ir
from ..analyses.failures import can_end_the_run
from ..analyses.scalars import Scalars
from .body import Body, Passed
from .reductions import uses
from .support import Support, varying, worthwhile


@dataclass(slots=True)
class Partition:
    """A body's operations in three parts, by position: before, sequential, and after.

    Positions from the number of operations on denote the values passed on between iterations.

    An operation stays in the loop if it is on a cycle of loop-carried dependences or cannot be
    vectorised. Operations that it depends on go before the loop; operations that depend on it go
    after. `passed` are the values that the loop still passes on; the others become tensors of the
    previous iteration's values, shifted by one. `scans` are the positions of scans among `passed`:
    the loop computes them interleaved with its operations, so they are ordered together.
    """

    varied: set[int]
    before: set[int] = field(default_factory=set)
    serial: set[int] = field(default_factory=set)
    after: set[int] = field(default_factory=set)
    passed: list[Passed] = field(default_factory=list)
    scans: set[int] = field(default_factory=set)
    preceding: list[set[int]] = field(default_factory=list)

    def ordered(self, numbers: set[int]) -> list[int]:
        """Return operations and passed-on values in topological order of their dependences."""
        found: dict[int, None] = {}

        def visit(number: int) -> None:
            if number in numbers and number not in found:
                for source in sorted(self.preceding[number]):
                    visit(source)
                found[number] = None

        for number in sorted(numbers):
            visit(number)
        return list(found)


def partition(body: Body, scalars: Scalars, *, both: bool) -> Partition:
    """Partition the operations of a body.

    `both`: whether branches with a varying condition may run both sides at some cost.
    """
    if not _tells(body.operations):
        # If all is vectorised, in order, the first check to fail is the same in all iterations.
        parted = _settled(body, scalars, both, checks=True)
        if not parted.serial and not parted.passed:
            return parted
    return _settled(body, scalars, both, checks=False)


def _tells(operations: Sequence[ir.Operation]) -> bool:
    """Return whether the progress of a loop is observable when it fails."""
    effects = ir.Reveal | ir.Input | ir.Draw | ir.Output | ir.Assert | ir.Call
    return any(isinstance(one, effects) for one in ir.walk(ir.Region(operations=tuple(operations))))


def _settled(body: Body, scalars: Scalars, both: bool, *, checks: bool) -> Partition:
    """Partition the operations; results of sequential operations count as varying."""
    seeds = {body.index.id}
    seeds.update(one.parameter.id for one in body.passed)
    seeds.update(one.following.id for one in body.passed if one.scan is not None)
    seeds.update(part.before.id for _, part in body.parts)
    ends = any(can_end_the_run(operation, scalars) for operation in body.operations)
    while True:
        varied = varying(body.operations, seeds)
        support = Support(scalars, body.index, varied, reveals=not ends, both=both, checks=checks)
        parted = _parted(body, support)
        made = {value.id for n in parted.serial for value in body.operations[n].results}
        if made <= parted.varied:
            return parted
        seeds |= made  # sequential results vary, and so do values computed from them


def _parted(body: Body, support: Support) -> Partition:
    parted = Partition(support.varied)
    graph = Graph.of(body)
    parted.preceding = graph.preceding
    count = len(body.operations)
    serial = {n for n, one in enumerate(body.operations) if not support.operation(one)}
    for number in range(count, count + len(body.passed)):
        reached = graph.reached({number}, graph.following)
        if number in reached:
            serial |= reached & graph.reached({number}, graph.preceding)
    if serial:
        below = graph.reached(serial, graph.following)
        serial |= below & graph.reached(serial, graph.preceding)
        below -= serial
        serial |= _light(body, graph, serial, below)
        parted.after = below - serial
    parted.before = set(range(count + len(body.passed))) - serial - parted.after
    parted.serial = {n for n in serial if n < count}
    passed = {n: one for n, one in enumerate(body.passed, count) if n in serial}
    parted.passed = list(passed.values())
    parted.scans = {n for n, one in passed.items() if one.scan is not None}
    return parted


def _light(body: Body, graph: Graph, serial: set[int], below: set[int]) -> set[int]:
    """Return the free operations that depend only on the loop; they stay in it.

    This avoids keeping a whole array per iteration if only elements of it are read.
    """
    found: set[int] = set()
    for number in sorted(below):
        if number >= len(body.operations) or worthwhile(body.operations[number]):
            continue
        if isinstance(body.operations[number], ir.Reveal):
            continue
        if not graph.preceding[number] & (below - found):
            found.add(number)
    return found


@dataclass(slots=True)
class Graph:
    """Dependence graph of operations, by position, followed by the values passed on."""

    preceding: list[set[int]]
    following: list[set[int]]

    @staticmethod
    def of(body: Body) -> Graph:
        """Return the graph of a body."""
        count = len(body.operations)
        makers: dict[int, int] = {}
        for number, operation in enumerate(body.operations):
            makers.update((value.id, number) for value in operation.results)
        for number, one in enumerate(body.passed, count):
            makers[one.parameter.id] = number
            if one.scan is not None:
                makers[one.following.id] = number
        preceding: list[set[int]] = []
        for operation in body.operations:
            preceding.append({makers[one] for one in uses(operation) if one in makers})
        for one in body.passed:
            source = one.following.id if one.scan is None else one.scan.value.id
            preceding.append({makers[source]} if source in makers else set())
        graph = Graph(preceding, [set() for _ in preceding])
        for number, sources in enumerate(preceding):
            for source in sources:
                graph.following[source].add(number)
        return graph

    def reached(self, start: set[int], edges: list[set[int]]) -> set[int]:
        """Return the nodes reached from `start` by at least one edge."""
        found: set[int] = set()
        left = [target for number in start for target in edges[number]]
        while left:
            number = left.pop()
            if number not in found:
                found.add(number)
                left += edges[number]
        return found


def pays(body: Body, parted: Partition) -> bool:
    """Return whether distributing the body is profitable."""
    if not parted.serial and not parted.passed:
        return True
    at_once = parted.before | parted.after
    if any(one.scan is not None and one not in parted.passed for one in body.passed):
        return True
    return any(worthwhile(one) for n, one in enumerate(body.operations) if n in at_once)


def rebuilt(body: Body, parted: Partition) -> set[int]:
    """Return the operations before the loop that are recomputed in it instead of read.

    They only move elements or count, and depend only on free operations.
    """
    makers = {r.id: n for n, one in enumerate(body.operations) for r in one.results}
    light: dict[int, bool] = {}

    def is_light(number: int) -> bool:
        if number not in light:
            operation = body.operations[number]
            varied = any(value.id in parted.varied for value in operation.results)
            costs = worthwhile(operation) or isinstance(operation, ir.Reveal)
            sources = [makers[one] for one in uses(operation) if one in makers]
            light[number] = number in parted.before and (
                not varied or (not costs and all(map(is_light, sources)))
            )
        return light[number]

    found: set[int] = set()
    needed = [one for n in parted.serial for one in uses(body.operations[n])]
    needed += [one.following.id for one in parted.passed]
    while needed:
        number = makers.get(needed.pop())
        if number is None or number in found or not is_light(number):
            continue
        operation = body.operations[number]
        if any(value.id in parted.varied for value in operation.results):
            found.add(number)
            needed += uses(operation)
    return found


def kept(body: Body, parted: Partition) -> list[ir.Value]:
    """Return the values that the remaining loop computes and operations after it use."""
    made = {r.id: r for n in parted.serial for r in body.operations[n].results}
    made.update((one.parameter.id, one.parameter) for one in parted.passed)
    made.update((one.following.id, one.following) for one in parted.passed if one.scan)
    count = len(body.operations)
    needed = {value.id for value in body.outputs}
    for number in parted.after:
        if number < count:
            needed |= uses(body.operations[number])
        else:
            one = body.passed[number - count]
            needed.add(one.following.id if one.scan is None else one.scan.value.id)
    return [made[number] for number in sorted(needed & made.keys())]
