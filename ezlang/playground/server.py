"""The server of the page: HTTP on the loopback interface alone.

Any page that a browser has open can send requests to this machine. So a request must name this
machine as its host, which one that a foreign name leads here (DNS rebinding) doesn't; and one that
runs something must come from the page itself, as JSON, which browsers let no other page send.
"""

from __future__ import annotations

import json
import sys
from collections import OrderedDict
from dataclasses import asdict
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_urlsafe
from threading import Lock
from typing import Any, Final, cast
from urllib.parse import urlsplit

from ezlang import __version__
from ezlang.syntax.tables import load_tables
from ezlang.syntax.token_context import TYPE_WORDS

from .children import Children, Limits, RefusedError
from .examples import examples

ADDRESS: Final = "127.0.0.1"
_HOSTS: Final = frozenset({ADDRESS, "localhost"})
_LARGEST_REQUEST = 1_000_000
_MOST_PAGES = 8
"""How many pages of traces are kept: the latest ones."""

_SILENCE = 30.0
"""Seconds after which a connection that says nothing is closed."""

_FILES: Final = {
    "/": ("page.html", "text/html"),
    "/style.css": ("style.css", "text/css"),
    "/highlight.js": ("highlight.js", "text/javascript"),
    "/editor.js": ("editor.js", "text/javascript"),
    "/main.js": ("main.js", "text/javascript"),
}
_PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "frame-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_TRACE_POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "sandbox allow-scripts allow-downloads; frame-ancestors 'self'"
)
"""The page of a trace has its scripts inside; it may reach nothing, not even this server."""


class Playground(ThreadingHTTPServer):
    """The server, with the processes it has started and the traces that it keeps."""

    daemon_threads = True

    def __init__(self, port: int, limits: Limits) -> None:
        """Listen at a port; 0 is any that is free. Raises OSError if it is taken."""
        super().__init__((ADDRESS, port), _Handler)
        self.children = Children(limits)
        self._pages: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{ADDRESS}:{self.server_port}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say what went wrong, unless the browser has hung up: a page may be left at any time."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def keep(self, page: bytes) -> str:
        """Keep the page of a trace for a while; return its path."""
        path = f"/trace/{token_urlsafe(16)}"
        with self._lock:
            self._pages[path] = page
            while len(self._pages) > _MOST_PAGES:
                self._pages.popitem(last=False)
        return path

    def kept(self, path: str) -> bytes | None:
        """Return the page of a trace, if it is still kept."""
        with self._lock:
            return self._pages.get(path)

    @cached_property
    def start(self) -> bytes:
        """What the page asks for first: the words of the language, and the examples."""
        words = sorted(load_tables().words - TYPE_WORDS)
        told = {
            "version": __version__,
            "words": words,
            "types": sorted(TYPE_WORDS),
            "examples": examples(),
        }
        return json.dumps(told, ensure_ascii=False).encode()

    def serve(self) -> None:
        """Answer until Ctrl-C; then end what still runs."""
        try:
            self.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            self.children.stop()
            self.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    timeout = _SILENCE
    server_version = "ezlang"
    sys_version = ""

    @property
    def playground(self) -> Playground:
        return cast(Playground, self.server)

    def do_GET(self) -> None:
        """Answer with a file of the page, its data, or the page of a trace."""
        path = urlsplit(self.path).path
        try:
            self._require_this_host()
            if path in _FILES:
                name, kind = _FILES[path]
                content = (Path(__file__).parent / "page" / name).read_bytes()
                self._answer(200, f"{kind}; charset=utf-8", content)
            elif path == "/start.json":
                self._answer(200, "application/json", self.playground.start)
            elif (page := self.playground.kept(path)) is not None:
                self._answer(200, "text/html; charset=utf-8", page, _TRACE_POLICY)
            else:
                raise RefusedError(404, "There is no such page.")
        except RefusedError as refused:
            self._refuse(refused)

    def do_POST(self) -> None:
        """Run a command on the files of a request."""
        try:
            self._require_this_host()
            self._require_the_page()
            asked = self._body()
            done = self.playground.children.run(asked.get("action"), asked.get("files"))
            told = asdict(done)
            page = told.pop("page")
            told["trace"] = None if page is None else self.playground.keep(page)
            self._answer(200, "application/json", json.dumps(told).encode())
            self.playground.children.prepare()
        except RefusedError as refused:
            self._refuse(refused)

    def _require_this_host(self) -> None:
        host = self.headers.get("Host", "")
        if host.rpartition(":")[0] not in _HOSTS and host not in _HOSTS:
            raise RefusedError(403, "This server answers to 127.0.0.1 and localhost alone.")

    def _require_the_page(self) -> None:
        if urlsplit(self.path).path != "/do":
            raise RefusedError(404, "There is no such page.")
        if self.headers.get("Origin") != f"http://{self.headers['Host']}":
            raise RefusedError(403, "Only the playground's own page may run programs.")
        if self.headers.get_content_type() != "application/json":
            raise RefusedError(415, "Requests are JSON.")

    def _body(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal():
            raise RefusedError(411, "The length of the request is missing.")
        if len(length) > 9 or int(length) > _LARGEST_REQUEST:
            raise RefusedError(413, f"A request has at most {_LARGEST_REQUEST:,} bytes.")
        try:
            asked = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            raise RefusedError(400, "The request is not JSON.") from None
        if not isinstance(asked, dict):
            raise RefusedError(400, "The request is not a JSON object.")
        return asked

    def _refuse(self, refused: RefusedError) -> None:
        told = json.dumps({"refused": str(refused)}).encode()
        self._answer(refused.status, "application/json", told)

    def _answer(self, status: int, kind: str, content: bytes, policy: str = _PAGE_POLICY) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(content))),
            ("Content-Security-Policy", policy),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: requests are no news."""
