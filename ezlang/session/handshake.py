"""The handshake: before anything secret is sent, both parties show what they are about to run.

Each side sends a *hello* and reads the other's; both compare, and come to the same verdict.

    magic      8 bytes   `ezlang` and two bytes that no text contains
    protocol   2 bytes   number of the wire protocol, big-endian
    length     4 bytes   of what follows, big-endian, at most `LONGEST`
    body       JSON      version, party, fingerprint of the program, params, options

The fingerprint is a hash of the program after checking, with its params and sizes in it, whatever
its files are called and however they are laid out. Params are compared first, one by one, so that
a difference in them is named. Nothing of the peer's is trusted: lengths are limited before anything
is read, each field has to be of its type, and what is shown to the user is printable and short.
A hello proves nothing about who sent it.
"""

from __future__ import annotations

import contextlib
import json
import struct
from dataclasses import dataclass, field
from typing import Any, Final

import ezlang
from ezlang.compiler.kernels.context import CHUNK
from ezlang.compiler.protocols.cot import GROUP_BITS
from ezlang.compiler.protocols.yao import BIT_BUFFER
from ezlang.diagnostics.diagnostic import EzError

from . import errors
from .channel import SocketChannel

MAGIC: Final = b"ezlang\xf5\x0a"
PROTOCOL: Final = 1
LONGEST: Final = 1 << 16
_HEADER: Final = struct.Struct(">8sHI")
_SHOWN: Final = 60
_HASH_DIGITS: Final = 64

Number = int | bool
OPTIONS: Final[dict[str, int]] = {
    "instances side by side": CHUNK,
    "bytes of bits at a time": BIT_BUFFER,
    "bits of a transfer group": GROUP_BITS,
}
"""What both parties' engines must have in common, as it decides who sends how much when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What a party says of itself. `names` are the parties', known from the program."""

    party: int
    names: tuple[str, ...]
    fingerprint: str
    params: dict[str, Number] = field(default_factory=dict)
    version: str = ezlang.__version__
    options: dict[str, int] = field(default_factory=lambda: dict(OPTIONS))

    def encode(self) -> bytes:
        """Return the hello as bytes."""
        body = json.dumps(
            {
                "version": self.version,
                "party": self.party,
                "program": self.fingerprint,
                "params": self.params,
                "options": self.options,
            }
        ).encode()
        return _HEADER.pack(MAGIC, PROTOCOL, len(body)) + body


def shake_hands(channel: SocketChannel, mine: Hello) -> None:
    """Exchange hellos. Raises EzError if the peer is none, or runs something else."""
    channel.send(mine.encode())
    # Who is no party may have hung up already; what it said before then tells more.
    with contextlib.suppress(EzError):
        channel.flush()
    theirs = _read_hello(channel, mine.names)
    compare(mine, theirs)


def _receive(channel: SocketChannel, size: int) -> bytes:
    data = bytearray(size)
    channel.receive_into(memoryview(data))
    return bytes(data)


def _read_hello(channel: SocketChannel, names: tuple[str, ...]) -> Hello:
    # The first bytes alone, since who doesn't speak the protocol may send no more.
    magic = _receive(channel, len(MAGIC))
    if magic != MAGIC:
        raise errors.not_ezlang(f"it began with {_printable(magic)}")
    protocol, length = struct.unpack(">HI", _receive(channel, _HEADER.size - len(MAGIC)))
    if protocol != PROTOCOL:
        raise errors.versions_differ("the protocol", str(PROTOCOL), str(protocol))
    if length > LONGEST:
        raise errors.not_ezlang(f"its greeting would be {length} bytes long")
    return decode(_receive(channel, length), names)


def decode(body: bytes, names: tuple[str, ...]) -> Hello:
    """Return the hello in a body; EzError if there is anything but a well-formed one."""
    try:
        said = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise errors.not_ezlang("its greeting is no JSON") from None
    if not isinstance(said, dict) or said.keys() != _FIELDS.keys():
        raise errors.not_ezlang("its greeting has the wrong fields")
    for name, fits in _FIELDS.items():
        if not fits(said[name]):
            raise errors.not_ezlang(f"the field {name} of its greeting is of no use")
    return Hello(
        party=said["party"],
        names=names,
        fingerprint=said["program"],
        params=said["params"],
        version=said["version"],
        options=said["options"],
    )


def _is_short_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _SHOWN


def _is_party(value: Any) -> bool:
    return type(value) is int and value in (0, 1)


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and len(value) == _HASH_DIGITS


def _are_numbers(value: Any) -> bool:
    return isinstance(value, dict) and all(type(number) in (int, bool) for number in value.values())


_FIELDS: Final = {
    "version": _is_short_text,
    "party": _is_party,
    "program": _is_hash,
    "params": _are_numbers,
    "options": _are_numbers,
}


def compare(mine: Hello, theirs: Hello) -> None:
    """Raise the EzError that says in what two hellos don't fit; the order is that of causes."""
    if mine.version != theirs.version:
        raise errors.versions_differ("ezlang", mine.version, _plain(theirs.version))
    if mine.party == theirs.party:
        raise errors.same_party(mine.party, mine.names[mine.party])
    differing = tuple(_differences(mine.params, theirs.params))
    if differing:
        raise errors.params_differ(differing)
    if mine.fingerprint != theirs.fingerprint:
        raise errors.programs_differ(mine.fingerprint, _plain(theirs.fingerprint))
    for name in {**mine.options, **theirs.options}:
        here, there = mine.options.get(name), theirs.options.get(name)
        if here != there:
            raise errors.options_differ(_plain(name), _shown(here), _shown(there))


def _differences(mine: dict[str, Number], theirs: dict[str, Number]) -> list[str]:
    """Describe the params that differ; the first few, since the peer could name any number."""
    found = [
        f"{_plain(name)} is {_shown(mine.get(name))} here and {_shown(theirs.get(name))} there"
        for name in {**mine, **theirs}
        if name not in mine
        or name not in theirs
        or (type(mine[name]), mine[name]) != (type(theirs[name]), theirs[name])
    ]
    return found[:8]


def _shown(value: Number | None) -> str:
    if value is None:
        return "not there"
    return str(value).lower() if isinstance(value, bool) else _plain(f"{value:,}".replace(",", ""))


def _plain(text: str) -> str:
    """Return the peer's text as something that can't do harm on a terminal."""
    kept = "".join(c if c.isascii() and c.isprintable() else "?" for c in text[: _SHOWN + 1])
    return kept if len(kept) <= _SHOWN else kept[:_SHOWN] + "…"


def _printable(data: bytes) -> str:
    return "`" + "".join(chr(b) if 32 <= b < 127 and b != 96 else "." for b in data) + "`"


def is_stranger(error: EzError) -> bool:
    """Tell whether a handshake failed because the peer is no party, rather than the wrong one."""
    return any(one.code in ("EZ5003", "EZ5004", "EZ5005") for one in error.diagnostics)
