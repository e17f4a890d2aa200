"""Operators, and the built-in functions that are operators: types, labels, constant folding."""

from __future__ import annotations

from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.types.types import (
    BOOL,
    Domain,
    ScalarType,
    Type,
    array_of,
    element_of,
    joint_shape,
    scalar,
    scalar_element,
    shape_of,
)

from . import constants, fixed, literals
from .coerce import Want, coerce, fit, join, level_to, own_type, settle, unify
from .context import Body
from .messages import sizes as errors_sizes
from .messages import types as errors_types
from .provenance import combine
from .untyped import Deferred, Exact, Poison, Typed, Value, default_type, known_shape, literal

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_OPERATIONS = {op.value: op for op in typed.BinaryOp}


def binary(body: Body, node: syntax.Binary) -> Value:
    """Check an infix operator other than `&&` and `||`."""
    left, right = body.value(node.left), body.value(node.right)
    return apply(body, node.operator, node.operator_span, node.span, left, right)


def apply(body: Body, operator: str, place: Span, span: Span, left: Value, right: Value) -> Value:
    """Check an operator (or `min`, `max`) on two values; `place` is the operator's own place."""
    if isinstance(left, Poison) or isinstance(right, Poison):
        return Poison(span=span)
    if isinstance(left, Exact) and isinstance(right, Exact):
        if operator != typed.BinaryOp.MULHI.value:
            return _exact(body, operator, span, left, right)
        left = settle(body, left)  # the half of a product depends on the type
        if isinstance(left, Poison):
            return left
    if operator in ("<<", ">>"):
        return _shift(body, operator, place, span, left, right)
    if not isinstance(left, Typed) and not isinstance(right, Typed):
        return _deferred(body, operator, place, span, left, right)
    scaled = fixed.with_integer(operator, left, right)
    scaled = scaled or fixed.of_two_fractions(operator, left, right)
    if scaled is None:
        operands = unify(body, left, right, operator)
        if not isinstance(operands, Poison):
            # A decimal has become a number, which may be whole.
            operands = fixed.with_integer(operator, *operands) or operands
    else:
        operands = fit(body, *scaled, operator)
    if isinstance(operands, Poison):
        return Poison(span=span)
    return _finish(body, operator, place, span, *operands)


def _exact(body: Body, operator: str, span: Span, left: Exact, right: Exact) -> Value:
    x, y = left.value, right.value
    if operator in _COMPARISONS:
        return literal(constants.compare(operator, x, y), BOOL, span)
    if operator in ("/", "%") and y == 0:
        body.report_size(errors_sizes.divides_by_zero(right.span, operator))
        return Poison(span=span)
    if operator in ("<<", ">>") and not 0 <= y <= constants.EXACT_BITS:
        body.report_size(errors_sizes.exact_shift(right.span, y))
        return Poison(span=span)
    result = constants.compute(operator, x, y)
    if result.bit_length() > constants.EXACT_BITS:
        body.report_size(errors_sizes.exact_too_large(span))
        return Poison(span=span)
    return Exact(value=result, span=span)


def _defaults(left: Exact | Deferred, right: Exact | Deferred) -> ScalarType | None:
    """Return the default type of an operator on two values without a type."""
    types = [default_type(v.value) if isinstance(v, Exact) else v.default for v in (left, right)]
    known = [t for t in types if t is not None]
    if len(known) == 2:
        return join(*known) or known[0]
    return known[0] if known else None


def _shapes(left: Exact | Deferred, right: Exact | Deferred) -> tuple[int, ...] | None:
    """Return the shape of an operator's result on two values without a type."""
    x, y = (() if isinstance(v, Exact) else v.shape for v in (left, right))
    if x is None or y is None:
        return x or y or None
    # Shapes that differ are reported when the operands get their types.
    joint = joint_shape(x, y)
    return x if joint is None else joint


def merged(
    left: Exact | Deferred, right: Exact | Deferred
) -> tuple[ScalarType | None, tuple[int, ...] | None]:
    """Return the default type and shape of an operator's result on two values without a type."""
    return _defaults(left, right), _shapes(left, right)


