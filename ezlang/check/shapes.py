"""`reshape`: the same elements in another shape."""

from __future__ import annotations

from math import prod

from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.types.types import Type, VoidType, array_of, element_of, shape_of

from . import constants
from .coerce import coerce, settle
from .context import Body
from .messages import sizes as errors_sizes
from .messages import types as errors_types
from .typenames import sizes
from .untyped import Deferred, Exact, Poison, Typed, Value, default_type, known_shape

Shape = tuple[int, ...]


def reshape(body: Body, node: syntax.Call) -> Value:
    """Check `reshape(x, n, m)`: `x` may take its element type from the context."""
    value = body.value(node.arguments[0])
    shape = sizes(body, node.arguments[1:])
    if shape is None or isinstance(value, Poison):
        return Poison(span=node.span)
    own = known_shape(value)
    if own is None or isinstance(value, Typed):
        settled = settle(body, value)
        return settled if isinstance(settled, Poison) else _typed(body, node.span, settled, shape)
    if not _fits(body, node.span, own, shape):
        return Poison(span=node.span)

    def build(type: Type) -> Typed | Poison:
        built = coerce(body, value, array_of(element_of(type), own))
        return built if isinstance(built, Poison) else _typed(body, node.span, built, shape)

    return Deferred(
        span=node.span,
        what="this number" if isinstance(value, Exact) else value.what,
        shape=shape,
        default=default_type(value.value) if isinstance(value, Exact) else value.default,
        build=build,
    )


def _fits(body: Body, span: Span, own: Shape, shape: Shape) -> bool:
    """Return whether two shapes have as many elements; report it if not."""
    if prod(own) == prod(shape):
        return True
    body.report_size(errors_sizes.reshape_count(span, own, shape))
    return False


def _typed(body: Body, span: Span, value: Typed, shape: Shape) -> Typed | Poison:
    """Make the node for the elements of a value in another shape."""
    if isinstance(value.type, VoidType):
        body.report(errors_types.no_value(span))
        return Poison(span=span)
    own = shape_of(value.type)
    if not _fits(body, span, own, shape):
        return Poison(span=span)
    if own == shape:
        return value
    node = typed.Reshape(
        span=span,
        type=array_of(element_of(value.type), shape),
        label=value.label,
        operand=value.node,
    )
    constant = value.constant
    if constant is not None:
        constant = constants.reshaped(constant, own, shape)
    return Typed(node=node, why=value.why, constant=constant)
