"""The documentation of the standard library, from the comments in its modules."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from ezlang.check.modules import LIBRARY
from ezlang.diagnostics.diagnostic import Diagnostics
from ezlang.files import PACKAGE
from ezlang.records import dataclass
from ezlang.source import Source
from ezlang.syntax import tree
from ezlang.syntax.parser import parse

_SPECIAL: Final = re.compile(r"[|*_<]")
"""What Markdown would take for its own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A function, constant or struct of a module: its name, its head in Ez, and its comment."""

    name: str
    head: str
    doc: str

    @property
    def summary(self) -> str:
        """The first sentence of the comment, on one line."""
        return first_sentence(self.doc)


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the library: its name, its comment, and what it offers, in the file's order."""

    name: str
    doc: str
    entries: tuple[Entry, ...]

    @property
    def summary(self) -> str:
        """The first sentence of the comment, on one line."""
        return first_sentence(self.doc)

    def find(self, name: str) -> Entry | None:
        """Return the entry with a name."""
        return next((one for one in self.entries if one.name == name), None)


@cache
def modules() -> tuple[Module, ...]:
    """Return the modules of the library by name."""
    return tuple(module(path.stem) for path in sorted((PACKAGE / "stdlib").glob("*.ez")))


@cache
def module(name: str) -> Module:
    """Return a module of the library. Raises OSError if there is none."""
    path = PACKAGE / "stdlib" / f"{name}.ez"
    source = Source(f"{LIBRARY}{name}.ez", path.read_text(encoding="utf-8"))
    parsed = parse(source, Diagnostics())
    entries = tuple(
        Entry(item.name.text, head(item), item.doc)
        for item in parsed.items
        if isinstance(item, tree.FunctionItem | tree.ConstItem | tree.StructItem) and item.doc
    )
    return Module(name, parsed.doc or "", entries)


def head(item: tree.FunctionItem | tree.ConstItem | tree.StructItem) -> str:
    """Return what is written before a function's body, or an item's first line."""
    text = item.span.text
    if isinstance(item, tree.FunctionItem):
        text = text[: item.body.span.start - item.span.start]
        text = text[max(text.find("fn "), 0) :]
        text = " ".join(text.split())
        for loose, tight in (("( ", "("), (" )", ")"), (",)", ")"), ("[ ", "["), (" ]", "]")):
            text = text.replace(loose, tight)
        return text
    return text.splitlines()[0].removesuffix(" {")


def first_sentence(doc: str) -> str:
    """Return the first sentence of a comment, on one line."""
    text = " ".join(doc.split("\n\n")[0].split())
    end = text.find(". ")
    return text if end < 0 else text[: end + 1]


def page() -> str:
    """Return docs/library.md: all modules, as Markdown."""
    lines = [
        "# The standard library",
        "",
        "A program takes a module by `import search;`, and calls `search.largest(x)`.",
        "`ezlang doc search.largest` prints an entry of this page, which is generated from the",
        "comments in `stdlib/`. Each example is a test.",
        "",
        "| module | what |",
        "|---|---|",
        *(f"| [{one.name}](#{one.name}) | {_cell(one.summary)} |" for one in modules()),
        "",
    ]
    for one in modules():
        lines += [f"## {one.name}", "", *_paragraphs(one.doc)]
        for entry in one.entries:
            lines += [
                f"### `{one.name}.{entry.name}`",
                "",
                "```",
                *_broken(entry.head),
                "```",
                "",
                *_paragraphs(entry.doc),
            ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _paragraphs(doc: str) -> list[str]:
    """Return a comment as Markdown, with its examples as code below it."""
    lines, examples = [], []
    for line in doc.splitlines():
        example = line.strip().removeprefix("Example: ")
        if example != line.strip():
            examples.append(example)
        else:
            parts = line.split("`")
            plain = [
                part if n % 2 else _SPECIAL.sub(r"\\\g<0>", part) for n, part in enumerate(parts)
            ]
            lines.append("`".join(plain))
    while lines and not lines[-1]:
        lines.pop()
    shown = ["", "```", *examples, "```"] if examples else []
    return [*lines, *shown, ""]


def _broken(head: str, width: int = 100) -> list[str]:
    """Return a head of a function in lines of at most `width` characters, if that is possible."""
    lines = [head]
    while len(lines[-1]) > width:
        last = lines[-1]
        at = max(last.rfind(mark, 5, width - len(mark) + 1) for mark in (", ", ") ", "]["))
        if at < 0:
            break
        kept = last[: at + 1]
        lines[-1:] = [kept, f"    {last[at + 1 :].lstrip()}"]
    return lines
