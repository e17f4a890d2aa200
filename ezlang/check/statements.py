"""Statements: declarations, assignments, branches, returns."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import assert_never

from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.types.labels import PUBLIC
from ezlang.types.types import Type, VoidType

from . import (
    assignments,
    attributes,
    calls,
    choices,
    labelled,
    leaving,
    loops,
    releases,
    typenames,
)
from .coerce import Want, coerce, settle
from .context import Body
from .ends import FALLS_THROUGH, LEAVES, Checked, Ends
from .label_checks import effect, flow, may_hold
from .messages import flow as errors_flow
from .messages import statements as errors_statements
from .messages import types as errors_types
from .program_counter import Branch, BranchKind, shared
from .provenance import Traced, Why, combine
from .untyped import Poison, Typed


def block(body: Body, node: syntax.Block) -> tuple[typed.Block, Ends]:
    """Check a block's statements in a scope of their own."""
    result: list[typed.Statement] = []
    ends = FALLS_THROUGH
    told = False
    with body.scope(), ExitStack() as rest:
        for statement in node.statements:
            if ends.always and not ends.by_loop and not told:
                told = True
                in_loop = bool(body.pc.loops)
                body.report(errors_statements.never_reached(statement.span, in_loop))
            with body.never_run(ends.here):
                checked, its_end = check(body, statement)
            skipping = leaving.branch(body, BranchKind.IF, statement)
            if skipping is not None:
                rest.enter_context(body.branch(skipping))
            if checked is not None and not ends.here:
                result.append(checked)
            ends = ends.then(its_end)
    return typed.Block(span=node.span, statements=tuple(result)), ends


def check(body: Body, node: syntax.Statement) -> Checked:
    """Check a statement; it has no node if it is wrong or never runs."""
    match node:
        case syntax.Block():
            return block(body, node)
        case syntax.Declare():
            return _declare(body, node), FALLS_THROUGH
        case syntax.Let():
            return _let(body, node), FALLS_THROUGH
        case syntax.Assign():
            return assignments.assignment(body, node), FALLS_THROUGH
        case syntax.If():
            return _if(body, node)
        case syntax.ForRange():
            return loops.for_range(body, node, block), FALLS_THROUGH
        case syntax.ForEach():
            return loops.for_each(body, node, block)
        case syntax.While():
            return loops.while_loop(body, node, block)
        case syntax.Return():
            return _return(body, node), LEAVES
        case syntax.Break() | syntax.Continue():
            return leaving.leave(body, node), LEAVES
        case syntax.Output():
            return releases.output(body, node), FALLS_THROUGH
        case syntax.Assert():
            return _assert(body, node), FALLS_THROUGH
        case syntax.ExprStatement():
            return _evaluate(body, node), FALLS_THROUGH
        case syntax.Attributed():
            return _attributed(body, node)
        case syntax.BadStatement():
            return None, FALLS_THROUGH
        case _:
            assert_never(node)


def _attributed(body: Body, node: syntax.Attributed) -> Checked:
    sharing = attributes.sharing(body, node.attribute)
    statement, ends = check(body, node.statement)
    return statement and replace(statement, requested=sharing), ends


# Declarations


def _declare(body: Body, node: syntax.Declare) -> typed.Statement | None:
    type = typenames.resolve(body, node.type)
    label = None if node.label is None else typenames.label(body, node.label)
    result = _initial(body, node, type)
    no_label = node.label is not None and label is None
    if label is not None:
        source = result.why if isinstance(result, Typed) else None
        traced = labelled.declared(body, label, node.label, f"`{node.name.text}`", source)
        if isinstance(node.value, syntax.Input):
            traced = labelled.given(body, label, node, node.value)
        local = body.new_local(node.name, type, traced, inferred=False)
    else:
        source_label = result.traced if isinstance(result, Typed) else Traced(PUBLIC)
        traced = _taken(body, node.name, source_label, node)
        unknown = no_label or isinstance(result, Poison)
        local = body.new_local(node.name, None if unknown else type, traced, inferred=True)
    if isinstance(result, Typed) and label is not None:
        error = partial(errors_flow.into_declaration, body, result, node, label)
        result = flow(body, result, label, error)
    body.bind(node.name, local)
    if type is None or no_label or isinstance(result, Poison):
        return None
    if not may_hold(body, local.label, node.name.span):
        return None
    value: typed.Expr = typed.Zero(span=node.span, type=type, label=local.label)
    if result is not None:
        value = shared(result, local.label).node
    return typed.Declare(span=node.span, variable=local.resolved(), value=value)


def _initial(body: Body, node: syntax.Declare, type: Type | None) -> Typed | Poison | None:
    """Check the value of a declaration; None if there is none."""
    if node.value is None:
        return None
    value = body.value(node.value)
    if node.label is None and isinstance(node.value, syntax.Input) and node.value.party is not None:
        if not isinstance(value, Poison):
            body.report(errors_flow.input_without_label(node))
        return Poison(span=node.value.span)
    if type is None:
        return Poison(span=node.value.span)
    want = Want(f"`{node.name.text}` is declared `{type}`", node.type.span)
    return coerce(body, value, type, want)


