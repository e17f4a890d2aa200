"""Loops, and their desugaring: `for x in xs`, `for p in parties`."""

from __future__ import annotations

from collections.abc import Callable

from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.typed.walk import statements
from ezlang.types.labels import PUBLIC
from ezlang.types.types import INT32, INT64, array_of, element_of, is_integer, shape_of

from . import choices, leaving
from .coerce import Want, coerce, settle, unify
from .context import Body, LoopParty
from .ends import FALLS_THROUGH, Checked, Ends
from .messages import flow as errors_flow
from .messages import programs as errors_programs
from .messages import statements as errors_statements
from .messages import types as errors_types
from .parties import named_parties
from .program_counter import Branch, BranchKind, shared
from .provenance import Traced, Why, combine
from .untyped import Exact, Poison, Typed, Value, default_type, literal

Block = Callable[[Body, syntax.Block], tuple[typed.Block, Ends]]


def _branch(kind: BranchKind, traced: Traced, span: Span) -> Branch | None:
    """Return the branch that the body of a loop is in: one that the label's owner runs alone."""
    if not traced.label.is_owned:
        return None
    return Branch(kind=kind, label=traced.label, span=span, why=traced.why, alone=True)


def _repeated(body: Body, node: syntax.Expr, want: Want) -> tuple[Typed | Poison, Branch | None]:
    """Check the condition of a `while`, which decides how often it is evaluated.

    So a condition that only one party knows is inside the branch that it makes.
    """
    found = len(body.diagnostics)
    condition = choices.condition(body, node, want)
    branch = None
    if isinstance(condition, Typed):
        branch = _branch(BranchKind.WHILE, condition.traced, condition.span)
    if branch is not None:
        del body.diagnostics[found:]
        with body.branch(branch):
            condition = choices.condition(body, node, want)
    return condition, branch


def while_loop(body: Body, node: syntax.While, block: Block) -> Checked:
    """Check a `while`."""
    want = Want("the condition of `while` is a `bool`", None)
    with body.not_straight():
        condition, branch = _repeated(body, node.condition, want)
        decided = condition.constant if isinstance(condition, Typed) else None
        if isinstance(condition, Typed) and condition.label.is_secret:
            body.report(errors_flow.secret_loop(body, "`while` condition", condition))
        branch = branch or leaving.branch(body, BranchKind.WHILE, node, node.body)
        with body.branch(branch), body.never_run(decided is False), leaving.loop(body) as loop:
            inner, _ = block(body, node.body)
    for_ever = isinstance(node.condition, syntax.BoolLiteral) and node.condition.value
    ends = Ends(for_ever, decided is True, by_loop=for_ever).unless(leaving.breaks(loop, inner))
    if isinstance(condition, Poison) or decided is False:
        return None, ends
    inner = leaving.turn(loop, inner)
    result = typed.While(span=node.span, condition=condition.node, body=inner)
    return leaving.whole(loop, result, node.span), ends


def for_range(body: Body, node: syntax.ForRange, block: Block) -> typed.Statement | None:
    """Check `for i in low..high`."""
    bounds = _bounds(body, node)
    traced, type = Traced(PUBLIC), None
    never = False
    if bounds is not None:
        low, high = bounds
        traced, type = combine(low.traced, high.traced), low.type
        never = _empty(low, high)
    branch = _branch(BranchKind.FOR, traced, node.low.span.to(node.high.span))
    if branch is None:
        branch = leaving.branch(body, BranchKind.FOR, node, node.body)
        traced = traced if branch is None else Traced(branch.label)
    often = bounds is not None and _often(*bounds)
    with (
        body.branch(branch),
        body.not_straight(certain=often),
        body.never_run(never),
        body.scope(),
    ):
        if traced.why is not None:
            why = Why(
                f"`{node.variable.text}` counts up to this bound", node.high.span, (traced.why,)
            )
            traced = Traced(traced.label, why)
        variable = body.new_local(
            node.variable, type, traced, inferred=False, fixed="the variable of a `for`"
        )
        body.bind(node.variable, variable)
        with leaving.loop(body) as loop:
            inner, _ = block(body, node.body)
    if often:
        _report_repeated(body, node, inner)
    if bounds is None or never:
        return None
    result = typed.For(
        span=node.span,
        variable=variable.resolved(),
        low=shared(low, traced.label).node,
        high=shared(high, traced.label).node,
        body=leaving.turn(loop, inner),
    )
    return leaving.whole(loop, result, node.span)


def _often(low: Typed, high: Typed) -> bool:
    """Return whether a loop over a constant range has at least two iterations."""
    first, last = low.constant, high.constant
    return isinstance(first, int) and isinstance(last, int) and last - first > 1


def _report_repeated(body: Body, node: syntax.ForRange, inner: typed.Block) -> None:
    """Report outputs that a loop over a constant range certainly gives again in each iteration."""
    if not body.certain or body.quiet_sizes:
        return
    if any(isinstance(one, typed.Return | typed.Leave) for one in statements(inner)):
        return
    if any(loop.exits for loop in body.pc.loops):
        return
    for one in node.body.statements:
        if isinstance(one, syntax.Output) and one.turn is None:
            body.report(errors_statements.output_repeated(one.name, node.span))


