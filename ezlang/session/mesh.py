"""Connecting any number of parties: a channel between each two, in whichever order they start.

Each party but the last listens at an address of its own, and each dials the parties before it. It
listens before it dials, and answers whoever dials meanwhile, so no order of starting is wrong. If
there are clients, who don't compute, they alone don't listen: each dials the two that compute, and
has no channel to other clients.

A connection to a party that doesn't begin like a party's (a port scanner, a browser), or whose key
is not that of the party it says it is, is dropped, and the wait goes on until the time-out; the
error then lists the reasons. A party that runs something else, or one that is there already, ends
the run.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from . import errors
from .address import Address
from .channel import SocketChannel
from .greeting import greeting
from .handshake import Hello, answer, introduce, is_stranger
from .reception import Reception
from .sockets import dial, listen
from .turns import Turns

if TYPE_CHECKING:
    from .tls import Keys

Meet = Callable[[Address], Sequence[Address]]
"""Is told where a party listens, and returns where each party does that listens."""

_PAUSE: Final = 0.25
"""Seconds before a connection that was closed without a word is dialled again."""

_Guest = tuple[SocketChannel, int]
"""A channel, and the number of the party at its other end."""


def connect_all(
    places: Sequence[Address], hello: Hello, timeout: float, meet: Meet | None = None
) -> dict[int, SocketChannel]:
    """Return a channel to each other party, by number, once all run the same program.

    Each reads the others while it waits, and they count rounds together. `places`: where each party
    that listens does so, by number, with this party's key and those of all others in their order,
    or without keys; `meet` may replace them once this party listens. Raises EzError, exit code 3,
    unless all are there within `timeout` seconds.
    """
    return tied(found_all(places, hello, timeout, meet), hello.names)


def found_all(
    places: Sequence[Address], hello: Hello, timeout: float, meet: Meet | None = None
) -> dict[int, SocketChannel]:
    """Do the same, for channels that know nothing of one another."""
    deadline = time.monotonic() + timeout
    own, peers = hello.party, hello.peers
    found: dict[int, SocketChannel] = {}
    with contextlib.ExitStack() as undo:
        undo.callback(close_all, found)
        with _listening(places, hello, timeout) as reception:
            if reception is not None and meet is not None:
                places = meet(replace(places[own], port=reception.port))

            def accept(until: float) -> bool:
                """Take in the next party that dials, if one does; return whether one did."""
                guest = None if reception is None else reception.next(until)
                if guest is not None:
                    _take_in(found, guest, hello)
                return guest is not None

            def meanwhile() -> None:
                while accept(0.0):
                    pass

            for peer in peers[:own]:
                found[peer] = _dialled(places[peer], peer, hello, timeout, deadline, meanwhile)
            while reception is not None and len(found) < len(peers) - 1:
                if not accept(deadline):
                    missing = [n for n in peers[own + 1 :] if n not in found]
                    dropped = tuple(reception.dropped)
                    place = str(places[own])
                    raise errors.no_peer_came(place, timeout, hello.names, missing, dropped)
        undo.pop_all()
    for channel in found.values():
        channel.start_counting()
    return found


def tied(channels: Mapping[int, SocketChannel], names: Sequence[str]) -> dict[int, SocketChannel]:
    """Return a party's channels, by number, each of which reads the others while it waits.

    They count rounds together, from here on.
    """
    turns = Turns()
    for number, channel in channels.items():
        channel.turns = turns
        channel.peer = names[number]
        channel.siblings = tuple(one for one in channels.values() if one is not channel)
    return dict(sorted(channels.items()))


def close_all(channels: Mapping[int, SocketChannel]) -> None:
    """Close the channels to all parties."""
    for channel in channels.values():
        channel.close()


@contextlib.contextmanager
def _listening(
    places: Sequence[Address], hello: Hello, timeout: float
) -> Iterator[Reception[_Guest] | None]:
    """Greet whoever dials this party during the block, if it listens."""
    own = hello.party
    if own >= hello.listening:
        yield None
        return
    keys = places[own].keys

    def greet(connection: socket.socket, seconds: float) -> _Guest:
        with greeting(connection, keys, seconds, timeout) as channel:
            said = answer(channel, hello)
            _require_key(channel, keys, hello, said.party)
        return channel, said.party

    listener = listen(places[own], partial(errors.cannot_listen, own))
    with Reception(listener, greet, is_stranger, lambda guest: guest[0].close()) as reception:
        yield reception


def _take_in(found: dict[int, SocketChannel], guest: _Guest, hello: Hello) -> None:
    """Add a party that has dialled this one. Raises EzError unless it is to, and for once."""
    channel, number = guest
    if number in found or number < hello.party:
        channel.close()
        raise errors.same_party(number, hello.names[number])
    found[number] = channel


def _dialled(
    address: Address,
    peer: int,
    hello: Hello,
    timeout: float,
    deadline: float,
    meanwhile: Callable[[], None],
) -> SocketChannel:
    """Return a channel to a party that listens, once it has answered.

    A connection that is closed without a word is dialled again: a tunnel may accept one before
    anybody listens at its other end. `meanwhile` is called before each attempt.
    """
    failed = partial(errors.no_peer_listens, peer, hello.names)
    while True:
        connection = dial(address, timeout, failed, deadline, meanwhile)
        left = deadline - time.monotonic()
        try:
            with greeting(connection, address.keys, left, timeout, dialled=True) as channel:
                said = introduce(channel, hello)
                if said.party != peer:
                    raise errors.other_party(str(address), hello.names, peer, said.party)
                _require_key(channel, address.keys, hello, peer)
            return channel
        except errors.UnansweredError:
            if time.monotonic() + _PAUSE > deadline:
                raise
        time.sleep(_PAUSE)


def _require_key(channel: SocketChannel, keys: Keys | None, hello: Hello, number: int) -> None:
    """Raise EzError if the peer has proven to be another side than the party it says it is."""
    if keys is None:
        return
    side = keys.of_party(number, hello.party).name
    if channel.proven != side:
        raise errors.posed(channel.proven, hello.names[number])
