"""Reports as tables: they fit the terminal, and have escape codes only where they may."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from ezlang.cli.tables import Sheet, may_style
from tests.cli.conftest import Ez

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
COMMANDS = {
    "cost": ("cost", "--lines", "--explain", "--ranges"),
    "leaks": ("leaks",),
}
HEAD = ("by line", "rounds", "alice\nsends", "time")
ROWS = [
    ("12 | let x = max(a, b) + min(c, d);", "7", "1,234,567", "12 ms"),
    ("13 | y", "-", "8", "3 s"),
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("example", ["median", "second-price-auction", "digits"])
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_reports_fit_the_terminal(
    ez: Ez, monkeypatch: pytest.MonkeyPatch, command: str, example: str, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    name, *options = COMMANDS[command]
    done = ez(name, str(EXAMPLES / example / "main.ez"), *options)
    assert done.code == 0
    # A path has no place to break.
    wide = [line for line in done.out.splitlines() if len(line) > columns and "/" not in line]
    assert wide == []
    assert "\x1b" not in done.out


def test_without_a_terminal_there_are_80_columns(ez: Ez, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("sys.__stdout__", io.StringIO())
    done = ez("cost", "rich.ez", "--lines", "--explain")
    assert max(map(len, done.out.splitlines())) <= 80


def test_leaks_are_never_cut(ez: Ez, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "many.ez").write_text(
        "party alice, bob;\nfn main() {\n"
        '    secret int32 a = input(alice, "a rather long name of an input");\n'
        '    secret int32 b = input(bob, "t");\n'
        '    if reveal(b > 3) { output(bob, a + 1000000000 + b * 1234567, "r[0]"); }\n}\n'
    )
    for columns in (30, 200):
        monkeypatch.setenv("COLUMNS", str(columns))
        shown = "".join(ez("leaks", "many.ez").out.split())
        for words in ("1234567", "100000000", "dependson", "everyone"):
            assert words in shown
    for words in ('output "r[0]":', "a + 1000000000 + b * 1234567", "alice's \"a rather long name"):
        assert words in ez("leaks", "many.ez").out
    (folder / "none.ez").write_text("party alice, bob;\nfn main() { let x = 1; }\n")
    assert ez("leaks", "none.ez").out == "Nothing is released: no party learns anything.\n"


def test_no_word_of_a_table_of_texts_is_cut() -> None:
    cell = 'hospital\'s "images",\nvendor\'s "conv1_weight",\nvendor\'s "conv2_weight"'
    row = ("49:5", "everyone", "metrics.accuracy(results, labels)", 'hospital\'s "labels"', cell)
    head = ("line", "to", "what", "depends on", "is decided by")
    for width in range(60, 120):
        sheet = Sheet(width=width)
        sheet.texts(head, [row])
        shown = " ".join(sheet.lines).split()
        for word in " ".join(row).split():
            assert word in shown
        assert max(map(len, sheet.lines)) <= width


def test_numbers_stand_below_each_other() -> None:
    sheet = Sheet(width=80)
    sheet.numbers(HEAD, ROWS)
    assert sheet.lines == [
        "                                                   alice",
        "  by line                              rounds      sends   time",
        "  12 | let x = max(a, b) + min(c, d);       7  1,234,567  12 ms",
        "  13 | y                                    -          8    3 s",
    ]


def test_text_is_cut_and_numbers_are_not() -> None:
    sheet = Sheet(width=46)
    sheet.numbers(HEAD, ROWS)
    assert sheet.lines[2] == "  12 | let x = max(…       7  1,234,567  12 ms"
    sheet = Sheet(width=30)
    sheet.numbers(HEAD, ROWS)
    assert sheet.lines[3:] == [
        "  12 | let x = max(a, b) +",
        "  min(c, d);",
        "       7  1,234,567  12 ms",
        "  13 | y",
        "       -          8    3 s",
    ]


def test_paragraphs_hang() -> None:
    sheet = Sheet(width=40)
    sheet.text("  time        about 28.7 ms   500 µs a round trip", hanging=12)
    assert sheet.lines == ["  time        about 28.7 ms   500 µs a", " " * 14 + "round trip"]


def test_styles_change_nothing_but_escape_codes() -> None:
    plain, styled = Sheet(width=50), Sheet(width=50, styled=True)
    for sheet in (plain, styled):
        sheet.text("  rounds  7 [bold]", head=8)
        sheet.numbers(HEAD, ROWS)
        sheet.texts(("what", "to"), [("output", "all")])
    assert any(ESCAPE.search(line) for line in styled.lines)
    assert [ESCAPE.sub("", line).rstrip() for line in styled.lines] == plain.lines
    assert "[bold]" in plain.lines[0]


def test_where_there_are_escape_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    assert may_style(Terminal())
    assert not may_style(io.StringIO())
    monkeypatch.setenv("TERM", "dumb")
    assert not may_style(Terminal())
    monkeypatch.setenv("TERM", "xterm-256color")
    assert may_style(Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not may_style(Terminal())
