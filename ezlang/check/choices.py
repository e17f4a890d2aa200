"""`? :`, `&&` and `||`: operators whose right operands may not be evaluated."""

from __future__ import annotations

from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.types.types import BOOL, ArrayType, Type, array_of, element_of, joint_shape, shape_of

from .coerce import Want, cast, coerce, fit, join, level_to, repeated, unify
from .context import Body
from .messages import sizes as errors_sizes
from .messages import structs as errors_structs
from .messages import types as errors_types
from .operators import make_binary, merged
from .program_counter import Branch, BranchKind, leaves, shared, stricter_field
from .provenance import Traced, combine
from .untyped import Deferred, Exact, Poison, Typed, Value, literal


def _selecting(kind: BranchKind, condition: Typed) -> Branch | None:
    """Return the branch that the sides are in; None for a public condition."""
    if condition.label.is_public:
        return None
    return Branch(
        kind=kind,
        label=condition.label,
        span=condition.span,
        why=condition.why,
        alone=False,
        selects=True,
    )


def _as_bool(body: Body, value: Value, want: Want) -> Typed | Poison:
    """Return a bool or an array of them."""
    if isinstance(value, Deferred):
        return coerce(body, value, array_of(BOOL, value.shape or ()), want)
    if isinstance(value, Typed) and element_of(value.type) == BOOL:
        return value
    return coerce(body, value, BOOL, want)


# `&&` and `||`


def logic(body: Body, node: syntax.Binary) -> Value:
    """Check `&&` and `||`."""
    want = Want(f"`{node.operator}` takes `bool` on both sides", node.operator_span)
    left = _as_bool(body, body.value(node.left), want)
    if isinstance(left, Poison):
        body.value(node.right)
        return Poison(span=node.span)
    settles = node.operator == "||"
    decided = None if isinstance(left.type, ArrayType) else left.constant
    with (
        body.never_run(decided is not None and bool(decided) == settles),
        body.branch(_selecting(BranchKind.LOGIC, left)),
    ):
        right = _as_bool(body, body.value(node.right), want)
    if decided is not None and bool(decided) == settles:
        return _as_either(left, right) if isinstance(right, Typed) else left
    if isinstance(right, Poison):
        return Poison(span=node.span)
    if decided is not None:
        return right
    op = typed.BinaryOp(node.operator)
    if left.label.is_public and not isinstance(left.type, ArrayType):
        return _short_circuit(node.span, op, left, right)
    operands = fit(body, left, right, node.operator)
    if isinstance(operands, Poison):
        return Poison(span=node.span)
    return make_binary(op, node.span, *operands, BOOL)


def _short_circuit(span: Span, op: typed.BinaryOp, left: Typed, right: Typed) -> Typed:
    """Evaluate the right side only where the public left side doesn't decide the result."""
    if not isinstance(right.type, ArrayType):
        node = typed.ShortCircuit(
            span=span, type=BOOL, label=right.label, op=op, left=left.node, right=right.node
        )
        return Typed(node=node, why=right.why)
    settled = repeated(literal(op is typed.BinaryOp.LOGOR, BOOL, left.span), shape_of(right.type))
    settled = shared(settled, right.label)
    sides = (settled, right) if op is typed.BinaryOp.LOGOR else (right, settled)
    choice = typed.Conditional(
        span=span,
        type=right.type,
        label=right.label,
        condition=left.node,
        then=sides[0].node,
        otherwise=sides[1].node,
    )
    return Typed(node=choice, why=right.why)


# `? :`


def conditional(body: Body, node: syntax.Conditional) -> Value:
    """Check a `? :`."""
    want = Want("the condition of `? :` is a `bool`", None)
    condition = _as_bool(body, body.value(node.condition), want)
    if isinstance(condition, Poison):
        body.value(node.then)
        body.value(node.otherwise)
        return Poison(span=node.span)
    decided = None if isinstance(condition.type, ArrayType) else condition.constant
    with body.branch(_selecting(BranchKind.CHOICE, condition)):
        with body.never_run(decided is False):
            then = body.value(node.then)
        with body.never_run(decided is True):
            otherwise = body.value(node.otherwise)
    if decided is not None:
        return _decided(body, then, otherwise, bool(decided))
    if isinstance(then, Poison) or isinstance(otherwise, Poison):
        return Poison(span=node.span)
    if isinstance(then, Typed) or isinstance(otherwise, Typed):
        sides = unify(body, then, otherwise, "? :")
        if isinstance(sides, Poison):
            return Poison(span=node.span)
        return _finish(body, node.span, condition, *sides)
    return _deferred(body, node.span, condition, then, otherwise)


