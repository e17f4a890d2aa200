"""Atomic writing of files."""

from __future__ import annotations

from pathlib import Path

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.files import replace_file

_NEW = 0o644


def write_whole(path: Path, content: str | bytes) -> None:
    """Write or replace a file atomically, keeping its permissions; text becomes UTF-8.

    Raises EzError (exit code 2).
    """
    target = path.resolve()
    try:
        mode = target.stat().st_mode if target.exists() else _NEW
        whole = content.encode("utf-8") if isinstance(content, str) else content
        replace_file(target, whole, mode)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from None


def require_folder(path: Path) -> None:
    """Raise EzError (exit code 2) if the folder of a file does not exist."""
    if not path.resolve().parent.is_dir():
        raise _unwritable(path, "there is no such folder")


def _unwritable(path: Path, why: str) -> EzError:
    message = f"{path} cannot be written: {why}"
    return EzError(Diagnostic(code="EZ4106", message=message, span=None), exit_code=2)
