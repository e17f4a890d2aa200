from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types as lsp
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

SERVER = ClientServerConfig(server_command=[sys.executable, "-m", "ezlang", "lsp"])


@pytest_lsp.fixture(config=SERVER, scope="module", loop_scope="module")
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    """A client whose server has been started; its folder is that of the examples."""
    folder = Path(__file__).parents[2] / "examples" / "sealed-bids"
    capabilities = client_capabilities("visual_studio_code")
    assert capabilities.general is not None
    capabilities.general.position_encodings = [lsp.PositionEncodingKind.Utf16]
    await lsp_client.initialize_session(
        lsp.InitializeParams(
            capabilities=capabilities,
            workspace_folders=[lsp.WorkspaceFolder(folder.as_uri(), folder.name)],
        )
    )
    yield
    await lsp_client.shutdown_session()


Open = Callable[[LanguageClient, str], str]


@pytest.fixture
def open_text(tmp_path: Path) -> Open:
    """Opens a text as a document, and returns its address."""

    def opened(client: LanguageClient, text: str) -> str:
        uri = (tmp_path / "main.ez").as_uri()
        item = lsp.TextDocumentItem(uri, "ez", 1, text)
        client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return uri

    return opened
