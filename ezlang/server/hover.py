"""What is known of the place under the cursor: type, label and why, documentation, cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ezlang.check.provenance import way
from ezlang.check.watch import Fact, Watch
from ezlang.library import head
from ezlang.source import Source, Span
from ezlang.syntax import tree
from ezlang.types.types import VoidType

from .index import Definition, Index, Kind

_MOST_KINDS = 3
"""How many types and labels are shown of an expression that has several, in several calls."""


def hovered(
    index: Index, watch: Watch, offset: int, cost: str | None
) -> tuple[Span, list[str]] | None:
    """Return the place that a hover is about, and paragraphs about it in Markdown."""
    use = index.at(offset)
    expression = _innermost(index.source, watch, offset)
    parts: list[str] = []
    if use is not None:
        span = use.span
        parts = [_code(declared(use.definition, watch)), *_said(use.definition)]
        facts = facts_of(use.definition, watch)
        if use.definition.kind is Kind.FIELD and expression is not None:
            facts = list(watch.expressions[expression].values())
    elif expression is not None:
        span = expression
        facts = list(watch.expressions[span].values())
        if not facts or isinstance(facts[0].type, VoidType):
            return None
        parts = [_code(" or ".join(_kinds(facts, watch.parties)))]
    else:
        return None
    parts += _reasons(facts)
    if cost is not None:
        parts.append(cost)
    return span, parts


def _innermost(source: Source, watch: Watch, offset: int) -> Span | None:
    around = [s for s in watch.expressions if s.source is source and s.start <= offset < s.end]
    return min(around, key=lambda span: span.end - span.start, default=None)


def facts_of(definition: Definition, watch: Watch) -> list[Fact]:
    """Return what is known of a variable, in each instance of its function."""
    return list(watch.variables.get(definition.span, {}).values())


def declared(definition: Definition, watch: Watch) -> str:
    """Return a definition as one line of Ez, with the type and label that it has."""
    node, name = definition.node, definition.name
    match node:
        case tree.FunctionItem() | tree.StructItem() | tree.ConstItem():
            return head(node)
        case tree.PartyItem():
            return f"party {name}"
        case tree.ImportItem():
            return f"import {name}"
        case tree.ParamItem() | tree.StructField():
            return " ".join(node.span.text.split()).removesuffix(";")
        case tree.SizeParameter():
            what = f"any {node.kind}" if node.kind else "a shape" if node.is_shape else "a size"
            return f"{name}  // {what}"
    kinds = _kinds(facts_of(definition, watch), watch.parties)
    if kinds:
        return f"{' or '.join(kinds)} {name}"
    match node:
        case tree.Declare(type=type, label=label) | tree.Parameter(type=type, label=label):
            before = f"{label.span.text} " if label is not None else ""
            return f"{before}{' '.join(type.span.text.split())} {name}"
        case _:
            return f"{definition.kind.value} {name}"


def _kinds(facts: Iterable[Fact], parties: tuple[str, ...]) -> list[str]:
    """Return the labels and types of facts, each once."""
    found = dict.fromkeys(text_of(fact, parties) for fact in facts)
    kinds = list(found)
    return [*kinds[:_MOST_KINDS], *(["…"] if len(kinds) > _MOST_KINDS else [])]


def text_of(fact: Fact, parties: tuple[str, ...]) -> str:
    """Return the label and type of a fact, as a declaration has them."""
    if fact.label is None:
        return str(fact.type)
    return f"{fact.label.name(parties)} {fact.type}"


def _said(definition: Definition) -> Iterator[str]:
    doc = getattr(definition.node, "doc", None)
    if doc:
        yield doc
    if definition.owner:
        yield f"A field of `{definition.owner}`."


def _reasons(facts: Iterable[Fact]) -> Iterator[str]:
    """Yield why a value is not public, as a list of steps."""
    for fact in facts:
        notes = way(fact.why) if fact.label is not None and not fact.label.is_public else ()
        if notes:
            steps = [
                f"- {note.message}" + (f" (line {note.span.line})" if note.span else "")
                for note in notes
            ]
            yield "Why it is not public:\n\n" + "\n".join(steps)
            return


def _code(text: str) -> str:
    return f"```ez\n{text}\n```"
