"""Where a store is, and the key that its entries are sealed with."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ezlang.session.identity import check_key_file, write_secret

from . import errors
from .folder import Store
from .sealed import KEY_BYTES

if TYPE_CHECKING:
    from ezlang.session.tls import Keys

_LONGEST_NAME: Final = 40


def store_root(given: Path | None) -> Path:
    """Return the folder that is given, or `$EZLANG_STORE`, or one in the user's data folder."""
    if given is not None:
        return given
    if chosen := os.environ.get("EZLANG_STORE"):
        return Path(chosen)
    return _users_data() / "prepared"


def _users_data() -> Path:
    """Return ezlang's folder among the user's data. Raises EzError if the user has no home."""
    try:
        if sys.platform == "win32":
            data = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            data = Path.home() / "Library" / "Application Support"
        else:
            data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    except RuntimeError:
        raise errors.unusable(
            "There is no place for a store: this user has no home",
            "give --store FOLDER, and set XDG_DATA_HOME for its key",
        ) from None
    return data / "ezlang"


def key_file(keys: Keys | None) -> Path:
    """Return the file of a store's key: beside the party's key, if it has one."""
    if keys is None:
        return _users_data() / "store.key"
    path = Path(keys.file)
    return path.with_name(f"{path.stem}.store.key")


def open_store(
    root: Path | None, keys: Keys | None, party: str, *, create: bool = False
) -> Store | None:
    """Return the store of a party, called by its name in the program unless it has `keys`.

    None if there is no key yet, unless it is to `create` one. Raises EzError if the key can't be
    used.
    """
    path = key_file(keys)
    key = _key(path, create=create)
    name = party if keys is None else keys.name
    return None if key is None else Store(store_root(root), name[:_LONGEST_NAME], key)


def _key(path: Path, *, create: bool) -> bytes | None:
    """Return the key in a file, which is made on first use."""
    try:
        if create and not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):  # another process was sooner
                write_secret(path, f"{os.urandom(KEY_BYTES).hex()}\n".encode(), new=True)
        if not path.exists():
            return None
        check_key_file(path)
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except OSError as error:
        raise errors.unusable(f"The store's key {path}: {error.strerror}") from None
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise errors.unusable(
            f"{path} holds no key of a store",
            "without its key, what was prepared is lost: remove the file, and prepare anew",
        )
    return key
