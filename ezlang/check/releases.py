"""Operations at the border of secrecy: `input`, `reveal` and `output`."""

from __future__ import annotations

from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.types.labels import PUBLIC, Label, owned
from ezlang.types.types import Type, VoidType, is_integer

from .coerce import coerce, settle
from .context import Body, Given
from .label_checks import effect
from .messages import flow as errors_flow
from .messages import statements as errors_statements
from .messages import structs as errors_structs
from .messages import types as errors_types
from .program_counter import labels_in, leaves, shared
from .provenance import Why
from .untyped import Deferred, Exact, Poison, Typed, Value, default_type, literal


def input(body: Body, node: syntax.Input) -> Value:
    """Check `input(party, "name")`: it takes its type from the context."""
    party = None if node.party is None else body.party(node.party)
    effect(body, "`input`", node.span)
    turn = _turn(body, node.turn)
    if (node.party is not None and party is None) or isinstance(turn, Poison):
        return Poison(span=node.span)
    if node.party is None and node.turn is not None:
        body.report(errors_statements.public_turn(node.turn.span))
        return Poison(span=node.span)
    name, own = node.name.value, _audience(party)

    def build(type: Type) -> Typed | Poison:
        for label, field in labels_in(type, own):
            if field is not None and label != own:
                body.report(errors_structs.input_of_labelled_field(body, node.span, type, field))
                return Poison(span=node.span)
        if not body.quiet_sizes:
            turned = turn is not None
            given = Given(party=party, name=name, type=type, turned=turned, span=node.span)
            body.inputs.append(given)
        result = typed.Input(
            span=node.span, type=type, label=own, party=party, name=name, turn=turn
        )
        if party is None:
            return Typed(node=result)
        why = Why(f'"{name}" is input here, and known to `{node.giver}` alone', node.span)
        return Typed(node=result, why=why)

    return Deferred(span=node.span, what="an `input`", shape=None, default=None, build=build)


def _turn(body: Body, node: syntax.Expr | None) -> typed.Expr | Poison | None:
    """Check a turn: a public integer."""
    if node is None:
        return None
    value = body.value(node)
    if isinstance(value, Exact):
        value = literal(value.value, default_type(value.value), node.span)
    turn = settle(body, value)
    if isinstance(turn, Poison):
        return turn
    at = turn.constant
    if not is_integer(turn.type) or (isinstance(at, int) and at < 0):
        body.report(errors_statements.no_turn(turn))
        return Poison(span=node.span)
    if not turn.label.is_public:
        body.report(errors_flow.turn_not_public(body, turn))
        return Poison(span=node.span)
    return turn.node


def reveal(body: Body, node: syntax.Reveal) -> Value:
    """Check `reveal(e)` and `reveal(e, party)`."""
    to = None if node.to is None else body.party(node.to)
    effect(body, "`reveal`", node.span)
    value = body.value(node.value)
    if isinstance(value, Poison) or (node.to is not None and to is None):
        return Poison(span=node.span)
    if isinstance(value, Deferred):
        inner = value

        def build(type: Type) -> Typed | Poison:
            built = coerce(body, inner, type)
            return built if isinstance(built, Poison) else released(body, built, to, node.span)

        return Deferred(
            span=node.span, what=inner.what, shape=inner.shape, default=inner.default, build=build
        )
    if not isinstance(value, Typed):
        return value
    if isinstance(value.type, VoidType):
        body.report(errors_types.no_value(value.span))
        return Poison(span=node.span)
    return released(body, value, to, node.span)


def released(body: Body, value: Typed, to: int | None, span: Span) -> Typed:
    """Return the value released to a party, or to everyone; parts that they know are unchanged."""
    label = _audience(to)
    plain, _ = leaves(value.type)
    if not plain or value.label.flows_to(label):
        return shared(value, label)
    node = typed.Reveal(span=span, type=value.type, label=label, operand=value.node, to=to)
    if to is None:
        return Typed(node=node)
    name = body.world.parties[to]
    return Typed(node=node, why=Why(f"it is revealed to `{name}` alone here", span))


def _audience(to: int | None) -> Label:
    return PUBLIC if to is None else owned(to)


def output(body: Body, node: syntax.Output) -> typed.Statement | None:
    """Check an `output`: a release of the value, which is handed to the users."""
    to = None if node.to is None else body.party(node.to)
    effect(body, "`output`", node.span)
    value = settle(body, body.value(node.value))
    turn = _turn(body, node.turn)
    if node.to is not None and to is None:
        return None
    if node.turn is None:
        _note_name(body, node, to)
    if isinstance(value, Poison) or isinstance(turn, Poison):
        return None
    if isinstance(value.type, VoidType):
        body.report(errors_types.no_value(value.span))
        return None
    audience = _audience(to)
    for label, field in labels_in(value.type, PUBLIC):
        if field is not None and not label.flows_to(audience):
            body.report(errors_structs.output_of_labelled_field(body, value, field, to))
            return None
    if leaves(value.type)[0] and not value.label.flows_to(audience):
        value = released(body, value, to, value.span)
    return typed.Output(span=node.span, to=to, value=value.node, name=node.name.value, turn=turn)


def _note_name(body: Body, node: syntax.Output, to: int | None) -> None:
    """Report a second output of a name to a party, if both certainly run once."""
    if not body.straight or body.quiet_sizes:
        return
    receivers = range(len(body.world.parties)) if to is None else [to]
    for receiver in receivers:
        key = (receiver, node.name.value)
        before = body.outputs.get(key)
        if before is not None:
            party = body.world.parties[receiver]
            body.report(errors_statements.output_twice(node.name, party, before))
            return
        body.outputs[key] = node.name.span
