"""`ezlang lsp`: the language server."""

from __future__ import annotations

import importlib.util

import click

from .options import usage_error


@click.command(short_help="Answer an editor: the language server.")
@click.option("--stdio", is_flag=True, hidden=True, help="Ignored: there is no other way.")
def lsp(stdio: bool) -> None:
    """Answer an editor on standard input and output, by the Language Server Protocol.

    Editors start it; docs/editors.md says how. It needs the extra `lsp`.
    """
    del stdio
    if importlib.util.find_spec("pygls") is None:
        raise usage_error("The language server needs pygls", "pip install 'ezlang[lsp]'")
    from ezlang.server.server import serve

    serve()
