"""The file parties.toml: who is who and where, and which programs this side has agreed to run.

    [party.hospital]
    key = "hospital.key"                     this side's own, beside the file
    address = "hospital.example.org:7800"    where others dial it
    listen = "0.0.0.0:7800"                  where it listens itself, if that is another address
    plays = ["alice"]                        parties of programs that it is, beside its own name
    fingerprint = "…"
    certificate = "…"

    [approved]
    "64 digits" = "the program's name"

`ezlang party` adds and removes tables, and leaves alone what users have written.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from ezlang.files import replace_file
from ezlang.records import dataclass
from ezlang.typed.tree import Program

from . import errors
from .address import DEALER_PORT, Address, parse_address, parse_addresses
from .identity import Card, card_of, check_key_file
from .tls import Keys, Pin, check_own

FILE: Final = "parties.toml"
LONGEST: Final = 1 << 20
_FIELDS: Final = {"key", "address", "listen", "plays", "fingerprint", "certificate"}
_HEAD: Final = "# Who is who, and where: see docs/two-machines.md of ezlang.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A side as parties.toml has it. `key` is the file of its private key if it is this side."""

    card: Card
    key: Path | None = None
    listen: str | None = None
    plays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """The content of parties.toml: sides by name, and programs by hash."""

    path: Path
    known: dict[str, Known] = field(default_factory=dict)
    approved: dict[str, str] = field(default_factory=dict)

    def named(self, party: str) -> Known | None:
        """Return the side that is a party of a program, by its own name or by what it plays."""
        found = [one for one in self.known.values() if party in (one.card.name, *one.plays)]
        if len(found) > 1:
            names = " and ".join(one.card.name for one in found)
            raise errors.bad_parties(f"{self.path} says of both {names} that they are {party}")
        return found[0] if found else None

    def places(
        self, program: tuple[str, ...], own: int, given: str | None = None, clients: int = 0
    ) -> tuple[Address, ...]:
        """Return where each party of a program that listens does so, with the keys of its peers.

        `own` is the number of this side's party. `given` are addresses that replace the file's. The
        last `clients` of the parties only talk to the others, who listen; without clients, all but
        the last party listen. Raises EzError if the file doesn't say who is who and where.
        """
        servers = len(program) - clients
        listening = servers if clients else servers - 1
        numbers = range(len(program) if own < servers else servers)
        mine = self._party(program[own])
        sides = {n: self._party(program[n]) for n in numbers if n != own}
        keys = keys_of(mine, tuple(sides.values()))
        if given is None:
            places = tuple(
                self._place(mine if n == own else sides[n], own=n == own) for n in range(listening)
            )
        else:
            places = parse_addresses(given, len(program), listening)
        return tuple(replace(place, keys=keys) for place in places)

    def _place(self, side: Known, *, own: bool) -> Address:
        """Return where a side listens: this one, or another as it tells others."""
        text = (side.listen if own else None) or side.card.address
        if text is None:
            raise errors.bad_parties(
                f"{self.path} does not say where {side.card.name} listens",
                f'add `address = "HOST:7800"` to [party.{side.card.name}], or give --address',
            )
        return parse_address(text)

    def dealer(self, own: str, name: str) -> Address | None:
        """Return the address of the dealer with a name and keys; None if it isn't known here."""
        found = self.known.get(name)
        if found is None:
            return None
        if found.card.address is None:
            raise errors.bad_parties(f"{self.path} does not say where the dealer {name} listens")
        place = parse_address(found.card.address)
        return Address(place.host, place.port, keys_of(self._party(own), (found,)))

    def dealing(self, name: str | None, given: str | None) -> Address:
        """Return where a dealer listens, to all others in the file. `given`: as for `address`."""
        own = [one for one in self.known.values() if one.key is not None]
        own = [one for one in own if name in (None, one.card.name)]
        if len(own) != 1:
            raise errors.bad_parties(
                f"{self.path} does not say which key is the dealer's",
                "make one with `ezlang party init NAME`, and give --party NAME",
            )
        (mine,) = own
        place = parse_address(given or mine.listen or mine.card.address, DEALER_PORT)
        others = (one for one in self.known.values() if one is not mine)
        return Address(place.host, place.port, keys_of(mine, tuple(others)))

    def _party(self, party: str) -> Known:
        found = self.named(party)
        if found is None:
            raise errors.bad_parties(
                f"{self.path} does not say who {party} is",
                "pin the other side's card with `ezlang party add CARD`; if a side has another "
                f'name there, add `plays = ["{party}"]` to its table',
            )
        return found


def keys_of(mine: Known, others: tuple[Known, ...]) -> Keys:
    """Return this side's key and the pins of others. Raises EzError if the key can't be used."""
    name = mine.card.name
    if mine.key is None:
        raise errors.no_key(
            f"This side has no key of {name}",
            f"run as another party, or make one with `ezlang party init {name}`",
        )
    check_key_file(mine.key)
    peers = (Pin(name=one.card.name, certificate=one.card.certificate) for one in others)
    keys = Keys(name=name, file=str(mine.key.resolve()), peers=tuple(peers))
    check_own(keys, mine.card.certificate)
    return keys