def _deferred(
    body: Body,
    operator: str,
    place: Span,
    span: Span,
    left: Exact | Deferred,
    right: Exact | Deferred,
) -> Value:
    default, shape = merged(left, right)
    if operator in _COMPARISONS:
        if default is None:
            body.report(errors_types.no_type(span, "this comparison"))
            return Poison(span=span)
        type = array_of(default, shape or ())
        operands = level_to(body, left, right, type, operator)
        if isinstance(operands, Poison):
            return Poison(span=span)
        return _finish(body, operator, place, span, *operands)

    def build(type: Type) -> Typed | Poison:
        operands = level_to(body, left, right, type, operator)
        if isinstance(operands, Poison):
            return Poison(span=span)
        return fixed.constant_as(type, _finish(body, operator, place, span, *operands))

    return Deferred(span=span, what="this expression", shape=shape, default=default, build=build)


def _finish(
    body: Body, operator: str, place: Span, span: Span, left: Typed, right: Typed
) -> Typed | Poison:
    """Make the node for an operator on two operands of one type, or as `fixed` returns them."""
    element = scalar_element(left.type)
    if element is not None and operator in fixed.WIDENING:
        left, right = fixed.whole(left), fixed.whole(right)
        element = fixed.result(left, right)
    if element is None or not _OPERATIONS[operator].domain.has(element):
        body.report(errors_types.operator_type(place, operator, left.type, left.span))
        return Poison(span=span)
    if operator in ("/", "%") and right.constant is not None and _has_zero(right):
        body.report_size(errors_sizes.divides_by_zero(right.span, operator))
        return Poison(span=span)
    return make_binary(_OPERATIONS[operator], span, left, right, element)


def _has_zero(value: Typed) -> bool:
    assert value.constant is not None
    return any(scalar == 0 for scalar in constants.scalars(value.constant))


def make_binary(
    op: typed.BinaryOp, span: Span, left: Typed, right: Typed, element: ScalarType
) -> Typed:
    """Make the node for an operator; `element` is that of the result, except in comparisons."""
    traced = combine(left.traced, right.traced)
    result = BOOL if op in typed.COMPARISONS else element
    node = typed.Binary(
        span=span,
        type=array_of(result, shape_of(left.type)),
        label=traced.label,
        op=op,
        left=left.node,
        right=right.node,
    )
    constant = None
    if left.constant is not None and right.constant is not None:
        types = (scalar(element_of(operand.type)) for operand in (left, right))
        constant = constants.fold_binary(op.value, left.constant, right.constant, *types)
    return Typed(node=node, why=traced.why, constant=constant)


# Shifts


def _shift(body: Body, operator: str, place: Span, span: Span, left: Value, right: Value) -> Value:
    if isinstance(left, Poison) or isinstance(right, Poison):
        return Poison(span=span)
    if isinstance(left, Typed):
        return _finish_shift(body, operator, place, span, left, right)
    if isinstance(right, Deferred):
        settled = settle(body, right)
        if isinstance(settled, Poison):
            return Poison(span=span)
        right = settled
    amount = right

    def build(type: Type) -> Typed | Poison:
        x = coerce(body, left, own_type(left, type))
        if isinstance(x, Poison):
            return x
        return _finish_shift(body, operator, place, span, x, amount)

    default = default_type(left.value) if isinstance(left, Exact) else left.default
    shape = () if isinstance(left, Exact) else left.shape
    if shape is not None:
        shape = joint_shape(shape, known_shape(amount) or ()) or shape
    return Deferred(span=span, what="this shift", shape=shape, default=default, build=build)


