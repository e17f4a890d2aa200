"""Diagnostics as the protocol has them, and what mends them."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types as lsp

from ezlang.diagnostics.diagnostic import Diagnostic
from ezlang.source import Span

from .documents import Checked, Document
from .places import Places, uri_of


def published(
    document: Document, checked: Checked, places: Places
) -> dict[str, list[lsp.Diagnostic]]:
    """Return the diagnostics of a check by document; those without a place stand at its start."""
    found: dict[str, list[lsp.Diagnostic]] = {document.uri: []}
    for one in checked.diagnostics:
        uri = document.uri
        if one.span is not None and one.span.source is not document.source:
            uri = uri_of(one.span.source)
        found.setdefault(uri, []).append(_diagnostic(one, document, places))
    return found


def _diagnostic(one: Diagnostic, document: Document, places: Places) -> lsp.Diagnostic:
    span = one.span if one.span is not None else Span(document.source, 0, 0)
    sentences = [one.message + ".", *([one.help] if one.help else [])]
    sentences += [f"{note.message}." for note in one.notes if note.span is None]
    severity = lsp.DiagnosticSeverity.Warning if one.is_warning else lsp.DiagnosticSeverity.Error
    return lsp.Diagnostic(
        range=places.range(span),
        message="\n".join(sentences),
        severity=severity,
        code=one.code,
        source="ezlang",
        related_information=[
            lsp.DiagnosticRelatedInformation(places.location(note.span), note.message)
            for note in one.notes
            if note.span is not None
        ]
        or None,
    )


def fixes(
    document: Document, checked: Checked, start: int, end: int, places: Places
) -> Iterator[lsp.CodeAction]:
    """Yield what mends the diagnostics that touch a part of a document."""
    for one in checked.diagnostics:
        fix, span = one.fix, one.span
        if fix is None or span is None or span.source is not document.source:
            continue
        if span.start <= end and start <= span.end and fix.span.source is document.source:
            edit = lsp.TextEdit(places.range(fix.span), fix.replacement)
            yield lsp.CodeAction(
                title=(one.help or f"Write {fix.replacement}").removesuffix("."),
                kind=lsp.CodeActionKind.QuickFix,
                diagnostics=[_diagnostic(one, document, places)],
                is_preferred=True,
                edit=lsp.WorkspaceEdit(changes={document.uri: [edit]}),
            )
