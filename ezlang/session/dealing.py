"""The protocol between a party and the dealer, and the party's side of it.

A party that is connected to the other one dials the dealer. Its *request* is a frame
(`framing.py`): version, number of the party, fingerprint of the program, the tag of the run, by
which the dealer matches the parties, and demands. The dealer's *answer* is a frame: its version,
and either the party's seed or the reason why it deals nothing. What follows is in records, with
keep-alives. Corrections go to party 1, whose lengths follow from the demands, and both confirm that
they have everything. Finally a byte tells each party that everything is dealt, and only then do the
parties go on: when inputs are shared, the dealer has no part in the run any more.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import field
from typing import Any, Final

from ezlang.build import build
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.protocols.core.channel import Channel
from ezlang.compiler.protocols.dealt import demands as amounts
from ezlang.compiler.protocols.dealt.demands import SEED_BYTES, Demands
from ezlang.compiler.protocols.dealt.expansion import DealtUnits
from ezlang.compiler.protocols.native.calls import Native
from ezlang.diagnostics.diagnostic import EzError
from ezlang.records import dataclass

from . import errors
from .address import Address
from .alive import kept_alive
from .channel import SocketChannel
from .framing import FrameFormat, is_hash, is_one_of, is_short_text, plain, receive
from .greeting import greeting
from .handshake import Hello
from .sockets import dial

PROTOCOL: Final = 2
RECEIVED: Final = b"\x06"
DEALT: Final = b"\x06"
TAG_BYTES: Final = 16
_SHOWN: Final = 400
_FORM: Final = FrameFormat(
    magic=b"ezdeal\xf5\x0a", protocol=PROTOCOL, longest=1 << 20, stranger=errors.no_dealer
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A party's request to the dealer, for the run with a tag.

    `flaw` is the reason, found by the dealer, why the request can't be met.
    """

    party: int
    program: str
    tag: str
    demands: Demands
    version: str = field(default_factory=build)
    flaw: str = ""

    def encode(self) -> bytes:
        """Return the request as bytes."""
        return _FORM.pack(
            {
                "version": self.version,
                "party": self.party,
                "program": self.program,
                "tag": self.tag,
                "demands": amounts.encode(self.demands),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The dealer's answer: the party's seed, or the reason why there is none."""

    seed: bytes = b""
    refused: str = ""
    version: str = field(default_factory=build)

    def encode(self) -> bytes:
        """Return the answer as bytes."""
        return _FORM.pack(
            {"version": self.version, "seed": self.seed.hex(), "refused": self.refused}
        )


def read_request(channel: SocketChannel) -> Request:
    """Read a request; one that can't be met has a flaw. Raises EzError if none arrives."""
    said: dict[str, Any] = _FORM.parse(_FORM.read(channel), _REQUEST)
    demands: Demands = {}
    flaw = ""
    if said["version"] != build():
        theirs = plain(said["version"])
        flaw = f"the dealer runs version {build()} of ezlang, a party {theirs}"
    else:
        try:
            demands = amounts.decode(said["demands"])
        except ValueError as error:
            flaw = str(error)
    return Request(
        party=said["party"], program=said["program"], tag=said["tag"], demands=demands, flaw=flaw
    )


def read_answer(channel: SocketChannel) -> Answer:
    """Read an answer. Raises EzError if none arrives, or if it is a refusal."""
    said: dict[str, Any] = _FORM.parse(_FORM.read(channel), _ANSWER)
    if said["refused"]:
        raise errors.dealer_refused(plain(said["refused"], _SHOWN))
    if said["version"] != build() or len(said["seed"]) != 2 * SEED_BYTES:
        raise errors.no_dealer("its answer has no seed")
    return Answer(seed=bytes.fromhex(said["seed"]))


def _is_hex(value: object) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= 2 * SEED_BYTES
        and set(value) <= set("0123456789abcdef")
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_REQUEST: Final = {
    "version": is_short_text,
    "party": is_one_of(COMPUTING),
    "program": is_hash,
    "tag": lambda value: _is_hex(value) and len(value) == 2 * TAG_BYTES,
    "demands": lambda value: isinstance(value, dict),
}
_ANSWER: Final = {"version": is_short_text, "seed": _is_hex, "refused": _is_text}


def agree_on_tag(channel: Channel, party: int) -> str:
    """Return the tag of a run with a dealer: 16 bytes that party 0 draws and sends to party 1."""
    tag = bytearray(os.urandom(TAG_BYTES))
    if COMPUTING.side(party).is_first:
        channel.send(tag)
        channel.flush()
    else:
        channel.receive_into(memoryview(tag))
    return tag.hex()


def dealt_preprocessing(
    address: Address,
    hello: Hello,
    tag: str,
    demands: Demands,
    timeout: float,
    native: Native | None = None,
) -> DealtUnits:
    """Return what the dealer at an address deals to this party, once the dealer has finished.

    `hello` is what the other party was sent in the handshake, `tag` is the run's. Raises EzError,
    exit code 3, if the dealer doesn't answer, refuses or doesn't finish.
    """
    request = Request(party=hello.party, program=hello.fingerprint, tag=tag, demands=demands)
    connection = dial(address, timeout, errors.no_dealer_answers)
    with _of_the_dealer():
        with greeting(connection, address.keys, timeout, timeout, dialled=True) as channel:
            channel.send(request.encode())
            # Another service may have closed the connection already; what it sent before explains
            # more.
            with contextlib.suppress(EzError):
                channel.flush()
            answer = read_answer(channel)
        try:
            with kept_alive((channel,)):
                units = _units(native or Native(), hello.party, answer.seed, demands)
                for place in units.places():
                    channel.receive_into(place)
                # If the dealer has gone, what it sent before explains more.
                with contextlib.suppress(EzError):
                    channel.send_last(RECEIVED)
                if receive(channel, 1) != DEALT:
                    raise errors.dealer_gone("it did not confirm that it is done")
        finally:
            channel.close()
    return units


def _units(native: Native, party: int, seed: bytes, demands: Demands) -> DealtUnits:
    try:
        return DealtUnits(native, party, seed, demands)
    except MemoryError:
        size = amounts.correction_bytes(demands)
        raise errors.dealer_gone(
            f"it would send {size / 1e9:.1f} GB to this party, which is more than the available "
            "memory"
        ) from None


@contextlib.contextmanager
def _of_the_dealer() -> Iterator[None]:
    """Raise the channel's errors about a party as errors about the dealer."""
    try:
        yield
    except EzError as error:
        codes = {one.code for one in error.diagnostics}
        if "EZ5003" in codes:
            raise errors.dealer_gone("it closed the connection before it was done") from None
        if "EZ5004" in codes:
            raise errors.dealer_gone("it was silent for as long as --timeout allows") from None
        if "EZ5018" in codes:
            raise errors.dealer_gone("some of what it sent was lost on the way") from None
        raise
