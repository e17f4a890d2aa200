"""Emission of a distributed loop: vectorised operations around a sequential remainder."""

from __future__ import annotations

from dataclasses import field

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass, replace
from ezlang.types.types import INT64

from ...ir import tree as ir
from ...ir.build import Builder
from ...ir.tree import BinaryKind
from ..analyses.scalars import Scalars
from ..rewriting.copy import Copier
from .access import emit_read, emit_write, placed
from .batch import Batch
from .body import Body, Carried, Chosen, Passed, Total, Whole
from .choices import Choice
from .partition import Partition, kept, rebuilt
from .scans import running


@dataclass(slots=True)
class Emitter:
    """Emits a loop after partitioning."""

    build: Builder
    scalars: Scalars
    body: Body
    parted: Partition
    batch: Batch = field(init=False)
    ends: dict[int, ir.Value] = field(default_factory=dict)
    """Loop-carried values, by parameter, after the last iteration of the remaining loop."""
    chosen: dict[Choice, list[ir.Value]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.batch = Batch(
            self.build,
            self.scalars,
            self.body.index,
            self.body.low,
            self.body.trips,
            self.parted.varied,
        )

    def run(self) -> list[ir.Value]:
        """Emit everything; return the values of the loop's results."""
        self._arrays()
        self._at_once(self.parted.before)
        if self.parted.serial or self.parted.passed:
            self._loop()
        self._at_once(self.parted.after)
        return [self._result(one) for one in self.body.carried]

    def _arrays(self) -> None:
        """Read the parts of arrays that iterations use at their beginning."""
        for array, part in self.body.read_parts():
            access = self.batch.along(part.place.access, False)
            read = emit_read(self.build, array.initial, access, self.batch.plain)
            self.batch.values[part.before.id] = read

    def _at_once(self, numbers: set[int]) -> None:
        count = len(self.body.operations)
        for number in self.parted.ordered(numbers):
            if number < count:
                self.batch.operation(self.body.operations[number])
            else:
                self._passed(self.body.passed[number - count])

    def _passed(self, one: Passed) -> None:
        if one.scan is not None:
            build = self.build
            made = build.relabel(self.batch.items(one.scan.value), one.parameter.type.label)
            first = build.extract(made, (build.index(0),), (True,))
            first = build.binary(one.scan.kind, one.initial, first)
            made = build.insert(made, first, (build.index(0),), (True,))
            self.batch.values[one.following.id] = running(build, one.scan.kind, made)
        self._shifted(one)

    def _shifted(self, one: Passed) -> None:
        """Emit the value that each iteration receives from the previous one."""
        build, trips = self.build, self.body.trips
        made = self.batch.items(one.following)
        first = build.reshape(one.initial, (1, *one.initial.type.shape))
        whole = build.zeros(replace(made.type, label=one.parameter.type.label))
        whole = build.insert_slice(whole, first, build.index(0))
        rest = build.extract_slice(made, build.index(0), trips - 1)
        self.batch.values[one.parameter.id] = build.insert_slice(whole, rest, build.index(1))

    # The remaining loop

    def _loop(self) -> None:
        """Emit the sequential operations; values used after the loop are recorded per iteration."""
        build, body = self.build, self.body
        recorded = kept(body, self.parted)
        records = [
            build.zeros(replace(value.type, shape=(body.trips, *value.type.shape)))
            for value in recorded
        ]
        low = build.constant(body.index.type.element, (body.low,))
        high = build.constant(body.index.type.element, (body.low + body.trips,))
        initial = [one.initial for one in self.parted.passed]
        index = build.fresh(body.index.type, body.index.hint)
        parameters = build.fresh_like([*initial, *records])
        with build.nested() as operations:
            step = _Step(self, index, parameters[: len(initial)])
            following = step.run()
            stored = [
                build.insert(record, step.value(value), (step.number,), (True,))
                for record, value in zip(parameters[len(initial) :], recorded, strict=True)
            ]
        region = ir.Region(
            parameters=(index, *parameters),
            operations=tuple(operations),
            yields=(*following, *stored),
        )
        results = build.fresh_like([*initial, *records])
        loop = ir.For(
            operands=(low, high, *initial, *records),
            results=results,
            regions=(region,),
            span=build.span,
        )
        build.emit(loop)
        self.scalars.note(loop)
        for one, result in zip(self.parted.passed, results, strict=False):
            self.ends[one.parameter.id] = result
        for value, result in zip(recorded, results[len(initial) :], strict=True):
            self.batch.values[value.id] = result

    # Results

    def _result(self, one: Carried) -> ir.Value:
        match one:
            case Whole():
                return self._array(one)
            case Total():
                return self._total(one)
            case Chosen():
                if one.choice not in self.chosen:
                    self.chosen[one.choice] = self._choice(one.choice)
                return self.chosen[one.choice][one.number]
            case Passed():
                if one.parameter.id in self.ends:
                    return self.ends[one.parameter.id]
                return self.build.relabel(self._last(one.following), one.parameter.type.label)
            case _:
                return one

    def _array(self, one: Whole) -> ir.Value:
        array = one.initial
        for number in sorted(one.written):
            part = one.parts[number]
            access = self.batch.along(part.place.access, False)
            items = self.batch.items(part.after)
            array = emit_write(self.build, array, items, access, self.batch.plain)
        return array

    def _total(self, one: Total) -> ir.Value:
        with self.build.requesting(one.reduction.requested):
            return self._reduced(one)

    def _reduced(self, one: Total) -> ir.Value:
        kind, total = one.reduction.kind, one.initial
        for values, combine in (
            (one.reduction.added, kind),
            (one.reduction.subtracted, BinaryKind.SUB),
        ):
            if not values:
                continue
            items = self.batch.items(values[0])
            for value in values[1:]:
                items = self.build.binary(kind, items, self.batch.items(value))
            axis = 0 if len(items.type.shape) > 1 else None
            total = self.build.binary(combine, total, self.build.reduce(kind, items, axis))
        return self.build.relabel(total, one.initial.type.label)

    def _choice(self, choice: Choice) -> list[ir.Value]:
        build, carried = self.build, self.body.carried
        initial = [one.initial for n in choice.positions if isinstance(one := carried[n], Chosen)]
        offered = [
            build.relabel(self.batch.items(value), before.type.label)
            for value, before in zip(choice.offered, initial, strict=True)
        ]
        best = [
            build.reshape(one, before.type.shape)
            for one, before in zip(choice.best(build, offered), initial, strict=True)
        ]
        return [
            build.relabel(one, before.type.label)
            for one, before in zip(choice.better(build, initial, best), initial, strict=True)
        ]

    def _last(self, value: ir.Value) -> ir.Value:
        if value.id not in self.parted.varied:
            return self.batch.plain(value)
        last = self.build.index(self.body.trips - 1)
        return self.build.extract(self.batch.items(value), (last,), (True,))


@dataclass(slots=True)
class _Step:
    """One iteration of the remaining loop, emitted in its region."""

    emitter: Emitter
    index: ir.Value
    parameters: tuple[ir.Value, ...]
    copier: Copier = field(init=False)
    number: ir.Value = field(init=False)
    parts: dict[int, tuple[Whole, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        emitter, build = self.emitter, self.emitter.build
        body = emitter.body
        self.copier = Copier(build, {body.index.id: self.index})
        for one, parameter in zip(emitter.parted.passed, self.parameters, strict=True):
            self.copier.values[one.parameter.id] = parameter
        number = build.cast(self.index, INT64)
        if body.low:
            number = build.binary(BinaryKind.SUB, number, build.index(body.low))
        self.number = number

    def run(self) -> list[ir.Value]:
        """Emit the operations and scan steps; return the values passed on."""
        body, parted = self.emitter.body, self.emitter.parted
        count = len(body.operations)
        numbers = parted.serial | rebuilt(body, parted) | parted.scans
        for number in parted.ordered(numbers):
            if number < count:
                self.operation(body.operations[number])
            else:
                self.scan(body.passed[number - count])
        return [self.value(one.following) for one in parted.passed]

    def scan(self, one: Passed) -> None:
        """Emit one step of a scan."""
        if one.scan is None:
            raise CompilerBug("only running combinations are computed in the loop")
        before, value = self.value(one.parameter), self.value(one.scan.value)
        made = self.emitter.build.binary(one.scan.kind, before, value)
        self.copier.values[one.following.id] = made

    def operation(self, operation: ir.Operation) -> None:
        """Emit a copy of an operation."""
        inside = {r.id for region in operation.regions for one in ir.walk(region)
                  for r in one.results}  # fmt: skip
        inside |= {p.id for region in operation.regions for p in region.parameters}
        for one in ir.walk(ir.Region(operations=(operation,))):
            inside |= {p.id for region in one.regions for p in region.parameters}
        for value in _values(operation):
            if value.id not in inside:
                self.value(value)
        self.copier.operation(operation)

    def copied(self, value: ir.Value) -> ir.Value:
        """Return the replacement of the index or of a value defined outside the loop."""
        return self.copier.values.get(value.id, value)

    def value(self, value: ir.Value) -> ir.Value:
        """Return a value in this iteration; one computed before the loop is read from a tensor."""
        found = self.copier.values.get(value.id)
        if found is not None:
            return found
        emitter, batch = self.emitter, self.emitter.batch
        for array, part in emitter.body.parts:
            if part.before.id == value.id:
                access = placed(part.place.access)
                read = emit_read(emitter.build, array.initial, access, self.copied)
                self.copier.values[value.id] = read
                return read
        if value.id not in emitter.parted.varied:
            found = batch.plain(value)
        else:
            found = emitter.build.extract(batch.items(value), (self.number,), (True,))
        self.copier.values[value.id] = found
        return found


def _values(operation: ir.Operation) -> list[ir.Value]:
    """Return all values that an operation uses, its regions included."""
    found = list(operation.operands)
    for region in operation.regions:
        found += region.yields
        for inner in region.operations:
            found += _values(inner)
    return found
