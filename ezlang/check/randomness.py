"""`random()` and `random_below(n)`: secret numbers that no party knows."""

from __future__ import annotations

from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.types.labels import SECRET
from ezlang.types.types import ScalarType, Type, scalar_element

from .coerce import Want, coerce, settle
from .context import Body
from .label_checks import effect
from .messages import flow as errors_flow
from .messages import numbers as errors_numbers
from .provenance import Why
from .untyped import Deferred, Exact, Poison, Typed, Value


def random(body: Body, node: syntax.Call) -> Value:
    """Check a call: its type is the one that the context asks for, of bools or integers."""
    name = "random_below" if node.arguments else "random"
    effect(body, f"`{name}`", node.span)
    bound = body.value(node.arguments[0]) if node.arguments else None
    if isinstance(bound, Deferred):
        bound = settle(body, bound)
    if isinstance(bound, Poison):
        return bound

    def build(type: Type) -> Typed | Poison:
        element = scalar_element(type)
        if element is None or element.is_fixed or (element.is_logical and node.arguments):
            body.report(errors_numbers.no_random(node.span, name, type))
            return Poison(span=node.span)
        below = None if bound is None else _below(body, bound, element)
        if isinstance(below, Poison):
            return below
        count = len(body.world.parties) - (body.module.clients or 0)  # clients don't draw
        result = typed.Random(span=node.span, type=type, label=SECRET, below=below, parties=count)
        return Typed(node=result, why=Why(f"`{name}` is known to no one", node.span))

    return Deferred(span=node.span, what=f"`{name}`", shape=None, default=None, build=build)


def _below(body: Body, bound: Typed | Exact, element: ScalarType) -> typed.Expr | Poison:
    """Check the bound of a random number of this type: a public number of at least 1."""
    below = coerce(body, bound, element, Want(f"the random number is `{element}`", None))
    if isinstance(below, Poison):
        return below
    if not below.label.is_public:
        body.report(errors_flow.bound_not_public(body, below))
        return Poison(span=below.span)
    if isinstance(below.constant, int) and below.constant < 1:
        body.report_size(errors_numbers.no_bound(below.span, int(below.constant)))
        return Poison(span=below.span)
    return below.node
