"""Vectorised emission of a loop body: each varying value gets a new first dimension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import assert_never

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.build import Builder
from ..analyses.accesses import Access, Reading, Writing, access_of
from ..analyses.scalars import Affine, Scalars
from ..general.lookups import lookup
from ..rewriting.copy import Copier
from .access import IndexedAccess, emit_read, emit_sum, emit_write
from .reductions import uses
from .support import affine_in


@dataclass(slots=True)
class Batch:
    """Emits operations for `trips` iterations, whose index counts up from `low`.

    `varied` are the values of the body that differ between iterations. `values` maps values to
    their replacements: for a varying value, a tensor with one item per iteration.
    """

    build: Builder
    scalars: Scalars
    index: ir.Value
    low: int
    trips: int
    varied: set[int]
    values: dict[int, ir.Value] = field(default_factory=dict)

    def plain(self, value: ir.Value) -> ir.Value:
        """Return the replacement of a value that is the same in all iterations."""
        if value.id in self.varied:
            raise CompilerBug(f"%{value.id} varies between iterations")
        return self.values.get(value.id, value)

    def items(self, value: ir.Value) -> ir.Value:
        """Return a tensor with one item per iteration."""
        if value.id not in self.varied:
            return self._repeated(self.plain(value))
        if value.id in self.values:
            return self.values[value.id]
        form = self.scalars.affine(value)
        if form is None or not affine_in(self.scalars, value, self.index, self.varied):
            raise CompilerBug(f"%{value.id} is not known")
        return self._counted(value.type, form)

    def either(self, value: ir.Value) -> ir.Value:
        """Return a tensor with one item per iteration if the value varies, else the value."""
        return self.items(value) if value.id in self.varied else self.plain(value)

    def _repeated(self, value: ir.Value) -> ir.Value:
        definition = self.scalars.definitions.get(value.id)
        if isinstance(definition, ir.Constant) and len(definition.data) == 1:
            shape = (self.trips, *value.type.shape)
            return self.build.constant(value.type.element, definition.data, shape)
        return self.build.broadcast(value, (self.trips,))

    def _counted(self, type: ir.TensorType, form: Affine) -> ir.Value:
        """Emit an affine form of the index for each iteration."""
        factor, rest = form.split(self.index)
        start = rest.constant + factor * self.low
        moved = Affine(start, rest.terms)
        if not rest.terms:
            return self.build.iota(type.element, self.trips, type.element.wrap(start), factor)
        steps = self.build.iota(type.element, self.trips, 0, factor)
        first = self.build.cast(emit_sum(self.build, moved, self.plain), type.element)
        return self.build.binary(
            ir.BinaryKind.ADD, steps, self.build.broadcast(first, (self.trips,))
        )

    # Operations

    def operation(self, operation: ir.Operation) -> None:
        """Emit an operation for all iterations."""
        with self.build.like(operation):
            if not any(one in self.varied for one in self._touched(operation)):
                self._once(operation)
                return
            match operation:
                case ir.For():
                    self._for(operation)
                case ir.While():
                    self._while(operation)
                case ir.If():
                    self._if(operation)
                case ir.Computation() | ir.Boundary() | ir.Call():
                    if not affine_in(
                        self.scalars, operation.result, self.index, self.varied
                    ) or self._is_itself(operation.result):
                        self.values[operation.result.id] = self._simple(operation)
                case _:
                    assert_never(operation)

    def _is_itself(self, value: ir.Value) -> bool:
        form = self.scalars.affine(value)
        return form is not None and form.terms == ((value, 1),)

    def _touched(self, operation: ir.Operation) -> set[int]:
        inner = {
            r.id for region in operation.regions for one in ir.walk(region) for r in one.results
        }
        return uses(operation) | inner | {value.id for value in operation.results}

    def _once(self, operation: ir.Operation) -> None:
        """Emit an operation that is the same in all iterations, once."""
        copier = Copier(self.build, self.values)
        copier.operation(operation)
        self.scalars.note(self.build.operations[-1])

    def _simple(self, operation: ir.Operation) -> ir.Value:
        build = self.build
        match operation:
            case ir.Unary(operands=(x,)):
                return build.unary(operation.kind, self.items(x))
            case ir.Binary(operands=(x, y)):
                return build.binary(operation.kind, self.items(x), self.items(y))
            case ir.Select():
                return self._select(*operation.operands)
            case ir.Cast(operands=(x,)):
                return build.cast(self.items(x), operation.result.type.element)
            case ir.Bit(operands=(x,)):
                return build.bit(self.items(x), operation.position)
            case ir.Lookup(operands=(table, indices)):
                return lookup(build, self.plain(table), self.items(indices))
            case ir.Relabel(operands=(x,)):
                return build.relabel(self.items(x), operation.result.type.label)
            case ir.Reveal(operands=(x,)):
                type = operation.result.type
                shown = build.fresh(replace(type, shape=(self.trips, *type.shape)))
                build.emit(replace(operation, operands=(self.items(x),), results=(shown,)))
                return shown
            case _:
                return self._shape(operation)

    def _shape(self, operation: ir.Operation) -> ir.Value:
        build, shape = self.build, operation.result.type.shape
        match operation:
            case ir.Broadcast(operands=(x,)):
                new = len(shape) - len(x.type.shape)
                order = [0, *range(1 + new, 1 + len(shape))]
                return self._arranged(self.items(x), order, (self.trips, *shape))
            case ir.Reshape(operands=(x,)):
                return build.reshape(self.items(x), (self.trips, *shape))
            case ir.Stack():
                label = operation.result.type.label
                parts = [build.relabel(self.items(x), label) for x in operation.operands]
                order = [1, 0, *range(2, 1 + len(shape))]
                return self._arranged(build.stack(parts), order, (self.trips, *shape))
            case ir.Reduce(operands=(x,), axis=None):
                flat = build.reshape(self.items(x), (self.trips, x.type.size))
                return build.reduce(operation.kind, flat, 1)
            case ir.Reduce(operands=(x,), axis=int(axis)):
                return build.reduce(operation.kind, self.items(x), axis + 1)
            case ir.Extract() if self._is_checked(operation):
                base, *indices = operation.operands
                dimensions = (False, *operation.dimensions)
                indices = list(map(self.plain, indices))
                return build.extract(self.items(base), indices, dimensions, checked=True)
            case ir.Insert() if self._is_checked(operation):
                base, value, *indices = operation.operands
                dimensions = (False, *operation.dimensions)
                indices = list(map(self.plain, indices))
                whole, part = self.items(base), self.items(value)
                return build.insert(whole, part, indices, dimensions, checked=True)
            case ir.Extract() | ir.ExtractSlice() | ir.AffineRead():
                base = operation.operands[0]
                access = self._access(operation, base.id in self.varied)
                return emit_read(build, self.either(base), access, self.plain)
            case ir.Gather(operands=(base, indices)):
                gathered = build.gather(self._turned(self.items(base)), self.plain(indices))
                return self._turned(gathered)
            case ir.Scatter(operands=(base, value, indices)):
                whole, part = self._turned(self.items(base)), self._turned(self.items(value))
                return self._turned(build.scatter(whole, part, self.plain(indices)))
            case ir.Insert() | ir.InsertSlice() | ir.AffineWrite():
                base, value = operation.operands[:2]
                access = self._access(operation, True)
                items = self.items(value)
                return emit_write(build, self.items(base), items, access, self.plain)
            case _:
                raise CompilerBug(f"{type(operation).__name__} is not done for all iterations")

    def _is_checked(self, operation: ir.Extract | ir.Insert) -> bool:
        """Return whether an index may be out of range; such an index is loop-invariant."""
        access = access_of(operation, self.scalars)
        shape = operation.operands[0].type.shape
        return operation.checked and (access is None or not access.inside(shape, self.scalars))

    def _turned(self, x: ir.Value) -> ir.Value:
        """Emit x with its first two dimensions exchanged."""
        first, second, *rest = x.type.shape
        return self._arranged(x, [1, 0, *range(2, 2 + len(rest))], (second, first, *rest))

    def _arranged(self, x: ir.Value, order: Sequence[int], shape: tuple[int, ...]) -> ir.Value:
        """Emit x in a shape with dimension d of x as dimension `order[d]`; others are broadcast."""
        index_map = tuple((0, *(int(order[d] == k) for k in range(len(shape))))
                       for d in range(len(x.type.shape)))  # fmt: skip
        offsets = (None,) * len(index_map)
        return emit_read(self.build, x, IndexedAccess(index_map, offsets, shape), self.plain)

    def _select(self, condition: ir.Value, x: ir.Value, y: ir.Value) -> ir.Value:
        shape = x.type.shape
        chosen = self.either(condition)
        if condition.type.shape:
            chosen = self.items(condition)
        elif condition.id in self.varied and shape:
            chosen = self._arranged(chosen, [0], (self.trips, *shape))
        return self.build.select(chosen, self.items(x), self.items(y))

    def _access(self, operation: Reading | Writing, batched: bool) -> IndexedAccess:
        access = access_of(operation, self.scalars)
        if access is None:
            raise CompilerBug("an index is not known")
        return self.along(access, batched)

    def along(self, access: Access, batched: bool) -> IndexedAccess:
        """Return an access for all iterations; `batched`: the base has one item per iteration."""
        rank = len(access.shape)
        index_map: list[tuple[int, ...]] = [(0, 1, *(0,) * rank)] if batched else []
        offsets: list[Affine | None] = [None] if batched else []
        for row in access.rows:
            factor, rest = row.start.split(self.index)
            index_map.append((rest.constant + factor * self.low, factor, *row.factors))
            offsets.append(Affine(0, rest.terms) if rest.terms else None)
        return IndexedAccess(tuple(index_map), tuple(offsets), (self.trips, *access.shape))

    # Control flow

    def _region(
        self, region: ir.Region, parameters: tuple[ir.Value, ...], items: Sequence[bool]
    ) -> ir.Region:
        """Emit a region for all iterations; `items` flags yields with one item per iteration."""
        with self.build.nested() as operations:
            for operation in region.operations:
                self.operation(operation)
            yields = tuple(
                self.items(value) if batched else self.plain(value)
                for value, batched in zip(region.yields, items, strict=True)
            )
        return ir.Region(parameters=parameters, operations=tuple(operations), yields=yields)

    def _stands(self, values: Sequence[ir.Value]) -> tuple[ir.Value, ...]:
        """Make replacements for values: those that vary have one item per iteration."""
        made = []
        for value in values:
            type = value.type
            if value.id in self.varied:
                type = replace(type, shape=(self.trips, *type.shape))
            self.values[value.id] = self.build.fresh(type, value.hint)
            made.append(self.values[value.id])
        return tuple(made)

    def _for(self, operation: ir.For) -> None:
        """Emit an inner loop; each of its iterations runs for all outer iterations at once."""
        (body,) = operation.regions
        flags = [value.id in self.varied for value in operation.results]
        bounds = tuple(self.plain(value) for value in operation.operands[:2])
        initial = tuple(
            self.items(value) if batched else self.plain(value)
            for value, batched in zip(operation.operands[2:], flags, strict=True)
        )
        parameters = self._stands(body.parameters)
        region = self._region(body, parameters, flags)
        results = self._stands(operation.results)
        self._emit(replace(operation, operands=(*bounds, *initial), results=results,
                           regions=(region,)))  # fmt: skip

    def _while(self, operation: ir.While) -> None:
        """Emit an inner loop whose condition is the same in all outer iterations."""
        condition, body = operation.regions
        flags = [value.id in self.varied for value in operation.results]
        initial = tuple(
            self.items(value) if batched else self.plain(value)
            for value, batched in zip(operation.operands, flags, strict=True)
        )
        asks = self._region(condition, self._stands(condition.parameters), [False])
        turn = self._region(body, self._stands(body.parameters), flags)
        results = self._stands(operation.results)
        self._emit(replace(operation, operands=initial, results=results, regions=(asks, turn)))

    def _if(self, operation: ir.If) -> None:
        (condition,) = operation.operands
        if condition.id in self.varied:
            self._both(operation, condition)
            return
        flags = [value.id in self.varied for value in operation.results]
        regions = tuple(self._region(region, (), flags) for region in operation.regions)
        results = self._stands(operation.results)
        chosen = (self.plain(condition),)
        self._emit(replace(operation, operands=chosen, results=results, regions=regions))

    def _both(self, operation: ir.If, condition: ir.Value) -> None:
        """Emit both sides of a branch whose condition varies, and select (if-conversion)."""
        for region in operation.regions:
            for inner in region.operations:
                self.operation(inner)
        then, otherwise = (region.yields for region in operation.regions)
        for result, x, y in zip(operation.results, then, otherwise, strict=True):
            chosen = self._select(condition, x, y)
            self.values[result.id] = self.build.relabel(chosen, result.type.label)

    def _emit(self, operation: ir.For | ir.While | ir.If) -> None:
        self.build.emit(operation)
        self.scalars.note(operation)