def _taken(
    body: Body, name: syntax.Name, source: Traced, node: syntax.Declare | syntax.Let
) -> Traced:
    """Return the label that a variable takes from the value of its declaration."""
    if source.why is None or node.value is None:
        return source
    label = body.name_label(source.label)
    message = f"`{name.text}` is `{label}` because it gets this value"
    why = Why(message, node.value.span, (source.why,))
    return Traced(source.label, why)


def _let(body: Body, node: syntax.Let) -> typed.Statement | None:
    value = settle(body, body.value(node.value))
    if isinstance(value, Typed) and isinstance(value.type, VoidType):
        body.report(errors_types.no_value(value.span))
        value = Poison(span=value.span)
    if isinstance(value, Poison):
        poisoned = body.new_local(node.name, None, Traced(PUBLIC), inferred=False, fixed="a `let`")
        body.bind(node.name, poisoned)
        return None
    local = body.new_local(
        node.name,
        value.type,
        _taken(body, node.name, value.traced, node),
        inferred=False,
        fixed="a `let`",
        constant=value.constant,
    )
    body.bind(node.name, local)
    return typed.Declare(span=node.span, variable=local.resolved(), value=value.node)


# Branches


def _if(body: Body, node: syntax.If) -> Checked:
    want = Want("the condition of `if` is a `bool`", None)
    condition = choices.condition(body, node.condition, want)
    decided = condition.constant if isinstance(condition, Typed) else None
    branch = None
    if isinstance(condition, Typed) and not condition.label.is_public:
        branch = Branch(
            kind=BranchKind.IF,
            label=condition.label,
            span=condition.span,
            why=condition.why,
            alone=condition.label.is_owned,
        )
    with body.branch(branch), body.not_straight():
        with body.never_run(decided is False):
            then, then_ends = block(body, node.then)
        nothing = typed.Block(span=node.span, statements=())
        otherwise, other_ends = nothing, FALLS_THROUGH
        if node.otherwise is not None:
            with body.never_run(decided is True):
                otherwise, other_ends = block(body, node.otherwise)
    ends = then_ends.either(other_ends, None if decided is None else bool(decided))
    if isinstance(condition, Poison):
        return None, ends
    if decided is not None and (branch is None or not branch.alone):
        return then if decided else otherwise, ends
    if decided is not None:  # code that one party runs alone stays in its branch
        then, otherwise = (then, nothing) if decided else (nothing, otherwise)
    result = typed.If(span=node.span, condition=condition.node, then=then, otherwise=otherwise)
    return result, ends


# Other statements


def _return(body: Body, node: syntax.Return) -> typed.Statement | None:
    signature = body.signature
    if signature is None:
        raise TypeError("a return outside of functions")
    branch = body.pc.innermost
    if branch is not None:
        body.report(errors_flow.return_in_branch(body, node.span, branch))
    wanted = signature.return_type
    head = signature.function.node
    if node.value is None:
        if wanted is not None and not isinstance(wanted, VoidType):
            body.report(errors_statements.returns_nothing(node.span, head.name, wanted))
            return None
        return typed.Return(span=node.span, value=None)
    value = body.value(node.value)
    if wanted is None:
        return None
    if isinstance(wanted, VoidType):
        body.report(errors_statements.returns_value(node.value.span, head.name))
        return None
    place = head.return_type.span if head.return_type is not None else head.name.span
    result = coerce(body, value, wanted, Want(f"`{head.name.text}` returns `{wanted}`", place))
    if isinstance(result, Poison):
        return None
    if signature.return_label is None:
        met = combine(body.returned, result.traced)
        if met.label != body.returned.label:
            body.labels[0] = body.returned = met
            body.lowered = True
    error = partial(errors_flow.into_result, body, result, head, body.returned.label)
    returned = flow(body, result, body.returned.label, error)
    if isinstance(returned, Poison):
        return None
    return typed.Return(span=node.span, value=returned.node)


def _assert(body: Body, node: syntax.Assert) -> typed.Statement | None:
    effect(body, "`assert`", node.span)
    want = Want("the condition of `assert` is a `bool`", None)
    condition = choices.condition(body, node.condition, want)
    if isinstance(condition, Poison):
        return None
    if not condition.label.is_public:
        body.report(errors_flow.assert_not_public(body, condition))
        return None
    if condition.constant is False and body.straight:
        body.report_size(errors_statements.assert_fails(node.span))
    message = node.condition.span.text if node.message is None else node.message.value
    return typed.Assert(span=node.span, condition=condition.node, message=message)


def _evaluate(body: Body, node: syntax.ExprStatement) -> typed.Statement | None:
    if not isinstance(node.value, syntax.Call):
        body.value(node.value)
        return None  # the parser has already reported it
    value = calls.call(body, node.value, as_statement=True)
    if not isinstance(value, Typed) or not isinstance(value.node, typed.Call):
        if not isinstance(value, Poison):
            body.report(errors_statements.value_unused(node.value.span))
        return None
    return typed.Evaluate(span=node.span, value=value.node)
