"""Texts in which `¦` marks a place."""

from __future__ import annotations

from lsprotocol import types as lsp


def marked(text: str) -> tuple[str, lsp.Position]:
    """Return a text without its mark, and the position of the mark."""
    before, after = text.split("¦")
    lines = before.split("\n")
    return before + after, lsp.Position(len(lines) - 1, len(lines[-1].encode("utf-16-le")) // 2)
