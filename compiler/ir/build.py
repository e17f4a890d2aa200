"""The IR builder: fresh values, operations with inferred result types, and nested regions.

Lowering and the passes use one `Builder` per function, so that the rules for result types
are implemented in one place. (The verifier implements them again, on purpose.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass, replace
from ezlang.source import NO_SPAN, Span
from ezlang.types.labels import PUBLIC, SECRET, Label, meet_all
from ezlang.types.types import BOOL, INT64, ScalarType

from . import tree as ir
from .windows import Window


def meet_of(values: Sequence[ir.Value]) -> Label:
    """Return the meet of the labels of `values`."""
    return meet_all([value.type.label for value in values])


def extracted_shape(shape: tuple[int, ...], dimensions: tuple[bool, ...]) -> tuple[int, ...]:
    """Return the rest of `shape` after indexing the dimensions marked in `dimensions`."""
    kept = [n for n, indexed in zip(shape, dimensions, strict=False) if not indexed]
    return (*kept, *shape[len(dimensions) :])


def highest_id(region: ir.Region) -> int:
    """Return the largest value id in a region and its nested regions; -1 if there is none."""
    ids = [value.id for value in region.parameters]
    for operation in ir.walk(region):
        ids += [value.id for value in operation.results]
        ids += [value.id for inner in operation.regions for value in inner.parameters]
    return max(ids, default=-1)


@dataclass(slots=True)
class Builder:
    """Emits operations into the current region.

    `span` is the span of the emitted operations, `requested` the sharing requested for them. Fresh
    values have ids from `next_id` on, which follow those `within` a region, if one is given. It is
    looked through for the first of them.
    """

    next_id: int = 0
    within: ir.Region | None = None
    span: Span = NO_SPAN
    requested: ir.Sharing | None = None
    operations: list[ir.Operation] = field(default_factory=list)

    def fresh(self, type: ir.TensorType, hint: str = "") -> ir.Value:
        """Return a new value, which an operation or a region still has to define."""
        if self.within is not None:
            self.next_id, self.within = highest_id(self.within) + 1, None
        value = ir.Value(self.next_id, type, hint)
        self.next_id += 1
        return value

    def fresh_like(self, values: Sequence[ir.Value], hint: str = "") -> tuple[ir.Value, ...]:
        """Return one new value of the same type (and name) for each of `values`."""
        return tuple(self.fresh(value.type, value.hint or hint) for value in values)

    def emit(self, operation: ir.Operation) -> None:
        """Append an operation."""
        asked = self.requested is not None and operation.requested is None
        if asked and any(value.type.label.is_secret for value in operation.results):
            operation = replace(operation, requested=self.requested)
        self.operations.append(operation)

    @contextmanager
    def nested(self) -> Iterator[list[ir.Operation]]:
        """Collect operations emitted in this context in a separate list, for an inner region."""
        outer, inner = self.operations, list[ir.Operation]()
        self.operations = inner
        try:
            yield inner
        finally:
            self.operations = outer

    @contextmanager
    def at(self, span: Span) -> Iterator[None]:
        """Give operations emitted in this context the span `span`."""
        outer, self.span = self.span, span
        try:
            yield
        finally:
            self.span = outer

    @contextmanager
    def requesting(self, sharing: ir.Sharing | None) -> Iterator[None]:
        """Request a sharing for operations emitted in this context, unless it is None."""
        outer = self.requested
        self.requested = outer if sharing is None else sharing
        try:
            yield
        finally:
            self.requested = outer

    @contextmanager
    def like(self, operation: ir.Operation) -> Iterator[None]:
        """Give operations emitted in this context the span and forced sharing of `operation`."""
        outer, self.requested = self.requested, operation.requested
        try:
            with self.at(operation.span):
                yield
        finally:
            self.requested = outer

    # Constants

    def constant(
        self, element: ScalarType, data: Sequence[int], shape: tuple[int, ...] = ()
    ) -> ir.Value:
        """Emit a public constant: one entry repeated, or one per element."""
        result = self.fresh(ir.TensorType(element, shape, PUBLIC))
        self.emit(ir.Constant(data=tuple(data), results=(result,), span=self.span))
        return result

    def zeros(self, type: ir.TensorType) -> ir.Value:
        """Emit zeros (or false) of the given type, including its label and sharing."""
        zeros = self.constant(type.element, (0,), type.shape)
        return self.relabel(zeros, type.label, type.sharing)

    # Element-wise

    def unary(self, kind: ir.UnaryKind, x: ir.Value) -> ir.Value:
        """Emit a Unary."""
        result = self.fresh(x.type)
        self.emit(ir.Unary(kind=kind, operands=(x,), results=(result,), span=self.span))
        return result

    def negated(self, x: ir.Value) -> ir.Value:
        """Emit the logical NOT of a bool."""
        return self.unary(ir.UnaryKind.NOT, x)

    def binary(
        self, kind: ir.BinaryKind, x: ir.Value, y: ir.Value, *, checked: bool = False
    ) -> ir.Value:
        """Emit a Binary. Comparisons return bool, other operations the type of `x`.

        On arithmetic shares, comparisons return boolean shares.
        """
        element = BOOL if kind.traits.gives_bool else x.type.element
        sharing = x.type.sharing or y.type.sharing
        if sharing is ir.Sharing.ARITHMETIC and kind.traits.gives_bool:
            sharing = ir.Sharing.BOOLEAN
        result = self.fresh(ir.TensorType(element, x.type.shape, meet_of((x, y)), sharing))
        operation = ir.Binary(
            kind=kind, checked=checked, operands=(x, y), results=(result,), span=self.span
        )
        self.emit(operation)
        return result

    def select(self, condition: ir.Value, x: ir.Value, y: ir.Value) -> ir.Value:
        """Emit `condition ? x : y`."""
        result = self.fresh(replace(x.type, label=meet_of((condition, x, y))))
        self.emit(ir.Select(operands=(condition, x, y), results=(result,), span=self.span))
        return result

    def cast(self, x: ir.Value, element: ScalarType) -> ir.Value:
        """Emit a Cast, or return `x` if it already has the element type."""
        if x.type.element == element:
            return x
        result = self.fresh(replace(x.type, element=element))
        self.emit(ir.Cast(operands=(x,), results=(result,), span=self.span))
        return result

    def bit(self, x: ir.Value, position: int) -> ir.Value:
        """Emit bit `position` of each integer."""
        result = self.fresh(replace(x.type, element=BOOL))
        self.emit(ir.Bit(position=position, operands=(x,), results=(result,), span=self.span))
        return result

    def relabel(self, x: ir.Value, label: Label, sharing: ir.Sharing | None = None) -> ir.Value:
        """Emit a Relabel, to a sharing if given; return `x` if it already has the label."""
        if x.type.label == label:
            return x
        result = self.fresh(replace(x.type, label=label, sharing=sharing), x.hint)
        self.emit(ir.Relabel(operands=(x,), results=(result,), span=self.span))
        return result

    def standing_in(self, x: ir.Value, type: ir.TensorType) -> ir.Value | None:
        """Emit `x` with the label and sharing of `type`; None if that takes a conversion."""
        if x.type.label != type.label:
            return self.relabel(x, type.label, type.sharing)
        return x if x.type.sharing is type.sharing else None

    # Shapes

    def broadcast(self, x: ir.Value, new: tuple[int, ...]) -> ir.Value:
        """Emit `x` repeated along the new leading dimensions `new`; return `x` for `()`."""
        if not new:
            return x
        result = self.fresh(replace(x.type, shape=new + x.type.shape))
        self.emit(ir.Broadcast(operands=(x,), results=(result,), span=self.span))
        return result

    def spread(self, x: ir.Value, rest: tuple[int, ...]) -> ir.Value:
        """Emit `x` with each element repeated along the new trailing dimensions `rest`."""
        if not rest:
            return x
        shape = x.type.shape + rest
        rows = [(0, *(int(d == k) for k in range(len(shape)))) for d in range(len(x.type.shape))]
        return self.affine_read(x, rows, shape)

    def reshape(self, x: ir.Value, shape: tuple[int, ...]) -> ir.Value:
        """Emit a Reshape, or return `x` if it already has the shape."""
        if x.type.shape == shape:
            return x
        result = self.fresh(replace(x.type, shape=shape))
        self.emit(ir.Reshape(operands=(x,), results=(result,), span=self.span))
        return result

    def stack(self, values: Sequence[ir.Value]) -> ir.Value:
        """Emit a Stack of at least one value, after relabelling all of them to the meet."""
        label = meet_of(values)
        operands = tuple(self.relabel(value, label) for value in values)
        type = operands[0].type
        result = self.fresh(replace(type, shape=(len(values), *type.shape)))
        self.emit(ir.Stack(operands=operands, results=(result,), span=self.span))
        return result

    def reduce(self, kind: ir.BinaryKind, x: ir.Value, axis: int | None = None) -> ir.Value:
        """Emit a Reduce, to a scalar or along an axis."""
        shape = () if axis is None else x.type.shape[:axis] + x.type.shape[axis + 1 :]
        result = self.fresh(replace(x.type, shape=shape))
        self.emit(ir.Reduce(kind=kind, axis=axis, operands=(x,), results=(result,), span=self.span))
        return result

    def matrix_product(self, x: ir.Value, y: ir.Value) -> ir.Value:
        """Emit a MatrixProduct."""
        return self._product(ir.MatrixProduct(operands=(x, y), span=self.span))

    def convolution(self, x: ir.Value, y: ir.Value, window: Window) -> ir.Value:
        """Emit a Convolution."""
        operation = ir.Convolution(
            stride=window.stride,
            padding=window.padding,
            dilation=window.dilation,
            groups=window.groups,
            operands=(x, y),
            span=self.span,
        )
        return self._product(operation)

    def _product(self, operation: ir.MatrixProduct | ir.Convolution) -> ir.Value:
        """Emit a product, given without its result."""
        x, y = operation.operands
        shape = operation.shape_of(x.type.shape, y.type.shape)
        if shape is None:
            raise CompilerBug(f"no product of {x.type} and {y.type}")
        sharing = x.type.sharing or y.type.sharing
        result = self.fresh(ir.TensorType(x.type.element, shape, meet_of((x, y)), sharing))
        self.emit(replace(operation, results=(result,)))
        return result

    # Reads and writes

    def extract(
        self,
        base: ir.Value,
        indices: Sequence[ir.Value],
        dimensions: tuple[bool, ...],
        *,
        checked: bool = False,
    ) -> ir.Value:
        """Emit an Extract; return the base if there are no indices."""
        if not indices:
            return base
        shape = extracted_shape(base.type.shape, dimensions)
        result = self.fresh(replace(base.type, shape=shape, label=meet_of((base, *indices))))
        operation = ir.Extract(
            dimensions=dimensions,
            checked=checked,
            operands=(base, *indices),
            results=(result,),
            span=self.span,
        )
        self.emit(operation)
        return result

    def insert(
        self,
        base: ir.Value,
        value: ir.Value,
        indices: Sequence[ir.Value],
        dimensions: tuple[bool, ...],
        *,
        checked: bool = False,
    ) -> ir.Value:
        """Emit an Insert; return the value if there are no indices."""
        if not indices:
            return value
        result = self.fresh(base.type, base.hint)
        operation = ir.Insert(
            dimensions=dimensions,
            checked=checked,
            operands=(base, value, *indices),
            results=(result,),
            span=self.span,
        )
        self.emit(operation)
        return result

    def extract_slice(
        self, base: ir.Value, start: ir.Value, length: int, *, checked: bool = False
    ) -> ir.Value:
        """Emit an ExtractSlice of `length` items."""
        shape = (length, *base.type.shape[1:])
        result = self.fresh(replace(base.type, shape=shape, label=meet_of((base, start))))
        operation = ir.ExtractSlice(
            checked=checked, operands=(base, start), results=(result,), span=self.span
        )
        self.emit(operation)
        return result

    def insert_slice(
        self, base: ir.Value, value: ir.Value, start: ir.Value, *, checked: bool = False
    ) -> ir.Value:
        """Emit an InsertSlice."""
        result = self.fresh(base.type, base.hint)
        operation = ir.InsertSlice(
            checked=checked, operands=(base, value, start), results=(result,), span=self.span
        )
        self.emit(operation)
        return result

    def affine_read(
        self,
        base: ir.Value,
        index_map: Sequence[tuple[int, ...]],
        shape: tuple[int, ...],
        offsets: Sequence[ir.Value | None] = (),
    ) -> ir.Value:
        """Emit an AffineRead; `offsets` has one entry per dimension of the base, or none."""
        result = self.fresh(replace(base.type, shape=shape))
        given = tuple(offset for offset in offsets if offset is not None)
        operation = ir.AffineRead(
            index_map=tuple(index_map),
            moved=tuple(offset is not None for offset in offsets) if given else (),
            operands=(base, *given),
            results=(result,),
            span=self.span,
        )
        self.emit(operation)
        return result

    def affine_write(
        self,
        base: ir.Value,
        value: ir.Value,
        index_map: Sequence[tuple[int, ...]],
        offsets: Sequence[ir.Value | None] = (),
    ) -> ir.Value:
        """Emit an AffineWrite; `offsets` is as for `affine_read`."""
        result = self.fresh(base.type, base.hint)
        given = tuple(offset for offset in offsets if offset is not None)
        operation = ir.AffineWrite(
            index_map=tuple(index_map),
            moved=tuple(offset is not None for offset in offsets) if given else (),
            operands=(base, value, *given),
            results=(result,),
            span=self.span,
        )
        self.emit(operation)
        return result

    def gather(self, base: ir.Value, indices: ir.Value) -> ir.Value:
        """Emit a Gather along dimension 0."""
        shape = (*indices.type.shape, *base.type.shape[1:])
        result = self.fresh(replace(base.type, shape=shape), base.hint)
        self.emit(ir.Gather(operands=(base, indices), results=(result,), span=self.span))
        return result

    def scatter(self, base: ir.Value, value: ir.Value, indices: ir.Value) -> ir.Value:
        """Emit a Scatter along dimension 0."""
        result = self.fresh(base.type, base.hint)
        self.emit(ir.Scatter(operands=(base, value, indices), results=(result,), span=self.span))
        return result

    def positions(self, condition: ir.Value, most: int) -> ir.Value:
        """Emit Positions, at most `most` of them, as int64."""
        result = self.fresh(ir.TensorType(INT64, (most,), PUBLIC))
        self.emit(ir.Positions(operands=(condition,), results=(result,), span=self.span))
        return result

    def separate(
        self, indices: Sequence[ir.Value], written: int, size: int, early: int = 0
    ) -> ir.Value:
        """Emit a Separate."""
        result = self.fresh(ir.TensorType(BOOL, (), PUBLIC))
        operation = ir.Separate(
            written=written,
            size=size,
            early=early,
            operands=tuple(indices),
            results=(result,),
            span=self.span,
        )
        self.emit(operation)
        return result

    def iota(self, element: ScalarType, length: int, start: int, step: int) -> ir.Value:
        """Emit an Iota."""
        result = self.fresh(ir.TensorType(element, (length,), PUBLIC))
        self.emit(ir.Iota(start=start, step=step, results=(result,), span=self.span))
        return result

    def oblivious_read(self, base: ir.Value, index: ir.Value) -> ir.Value:
        """Emit an ObliviousRead of one item along dimension 0."""
        result = self.fresh(replace(base.type, shape=base.type.shape[1:], label=SECRET))
        self.emit(ir.ObliviousRead(operands=(base, index), results=(result,), span=self.span))
        return result

    def oblivious_write(
        self, base: ir.Value, index: ir.Value, value: ir.Value, guard: ir.Value | None = None
    ) -> ir.Value:
        """Emit an ObliviousWrite of one item along dimension 0."""
        result = self.fresh(base.type, base.hint)
        operands = (base, index, value) if guard is None else (base, index, value, guard)
        self.emit(ir.ObliviousWrite(operands=operands, results=(result,), span=self.span))
        return result

    # Constants as indices

    def index(self, value: int) -> ir.Value:
        """Emit a public int64 constant; the compiler's own indices have this type."""
        return self.constant(INT64, (value,))
