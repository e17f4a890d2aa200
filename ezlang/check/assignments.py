"""Assignments, including compound assignments."""

from __future__ import annotations

from dataclasses import replace

from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.types.types import StructType, Type, array_of, element_of, shape_of

from . import operators, powers, targets
from .coerce import Want, coerce
from .context import Body
from .label_checks import may_read
from .messages import structs as errors_structs
from .program_counter import leaves, shared, stricter_field
from .provenance import Traced
from .untyped import Poison, Typed, Value


def assignment(body: Body, node: syntax.Assign) -> typed.Statement | None:
    """Check `x = y` and `x op= y`."""
    if node.operator is not None:
        return _compound(body, node, node.operator)
    place = targets.target(body, node.target)
    value = body.value(node.value)
    return None if place is None else _assign(body, place, value, node.span)


def _assign(body: Body, place: targets.Target, value: Value, span: Span) -> typed.Statement | None:
    """Assign a checked value to a checked place."""
    want = Want(f"`{place.span.text}` is `{place.type}`", place.local.span)
    result = coerce(body, value, place.type, want)
    if isinstance(result, Poison) or not targets.admit(body, place, result, span):
        return None
    node = place.place()
    return typed.Assign(span=span, place=node, value=shared(result, node.label).node)


def _compound(body: Body, node: syntax.Assign, operator: str) -> typed.Statement | None:
    """Check `x op= y`: the indices of the place are evaluated once, into variables of their own."""
    place = targets.target(body, node.target)
    right = None if operator == "**" else body.value(node.value)
    if place is None:
        return None
    declared, place = _evaluated_once(body, place)
    left = _read(body, place)
    if left is None or not may_read(body, left):
        return None
    if right is None:
        result = powers.raised(body, node.span, node.span, left, node.value)
    else:
        result = operators.apply(body, operator, node.span, node.value.span, left, right)
    statement = _assign(body, place, result, node.span)
    if statement is None or not declared:
        return statement
    return typed.Block(span=node.span, statements=(*declared, statement))


def _evaluated_once(
    body: Body, place: targets.Target
) -> tuple[list[typed.Statement], targets.Target]:
    """Move indices other than variables and numbers into variables."""
    declared: list[typed.Statement] = []

    def once(index: typed.Expr) -> typed.Expr:
        if isinstance(index, typed.Literal | typed.Read):
            return index
        local = body.hidden("index", index.span, index.type, Traced(index.label))
        variable = local.resolved()
        declared.append(typed.Declare(span=index.span, variable=variable, value=index))
        return typed.Read(span=index.span, type=index.type, label=index.label, variable=variable)

    steps: list[typed.Step] = []
    for step in place.steps:
        match step:
            case typed.IndexStep(span=span, indices=indices):
                new = tuple([once(i) for i in indices])
                steps.append(typed.IndexStep(span=span, indices=new))
            case typed.SliceStep():
                steps.append(replace(step, start=once(step.start)))
            case typed.FieldStep():
                steps.append(step)
    return declared, replace(place, steps=tuple(steps))


def _read(body: Body, place: targets.Target) -> Typed | None:
    """Return the present value of a place, or None (reported) if that would reveal an index."""
    variable = place.local.resolved()
    node: typed.Expr = typed.Read(
        span=place.span, type=variable.type, label=variable.label, variable=variable
    )
    for step in place.steps:
        node = _step(node, step)
        field = stricter_field(node.type, place.at.label)
        if field is not None and not isinstance(step, typed.FieldStep):
            body.report(errors_structs.field_tells_index(body, place.span, field, place.at))
            return None
    return Typed(node=node, why=place.local.why)


def _step(base: typed.Expr, step: typed.Step) -> typed.Expr:
    """Return a part of a value."""
    match step:
        case typed.FieldStep(name=name):
            assert isinstance(base.type, StructType)
            field = base.type.field(name)
            assert field is not None
            return typed.GetField(
                span=step.span,
                type=field.type,
                label=base.label if field.label is None else field.label,
                base=base,
                name=name,
            )
        case typed.IndexStep(indices=indices):
            type: Type = array_of(element_of(base.type), shape_of(base.type)[len(indices) :])
            label = base.label
            for index in indices:
                label = label.meet(index.label) if leaves(type)[0] else label
            return typed.Index(span=step.span, type=type, label=label, base=base, indices=indices)
        case typed.SliceStep(start=start, length=length, step=every):
            count = len(typed.chosen_items(length, every))
            type = array_of(element_of(base.type), (count, *shape_of(base.type)[1:]))
            label = base.label.meet(start.label) if leaves(type)[0] else base.label
            return typed.Slice(
                span=step.span,
                type=type,
                label=label,
                base=base,
                start=start,
                length=length,
                step=every,
            )
