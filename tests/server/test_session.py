"""A session with a real client over standard input and output."""

from __future__ import annotations

import pytest
from lsprotocol import types as lsp
from pytest_lsp import LanguageClient

from .conftest import Open
from .marked import marked

PROGRAM = """\
import stats;
party alice, bob;

/// A point.
struct Point { int32 x; int32 y; }

/// The larger one.
fn larger(int32 a, int32 b) -> int32 {
    return a > b ? a : b;
}

fn main() {
    secret int32 own = input(alice, "own");
    @bob int32 other = input(bob, "other");
    int32 twice = other + other;
    let most = larger(own, twice);
    Point p = Point { x: 1, y: 2 };
    output(all, most > p.x, "richer");
}
"""

pytestmark = pytest.mark.asyncio(loop_scope="module")


def at(word: str, text: str = PROGRAM, nth: int = 0) -> lsp.Position:
    """Return the position of a word, the nth of its kind."""
    place = -1
    for _ in range(nth + 1):
        place = text.index(word, place + 1)
    _, position = marked(f"{text[:place]}¦{text[place:]}")
    return position


async def published(client: LanguageClient, uri: str) -> list[lsp.Diagnostic]:
    """Return the diagnostics that the server sends next."""
    await client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    return list(client.diagnostics[uri])


def here(uri: str, position: lsp.Position) -> tuple[lsp.TextDocumentIdentifier, lsp.Position]:
    return lsp.TextDocumentIdentifier(uri), position


async def test_diagnostics_follow_the_text_and_are_mended(
    client: LanguageClient, open_text: Open
) -> None:
    wrong = PROGRAM.replace("larger(own", "lagrer(own").replace('"own"', '"𝒙 own"')
    uri = open_text(client, wrong)
    found = await published(client, uri)
    assert [(one.code, one.range.start) for one in found] == [("EZ1002", at("lagrer", wrong))]
    actions = await client.text_document_code_action_async(
        lsp.CodeActionParams(
            lsp.TextDocumentIdentifier(uri), found[0].range, lsp.CodeActionContext([])
        )
    )
    assert actions is not None
    action = actions[0]
    assert isinstance(action, lsp.CodeAction)
    assert action.title == "Did you mean `larger`?"
    assert action.edit is not None
    assert action.edit.changes is not None
    edit = action.edit.changes[uri][0]
    client.text_document_did_change(
        lsp.DidChangeTextDocumentParams(
            lsp.VersionedTextDocumentIdentifier(version=2, uri=uri),
            [lsp.TextDocumentContentChangePartial(edit.range, edit.new_text)],
        )
    )
    assert await published(client, uri) == []


async def test_a_flow_to_the_public_has_the_way_of_the_secret(
    client: LanguageClient, open_text: Open
) -> None:
    text = PROGRAM.replace("    Point p", "    public int32 q = most;\n    Point p")
    found = await published(client, open_text(client, text))
    assert [one.code for one in found] == ["EZ3001"]
    related = found[0].related_information or []
    assert at("own", text).line in [one.location.range.start.line for one in related]


async def test_formatting_and_symbols(client: LanguageClient, open_text: Open) -> None:
    uri = open_text(client, PROGRAM.replace("    let", "  let"))
    document = lsp.TextDocumentIdentifier(uri)
    edits = await client.text_document_formatting_async(
        lsp.DocumentFormattingParams(document, lsp.FormattingOptions(4, True))
    )
    assert edits is not None
    assert "    let most" in edits[0].new_text
    symbols = await client.text_document_document_symbol_async(lsp.DocumentSymbolParams(document))
    assert symbols is not None
    names = [one.name for one in symbols]
    assert names == ["stats", "alice", "bob", "Point", "larger", "main"]
    point = symbols[3]
    assert isinstance(point, lsp.DocumentSymbol)
    assert [one.name for one in point.children or []] == ["x", "y"]
    found = await client.workspace_symbol_async(lsp.WorkspaceSymbolParams("lrgr"))
    assert found is not None
    assert "larger" in [one.name for one in found]
    everywhere = await client.workspace_symbol_async(lsp.WorkspaceSymbolParams("main"))
    assert everywhere is not None
    places = [one.location.uri for one in everywhere]
    assert any(place.endswith("examples/sealed-bids/main.ez") for place in places)


async def test_names_lead_to_definitions_and_uses(client: LanguageClient, open_text: Open) -> None:
    text = PROGRAM.replace("let most", "let mean = stats.mean([1, 2]);\n    let most")
    uri = open_text(client, text)
    definition = await client.text_document_definition_async(
        lsp.DefinitionParams(*here(uri, at("larger(own", text)))
    )
    assert isinstance(definition, lsp.Location)
    assert (definition.uri, definition.range.start) == (uri, at("larger(int32", text))
    library = await client.text_document_definition_async(
        lsp.DefinitionParams(*here(uri, at("mean([", text)))
    )
    assert isinstance(library, lsp.Location)
    assert library.uri.endswith("/stdlib/stats.ez")
    found = await client.text_document_references_async(
        lsp.ReferenceParams(lsp.ReferenceContext(False), *here(uri, at("x; int32 y", text)))
    )
    assert found is not None
    assert [one.range.start for one in found] == [at("x: 1", text), at('x, "richer', text)]


