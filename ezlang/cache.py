"""A cache of files that can be recomputed: parse tables, compiled objects."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .files import replace_file


def cache_directory() -> Path | None:
    """Return `$EZLANG_CACHE`, or `ezlang` in the user's cache folder; it may not exist.

    The result is None for a user without a home, for whom nothing is cached.
    """
    if chosen := os.environ.get("EZLANG_CACHE"):
        return Path(chosen)
    try:
        return _users_caches() / "ezlang"
    except RuntimeError:
        return None


def _users_caches() -> Path:
    """Return the user's cache folder. Raises RuntimeError if the user has no home."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def read_cached(name: str) -> bytes | None:
    """Return the content cached under `name`, or None."""
    folder = cache_directory()
    if folder is None:
        return None
    try:
        return (folder / name).read_bytes()
    except OSError:
        return None


def write_cached(name: str, content: bytes) -> None:
    """Cache `content` under `name` atomically; failures to write are ignored."""
    folder = cache_directory()
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / name, content)
    except OSError:
        return
