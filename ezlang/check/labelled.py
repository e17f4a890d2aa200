"""Written labels with their reasons."""

from __future__ import annotations

from ezlang.syntax import tree as syntax
from ezlang.types.labels import Label

from .context import Body
from .provenance import Traced, Why


def declared(
    body: Body, label: Label, node: syntax.Label | None, what: str, source: Why | None = None
) -> Traced:
    """Return a written label: `what` has it because it is declared so."""
    if label.is_public or node is None:
        return Traced(label)
    causes = () if source is None else (source,)
    message = f"{what} is declared `{body.name_label(label)}` here"
    return Traced(label, Why(message, node.span, causes))
