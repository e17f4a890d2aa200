"""Every code has a page, the pages' programs are as stated, docs/errors.md consists of pages."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ezlang.diagnostics.catalogue import all_codes, explain
from ezlang.diagnostics.diagnostic import Diagnostics
from ezlang.source import Source
from ezlang.syntax.parser import parse
from tests.support.error_pages import errors_document, parse_page

ROOT = Path(__file__).parents[2]
SYNTAX_CODES = [code for code in all_codes() if code.startswith("EZ0")]


def codes_of(program: str) -> set[str]:
    diagnostics = Diagnostics()
    parse(Source("page.ez", program), diagnostics)
    return {d.code for d in diagnostics.items}


@pytest.mark.parametrize("code", all_codes())
def test_form(code: str) -> None:
    text = explain(code)
    assert text is not None
    assert parse_page(text).code == code
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("code", SYNTAX_CODES)
def test_programs(code: str) -> None:
    text = explain(code)
    assert text is not None
    page = parse_page(text)
    assert (page.wrong_program is None) == (page.right_program is None)
    if page.wrong_program is not None and page.right_program is not None:
        assert codes_of(page.wrong_program) == {code}
        assert codes_of(page.right_program) == set()


def test_every_code_of_the_program_text_has_a_page() -> None:
    folders = [ROOT / "ezlang", ROOT / "compiler"]
    texts = [path.read_text() for folder in folders for path in folder.rglob("*.py")]
    used = {code for text in texts for code in re.findall(r"\"(EZ\d{4})\"", text)}
    assert used <= set(all_codes())


def test_every_syntax_page_is_of_a_code_in_use() -> None:
    texts = [path.read_text() for path in (ROOT / "ezlang" / "syntax").glob("*.py")]
    used = {code for text in texts for code in re.findall(r"\"(EZ0\d{3})\"", text)}
    assert used == set(SYNTAX_CODES)


def test_explain_finds_only_codes() -> None:
    assert explain("ez0021") == explain("EZ0021")
    assert explain("EZ9999") is None
    assert explain("../../source") is None


def test_document(golden: Callable[[Path, str], None]) -> None:
    golden(ROOT / "docs" / "errors.md", errors_document())


@pytest.mark.parametrize("text", ["", "# EZ0001\n", "# EZ0001: a\n\nwhy\n\n## Wrong\n\nx\n"])
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="form"):
        parse_page(text)
