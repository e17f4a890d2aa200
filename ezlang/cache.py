"""Where things are kept that can be made again: parse tables, compiled objects."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_directory() -> Path:
    """Return `$EZLANG_CACHE`, or `ezlang` in the platform's folder for caches; it may not exist."""
    if chosen := os.environ.get("EZLANG_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        parent = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        parent = Path.home() / "Library" / "Caches"
    else:
        parent = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return parent / "ezlang"


def read_cached(name: str) -> bytes | None:
    """Return what is kept under `name`, or None."""
    try:
        return (cache_directory() / name).read_bytes()
    except (OSError, RuntimeError):
        return None


def write_cached(name: str, content: bytes) -> None:
    """Keep `content` under `name`, at once or not at all; a cache that can't be written is none."""
    import tempfile  # slow to import, and seldom needed

    try:
        path = cache_directory() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
        os.replace(file.name, path)
    except (OSError, RuntimeError):
        return