def load_parties(path: Path) -> Parties:
    """Return the content of a file. Raises EzError if it can't be read."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
        if len(content) > LONGEST:
            raise ValueError("it is too long")
        said = tomllib.loads(content.decode())
    except OSError as error:
        raise errors.bad_parties(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise errors.bad_parties(f"{path} is not valid TOML: {error}") from None
    parties, approved = said.get("party", {}), said.get("approved", {})
    for name, table in ((name, said[name]) for name in said):
        if name not in ("party", "approved") or not isinstance(table, dict):
            raise errors.bad_parties(f"{path} has `{name}`, and only party and approved are known")
    known = {name: _known(name, table, path) for name, table in parties.items()}
    return Parties(path=path, known=known, approved={one: str(approved[one]) for one in approved})


def _known(name: str, said: Any, path: Path) -> Known:
    where = f"[party.{name}] of {path}"
    if not isinstance(said, dict) or said.keys() - _FIELDS:
        raise errors.bad_parties(f"{where} has other fields than {', '.join(sorted(_FIELDS))}")
    plays, key, listen = said.get("plays", []), said.get("key"), said.get("listen")
    texts = [one for one in (key, listen) if one is not None]
    if not isinstance(plays, list) or not all(isinstance(one, str) for one in (*plays, *texts)):
        raise errors.bad_parties(f"{where} has a field of the wrong type")
    return Known(
        card=card_of(name, said, where),
        key=None if key is None else path.parent / key,
        listen=listen,
        plays=tuple(plays),
    )


def find_parties(given: Path | None, folder: Path) -> Path | None:
    """Return the file that is given, or beside a program, or in the current folder, if any."""
    if given is not None:
        return given
    return next((one for one in (folder / FILE, Path(FILE)) if one.is_file()), None)


def put_card(path: Path, card: Card, key: str | None = None) -> None:
    """Write a side into the file, or its new certificate if it is there. Raises EzError."""
    text = _text(path)
    found = load_parties(path).known.get(card.name) if path.exists() else None
    own = "" if key is None else f'key = "{key}"\n'
    if found is not None:
        if found.card.fingerprint != card.fingerprint:
            raise errors.bad_card(
                f"{path} has another key of {card.name} already",
                f"if {card.name} says on the phone that it has a new key, remove the old one "
                f"first: ezlang party remove {card.name}",
            )
        if found.card == card:
            return
        old, new = (
            found.card,
            Card(
                name=card.name,
                certificate=card.certificate,
                address=found.card.address or card.address,
            ),
        )
        if old.fields() not in text:
            raise errors.bad_parties(f"{path} was edited: put the new certificate in yourself")
        text = text.replace(old.fields(), new.fields())
    else:
        text = f"{text.rstrip()}\n\n[party.{card.name}]\n{own}{card.fields()}"
    _write(path, text)


def remove_card(path: Path, name: str) -> None:
    """Remove a side from the file. Raises EzError if it isn't there."""
    known = load_parties(path).known
    if name not in known:
        names = ", ".join(known) or "nobody"
        raise errors.bad_card(f"{path} does not have `{name}`", f"it has {names}")
    found = re.search(rf"^\[party\.{re.escape(name)}\]\n.*?(?=^\[|\Z)", _text(path), re.M | re.S)
    if found is None:
        raise errors.bad_parties(f"{path} was edited: remove [party.{name}] yourself")
    text = _text(path)
    _write(path, text[: found.start()] + text[found.end() :])


def approve(path: Path, digest: str, name: str) -> None:
    """Note that this side runs a program without being asked."""
    line = f'"{digest}" = "{re.sub(r"[^A-Za-z0-9_. -]", "_", name)}"\n'
    text = _text(path)
    if re.search(r"^\[approved\]\n", text, re.M):
        text = re.sub(r"^\[approved\]\n", lambda found: found[0] + line, text, count=1, flags=re.M)
    else:
        text = f"{text.rstrip()}\n\n[approved]\n{line}"
    _write(path, text)


def program_digest(program: Program) -> str:
    """Return a hash of a program as users approve it: of the text of all of its files, and params.

    What a program releases follows from these, whatever version of ezlang runs it.
    """
    texts = [source.text for source in program.sources]
    return sha256(repr((program.params, texts)).encode("utf-8", "surrogatepass")).hexdigest()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") if path.exists() else _HEAD
    except (OSError, ValueError) as error:
        raise errors.bad_parties(f"{path} cannot be read: {error}") from None


def _write(path: Path, text: str) -> None:
    try:
        tomllib.loads(text)
        replace_file(path, text.encode(), durable=True)
    except (OSError, ValueError) as error:
        raise errors.bad_parties(f"{path} cannot be written: {error}") from None