async def test_hover_says_type_label_and_why(client: LanguageClient, open_text: Open) -> None:
    uri = open_text(client, PROGRAM)
    hover = await client.text_document_hover_async(lsp.HoverParams(*here(uri, at("most >"))))
    assert hover is not None
    assert isinstance(hover.contents, lsp.MarkupContent)
    assert "secret int32 most" in hover.contents.value
    assert "Why it is not public" in hover.contents.value
    function = await client.text_document_hover_async(lsp.HoverParams(*here(uri, at("larger(own"))))
    assert function is not None
    assert isinstance(function.contents, lsp.MarkupContent)
    assert "fn larger(int32 a, int32 b) -> int32" in function.contents.value
    assert "The larger one." in function.contents.value


async def test_renaming_changes_every_use(client: LanguageClient, open_text: Open) -> None:
    uri = open_text(client, PROGRAM)
    edit = await client.text_document_rename_async(
        lsp.RenameParams(*here(uri, at("own = input")), "mine")
    )
    assert edit is not None
    assert edit.changes is not None
    assert [one.range.start for one in edit.changes[uri]] == [at("own"), at("own", nth=2)]
    for name in ("other", "secret", "len", "1x"):
        with pytest.raises(Exception, match=r"here already|word of the language|Names consist"):
            await client.text_document_rename_async(
                lsp.RenameParams(*here(uri, at("own = input")), name)
            )


@pytest.mark.parametrize(
    ("line", "expected", "others"),
    [
        ("p.¦", ["x", "y"], ["own"]),
        ("let z = p.¦ + 1;", ["x", "y"], ["own"]),
        ("let z = stats.m¦", ["mean"], ["own", "x"]),
        ("@¦", ["alice", "bob"], ["own"]),
        ("let z = input(¦", ["alice", "bob"], ["own"]),
        ('let z = input(alice, "¦");', ["own", "other"], ["alice"]),
        ("¦", ["own", "p", "larger", "let", "int32", "sum", "stats", "Point"], ["x", "a"]),
    ],
)
async def test_completion(
    client: LanguageClient, open_text: Open, line: str, expected: list[str], others: list[str]
) -> None:
    text, position = marked(PROGRAM.replace("    output", f"    {line}\n    output"))
    uri = open_text(client, text)
    found = await client.text_document_completion_async(lsp.CompletionParams(*here(uri, position)))
    assert isinstance(found, list)
    names = {one.label for one in found}
    assert names >= set(expected)
    assert not names & set(others)


async def test_completion_of_modules(client: LanguageClient, open_text: Open) -> None:
    text, position = marked(PROGRAM.replace("import stats;", "import st¦;"))
    found = await client.text_document_completion_async(
        lsp.CompletionParams(*here(open_text(client, text), position))
    )
    assert isinstance(found, list)
    assert {"stats", "search"} <= {one.label for one in found}


@pytest.mark.parametrize(
    ("line", "label", "number"),
    [
        ("let z = larger(1, ¦", "fn larger(int32 a, int32 b) -> int32", 1),
        ("let z = larger(sum([1, 2]), ¦);", "fn larger(int32 a, int32 b) -> int32", 1),
        ("let z = min(¦", "min(x, y)", 0),
    ],
)
async def test_signature_help(
    client: LanguageClient, open_text: Open, line: str, label: str, number: int
) -> None:
    text, position = marked(PROGRAM.replace("    output", f"    {line}\n    output"))
    found = await client.text_document_signature_help_async(
        lsp.SignatureHelpParams(*here(open_text(client, text), position))
    )
    assert found is not None
    assert (found.signatures[0].label, found.signatures[0].active_parameter) == (label, number)


async def test_hints_and_commands(client: LanguageClient, open_text: Open) -> None:
    uri = open_text(client, PROGRAM)
    document = lsp.TextDocumentIdentifier(uri)
    end = lsp.Position(len(PROGRAM.splitlines()), 0)
    hints = await client.text_document_inlay_hint_async(
        lsp.InlayHintParams(document, lsp.Range(lsp.Position(0, 0), end))
    )
    assert hints is not None
    assert [(one.position.line, one.label) for one in hints] == [
        (at("int32 twice").line, "@bob "),
        (at("let most").line, ": secret int32"),
    ]
    lenses = await client.text_document_code_lens_async(lsp.CodeLensParams(document))
    assert lenses is not None
    assert [one.command.title for one in lenses if one.command] == [
        "run simulated",
        "cost",
        "trace",
    ]
    assert all(one.range.start == at("main") for one in lenses)
