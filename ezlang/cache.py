"""A cache of what can be computed again: parse tables, compiled objects, prepared programs.

Each entry is a file, which begins with the SHA-256 of the rest, so that damage is detected. It is
written under another name and then renamed, so that processes never see an incomplete file. The
entries that were used longest ago are removed when the cache has become too large. A folder to
which others may write isn't used: entries are code that is run.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

from .files import replace_file

LARGEST = 512 << 20
"""The largest size of all entries together, in bytes."""

_DIGEST_BYTES = 32
_ENTRY = re.compile(r"([a-z]+-)?[0-9a-f]{32,64}\.[a-z]+")
"""The names of entries: nothing else in the folder is ever removed."""


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


def read_cached(name: str, folder: Path | None = None) -> bytes | None:
    """Return the content cached under `name`; None if there is none, or if it is damaged."""
    folder = folder or cache_directory()
    if folder is None or not is_own(folder):
        return None
    path = folder / name
    try:
        data = path.read_bytes()
    except OSError:
        return None
    digest, content = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
    if not content or sha256(content).digest() != digest:
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # it has been used
    return content


def write_cached(name: str, content: bytes, folder: Path | None = None) -> bool:
    """Cache `content`, which isn't empty, under `name`; return whether it could be written."""
    folder = folder or cache_directory()
    if folder is None or not is_own(folder):
        return False
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(folder / name, sha256(content).digest() + content)
    except OSError:
        return False
    with contextlib.suppress(OSError):  # another process may be removing the same entries
        trim(folder, LARGEST)
    return True


def is_own(folder: Path) -> bool:
    """Return whether a folder, if it is there, is the user's, and nobody else may write to it.

    Its entries are code that is run, so others must not be able to replace them. A folder that they
    may write to isn't used, and a warning says so.
    """
    try:
        status = folder.stat()
    except OSError:
        return True
    others_write = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if os.name != "posix" or (status.st_uid == os.geteuid() and not others_write):
        return True
    _warn_of(folder)
    return False


@cache
def _warn_of(folder: Path) -> None:
    import logging  # seldom needed

    logging.getLogger(__name__).warning(
        "The cache %s isn't used: it must be yours, and nobody else may write to it (chmod 700).",
        folder,
    )


def trim(folder: Path, largest: int) -> None:
    """Remove old entries if all together have more than `largest` bytes, until half are left."""
    with os.scandir(folder) as found:
        entries = [(one.path, one.stat()) for one in found if _ENTRY.fullmatch(one.name)]
    size = sum(status.st_size for _, status in entries)
    if size <= largest:
        return
    for path, status in sorted(entries, key=lambda entry: entry[1].st_mtime_ns):
        if size <= largest // 2:
            return
        Path(path).unlink(missing_ok=True)
        size -= status.st_size


@cache
def code_identity(part: str = "") -> str:
    """Return a digest that changes with the code in a folder of this package, by default all of it.

    It covers the place, size and time of every file. Python relies on the same to tell whether a
    module that it has compiled is up to date.
    """
    digest = sha256(sys.version.encode())
    for one in code_files(part):
        status = one.stat()
        digest.update(f"{one.path}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def code_files(part: str = "") -> Iterator[os.DirEntry[str]]:
    """Yield the files of code in a folder of this package, by default all of it, in an order."""
    pending = [os.path.join(os.path.dirname(__file__), part)]
    while pending:
        with os.scandir(pending.pop()) as found:
            for one in sorted(found, key=lambda one: one.name):
                if one.name.endswith((".py", ".ez", ".lark")):
                    yield one
                elif "." not in one.name and one.name != "__pycache__" and one.is_dir():
                    pending.append(one.path)
