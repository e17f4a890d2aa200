"""The server: the features of the protocol, answered by the other modules of this package."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from lsprotocol import types as lsp
from pygls import uris
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from ezlang import __version__
from ezlang.diagnostics.diagnostic import EzError
from ezlang.source import Source

from . import calls, completion, edits, hints, hover, problems, symbols
from .costs import Costs, described
from .documents import Document, Documents
from .index import Use
from .places import Places

_PAUSE = 0.05
"""Seconds without a change after which a document is checked."""

_LONG_PAUSE = 1.0
"""Seconds without a change after which costs are computed."""


Place = lsp.DefinitionParams | lsp.ReferenceParams | lsp.PrepareRenameParams | lsp.RenameParams


class EzServer(LanguageServer):
    """The server, with the documents that its client has open."""

    def __init__(self) -> None:
        super().__init__("ezlang", __version__)
        self.documents = Documents()
        self.costs = Costs()
        self._timers: dict[str, list[asyncio.TimerHandle]] = {}
        self._shown: dict[str, set[str]] = {}

    @property
    def places(self) -> Places:
        """The conversion of places for this client."""
        return Places(self.workspace.position_codec)

    def changed(self, uri: str) -> None:
        """Take the present text of a document; check it, and compute costs, after pauses."""
        text = self.workspace.get_text_document(uri)
        self.documents.put(uri, text.version or 0, text.source)
        self.costs.forget(uri)
        self._stop(uri)
        loop = asyncio.get_running_loop()
        self._timers[uri] = [
            loop.call_later(_PAUSE, self._publish_all, uri),
            loop.call_later(_LONG_PAUSE, self._compute, uri),
        ]

    def closed(self, uri: str) -> None:
        """Forget a document, and what is shown of it."""
        self._stop(uri)
        self.costs.forget(uri)
        self.documents.close(uri)
        for shown in self._shown.pop(uri, {uri}):
            self._send(shown, None, [])

    def _stop(self, uri: str) -> None:
        for timer in self._timers.pop(uri, []):
            timer.cancel()

    def _publish_all(self, uri: str) -> None:
        """Check a document, and those that may import it."""
        for other in sorted(self.documents.open, key=lambda one: one != uri):
            self._publish(self.documents.open[other])

    def _publish(self, document: Document) -> None:
        found = problems.published(document, self.documents.check(document), self.places)
        own = {
            uri: listed
            for uri, listed in found.items()
            if uri == document.uri or uri not in self.documents.open
        }
        for gone in self._shown.get(document.uri, set()) - own.keys():
            self._send(gone, None, [])
        self._shown[document.uri] = set(own)
        for uri, listed in own.items():
            self._send(uri, document.version if uri == document.uri else None, listed)

    def _send(self, uri: str, version: int | None, listed: list[lsp.Diagnostic]) -> None:
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri, listed, version=version)
        )

    def _compute(self, uri: str) -> None:
        document = self.documents.open.get(uri)
        if document is not None and self.documents.check(document).result.program is not None:
            self.costs.compute(uri, document.source)

    def document(self, of: lsp.TextDocumentIdentifier) -> Document:
        """Return a document. Raises JsonRpcInvalidParams if it can't be read."""
        try:
            return self.documents.get(of.uri)
        except EzError as error:
            raise JsonRpcInvalidParams(error.summary) from error

    def use(self, params: Place) -> tuple[Source, Use | None]:
        """Return a document's source, and the name at a place."""
        source = self.document(params.text_document).source
        offset = self.places.offset(source, params.position)
        return source, self.documents.index(source).at(offset)


def make_server() -> EzServer:
    """Return a server with all features."""
    server = EzServer()
    _add_documents(server)
    _add_names(server)
    _add_edits(server)
    _add_writing(server)
    return server


