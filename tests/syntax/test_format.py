"""The formatter: the same program, all its comments, and the second time no change."""

import re
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ezlang.diagnostics.diagnostic import Diagnostics, EzError
from ezlang.source import Source
from ezlang.syntax.format import MAX_WIDTH, format_source
from ezlang.syntax.lexer import lex
from ezlang.syntax.tables import load_tables
from tests.syntax.program_text import program_text
from tests.syntax.syntax_help import parsed

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "formatted"


def formatted(text: str) -> str:
    return format_source(Source("prog.ez", text))


def comments(text: str) -> list[str]:
    lexed = lex(Source("prog.ez", text), load_tables(), Diagnostics(), 1)
    return sorted(re.sub(r"\s+", " ", text[c.start : c.end]).strip() for c in lexed.comments)


PROGRAMS = st.integers(0, 2**32).map(lambda seed: program_text(Random(seed)))


@settings(max_examples=100)
@given(PROGRAMS)
@example("fn f() { x = f(a, // one\n b // two\n , /* three */ c, ); }")
@example("fn f() { if a { } // end\n else /* in */ { } }")
@example("fn f() { /* a */ } /* b */ fn g() { /* c */ x = 1; } // d")
@example("/// doc\n\n/// item\nfn f(// one\n) { return // two\n; }")
def test_a_formatted_program_is_the_same_program(text: str) -> None:
    once = formatted(text)
    assert parsed(once) == parsed(text)
    assert comments(once) == comments(text)
    assert formatted(once) == once


@pytest.mark.parametrize("name", sorted(p.stem for p in FOLDER.glob("*.ez")))
def test_layout(name: str, golden: Callable[[Path, str], None]) -> None:
    text = formatted((FOLDER / f"{name}.ez").read_text(encoding="utf-8"))
    golden(FOLDER / f"{name}.txt", text)
    assert max(map(len, text.splitlines())) <= MAX_WIDTH


def test_windows_line_ends() -> None:
    text = "fn f() {\r\n    x = 1; // one\r\n\r\n\r\n    /* two\r\n    */\r\n}\r\n"
    assert formatted(text) == "fn f() {\n    x = 1; // one\n\n    /* two\n    */\n}\n"


def test_empty() -> None:
    assert formatted(" \n\n") == ""
    assert formatted("// only") == "// only\n"


def test_errors_are_raised() -> None:
    with pytest.raises(EzError) as raised:
        formatted("fn f() { x = ; y = 1 2; }")
    assert [d.code for d in raised.value.diagnostics] == ["EZ0026", "EZ0020"]
    assert raised.value.exit_code == 1


def test_deep_nesting_is_laid_out() -> None:
    text = f"fn f() {{\n    x = {'(' * 95}1{')' * 95};\n}}\n"
    assert parsed(formatted(text)) == parsed(text)


def test_the_library_is_formatted() -> None:
    for path in sorted((ROOT / "stdlib").rglob("*.ez")):
        text = path.read_text(encoding="utf-8")
        assert formatted(text) == text, path
