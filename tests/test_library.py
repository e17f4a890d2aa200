"""The documentation of the library: every function has some, and docs/library.md is all of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ezlang.library import Module, first_sentence, modules, page
from tests.cli.conftest import Ez, ez, folder  # noqa: F401
from tests.stdlib.library import functions

ROOT = Path(__file__).parents[1]


def test_page(golden: Callable[[Path, str], None]) -> None:
    golden(ROOT / "docs" / "library.md", page())


@pytest.mark.parametrize("module", modules(), ids=lambda one: one.name)
def test_every_function_is_on_it(module: Module) -> None:
    assert module.summary
    heads = {one.name: one.head for one in module.entries}
    for item in functions(module.name):
        assert heads[item.name.text].startswith(f"fn {item.name.text}")
        assert "{" not in heads[item.name.text]


@pytest.mark.parametrize(
    ("doc", "first"),
    [
        ("One. Two.", "One."),
        ("A sum of\nx. More", "A sum of x."),
        ("Only this\n\nMore.", "Only this"),
    ],
)
def test_first_sentence(doc: str, first: str) -> None:
    assert first_sentence(doc) == first


def test_doc_lists_modules_functions_and_one_entry(ez: Ez) -> None:  # noqa: F811
    listed = ez("doc")
    assert listed.code == 0
    assert [line.split()[0] for line in listed.out.splitlines() if line[2:3].isalpha()][1:] == [
        one.name for one in modules()
    ]
    assert "median" in ez("doc", "stats").out
    assert ez("doc", "search.largest").out == (
        "import search;\n"
        "fn largest<number t, k>(t[k] x) -> t\n"
        "\n"
        "The largest element of `x`, which has at least one element.\n"
        "\n"
        "Example: search.largest([3, 9, -2]) == 9\n"
        "Example: search.largest([0.5, -2.25]) == 0.5\n"
    )
    assert ez("doc", "mean").out.count("import ") == 2


def test_doc_of_nothing(ez: Ez) -> None:  # noqa: F811
    done = ez("doc", "search.largst")
    assert done.code == 2
    assert "The library has nothing called `search.largst`" in done.err
    assert "search.largest" in done.err
