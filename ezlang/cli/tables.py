"""Tables and paragraphs for a terminal, laid out by rich, which is imported when it is needed.

They are as wide as the terminal, or COLUMNS; 80 columns where there is none. Numbers are never cut.
On anything but a terminal, with NO_COLOR, and where TERM is dumb, there are no escape codes.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, TextIO

if TYPE_CHECKING:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

COLUMNS: Final = 80
INDENT: Final = "  "
_NARROWEST: Final = 24
"""The width below which lines are left for the terminal to break."""
_GAP: Final = 2
_SHORTEST: Final = 16
"""The columns that the first cell of a row needs in order to stay beside the numbers."""

HEAD: Final = "bold"
QUIET: Final = "dim"
"""The two styles, readable on light and dark alike."""


def may_style(stream: TextIO) -> bool:
    """Return whether a stream may be written to with escape codes (https://no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") in ("dumb", "unknown")
    return stream.isatty() and not plain


class Sheet:
    """Lines that are laid out for a width, with escape codes if they are `styled`.

    By default, the width is that of the terminal.
    """

    def __init__(self, *, styled: bool = False, width: int | None = None) -> None:
        from shutil import get_terminal_size

        from rich.console import Console

        self.width = max(width or get_terminal_size((COLUMNS, 0)).columns, _NARROWEST)
        self.lines: list[str] = []
        self._console = Console(
            file=io.StringIO(),
            width=self.width,
            force_terminal=styled,
            color_system="standard" if styled else None,
            markup=False,
            emoji=False,
            highlight=False,
            legacy_windows=False,
            force_jupyter=False,
        )

    def gap(self) -> None:
        """Add an empty line."""
        self.lines.append("")

    def text(self, text: str, hanging: int = 0, style: str = "", head: int = 0) -> None:
        """Add a paragraph; lines after the first are indented by `hanging` more than it.

        `head` is the number of characters that are headings.
        """
        from textwrap import wrap

        from rich.text import Text

        indent = " " * (len(text) - len(text.lstrip()) + hanging)
        width = self.width if len(indent) < self.width // 2 else self.width + len(indent)
        lines = wrap(
            text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        for number, line in enumerate(lines):
            shown = Text(line, style=style)
            if head and not number:
                shown.stylize(HEAD, 0, head)
            self.lines += self._printed(shown, max(self.width, len(line)))

    def numbers(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table: text on the left, which is cut if it is long, and numbers on the right.

        Where there is no room for the text, it has a line of its own. Headings may have lines.
        """
        wide = [max(_widest(row[n]) for row in (head, *rows)) for n in range(1, len(head))]
        most = max(_widest(row[0]) for row in (head, *rows))
        room = self.width - len(INDENT) - sum(wide) - _GAP * len(wide)
        beside = room >= min(most, _SHORTEST)
        widths = [min(room, most), *wide] if beside else wide
        table = _table()
        for number, (name, width) in enumerate(
            zip(head[-len(widths) :], widths, strict=True), len(head) - len(widths)
        ):
            justify: Literal["right", "left"] = "right" if number else "left"
            table.add_column(
                name,
                justify=justify,
                width=width,
                no_wrap=True,
                overflow="ellipsis",
                vertical="bottom",
            )
        for row in rows:
            table.add_row(*row[-len(widths) :])
        lines = self._laid_out(
            table, max(self.width, sum(widths) + _GAP * len(widths) + len(INDENT))
        )
        if beside:
            self.lines += lines
            return
        top = len(lines) - len(rows)
        for row, numbers in zip((head, *rows), (lines[:top], *lines[top:]), strict=True):
            self.text(INDENT + row[0], style=QUIET if row is head else "")
            self.lines += [numbers] if isinstance(numbers, str) else numbers

    def texts(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table of texts, which go on in the next line where they are long.

        Where the columns' longest words don't fit, each cell is a paragraph. Nothing is cut.
        """
        longest = [
            max(_widest(row[n].replace(" ", "\n")) for row in (head, *rows))
            for n in range(len(head))
        ]
        if len(INDENT) + sum(longest) + _GAP * len(longest) > self.width:
            for row in rows:
                self.text(f"{INDENT}{head[0]} {row[0]}", style=HEAD)
                for name, cell in zip(head[1:], row[1:], strict=True):
                    if cell:
                        self.text(f"{INDENT * 2}{name}: {' '.join(cell.split(chr(10)))}", hanging=2)
            return
        natural = [max(_widest(row[n]) for row in (head, *rows)) for n in range(len(head))]
        room = self.width - len(INDENT) - _GAP * (len(head) - 1)
        table = _table()
        for name, width in zip(head, _shared_out(room, longest, natural), strict=True):
            table.add_column(name, overflow="fold", width=width)
        for row in rows:
            table.add_row(*row)
        self.lines += self._laid_out(table, self.width)

    def _laid_out(self, table: Table, width: int) -> list[str]:
        from rich.padding import Padding

        return self._printed(Padding(table, (0, 0, 0, len(INDENT))), width)

    def _printed(self, made: Padding | Text, width: int) -> list[str]:
        with self._console.capture() as captured:
            self._console.print(made, width=width, crop=False)
        return [line.rstrip() for line in captured.get().splitlines()]


def _shared_out(room: int, least: Sequence[int], most: Sequence[int]) -> list[int]:
    """Return widths of columns from `least` to `most`, of which the narrowest are widened first.

    rich itself may choose widths that are more than there is in all, and then cuts the last one.
    """
    widths = list(least)
    for _ in range(min(room, sum(most)) - sum(least)):
        narrow = (n for n in range(len(widths)) if widths[n] < most[n])
        widths[min(narrow, key=widths.__getitem__)] += 1
    return widths


def _table() -> Table:
    from rich.table import Table

    return Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style=HEAD)


def _widest(cell: str) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, cell.split("\n")))
