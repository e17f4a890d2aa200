"""Every feature at every name of every example, and where a text is cut off."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from lsprotocol import types as lsp
from pygls.workspace import PositionCodec

from ezlang.check.items import BUILTINS
from ezlang.server import calls, completion, edits, hints, hover, problems, symbols
from ezlang.server.documents import Document, Documents
from ezlang.server.index import Kind
from ezlang.server.places import Places
from ezlang.server.words import HEADS

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/*.ez"))

PLACES = Places(PositionCodec(lsp.PositionEncodingKind.Utf16))


def opened(path: Path, text: str) -> tuple[Documents, Document]:
    documents = Documents()
    return documents, documents.put(path.as_uri(), 1, text)


@cache
def example(path: Path) -> tuple[Documents, Document]:
    return opened(path, path.read_text())


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_every_feature_answers_at_every_name(path: Path) -> None:
    documents, document = example(path)
    source = document.source
    index, checked = documents.index(source), documents.check(document)
    assert problems.published(document, checked, PLACES)[document.uri] == []
    assert edits.formatted(document, PLACES) == []
    assert symbols.outline(index, PLACES)
    end = len(source.text)
    assert len(hints.lenses(index, PLACES)) == (3 if "main" in index.items else 0)
    hints.hints(index, checked.watch, 0, end, PLACES)
    for use in index.uses:
        found = index.at(use.span.start)
        assert found is not None
        assert found.definition.name == use.span.text
        hovered = hover.hovered(index, checked.watch, use.span.start, "the cost")
        assert hovered is not None
        assert hovered[0] == use.span
        places = edits.references(documents, source, use.definition)
        assert use.span in places
        assert all(place.text == use.definition.name for place in places)
        position = PLACES.position(source, use.span.start)
        assert PLACES.offset(source, position) == use.span.start
        calls.signature(index, use.span.end)


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_every_name_is_found_and_can_be_renamed(path: Path) -> None:
    documents, document = example(path)
    index = documents.index(document.source)
    watch = documents.check(document).watch
    known = {use.span.start for use in index.uses}
    for span in watch.expressions:
        if span.source is document.source and span.text.isidentifier():
            assert span.start in known or span.text in ("true", "false"), str(span)
    for one in index.definitions:
        if one.kind is not Kind.MODULE and one.name != "main":
            edit = edits.renamed(documents, document.source, one, "another_name", PLACES)
            assert edit.changes
            changed = edit.changes[document.uri]
            assert len(changed) == sum(1 for _ in index.of(one))


@pytest.mark.parametrize("path", EXAMPLES[::4], ids=name_of)
def test_completion_offers_the_name_that_is_there(path: Path) -> None:
    documents, document = example(path)
    index, watch = documents.index(document.source), documents.check(document).watch
    for use in index.uses[:: max(len(index.uses) // 8, 1)]:
        if use.span.start == use.definition.span.start:
            continue
        offered = completion.completions(documents, document.source, watch, use.span.end)
        assert use.definition.name in [one.label for one in offered], str(use.span)


@pytest.mark.parametrize("path", EXAMPLES[::4], ids=name_of)
def test_texts_that_are_cut_off_have_answers(path: Path) -> None:
    text = path.read_text()
    for cut in range(1, len(text), max(len(text) // 6, 1)):
        documents, document = opened(path, text[:cut])
        index, checked = documents.index(document.source), documents.check(document)
        problems.published(document, checked, PLACES)
        list(problems.fixes(document, checked, 0, cut, PLACES))
        completion.completions(documents, document.source, checked.watch, cut)
        calls.signature(index, cut)
        hints.hints(index, checked.watch, 0, cut, PLACES)
        symbols.outline(index, PLACES)
        for use in index.uses:
            hover.hovered(index, checked.watch, use.span.start, None)


def test_every_function_of_the_language_has_a_head() -> None:
    assert set(HEADS) == {*BUILTINS, "input", "output", "reveal", "assert"}
