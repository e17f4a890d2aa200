"""The folder of a store: entries that are used once, and what is left of those that were used.

An *entry* is a sealed file, ID.material, written under another name, synchronised with the disk and
then renamed. Whoever takes an entry first makes ID.used, which fails if it is there, synchronises
it and the folder, and then removes the material. ID.used is kept for ever: an entry whose mark is
there isn't used, whatever a backup brings back. A crash at any point loses the entry, or leaves it
unused.

Each key has a folder of its own within the store: PARTY-DIGITS, by the party's name and a digest of
the key.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from ezlang.compiler.protocols.dealt import demands as amounts
from ezlang.compiler.protocols.dealt.demands import Demands
from ezlang.files import sync_folder
from ezlang.records import dataclass, replace
from ezlang.session.identity import is_private

from . import errors
from .sealed import DamagedError, SealedReader, SealedWriter, read_head
from .units import StoredUnits, part_lengths

_ID: Final = re.compile(r"[0-9a-f]{32}")
_MATERIAL: Final = ".material"
_USED: Final = ".used"
_UNFINISHED: Final = ".new-"
_ABANDONED: Final = 86_400
"""Seconds after which an unfinished file belongs to no process any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The header of an entry. `id`: that of its preparing session, the same at both parties.

    `binding` is a digest of everything that a run must have in common with it. The other fields are
    for users. `made`: when, in UTC. `peer`: the fingerprint of the other party's key, if it is
    pinned.
    """

    id: str
    binding: str
    program: str
    params: dict[str, int | bool]
    party: int
    names: tuple[str, str]
    peer: str
    made: str
    demands: Demands

    def with_id(self, id: str) -> Entry:
        """Return the same with another id."""
        return replace(self, id=id)

    def encode(self) -> bytes:
        """Return the entry as a header."""
        said = {name: getattr(self, name) for name in _FIELDS}
        return json.dumps(said | {"demands": amounts.encode(self.demands)}).encode()


_FIELDS: Final[dict[str, type | tuple[type, ...]]] = {
    "id": str,
    "binding": str,
    "program": str,
    "params": dict,
    "party": int,
    "names": (list, tuple),
    "peer": str,
    "made": str,
    "demands": dict,
}


def _decoded(header: bytes) -> Entry:
    """Return the entry in a header. Raises DamagedError."""
    try:
        said: Any = json.loads(header)
        if not isinstance(said, dict) or said.keys() != _FIELDS.keys():
            raise ValueError
        if not all(isinstance(said[name], type) for name, type in _FIELDS.items()):
            raise ValueError
        if said["party"] not in (0, 1) or len(said["names"]) != 2:
            raise ValueError
        names = tuple(map(str, said["names"]))
        demands = amounts.decode(said["demands"])
        return Entry(**{**said, "names": names, "demands": demands})
    except (ValueError, RecursionError):
        raise DamagedError("its header is not one of ezlang") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What anybody can see of an entry, which may be changed; none of it if it isn't readable."""

    path: Path
    size: int
    entry: Entry | None

    @property
    def id(self) -> str:
        """The id, which is part of the file's name."""
        return self.path.stem


def stored(root: Path) -> list[Stored]:
    """Return the entries of all parties in a store, whatever they were sealed with."""
    return [
        Stored(path=path, size=path.stat().st_size, entry=_readable(path))
        for path in sorted(root.glob(f"*/*{_MATERIAL}"))
        if _ID.fullmatch(path.stem)
    ]


def forget(root: Path, ids: Iterable[str]) -> list[str]:
    """Remove the entries with these ids, or ids that begin so, or `all`; return their ids.

    Raises EzError (exit code 2) if there is none with an id.
    """
    entries = stored(root)
    chosen: dict[Path, str] = {}
    for id in ids:
        found = {one.path: one.id for one in entries if id == "all" or one.id.startswith(id)}
        if not found:
            raise errors.unusable(
                f"Nothing that is prepared has the id {id}", "see ezlang prepare --list"
            )
        chosen |= found
    for path in chosen:
        bury(path)
    return list(dict.fromkeys(chosen.values()))


def _readable(path: Path) -> Entry | None:
    try:
        with path.open("rb") as file:
            return _decoded(read_head(file)[1])
    except DamagedError:
        return None


