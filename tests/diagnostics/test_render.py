"""The rendering of diagnostics, as golden files."""

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from ezlang.diagnostics.diagnostic import Diagnostic, Note
from ezlang.diagnostics.render import MAX_WIDTH, MOST, render, render_all, to_json
from ezlang.source import NO_SPAN, Source, Span

GOLDEN = Path(__file__).parent / "golden"


def source(text: str) -> Source:
    return Source("prog.ez", text)


def span_of(source: Source, part: str, end: str | None = None) -> Span:
    """Return the span of the first `part`, or from there to the end of `end`."""
    start = source.text.index(part)
    last = part if end is None else end
    return Span(source, start, source.text.index(last, start) + len(last))


def simple() -> Diagnostic:
    program = source("fn main() {\n    let x = a\n    let y = 2;\n}\n")
    return Diagnostic(
        code="EZ0021",
        message="`;` is missing at the end of this statement",
        span=span_of(program, "a\n"),
        label="`;` expected here",
        help="Write a;",
    )


def with_notes() -> Diagnostic:
    program = source("fn f() {\n" + "\n" * 96 + "    public bool b = a > 1;\n\n    b = true;\n}\n")
    other = Source("stats.ez", "secret int32 a;\n")
    return Diagnostic(
        code="EZ3001",
        message="A secret cannot be kept in a public variable",
        span=span_of(program, "a > 1"),
        label="secret",
        notes=(
            Note(message="It depends on `a`", span=span_of(other, "a;")),
            Note(message="Everyone would learn it"),
            Note(message="It is used here", span=span_of(program, "b = true")),
        ),
        help="Write reveal(a > 1), if everyone may know it.",
    )


def tabs_and_wide() -> Diagnostic:
    program = source('\toutput(all,\t"größe 大小 e\u0301", x y);')
    return Diagnostic(code="EZ0020", message="m", span=span_of(program, "x y"), label="here")


def inside_wide() -> Diagnostic:
    program = source('output(all, "大小", x)')
    return Diagnostic(code="EZ0020", message="m", span=span_of(program, '"大小"'))


def control_characters() -> Diagnostic:
    program = source("a\x00\x1b[31mb")
    return Diagnostic(code="EZ0010", message="m", span=span_of(program, "\x00\x1b"))


def long_line() -> Diagnostic:
    program = source("x = " + " + ".join(f"a{i}" for i in range(200)) + ";")
    return Diagnostic(code="EZ1001", message="m", span=span_of(program, "a120"), label="here")


def long_span() -> Diagnostic:
    program = source("x = " + "1" * 500 + ";")
    return Diagnostic(code="EZ0014", message="m", span=span_of(program, "1" * 500), label="here")


def two_lines() -> Diagnostic:
    program = source("x = f(a,\n      b);\n")
    return Diagnostic(code="EZ2001", message="m", span=span_of(program, "f(", "b)"), label="all")


def many_lines() -> Diagnostic:
    program = source("if a {\n    x = 1;\n    y = 2;\n}\n")
    return Diagnostic(code="EZ2001", message="m", span=span_of(program, "if", "}"), label="all")


def to_line_end() -> Diagnostic:
    program = source("let a;\nlet b;\n")
    return Diagnostic(code="EZ2001", message="m", span=span_of(program, "let a;\n"))


def end_of_file() -> Diagnostic:
    program = source("fn main() {\n")
    return Diagnostic(code="EZ0022", message="m", span=Span(program, 12, 12))


def windows_lines() -> Diagnostic:
    program = source("let a = 1;\r\nlet b = c;\r\n")
    return Diagnostic(code="EZ1001", message="m", span=span_of(program, "c"))


def without_place() -> Diagnostic:
    return Diagnostic(code="EZ0001", message="There is no file a.ez", span=None, help="Look.")


def built_in() -> Diagnostic:
    return Diagnostic(code="EZ2001", message="m", span=NO_SPAN)


CASES = [
    simple,
    with_notes,
    tabs_and_wide,
    inside_wide,
    control_characters,
    long_line,
    long_span,
    two_lines,
    many_lines,
    to_line_end,
    end_of_file,
    windows_lines,
    without_place,
    built_in,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_text(case: Callable[[], Diagnostic], golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{case.__name__}.txt", render(case()))


def test_all(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / "all.txt", render_all([simple(), without_place()]))
    assert render_all([simple()]).endswith("\n1 error\n")
    assert render_all([]) == ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_colors_change_nothing_else(case: Callable[[], Diagnostic]) -> None:
    colored = render(case(), color=True)
    assert "\x1b[" in colored
    assert click.unstyle(colored) == render(case())


def test_the_first_errors_of_each_file_are_shown() -> None:
    files = [Source(f"{name}.ez", "x;\n" * 30) for name in ("one", "two")]
    errors = [
        Diagnostic(code="EZ0020", message=f"error {i}", span=Span(file, 3 * i, 3 * i + 1))
        for file in files
        for i in range(MOST + 5)
    ]
    text = render_all(errors)
    assert text.count("error[EZ0020]") == 2 * MOST
    assert f": error {MOST - 1}\n" in text
    assert f": error {MOST}\n" not in text
    assert text.endswith(
        f"{len(errors)} errors, of which the first {MOST} of each file are shown\n"
    )


def test_no_control_characters() -> None:
    hostile = Diagnostic(code="EZ1001", message="a\x1b[2J", span=None, help="b\x07\nc")
    shown = render(control_characters()) + render(hostile)
    assert all(c.isprintable() or c == "\n" for c in shown)


@pytest.mark.parametrize("case", [long_line, long_span])
def test_lines_are_trimmed(case: Callable[[], Diagnostic]) -> None:
    assert max(map(len, render(case()).splitlines())) < MAX_WIDTH + 20


def test_carets_stand_below_the_span() -> None:
    lines = render(simple()).splitlines()
    assert lines[3].index("a") == lines[4].index("^")


def test_json(golden: Callable[[Path, str], None]) -> None:
    data = [to_json(with_notes()), to_json(without_place())]
    golden(GOLDEN / "diagnostics.json", json.dumps(data, indent=2) + "\n")