def _finish_shift(
    body: Body, operator: str, place: Span, span: Span, left: Typed, right: Value
) -> Typed | Poison:
    element = scalar_element(left.type)
    if element is None or not _OPERATIONS[operator].domain.has(element):
        body.report(errors_types.operator_type(place, operator, left.type, left.span))
        return Poison(span=span)
    if isinstance(right, Exact) and not 0 <= right.value < element.width:
        body.report_size(errors_sizes.shifts_too_far(right.span, right.value, element))
        return Poison(span=span)
    want = Want(f"the left operand is `{left.type}`", left.span)
    amount = right if isinstance(right, Typed) else _amount(body, right, element, want)
    if isinstance(amount, Poison):
        return Poison(span=span)
    amount_element = scalar_element(amount.type)
    if amount_element is None or not amount_element.is_integer:
        body.report(errors_types.operator_type(place, operator, amount.type, amount.span))
        return Poison(span=span)
    if amount.constant is not None:
        mask = (1 << amount_element.width) - 1
        amounts = [int(s) & mask for s in constants.scalars(amount.constant)]
        far = next((a for a in amounts if a >= element.width), None)
        if far is not None:
            body.report_size(errors_sizes.shifts_too_far(amount.span, far, element))
            return Poison(span=span)
    operands = fit(body, left, amount, operator)
    if isinstance(operands, Poison):
        return Poison(span=span)
    return make_binary(_OPERATIONS[operator], span, *operands, element)


def _amount(body: Body, value: Value, element: ScalarType, want: Want) -> Typed | Poison:
    """Give a shift amount without a type the element type of the left operand."""
    if isinstance(value, Deferred) and value.shape:
        return coerce(body, value, array_of(element, value.shape), want)
    return coerce(body, value, element, want)


# One operand


def unary(body: Body, node: syntax.Unary) -> Value:
    """Check a prefix operator; a minus sign in front of a literal belongs to it."""
    if node.operator == "-" and isinstance(node.operand, syntax.DecimalLiteral):
        return literals.decimal(body, -node.operand.value, node.span)
    return apply_unary(body, typed.UnaryOp(node.operator), node.span, body.value(node.operand))


def apply_unary(body: Body, op: typed.UnaryOp, span: Span, operand: Value) -> Value:
    """Check an operator on a value, or a built-in function like one."""
    logical = op.domain is Domain.LOGICAL
    match operand:
        case Poison():
            return Poison(span=span)
        case Exact() if logical:
            return coerce(body, operand, BOOL, Want(f"`{op.value}` takes a `bool`", None))
        case Exact(value=value):
            exact = constants.compute_unary(op, value)
            if exact is not None:
                return Exact(value=exact, span=span)
            return _deferred_unary(body, op, span, operand, (), default_type(value))
        case Deferred() if logical:
            settled = coerce(body, operand, array_of(BOOL, operand.shape or ()))
            return _finish_unary(body, op, span, settled)
        case Deferred():
            return _deferred_unary(body, op, span, operand, operand.shape, operand.default)
        case Typed():
            return _finish_unary(body, op, span, operand)


def _deferred_unary(
    body: Body,
    op: typed.UnaryOp,
    span: Span,
    operand: Exact | Deferred,
    shape: tuple[int, ...] | None,
    default: ScalarType | None,
) -> Deferred:
    def build(type: Type) -> Typed | Poison:
        built = _finish_unary(body, op, span, coerce(body, operand, type))
        return fixed.constant_as(type, built)

    what = operand.what if isinstance(operand, Deferred) else "this number"
    return Deferred(span=span, what=what, shape=shape, default=default, build=build)


def _finish_unary(
    body: Body, op: typed.UnaryOp, span: Span, operand: Typed | Poison
) -> Typed | Poison:
    if isinstance(operand, Poison):
        return Poison(span=span)
    operand = fixed.whole(operand)
    element = scalar_element(operand.type)
    if element is None or not op.domain.has(element):
        body.report(errors_types.operator_type(span, op.value, operand.type, operand.span))
        return Poison(span=span)
    constant = None
    if operand.constant is not None:
        constant = constants.fold_unary(op, operand.constant, element)
    node = typed.Unary(
        span=span, type=operand.type, label=operand.label, op=op, operand=operand.node
    )
    return Typed(node=node, why=operand.why, constant=constant)
