"""Checks of flows: of values to labels, and into code that one party runs alone."""

from __future__ import annotations

from collections.abc import Callable

from ezlang.diagnostics.diagnostic import Diagnostic
from ezlang.source import Span
from ezlang.types.labels import Label

from .context import Body, Effect
from .messages import flow as errors_flow
from .program_counter import labels_in, leaves, shared
from .untyped import Poison, Typed


def flow(body: Body, value: Typed, label: Label, error: Callable[[], Diagnostic]) -> Typed | Poison:
    """Return the value with a label; report the error if its own label doesn't flow to it."""
    plain, _ = leaves(value.type)
    if plain and not value.label.flows_to(label):
        body.report(error())
        return Poison(span=value.span)
    if plain and not may_hold(body, label, value.span):
        return Poison(span=value.span)
    return shared(value, label)


def may_hold(body: Body, label: Label, span: Span) -> bool:
    """Return whether a value with this label may be made here; report it if not."""
    alone = body.pc.alone
    if alone is None or label.readable_by(alone):
        return True
    body.report(errors_flow.made_alone(body, span, label))
    return False


def may_read(body: Body, value: Typed) -> bool:
    """Return whether a value may be used here; report it if a party that runs alone may not."""
    alone = body.pc.alone
    if alone is None:
        return True
    for label, field in labels_in(value.type, value.label):
        if not label.readable_by(alone):
            body.report(errors_flow.used_alone(body, value, label, field))
            return False
    return True


def effect(body: Body, what: str, span: Span) -> None:
    """Record an input, release or assertion; report it in a branch that not all follow."""
    if body.effect is None:
        body.effect = Effect(what=what, span=span)
    branch = body.pc.innermost
    if branch is not None:
        body.report(errors_flow.effect_in_branch(body, what, span, branch))
