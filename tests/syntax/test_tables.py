"""The grammar's tables: complete, without conflicts, and kept in the cache."""

import json
import logging
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import lark
import pytest

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.syntax.builder import Builder
from ezlang.syntax.tables import Tables, build_tables, load_tables
from ezlang.syntax.token_context import ITEM_WORDS, LABEL_WORDS, STATEMENT_WORDS, TYPE_WORDS
from ezlang.types.types import SCALARS

GRAMMAR = files("ezlang.grammar").joinpath("ez.lark").read_text(encoding="utf-8")


def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger=lark.logger.name):
        lark.logger.setLevel(logging.DEBUG)
        lark.Lark(GRAMMAR, parser="lalr", lexer="basic", start="module", debug=True)
    assert "conflict" not in caplog.text.lower()


def test_every_rule_has_a_maker() -> None:
    handlers = {r.handler for r in load_tables().rules if r.handler and r.origin[0] != "_"}
    missing = {h for h in handlers if not hasattr(Builder, f"_make_{h}")}
    assert not missing
    makers = {n.removeprefix("_make_") for n in dir(Builder) if n.startswith("_make_")}
    assert makers <= handlers


def test_words_named_in_code_are_words_of_the_grammar() -> None:
    tables = load_tables()
    spellings = set(tables.spellings)
    assert spellings >= ITEM_WORDS | LABEL_WORDS | STATEMENT_WORDS | TYPE_WORDS
    assert set(SCALARS) == TYPE_WORDS
    first = {symbol for symbol in tables.states[0] if symbol in tables.words}
    assert first == ITEM_WORDS


def test_reserved_words_are_those_of_the_language_reference() -> None:
    text = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
    listed = text.split("Reserved words: `")[1].split("`")[0].split()
    assert set(listed) == load_tables().words


def test_rules_called_like_words_are_refused() -> None:
    with pytest.raises(CompilerBug, match="output"):
        build_tables('module: output\noutput: "output" NAME\nNAME: /x/')


def in_new_process(cache: Path, program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"EZLANG_CACHE": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


PARSE = """
import sys
from ezlang.diagnostics.diagnostic import Diagnostics
from ezlang.source import Source
from ezlang.syntax.parser import parse
found = Diagnostics()
parse(Source("a.ez", "fn f() { x = 1 + 2 * 3; }"), found)
print(len(found.items), "lark" in sys.modules)
"""


def test_tables_are_kept(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert in_new_process(cache, PARSE) == "0 True\n"
    assert in_new_process(cache, PARSE) == "0 False\n"
    (kept,) = cache.iterdir()
    kept.write_text("[1, 2", encoding="utf-8")
    assert in_new_process(cache, PARSE) == "0 True\n"


@pytest.mark.parametrize("damage", ["", "{}", "[]", json.dumps({"spellings": 1}), "\x00"])
def test_damaged_tables_are_made_again(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EZLANG_CACHE", str(tmp_path))
    made = load_tables.__wrapped__()
    (kept,) = tmp_path.iterdir()
    kept.write_text(damage, encoding="utf-8")
    assert load_tables.__wrapped__() == made


def test_a_cache_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert in_new_process(tmp_path / "file", PARSE) == "0 True\n"


def test_tables_survive_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EZLANG_CACHE", str(tmp_path))
    load_tables.cache_clear()
    made, read = load_tables(), load_tables.__wrapped__()
    load_tables.cache_clear()
    assert isinstance(read, Tables)
    assert made == read