def _decided(body: Body, then: Value, otherwise: Value, decision: bool) -> Value:
    """Return the side that a constant condition selects.

    Type and label allow for either side: they must not depend on the value of a param.
    """
    chosen, other = (then, otherwise) if decision else (otherwise, then)
    if isinstance(chosen, Poison) or not isinstance(other, Typed):
        return chosen
    element = element_of(other.type)
    if isinstance(chosen, Typed):
        joined = join(element_of(chosen.type), element)
        if joined is None:
            body.report(
                errors_types.operands_differ(
                    chosen.span, chosen.type, other.span, other.type, "? :"
                )
            )
            return Poison(span=chosen.span)
        return _as_either(cast(chosen, joined), other)
    shape = () if isinstance(chosen, Exact) else chosen.shape
    target = other.type if shape is None else array_of(element, shape)
    want = Want(f"the other side is `{other.type}`", other.span)
    result = coerce(body, chosen, target, want)
    return result if isinstance(result, Poison) else _as_either(result, other)


def _as_either(chosen: Typed, other: Typed) -> Typed:
    """Return a value with the label and shape that fit both it and the other value."""
    traced = combine(chosen.traced, other.traced)
    result = shared(chosen, traced.label)
    shape = joint_shape(shape_of(chosen.type), shape_of(other.type))
    if shape is not None:
        result = repeated(result, shape)
    return Typed(node=result.node, why=traced.why, constant=chosen.constant)


def _deferred(
    body: Body, span: Span, condition: Typed, then: Exact | Deferred, otherwise: Exact | Deferred
) -> Value:
    default, shape = merged(then, otherwise)
    if shape is not None:
        shape = joint_shape(shape_of(condition.type), shape) or shape

    def build(type: Type) -> Typed | Poison:
        sides = level_to(body, then, otherwise, type, "? :")
        if isinstance(sides, Poison):
            return Poison(span=span)
        return _finish(body, span, condition, *sides)

    return Deferred(span=span, what="this choice", shape=shape, default=default, build=build)


def _finish(
    body: Body, span: Span, condition: Typed, then: Typed, otherwise: Typed
) -> Typed | Poison:
    """Make the node for a selection between two values of one type."""
    label = then.label.meet(otherwise.label)
    if shape_of(condition.type):
        shape = joint_shape(shape_of(condition.type), shape_of(then.type))
        if shape is None:
            body.report_size(
                errors_sizes.shapes_differ(
                    condition.span, condition.type, then.span, then.type, "? :"
                )
            )
            return Poison(span=span)
        condition, then, otherwise = (repeated(v, shape) for v in (condition, then, otherwise))
    elif condition.label.is_public:
        traced = combine(then.traced, otherwise.traced)
        choice = typed.Conditional(
            span=span,
            type=then.type,
            label=label,
            condition=condition.node,
            then=shared(then, label).node,
            otherwise=shared(otherwise, label).node,
        )
        return Typed(node=choice, why=traced.why)
    field = stricter_field(then.type, condition.label)
    if field is not None:
        body.report(errors_structs.field_tells_choice(body, span, field, condition))
        return Poison(span=span)
    plain, _ = leaves(then.type)
    traced = combine(then.traced, otherwise.traced)
    traced = combine(traced, condition.traced) if plain else Traced(label, traced.why)
    select = typed.Select(
        span=span,
        type=then.type,
        label=traced.label,
        condition=condition.node,
        then=then.node,
        otherwise=otherwise.node,
    )
    return Typed(node=select, why=traced.why)


def condition(body: Body, node: syntax.Expr, want: Want) -> Typed | Poison:
    """Check the condition of an `if`, `while` or `assert`: a scalar bool."""
    result = _as_bool(body, body.value(node), want)
    if isinstance(result, Typed) and isinstance(result.type, ArrayType):
        return coerce(body, result, BOOL, want)
    return result
