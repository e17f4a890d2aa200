"""Input files that can't be read, or aren't well-formed."""

from __future__ import annotations

from pathlib import Path

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.source import Span

from .names import USAGE


def file_error(
    path: Path, what: str, *, code: str = "EZ4102", span: Span | None = None, help: str = ""
) -> EzError:
    """Return an error, exit code 2, which says what is wrong with a file."""
    message = f"{path} {what}"
    return EzError(
        Diagnostic(code=code, message=message, span=span, help=help or None), exit_code=USAGE
    )


def read_bytes(path: Path) -> bytes:
    """Return the content of a file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        why = f"There is no input file {path}"
    except OSError as error:
        why = f"The input file {path} cannot be read: {error.strerror or error}"
    raise EzError(Diagnostic(code="EZ4101", message=why, span=None), exit_code=USAGE)


def read_text(path: Path) -> str:
    """Return the content of a file of UTF-8 text, without a byte-order mark."""
    content = read_bytes(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise file_error(path, f"is not UTF-8 text: line {line} has invalid bytes") from None