def _bounds(body: Body, node: syntax.ForRange) -> tuple[Typed, Typed] | None:
    """Check the bounds of a `for`: two integers of one type that are not secret."""
    low, high = body.value(node.low), body.value(node.high)
    if isinstance(low, Poison) or isinstance(high, Poison):
        return None
    if not isinstance(low, Typed) and not isinstance(high, Typed):
        low, high = _default(body, low, high)
        if isinstance(low, Poison) or isinstance(high, Poison):
            return None
    both = unify(body, low, high, "..")
    if isinstance(both, Poison):
        return None
    for bound in both:
        if not is_integer(bound.type):
            body.report(errors_statements.bound_type(bound.span, bound.type))
            return None
        if bound.label.is_secret:
            body.report(errors_flow.secret_loop(body, "bound of a `for`", bound))
            return None
    label = combine(both[0].traced, both[1].traced)
    if label.label.is_secret:
        body.report(errors_flow.secret_loop(body, "bound of a `for`", both[1]))
        return None
    return both


def _default(body: Body, low: Value, high: Value) -> tuple[Typed | Poison, Typed | Poison]:
    """Give two bounds without a type the default type of numbers."""
    types = [default_type(v.value) for v in (low, high) if isinstance(v, Exact)]
    wide = INT64 if INT64 in types else INT32
    if len(types) == 2:
        return coerce(body, low, wide), coerce(body, high, wide)
    return settle(body, low), settle(body, high)


def _empty(low: Typed, high: Typed) -> bool:
    """Return whether a loop is known never to run."""
    first, last = low.constant, high.constant
    return isinstance(first, int) and isinstance(last, int) and last <= first


# Over arrays and parties


def for_each(body: Body, node: syntax.ForEach, block: Block) -> Checked:
    """Check `for x in xs` and `for p in parties`."""
    iterable = node.iterable
    group = named_parties(body, iterable)
    if group is not None:
        return _for_parties(body, node, block, group)
    xs = settle(body, body.value(iterable))
    if isinstance(xs, Typed) and not shape_of(xs.type):
        body.report(errors_types.not_iterable(iterable.span, xs.type))
        xs = Poison(span=iterable.span)
    if isinstance(xs, Poison):
        with body.not_straight(), body.scope():
            local = body.new_local(node.variable, None, Traced(PUBLIC), inferred=True)
            body.bind(node.variable, local)
            with leaving.loop(body):
                block(body, node.body)
        return None, FALLS_THROUGH
    return _over_items(body, node, xs, block), FALLS_THROUGH


def _over_items(
    body: Body, node: syntax.ForEach, xs: Typed, block: Block
) -> typed.Statement | None:
    """Loop over the indices of an array that is evaluated once; the variable is a copy."""
    count = shape_of(xs.type)[0]
    item = array_of(element_of(xs.type), shape_of(xs.type)[1:])
    span, name = node.variable.span, node.variable.text
    items = body.hidden(f"{name}_items", node.iterable.span, xs.type, xs.traced)
    branch = leaving.branch(body, BranchKind.FOR, node, node.body)
    at = PUBLIC if branch is None else branch.label
    counter = body.hidden(f"{name}_index", span, INT32, Traced(at))
    get = typed.Index(
        span=span,
        type=item,
        label=xs.label.meet(at),
        base=typed.Read(span=span, type=xs.type, label=xs.label, variable=items.resolved()),
        indices=(typed.Read(span=span, type=INT32, label=at, variable=counter.resolved()),),
    )
    with body.branch(branch), body.not_straight(), body.never_run(count == 0), body.scope():
        traced = Traced(get.label, xs.why)
        if xs.why is not None:
            why = Why(f"`{name}` is one of these items", node.iterable.span, (xs.why,))
            traced = Traced(get.label, why)
        variable = body.new_local(node.variable, item, traced, inferred=True)
        body.bind(node.variable, variable)
        with leaving.loop(body) as loop:
            inner, _ = block(body, node.body)
    if count == 0:
        return None
    inner = leaving.turn(loop, inner)
    declare = typed.Declare(
        span=span,
        variable=variable.resolved(),
        value=shared(Typed(node=get), variable.label).node,
    )
    over = typed.For(
        span=node.span,
        variable=counter.resolved(),
        low=shared(literal(0, INT32, span), at).node,
        high=shared(literal(count, INT32, span), at).node,
        body=typed.Block(span=inner.span, statements=(declare, inner)),
    )
    first = typed.Declare(span=node.iterable.span, variable=items.resolved(), value=xs.node)
    result = typed.Block(span=node.span, statements=(first, over))
    return leaving.whole(loop, result, node.span)


def _for_parties(body: Body, node: syntax.ForEach, block: Block, group: range) -> Checked:
    """Unroll a loop over parties, or clients."""
    if not body.module.is_program:
        body.report(errors_programs.parties_in_module(node.iterable.span))
        return None, FALLS_THROUGH
    blocks: list[typed.Statement] = []
    ends = FALLS_THROUGH
    branch = leaving.branch(body, BranchKind.FOR, node, node.body)
    with body.branch(branch), leaving.loop(body) as loop:
        for index in group:
            loop.exits.pop("continue", None)  # each party's turn has its own
            with body.scope(), body.never_run(ends.here):
                party = LoopParty(node.variable.text, node.variable.span, index)
                body.bind(node.variable, party)
                inner, its_end = block(body, node.body)
            if not ends.here:
                blocks.append(leaving.turn(loop, inner))
            ends = ends.then(its_end.unless(leaving.continues(loop, inner)))
    result = typed.Block(span=node.span, statements=tuple(blocks))
    ends = ends.unless(leaving.breaks(loop, result))
    return leaving.whole(loop, result, node.span), ends
