"""Malformed text of every kind gives diagnostics, never an exception, and not too many."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ezlang.diagnostics.render import render_all
from ezlang.syntax.depth import MAX_DEPTH
from ezlang.syntax.parser import MAX_ERRORS
from ezlang.syntax.reader import MAX_BYTES
from tests.syntax.program_text import program_text
from tests.syntax.syntax_help import parsed_with_errors

ROOT = Path(__file__).parents[2]
PIECES = st.sampled_from(
    [
        *("fn", "f", "(", ")", "{", "}", "[", "]", "<", ">", ";", ",", ".", "..", ":", "::", "?"),
        *("=", "==", "+", "-", "*", "/", "%", "!", "~", "&", "&&", "|", "^", "<<", ">>=", "->"),
        *("if", "else", "for", "in", "while", "let", "return", "output", "input", "reveal"),
        *("assert", "all", "parties", "int32", "bool", "secret", "public", "@", "party", "struct"),
        *("const", "param", "import", "true", "x", "Point", "elif", "and", "int", "def", "1", "0x"),
        *('"s"', '"', "'", "/*", "*/", "//", "///", "#", "\n", "\n    ", "\t", "\x00", "é", "\\"),
    ]
)


def check(text: str) -> None:
    _, diagnostics = parsed_with_errors(text)
    assert len(diagnostics.items) <= 2 * MAX_ERRORS + 2
    assert all(d.span is not None for d in diagnostics.items)
    assert all(d.code.startswith("EZ0") for d in diagnostics.items)
    render_all(diagnostics.sorted)


@settings(max_examples=100)
@given(st.lists(PIECES, max_size=40).map(" ".join))
def test_any_words(text: str) -> None:
    check(text)
    check(f"fn f() {{ {text} }} fn g() {{ }}")


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_any_characters(text: str) -> None:
    check(text)


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.floats(0, 1), st.sampled_from(["cut", "drop", "double", "swap"]))
def test_damaged_programs(seed: int, where: float, how: str) -> None:
    words = program_text(Random(seed))[:4000].split(" ")
    at = int(where * len(words))
    match how:
        case "cut":
            del words[at:]
        case "drop":
            del words[at : at + 1]
        case "double":
            words[at:at] = words[at : at + 1]
        case _:
            words[at : at + 2] = reversed(words[at : at + 2])
    check(" ".join(words))


def test_every_truncation_of_a_program() -> None:
    text = (ROOT / "tests" / "syntax" / "formatted" / "everything.ez").read_text(encoding="utf-8")
    for end in range(0, len(text), 7):
        check(text[:end])


DEEP = {
    "round": ("fn f() { x = " + "(" * 20_000, "EZ0004"),
    "square": ("fn f() { x = " + "[" * 20_000, "EZ0004"),
    "braces": ("fn f() " + "{" * 20_000, "EZ0004"),
    "prefix": ("fn f() { x = " + "-" * 20_000 + "x; }", "EZ0004"),
    "sum": ("fn f() { x = " + "x + " * 20_000 + "x; }", "EZ0004"),
    "index": ("fn f() { x = a" + "[0]" * 20_000 + "; }", "EZ0004"),
    "member": ("fn f() { x = a" + ".b" * 20_000 + "; }", "EZ0004"),
    "choice": ("fn f() { x = " + "a ? b : " * 10_000 + "c; }", "EZ0004"),
    "else if": ("fn f() { " + "if a { } else " * 10_000 + "{ } }", "EZ0004"),
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_nesting(name: str) -> None:
    text, code = DEEP[name]
    _, diagnostics = parsed_with_errors(text)
    assert [d.code for d in diagnostics.items] == [code]


def test_nesting_up_to_the_limit_is_read() -> None:
    terms = MAX_DEPTH - 4  # above: function, block, statement; below: the name of the variable
    _, good = parsed_with_errors(f"fn f() {{ x = {' + '.join('x' * terms)}; }}")
    assert not good
    _, bad = parsed_with_errors(f"fn f() {{ x = {' + '.join('x' * (terms + 1))}; }}")
    assert [d.code for d in bad.items] == ["EZ0004"]


LARGE = {
    "noughts": ("\x00" * 1_000_000, "EZ0010"),
    "closing": (")" * 20_000, "EZ0023"),
    "quotes": ('"\n' * 50_000, "EZ0012"),
    "open comments": ("/*" * 20_000, "EZ0011"),
    "one name": ("x" * 3_000_000, "EZ0036"),
    "one number": ("const x = " + "1" * 3_000_000 + ";", "EZ0014"),
    "words": ("fn f() { " + "x y z " * 20_000 + "}", "EZ0020"),
    "functions": ("fn f() { " * 5_000, "EZ0004"),
    "too large": ("x" * (MAX_BYTES + 1), "EZ0003"),
    "errors": ("fn f() { x = ; }\n" * 1_000, "EZ0005"),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_texts(name: str) -> None:
    text, code = LARGE[name]
    check(text)
    _, diagnostics = parsed_with_errors(text)
    assert code in {d.code for d in diagnostics.items}


def test_many_errors_are_all_reported() -> None:
    _, diagnostics = parsed_with_errors("fn f() {\n" + "    x = ;\n" * 50 + "}\n")
    assert [d.span.line for d in diagnostics.sorted if d.span] == list(range(2, 52))