class Store:
    """The entries of one party that were sealed with one key, in a folder of their own."""

    def __init__(self, root: Path, party: str, key: bytes) -> None:
        self._key = key
        self.folder = root / f"{party}-{sha256(b'ezlang store key' + key).hexdigest()[:8]}"

    def entries(self) -> list[Entry]:
        """Return the unused entries. Raises EzError (exit code 3) if one is damaged."""
        found = []
        for path in sorted(self._files(_MATERIAL)):
            # It is gone if another run has just taken it.
            with contextlib.suppress(FileNotFoundError):
                if self._path(path.stem, _USED).exists():
                    path.unlink()  # a crash came between the mark and this
                else:
                    found.append(self._entry(path))
        return found

    def used(self) -> set[str]:
        """Return the ids of all entries that were used."""
        return {path.stem for path in self._files(_USED)}

    def _files(self, ending: str) -> Iterator[Path]:
        if not self.folder.is_dir():
            return
        self._require_private()
        for path in self.folder.glob(f"*{ending}"):
            if _ID.fullmatch(path.stem):
                yield path

    def _path(self, id: str, ending: str) -> Path:
        return self.folder / f"{id}{ending}"

    def _require_private(self) -> None:
        if not is_private(self.folder):
            raise errors.unusable(
                f"The store {self.folder} may be read or changed by others",
                f"if nobody has, make it yours alone: chmod 700 {self.folder}",
            )

    def _entry(self, path: Path) -> Entry:
        units, entry = self._opened(path)
        units.close()
        return entry

    def _opened(self, path: Path) -> tuple[StoredUnits, Entry]:
        """Open an entry, whose header is authentic then. Raises EzError if it is damaged."""
        file = path.open("rb")
        try:
            reader = SealedReader(file, self._key)
            entry = _decoded(reader.header)
            if entry.id != path.stem:
                raise DamagedError("it has another name")
            reader.expect(tuple(part_lengths(entry.demands, entry.party)))
            units = StoredUnits(
                reader, entry.party, entry.demands, lambda why: errors.damaged(path, str(why))
            )
        except DamagedError as error:
            file.close()
            raise errors.damaged(path, str(error)) from None
        except BaseException:
            file.close()
            raise
        return units, entry

    def require_room(self, size: int) -> None:
        """Raise EzError (exit code 2) unless so many bytes fit on the disk."""
        place = next(one for one in (self.folder, *self.folder.absolute().parents) if one.exists())
        free = shutil.disk_usage(place).free
        if size > free:
            raise errors.unusable(
                f"The store {self.folder} has no room: it takes {size:,} bytes, and the disk has "
                f"{free:,} left",
                "give another folder with --store, or prepare fewer runs",
            )

    @contextmanager
    def writing(self, entry: Entry) -> Iterator[SealedWriter]:
        """Write an entry in the block, which becomes one of the store at its end.

        Nothing of it is left if the block fails. Raises EzError if the store can't be written to.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._require_private()
            self._remove_abandoned()
            with tempfile.NamedTemporaryFile(
                dir=self.folder, prefix=_UNFINISHED, delete=False
            ) as file:
                written = Path(file.name)
                try:
                    yield SealedWriter(file, self._key, entry.encode())
                    file.close()
                    os.replace(written, self._path(entry.id, _MATERIAL))
                except BaseException:
                    written.unlink(missing_ok=True)
                    raise
            sync_folder(self.folder)
        except OSError as error:
            raise errors.unusable(
                f"The store {self.folder} cannot be written to: {error.strerror}"
            ) from None

    def _remove_abandoned(self) -> None:
        """Remove what processes left that were killed while they wrote."""
        for path in self.folder.glob(f"{_UNFINISHED}*"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _ABANDONED:
                    path.unlink()

    def claim(self, id: str) -> StoredUnits | None:
        """Take an entry, which is marked as used for ever; None if another run was sooner.

        When this returns, the mark is on the disk.
        """
        units: StoredUnits | None = None
        with contextlib.suppress(FileNotFoundError):
            units, _ = self._opened(self._path(id, _MATERIAL))
        if self.bury(id) and units is not None:
            return units
        if units is not None:
            units.close()
        return None

    def bury(self, id: str) -> bool:
        """Mark an entry as used, and remove its material; return whether it was unused."""
        return bury(self._path(id, _MATERIAL))


def bury(path: Path) -> bool:
    """Mark the entry in a file as used, and remove the file; return whether it was unused."""
    try:
        new = _marked(path.with_suffix(_USED))
        sync_folder(path.parent)
        # Windows keeps a file that is open; nobody uses it any more.
        with contextlib.suppress(PermissionError):
            path.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise errors.unusable(
            f"The store {path.parent} cannot be written to: {error.strerror}"
        ) from None
    return new


def _marked(path: Path) -> bool:
    """Make an empty file; return whether it is new."""
    try:
        with open(path, "xb") as file:
            os.fsync(file.fileno())
    except FileExistsError:
        return False
    return True
