"""What the editor shows between the lines: inferred labels and types, and commands over `main`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator

from lsprotocol import types as lsp

from ezlang.check.watch import Fact, Watch
from ezlang.syntax import tree
from ezlang.types.types import VoidType

from .hover import facts_of, text_of
from .index import Definition, Index, Kind
from .places import Places

COMMANDS = (
    ("ezlang.run", "run simulated", ("run",)),
    ("ezlang.cost", "cost", ("cost",)),
    ("ezlang.trace", "trace", ("trace",)),
)
"""The commands over `main`: the name that a client runs, its title, and words of a command line."""


def hints(index: Index, watch: Watch, start: int, end: int, places: Places) -> list[lsp.InlayHint]:
    """Return what the checker inferred of the variables declared in a part of a file."""
    return [
        hint
        for one in index.definitions
        if one.kind in (Kind.VARIABLE, Kind.LOOP) and start <= one.span.start <= end
        for hint in _of(one, facts_of(one, watch), watch.parties, places)
    ]


def _of(
    one: Definition, facts: list[Fact], parties: tuple[str, ...], places: Places
) -> Iterator[lsp.InlayHint]:
    source = one.span.source
    known = [fact for fact in facts if not isinstance(fact.type, VoidType)]
    match one.node:
        case tree.Let():
            texts = dict.fromkeys(text_of(fact, parties) for fact in known)
            if len(texts) == 1:
                yield _hint(places.position(source, one.span.end), f": {next(iter(texts))}")
        case tree.Declare(label=None):
            labels = dict.fromkeys(fact.label for fact in known)
            label = next(iter(labels), None)
            if len(labels) == 1 and label is not None and not label.is_public:
                yield _hint(places.position(source, one.node.span.start), f"{label.name(parties)} ")
        case _:
            return


def _hint(position: lsp.Position, text: str) -> lsp.InlayHint:
    return lsp.InlayHint(position, text, kind=lsp.InlayHintKind.Type)


def lenses(index: Index, places: Places) -> list[lsp.CodeLens]:
    """Return the commands over `main`: each has a command line for the client's terminal."""
    main = index.items.get("main")
    if main is None or main.kind is not Kind.FUNCTION or not index.parties():
        return []
    where = places.range(main.span)
    return [
        lsp.CodeLens(
            where, lsp.Command(title, name, arguments=[command_line(words, index.source.name)])
        )
        for name, title, words in COMMANDS
    ]


def command_line(words: tuple[str, ...], path: str) -> str:
    """Return a command line that runs a program with this installation."""
    return shlex.join([sys.executable, "-m", "ezlang", *words, path])
