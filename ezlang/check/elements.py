"""Parts of values: names, `a[i]`, `a[lo..hi]`, `p.x`."""

from __future__ import annotations

from ezlang.records import dataclass
from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.types.labels import PUBLIC
from ezlang.types.types import (
    INT32,
    ArrayType,
    Field,
    StructType,
    Type,
    array_of,
    element_of,
    is_integer,
    shape_of,
)

from . import names
from .bounds import difference
from .coerce import settle
from .context import Body
from .label_checks import may_read
from .messages import flow as errors_flow
from .messages import names as errors_names
from .messages import sizes as errors_sizes
from .messages import structs as errors_structs
from .messages import types as errors_types
from .program_counter import leaves, stricter_field
from .provenance import Traced, Why, combine
from .typenames import constant_integer
from .untyped import Constant, Exact, Poison, Typed, Value, default_type, literal

Part = syntax.Variable | syntax.Member | syntax.Index | syntax.Slice


def part(body: Body, node: Part) -> Value:
    """Check a name or a part of a value; code that one party runs alone may read its own parts."""
    value = _part(body, node)
    if isinstance(value, Typed) and not may_read(body, value):
        return Poison(span=node.span)
    return value


def _part(body: Body, node: syntax.Expr) -> Value:
    match node:
        case syntax.Variable():
            return names.variable(body, node)
        case syntax.Member():
            return _member(body, node)
        case syntax.Index():
            return _index(body, node)
        case syntax.Slice():
            return _slice(body, node)
        case _:
            return body.value(node)


def _member(body: Body, node: syntax.Member) -> Value:
    if isinstance(node.base, syntax.Variable):
        module = names.module_named(body, node.base)
        if module is not None:
            return names.module_value(body, module, node)
    base = settle(body, _part(body, node.base))
    if isinstance(base, Poison):
        return Poison(span=node.span)
    found = field_type(body, base.type, node.name)
    if found is None:
        return Poison(span=node.span)
    struct, field = found
    traced = base.traced
    if field.label is not None:
        name = body.name_label(field.label)
        message = f"the field `{field.name}` of `{struct.name}` is declared `{name}`"
        traced = Traced(field.label, Why(message, node.name.span))
    get = typed.GetField(
        span=node.span, type=field.type, label=traced.label, base=base.node, name=field.name
    )
    constant: Constant | None = None
    if isinstance(base.constant, tuple):
        constant = base.constant[struct.fields.index(field)]
    return Typed(node=get, why=traced.why, constant=constant)


def field_type(body: Body, type: Type, name: syntax.Name) -> tuple[StructType, Field] | None:
    """Return a struct and its field; None if there is none, which is reported."""
    if not isinstance(type, StructType):
        body.report(errors_types.no_fields(name, type))
        return None
    field = type.field(name.text)
    if field is None:
        known = [f.name for f in type.fields]
        body.report(errors_names.unknown_field(name, type.name, known))
        return None
    return type, field


# Indices


def index_chain(node: syntax.Expr) -> tuple[syntax.Expr, list[syntax.Expr]]:
    """Return `a` and `[i, j]` for `a[i][j]`."""
    indices: list[syntax.Expr] = []
    while isinstance(node, syntax.Index):
        indices.append(node.index)
        node = node.base
    return node, indices[::-1]


def indexed_type(body: Body, type: Type, count: int, span: Span) -> Type | None:
    """Return the type of an array's element under `count` indices, or report that there is none."""
    shape = shape_of(type)
    if count > len(shape):
        body.report(errors_types.not_indexed(span, type, count))
        return None
    return array_of(element_of(type), shape[count:])


def index_value(body: Body, node: syntax.Expr, extent: int, type: Type) -> Typed | Poison:
    """Check an index into a dimension of size `extent`."""
    value = body.value(node)
    if isinstance(value, Exact):
        value = literal(value.value, default_type(value.value), node.span)
    result = settle(body, value)
    if isinstance(result, Poison):
        return result
    if not is_integer(result.type):
        body.report(errors_types.index_type(node.span, result.type))
        return Poison(span=node.span)
    at = result.constant
    if at is not None and not isinstance(at, tuple) and not 0 <= at < extent:
        body.report_size(errors_sizes.index_out_of_range(node.span, int(at), extent, type))
        return Poison(span=node.span)
    return result


def index_values(
    body: Body, nodes: list[syntax.Expr], type: Type
) -> tuple[tuple[Typed, ...], Traced] | None:
    """Check the indices into an array; return them and the meet of their labels."""
    values = [
        index_value(body, node, extent, type)
        for node, extent in zip(nodes, shape_of(type), strict=False)
    ]
    traced = Traced(PUBLIC)
    for value in values:
        if isinstance(value, Poison):
            return None
        traced = combine(traced, value.traced)
    return tuple([v for v in values if isinstance(v, Typed)]), traced


