"""Written labels and the reasons for them."""

from __future__ import annotations

from ezlang.syntax import tree as syntax
from ezlang.types.labels import Label

from .context import Body
from .provenance import Traced, Why


def declared(
    body: Body, label: Label, node: syntax.Label | None, what: str, source: Why | None = None
) -> Traced:
    """Return a written label, with the declaration of `what` as its reason."""
    if label.is_public or node is None:
        return Traced(label)
    causes = () if source is None else (source,)
    message = f"{what} is declared `{body.name_label(label)}` here"
    return Traced(label, Why(message, node.span, causes))


def given(body: Body, label: Label, node: syntax.Declare, value: syntax.Input) -> Traced:
    """Return the written label of a variable that is declared with an input."""
    if label.is_public or node.label is None:
        return Traced(label)
    name, written = node.name.text, body.name_label(label)
    message = f"`{name}` is `{written}`: it is an input of `{value.giver}`"
    return Traced(label, Why(message, node.label.span.to(value.span)))