def _add_documents(server: EzServer) -> None:
    @server.feature(lsp.INITIALIZED)
    def initialized(params: lsp.InitializedParams) -> None:
        folders = [uris.to_fs_path(uri) for uri in server.workspace.folders]
        root = server.workspace.root_path
        found = {folder for folder in (*folders, root) if folder}
        server.documents.folders = [Path(folder) for folder in sorted(found)]

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        server.changed(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        server.changed(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        server.changed(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        server.closed(params.text_document.uri)


def _add_names(server: EzServer) -> None:
    documents = server.documents

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def outline(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        index = documents.index(server.document(params.text_document).source)
        return symbols.outline(index, server.places)

    @server.feature(lsp.WORKSPACE_SYMBOL)
    def named(params: lsp.WorkspaceSymbolParams) -> list[lsp.WorkspaceSymbol]:
        return list(symbols.named(documents, params.query, server.places))

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def definition(params: lsp.DefinitionParams) -> lsp.Location | None:
        source, use = server.use(params)
        if use is None:
            return None
        home = documents.index(source).imports.get(use.definition.name)
        if use.definition.node in documents.index(source).module.items and home is not None:
            return server.places.location(home.module.span)
        return server.places.location(use.definition.span)

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def references(params: lsp.ReferenceParams) -> list[lsp.Location]:
        source, use = server.use(params)
        if use is None:
            return []
        found = edits.references(documents, source, use.definition)
        own = params.context.include_declaration
        return [
            server.places.location(span)
            for span in found
            if own or (span.source.name, span.start) != use.definition.key
        ]

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hovered(params: lsp.HoverParams) -> lsp.Hover | None:
        document = server.document(params.text_document)
        source, places = document.source, server.places
        index, watch = documents.index(source), documents.check(document).watch
        line = params.position.line + 1
        known = server.costs.of(document.uri, source).get(line)
        cost = described(known, source, line, index.module, watch) if known else None
        found = hover.hovered(index, watch, places.offset(source, params.position), cost)
        if found is None:
            return None
        text = lsp.MarkupContent(lsp.MarkupKind.Markdown, "\n\n".join(found[1]))
        return lsp.Hover(text, places.range(found[0]))


def _add_edits(server: EzServer) -> None:
    documents = server.documents

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def formatted(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
        return edits.formatted(server.document(params.text_document), server.places)

    @server.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    def prepared(params: lsp.PrepareRenameParams) -> lsp.Range | None:
        _, use = server.use(params)
        if use is None:
            return None
        try:
            edits.check_renamable(use.definition)
        except edits.CannotRenameError as error:
            raise JsonRpcInvalidParams(str(error)) from error
        return server.places.range(use.span)

    @server.feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    def renamed(params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        source, use = server.use(params)
        if use is None:
            return None
        try:
            return edits.renamed(documents, source, use.definition, params.new_name, server.places)
        except edits.CannotRenameError as error:
            raise JsonRpcInvalidParams(str(error)) from error

    kinds = lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix])

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, kinds)
    def fixes(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        document, places = server.document(params.text_document), server.places
        start = places.offset(document.source, params.range.start)
        end = places.offset(document.source, params.range.end)
        return list(problems.fixes(document, documents.check(document), start, end, places))


def _add_writing(server: EzServer) -> None:
    documents = server.documents

    @server.feature(
        lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[".", "@", '"'])
    )
    def completed(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        document = server.document(params.text_document)
        offset = server.places.offset(document.source, params.position)
        watch = documents.check(document).watch
        return completion.completions(documents, document.source, watch, offset)

    @server.feature(
        lsp.TEXT_DOCUMENT_SIGNATURE_HELP, lsp.SignatureHelpOptions(trigger_characters=["(", ","])
    )
    def signature(params: lsp.SignatureHelpParams) -> lsp.SignatureHelp | None:
        source = server.document(params.text_document).source
        offset = server.places.offset(source, params.position)
        return calls.signature(documents.index(source), offset)

    @server.feature(lsp.TEXT_DOCUMENT_INLAY_HINT)
    def hinted(params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        document, places = server.document(params.text_document), server.places
        start = places.offset(document.source, params.range.start)
        end = places.offset(document.source, params.range.end)
        watch = documents.check(document).watch
        return hints.hints(documents.index(document.source), watch, start, end, places)

    @server.feature(lsp.TEXT_DOCUMENT_CODE_LENS)
    def lenses(params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        source = server.document(params.text_document).source
        return hints.lenses(documents.index(source), server.places)


def serve() -> None:
    """Answer a client on standard input and output until it ends the connection."""
    os.environ.setdefault("PYTHONUTF8", "1")
    make_server().start_io()
