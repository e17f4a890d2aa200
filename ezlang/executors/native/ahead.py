"""Preparing runs of two parties ahead of their inputs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ezlang.compiler.cost.profiles import LAN, Profile
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.protocols.dealt.demands import LARGEST_DEMAND, Demands
from ezlang.compiler.protocols.dealt.expansion import parts_of
from ezlang.compiler.protocols.native.making import Dealt, Maker, Makes
from ezlang.progress import doing
from ezlang.records import dataclass
from ezlang.session.address import TIMEOUT, Address
from ezlang.session.alive import kept_alive, wait_until_ready
from ezlang.session.channel import SocketChannel
from ezlang.session.connect import Listening, connect
from ezlang.session.dealing import agree_on_tag, dealt_preprocessing
from ezlang.session.errors import not_ezlang
from ezlang.session.framing import receive
from ezlang.session.handshake import PREPARES
from ezlang.store import errors
from ezlang.store.folder import Entry, Store
from ezlang.store.places import open_store
from ezlang.store.units import packed, stored_bytes
from ezlang.typed import tree as typed
from ezlang.types.sharing import DEFAULT_MEMORY, DEFAULT_PROTOCOL
from ezlang.values.names import party_number

from .demands import demands_ahead, demands_of
from .executable import Executable
from .holdings import binding_of, peer_of
from .numbers_of_parties import require_two_parties
from .party import compile_for, hello_of, part
from .places import addresses
from .prepared import prepared

if TYPE_CHECKING:
    from ezlang.session.parties import Parties
    from ezlang.session.tls import Keys

STORED: Final = b"\x06"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What one party has prepared: the ids of its entries, and what all of them took.

    `folder`: where they are. `size`: bytes of an entry's material on the disk. `rounds`, `sent` and
    `received` are those of all entries together.
    """

    ids: tuple[str, ...]
    folder: Path
    size: int
    rounds: int
    sent: int
    received: int


def prepare_party(
    program: typed.Program,
    party: int | str,
    *,
    address: str | None = None,
    dealer: str | None = None,
    timeout: float | None = None,
    protocol: str = DEFAULT_PROTOCOL,
    profile: Profile = LAN,
    memory: int = DEFAULT_MEMORY,
    insecure: bool = False,
    warn: Callable[[str], None] | None = None,
    parties: Parties | None = None,
    runs: int = 1,
    store: Path | None = None,
) -> Preparation:
    """Prepare so many runs of a program as one of its two parties, with the other one.

    `store` is the folder to keep them in. With a `dealer`, it deals for each of them. For all else,
    see `run_party`. Raises EzError with exit code 2 if nothing can be prepared, 3 if the other
    party or the dealer fails.
    """
    require_two_parties(program.parties, "`ezlang prepare`")
    executable = prepared(program, protocol, profile, memory)
    number = party_number(program.parties, party)
    places, third = addresses(
        address, dealer, program.parties, number, parties, insecure=insecure, warn=warn
    )
    wait = TIMEOUT if timeout is None else timeout
    kept = open_store(store, places[0].keys, program.parties[number], create=True)
    assert kept is not None
    name = program.main.span.source.name
    return prepare_at(executable, number, places[0], wait, kept, dealer=third, name=name, runs=runs)


def prepare_at(
    executable: Executable,
    party: int,
    address: Address,
    timeout: float,
    store: Store,
    listening: Listening | None = None,
    *,
    name: str,
    runs: int = 1,
    dealer: Address | None = None,
) -> Preparation:
    """Prepare runs of an executable, with a `dealer` if there is one.

    `listening` is told the address at which party 0 listens.
    """
    demands = demands_ahead(executable) if dealer is None else demands_of(executable)
    size = stored_bytes(demands, party) if demands else 0
    if size > LARGEST_DEMAND:
        raise errors.unusable(f"A run takes {size:,} bytes, more than can be prepared")
    store.require_room(runs * size)
    options = {"number of dealers": int(dealer is not None), PREPARES: runs}
    hello = hello_of(executable, party, **options)
    channel = connect(address, hello, timeout, listening)
    try:
        with kept_alive((channel,)):
            with doing("Making native code"):
                compile_for(executable, party)
            wait_until_ready((channel,))
            entries = []
            if demands:
                entry = _new_entry(executable, party, address.keys, demands, name, dealer)
                for _ in range(runs):
                    with doing("Preparing"):
                        tag = agree_on_tag(channel, party)
                        maker: Makes = (
                            Maker(COMPUTING.side(party), channel, executable.program.ots)
                            if dealer is None
                            else Dealt(dealt_preprocessing(dealer, hello, tag, demands, timeout))
                        )
                        entries.append(_kept(entry.with_id(tag), maker, channel, store))
            found = Preparation(
                ids=tuple(one.id for one in entries),
                folder=store.folder,
                size=size,
                rounds=channel.rounds,
                sent=channel.bytes_sent,
                received=channel.bytes_received,
            )
            part((channel,))
    finally:
        channel.close()
    return found


def _new_entry(
    executable: Executable,
    party: int,
    keys: Keys | None,
    demands: Demands,
    name: str,
    dealer: Address | None,
) -> Entry:
    """Return an entry, whose id is agreed on later."""
    first, second = executable.program.parties
    return Entry(
        id="",
        binding=binding_of(executable, party, keys, dealer),
        program=name,
        params=dict(executable.params),
        party=party,
        names=(first, second),
        peer=peer_of(keys, party),
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        demands=demands,
    )


def _kept(entry: Entry, maker: Makes, channel: SocketChannel, store: Store) -> Entry:
    """Make the material of an entry, and keep it once both parties have it on their disks."""
    try:
        with store.writing(entry) as writer:
            writer.write(maker.deltas)
            kinds = (kind for kind, _ in parts_of(entry.demands))
            for kind, fields in zip(kinds, maker.parts(entry.demands), strict=True):
                writer.write(packed(kind, entry.party, fields))
            writer.finish()
            channel.send(STORED)
            channel.flush()
            if receive(channel, len(STORED)) != STORED:
                raise not_ezlang("it did not say that it has stored what was prepared")
    finally:
        maker.close()
    return entry
