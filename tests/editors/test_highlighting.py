"""Everything that the grammar has is highlighted, in both editors, and as what it is."""

import json
import tomllib
from importlib.resources import files
from pathlib import Path

import lark
import pytest

from tests.editors.textmate import Grammar
from tests.editors.vim_syntax import read_syntax

ROOT = Path(__file__).parents[2]
EDITORS = ROOT / "editors"

PARSER = lark.Lark(
    files("ezlang.grammar").joinpath("ez.lark").read_text(encoding="utf-8"),
    parser="lalr",
    lexer="basic",
    start="module",
)
SPELLINGS = sorted(t.pattern.value for t in PARSER.terminals if t.pattern.type == "str")
WORDS = [s for s in SPELLINGS if s.isalnum()]
SAMPLES = {
    "INT": ["0", "42", "1_000", "0x2a", "0XFF", "0b101"],
    "DECIMAL": ["0.5", "1_000.25", "2.5e-3", "1e6"],
    "STRING": ['"a b"', '"a \\" b"', '""'],
    "DOC_COMMENT": ["/// doc"],
    "LINE_COMMENT": ["// line", "//// line", "//"],
    "BLOCK_COMMENT": ["/* block */", "/**/"],
    "STRUCT_BRACE": ["{"],
    "HASH": ["#[protocol(yao)]"],
}
NOT_COLOURED = {"NAME", "SPACE"}

TEXTMATE = Grammar(json.loads((EDITORS / "vscode/syntaxes/ez.tmLanguage.json").read_text()))
VIM = read_syntax((EDITORS / "vim/syntax/ez.vim").read_text())


def test_samples_are_of_every_terminal() -> None:
    named = {t.name for t in PARSER.terminals if t.pattern.type == "re"}
    assert set(SAMPLES) | NOT_COLOURED == named


@pytest.mark.parametrize("text", [*SPELLINGS, *(s for some in SAMPLES.values() for s in some)])
def test_every_terminal_is_highlighted_as_a_whole(text: str) -> None:
    found = TEXTMATE.scopes(f"{text}\n")
    assert [(f.start, f.end) for f in found] == [(0, len(text))], found
    assert "invalid" not in found[0].scope
    vim = VIM.group_at(f"{text}\n", 0)
    assert vim is not None
    assert vim[0] not in ("ezIllegal", "ezFunction")
    if not text.startswith(('"', "/*")):
        assert vim[1] == len(text)


@pytest.mark.parametrize("word", WORDS)
def test_words_inside_of_names_are_not(word: str) -> None:
    for name in (f"{word}x", f"x{word}", f"{word}_"):
        assert TEXTMATE.scopes(f"{name} ;")[0].start > 0
        assert VIM.group_at(f"{name} ;", 0) is None


@pytest.mark.parametrize("text", ["12ab", "0xg", "007", "1__0"])
def test_what_is_no_number_is_marked_in_vs_code(text: str) -> None:
    assert TEXTMATE.scopes(text)[0].scope == "invalid.illegal.number.ez"


def test_calls_and_declarations() -> None:
    scopes = {(f.start, f.scope) for f in TEXTMATE.scopes("fn dot(x) { f::<4>(x); if (a) { } }")}
    assert (0, "keyword.declaration.ez") in scopes
    assert (3, "entity.name.function.ez") in scopes
    assert (12, "entity.name.function.call.ez") in scopes
    assert (23, "keyword.control.ez") in scopes
    assert VIM.group_at("dot (x)", 0) == ("ezFunction", 3)


def test_every_token_of_a_program_is_highlighted() -> None:
    text = (ROOT / "tests/syntax/formatted/everything.txt").read_text(encoding="utf-8")
    covered = {i for f in TEXTMATE.scopes(text) for i in range(f.start, f.end)}
    for token in PARSER.lex(text):
        assert token.start_pos is not None
        if token.type != "NAME":
            assert token.start_pos in covered, token
            if token.type not in SAMPLES:
                assert VIM.group_at(text, token.start_pos) is not None, token


def test_every_vim_group_has_a_colour() -> None:
    used = {*VIM.keywords.values(), *(group for group, _ in VIM.matches)}
    assert used <= set(VIM.links)


def test_the_extension_is_whole() -> None:
    package = json.loads((EDITORS / "vscode/package.json").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert package["version"] == project["version"]
    (language,) = package["contributes"]["languages"]
    (grammar,) = package["contributes"]["grammars"]
    for path in (language["configuration"], grammar["path"]):
        assert json.loads((EDITORS / "vscode" / path).read_text())
    assert language["id"] == grammar["language"]
    data = json.loads((EDITORS / "vscode" / grammar["path"]).read_text())
    assert data["scopeName"] == grammar["scopeName"]
