"""Reads the programs, commands and outputs that the documentation shows.

The convention, for every page:

- An ``ez`` block after ``<!-- file: NAME.ez -->`` is written to that name in the page's folder.
  One without such a comment must pass the check if it has a `main`, and must parse if it has not
  (a `…` in it stands for omitted text). Blocks below a heading `Wrong` are exempt: their errors
  are tested with the diagnostics.
- A ``json`` or ``text`` block after ``<!-- file: NAME -->`` is written likewise.
- A ``console`` block is run: lines that begin with `$ ` are commands, the lines after one are all
  it prints. There `…` stands for any text, and a line of nothing else for any lines. Seconds are
  not compared.
- A ``pycon`` block is run like a doctest, with the variables of those before it.
- Console blocks after ``<!-- terminal: 1 -->``, ``<!-- terminal: 2 -->`` that follow each other
  are run at the same time, as two people would.

Files are written and commands run in the order of the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[a-z]*)\n(?P<body>.*?)^(?P=indent)```$", re.M | re.S
)
_COMMENT = re.compile(r"<!-- (?P<key>file|terminal): (?P<value>\S+) -->\s*\Z")
_HEADING = re.compile(r"^#+ (.*)$", re.M)
_SECONDS = re.compile(r"\b\d+(\.\d+)?(?= ?(s|ms|µs|seconds?)\b)|(?<=\"seconds\": ){[^}]*}")
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block of a page, with the comment in front of it."""

    language: str
    body: str
    line: int
    start: int
    end: int
    heading: str
    file: str | None
    terminal: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command of a console block and what it should print."""

    text: str
    expected: str


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a page, in order; `start` and `end` bound the bodies."""
    found = []
    for match in _FENCE.finditer(text):
        comment = _COMMENT.search(text, 0, match.start())
        headings = _HEADING.findall(text, 0, match.start())
        key, value = (comment["key"], comment["value"]) if comment else (None, None)
        found.append(
            Block(
                language=match["language"],
                body=match["body"],
                line=text.count("\n", 0, match.start()) + 1,
                start=match.start("body"),
                end=match.end("body"),
                heading=headings[-1] if headings else "",
                file=value if key == "file" else None,
                terminal=value if key == "terminal" else None,
            )
        )
    return found


def together(page: list[Block]) -> Iterator[list[Block]]:
    """Group blocks that run at the same time: terminals that follow each other."""
    group: list[Block] = []
    for before, block in pairwise([None, *page]):
        assert block is not None
        beside = before is not None and before.terminal and block.terminal
        if group and not (beside and block.terminal != "1"):
            yield group
            group = []
        group.append(block)
    if group:
        yield group


def commands(block: Block) -> list[Command]:
    """Return the commands of a console block."""
    assert block.body.startswith("$ "), f"line {block.line}: a console block begins with `$ `"
    parts = re.split(r"^\$ ", block.body, flags=re.M)[1:]
    pairs = (part.partition("\n") for part in parts)
    return [Command(text=text, expected=expected) for text, _, expected in pairs]


def links(text: str) -> list[str]:
    """Return the targets of a page's links that are not on the web."""
    outside = re.sub(_FENCE, "", text)
    targets = (match["target"] for match in _LINK.finditer(outside))
    return [target for target in targets if "://" not in target]


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = _HEADING.findall(re.sub(_FENCE, "", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def matches(expected: str, printed: str) -> bool:
    """Return whether the output is what the page shows."""
    pattern = ""
    for line in _normal(expected).splitlines():
        if line == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(map(re.escape, line.split("…"))) + r"\n"
    return re.fullmatch(pattern, _normal(printed)) is not None


def _normal(text: str) -> str:
    lines = (line.rstrip() for line in _SECONDS.sub("0", text).splitlines())
    return "".join(f"{line}\n" for line in lines)


def all_pages(root: Path) -> list[Path]:
    """Return every page whose blocks are tested."""
    return [
        root / "README.md",
        *sorted((root / "docs").glob("*.md")),
        root / "examples" / "README.md",
        # Not those of imported models, where somebody has followed a page in the folder.
        *sorted((root / "examples").glob("*/README.md")),
    ]
