"""Warnings: each has a program that gets it and one that doesn't, and the pages' programs do."""

from __future__ import annotations

from pathlib import Path

import pytest

from ezlang.analysis.warnings import warnings
from ezlang.check import check
from ezlang.diagnostics.catalogue import all_codes, explain
from ezlang.diagnostics.render import render_all
from ezlang.source import Source
from tests.cli.conftest import Ez, ez, folder  # noqa: F401
from tests.support.error_pages import parse_page

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/*.ez"))
CODES = [code for code in all_codes() if code.startswith("EZ6")]


def _warned(text: str) -> list[str]:
    result = check(Source("test.ez", text))
    assert not result.diagnostics, render_all(result.diagnostics)
    return [one.code for one in warnings(result)]


def _codes(body: str, items: str = "") -> list[str]:
    given = (
        'secret uint8 a = input(alice, "a"); secret int16[4] v = input(bob, "v");'
        'output(all, a, "a"); output(all, v, "v");'
    )
    return _warned(f"party alice, bob;\n{items}\nfn main() {{\n{given}\n{body}\n}}\n")


@pytest.mark.parametrize("code", CODES)
def test_programs_of_the_page(code: str) -> None:
    page = parse_page(explain(code) or "")
    assert page.wrong_program is not None
    assert page.right_program is not None
    assert set(_warned(page.wrong_program)) == {code}
    assert _warned(page.right_program) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("int32 x = 1; x = 2; x += 3;", "EZ6001"),
        ("int32[2] x; x[1] = 2;", "EZ6001"),
        ('let x = reveal(a); input(alice, "more"); output(all, x, "x");', "EZ6002"),
        ('while reveal(a) > 9 { output(all, int32(input(bob, "x")), "x"); }', "EZ6003"),
        ('for x in v { output(all, x > int16(input(bob, "y")), "x"); }', "EZ6003"),
        ('for i in 2..2 { output(all, i, "i"); }', "EZ6004"),
        ('output(all, int32(a) < 300, "c");', "EZ6005"),
        ('output(all, a % 8 == 9, "c");', "EZ6005"),
        ("for i in 0..3 { if i != 4 { assert(reveal(a) > 1); } }", "EZ6005"),
        ('output(all, sum(v), "s");', "EZ6006"),
        ('output(all, v[0] - v[1], "d");', "EZ6006"),
        ('output(all, v * v, "p");', "EZ6006"),
        ('output(all, sum(reshape(v & 127, 2, 2)) < 509, "s");', "EZ6005"),
    ],
)
def test_what_is_hardly_meant_is_warned_about(body: str, code: str) -> None:
    assert _codes(body) == [code]


@pytest.mark.parametrize(
    "body",
    [
        "int32 _x = 1;",
        'int32 i = 1; int32[3] x; x[i] = 2; output(all, x, "x");',
        "int32 n = 2; for i in 0..n { assert(i < 9); }",
        "int32[len(v)] y; assert(len(y) == 4);",
        'for p in parties { @p int32 x = input(p, "x"); output(p, x, "x"); }',
        'output(all, a / 2 < 100, "c"); output(all, a == 255, "d");',
        'output(all, a + 1, "c"); output(all, int32(a) * int32(a), "d");',
        'output(all, v[0] % 7 + v[1] % 9, "c"); output(all, (a & 15) * (a & 15), "d");',
        'output(all, sum(reshape(v & 127, 2, 2)) < 508, "s");',
    ],
)
def test_what_may_be_meant_is_not_warned_about(body: str) -> None:
    assert _codes(body) == []


def test_params_are_read_or_warned_about() -> None:
    assert _codes("", "param int32 n = 3;") == ["EZ6001"]
    assert _codes('output(all, [n], "n");', "param int32 n = 3;") == []
    assert _codes("", "param int32 n = 3;\nfn f(int32[n] x) { }") == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_examples_have_no_warnings(path: Path) -> None:
    result = check(Source(str(path), path.read_text(encoding="utf-8")))
    assert warnings(result) == ()


def test_check_shows_warnings_and_may_deny_them(ez: Ez, folder: Path) -> None:  # noqa: F811
    (folder / "unused.ez").write_text("party alice, bob;\n\nfn main() {\n    let x = 1;\n}\n")
    done = ez("check", "unused.ez")
    assert done.code == 0
    assert done.err.startswith("unused.ez has no errors.\nwarning[EZ6001]: The variable `x`")
    assert done.err.endswith("\n1 warning\n")
    assert ez("check", "unused.ez", "--deny-warnings").code == 1
    assert ez("check", "rich.ez", "--deny-warnings").code == 0
    done = ez("check", "unused.ez", "--json")
    assert (done.code, done.json["diagnostics"][0]["code"]) == (0, "EZ6001")
