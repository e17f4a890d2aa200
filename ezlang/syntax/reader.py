"""Reads a file of Ez, with an error for each way in which that can fail."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ezlang.diagnostics.diagnostic import Diagnostic, Diagnostics, EzError
from ezlang.source import Source, Span

MAX_BYTES = 4 << 20
"""The largest file; nobody writes a longer program by hand, and data enter it by `input`."""


def read_source(path: str | os.PathLike[str], name: str | None = None) -> Source:
    """Return the text of a file (UTF-8, at most MAX_BYTES) as a source.

    `name` is its name in messages, by default the path. Raises EzError (exit code 2, codes EZ0001
    to EZ0003) if there is no such file or it is not text.
    """
    shown = os.fspath(path) if name is None else name
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise _unreadable(
                f"{shown} is a directory, not a file", f"Name a file: {shown}/main.ez."
            )
        if status.st_size > MAX_BYTES:
            raise EzError(_too_large(shown, None), exit_code=2)
        content = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise _unreadable(f"There is no file {shown}", _neighbours(Path(path))) from error
    except PermissionError as error:
        message = f"The file {shown} may not be read by this user"
        raise _unreadable(message, "Check the file's permissions.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _unreadable(f"The file {shown} cannot be read ({reason})", None) from error
    return Source(shown, _decoded(shown, content))


def check_size(source: Source, diagnostics: Diagnostics) -> bool:
    """Return whether a source is short enough to parse; report it if it isn't."""
    if len(source.text) <= MAX_BYTES:
        return True
    diagnostics.add(_too_large(source.name, Span(source, 0, 0)))
    return False


def _decoded(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = Source(name, content[: error.start].decode("utf-8"))
        line, _ = before.position(len(before.text))
        diagnostic = Diagnostic(
            code="EZ0002",
            message=f"The file {name} is not UTF-8: its line {line} has the byte "
            f"0x{content[error.start]:02x} where no character can begin",
            span=Span(before, len(before.text), len(before.text)),
            help="Save it as UTF-8 text. If it is not text at all, name another file.",
        )
        raise EzError(diagnostic, exit_code=2) from error


def _unreadable(message: str, help: str | None) -> EzError:
    return EzError(Diagnostic(code="EZ0001", message=message, span=None, help=help), exit_code=2)


def _too_large(name: str, span: Span | None) -> Diagnostic:
    return Diagnostic(
        code="EZ0003",
        message=f"The file {name} is larger than {MAX_BYTES >> 20} MiB",
        span=span,
        help="A program reads its data by `input`; they are not part of its text.",
    )


def _neighbours(path: Path) -> str | None:
    """Return a sentence about the programs in the folder of a missing file, or None."""
    try:
        if not path.parent.is_dir():
            return f"There is no directory {path.parent} either."
        names = sorted(p.name for p in path.parent.glob("*.ez"))[:5]
    except (OSError, ValueError):
        return None
    return f"That directory has {', '.join(names)}." if names else None