def _index(body: Body, node: syntax.Index) -> Value:
    base_node, index_nodes = index_chain(node)
    base = settle(body, _part(body, base_node))
    if isinstance(base, Poison):
        for index in index_nodes:
            body.value(index)
        return Poison(span=node.span)
    result = indexed_type(body, base.type, len(index_nodes), node.span)
    checked = index_values(body, index_nodes, base.type)
    if result is None or checked is None:
        return Poison(span=node.span)
    indices, at = checked
    traced = _chosen(body, node.span, base, result, at)
    if traced is None:
        return Poison(span=node.span)
    get = typed.Index(
        span=node.span,
        type=result,
        label=traced.label,
        base=base.node,
        indices=tuple([i.node for i in indices]),
    )
    constant = base.constant
    for i in indices:
        if isinstance(constant, tuple):
            constant = constant[i.constant] if isinstance(i.constant, int) else None
    if any(i.constant is None for i in indices):
        constant = None
    return Typed(node=get, why=traced.why, constant=constant)


def _chosen(body: Body, span: Span, base: Typed, result: Type, at: Traced) -> Traced | None:
    """Return the label of a part of an array that an index or slice with the label `at` selects."""
    field = stricter_field(result, at.label)
    if field is not None:
        body.report(errors_structs.field_tells_index(body, span, field, at))
        return None
    return combine(base.traced, at) if leaves(result)[0] else base.traced


# Slices


@dataclass(frozen=True, slots=True)
class SliceBounds:
    """The start of a slice, its length, and its step."""

    start: Typed
    length: int
    step: int

    @property
    def items(self) -> range:
        """The items that it has, counted from the start."""
        return typed.chosen_items(self.length, self.step)


def slice_range(body: Body, node: syntax.Slice, type: Type) -> SliceBounds | None:
    """Check a slice's bounds; None if they are wrong, which is reported."""
    shape = shape_of(type)
    if not shape:
        body.report(errors_types.not_sliced(node.span, type))
        return None
    extent = shape[0]
    low = _bound(body, node.low, 0, node.span)
    high = _bound(body, node.high, extent, node.span)
    step = 1 if node.step is None else _step(body, node.step)
    if isinstance(low, Poison) or isinstance(high, Poison) or step is None:
        return None
    first, last = _number(low), _number(high)
    if first is not None and last is not None:
        if not 0 <= first <= last <= extent:
            body.report_size(errors_sizes.slice_out_of_range(node.span, first, last, type))
            return None
        return SliceBounds(literal(first, INT32, low.span), last - first, step)
    length = None
    if node.low is not None and node.high is not None:
        length = difference(body, node.low, node.high)
    if length is None:
        _unknown_length(body, node.span, low, high)
        return None
    if not 0 <= length <= extent:
        body.report_size(errors_sizes.slice_length(node.span, length, type))
        return None
    start = settle(body, low)
    return None if isinstance(start, Poison) else SliceBounds(start, length, step)


def _step(body: Body, node: syntax.Expr) -> int | None:
    """Return the step of a slice; None if it isn't one, which is reported."""
    step = constant_integer(body, node)
    if step == 0:
        body.report_size(errors_sizes.slice_step(node.span))
        return None
    return step


def _unknown_length(body: Body, span: Span, low: Typed | Exact, high: Typed | Exact) -> None:
    for bound in (high, low):
        if isinstance(bound, Typed) and not bound.label.is_public:
            body.report(errors_flow.secret_size(body, bound.span, bound))
            return
    body.report(errors_sizes.slice_length_unknown(span))


def _bound(
    body: Body, node: syntax.Expr | None, default: int, span: Span
) -> Typed | Exact | Poison:
    """Check one bound of a slice."""
    if node is None:
        return Exact(value=default, span=span)
    value = body.value(node)
    if isinstance(value, Exact):
        return value
    result = settle(body, value)
    if isinstance(result, Typed) and not is_integer(result.type):
        body.report(errors_types.index_type(node.span, result.type))
        return Poison(span=node.span)
    return result


def _number(bound: Typed | Exact) -> int | None:
    if isinstance(bound, Exact):
        return bound.value
    return int(bound.constant) if isinstance(bound.constant, int) else None


def _slice(body: Body, node: syntax.Slice) -> Value:
    base = settle(body, _part(body, node.base))
    if isinstance(base, Poison):
        return Poison(span=node.span)
    bounds = slice_range(body, node, base.type)
    if bounds is None:
        return Poison(span=node.span)
    assert isinstance(base.type, ArrayType)
    result = array_of(base.type.element, (len(bounds.items), *base.type.shape[1:]))
    traced = _chosen(body, node.span, base, result, bounds.start.traced)
    if traced is None:
        return Poison(span=node.span)
    get = typed.Slice(
        span=node.span,
        type=result,
        label=traced.label,
        base=base.node,
        start=bounds.start.node,
        length=bounds.length,
        step=bounds.step,
    )
    constant, first = base.constant, bounds.start.constant
    if isinstance(constant, tuple):
        inside = constant[first : first + bounds.length] if isinstance(first, int) else None
        constant = inside and inside[:: bounds.step]
    return Typed(node=get, why=traced.why, constant=constant)
