"""Connecting any number of parties: a channel between each two, in whichever order they start.

Each party listens at an address of its own and dials those of the parties before it. It listens
before it dials, so no order of starting is wrong: party 0 only accepts, and a party that dials is
answered as soon as those before the other have answered that. A connection that doesn't begin like
a party's is dropped; the wait goes on until the time-out. A party that runs something else, or one
that is there already, ends the run.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from ezlang.diagnostics.diagnostic import EzError

from . import errors
from .address import Address
from .channel import SocketChannel, Turns
from .handshake import Hello, is_stranger, shake_hands
from .reception import GREETING_SECONDS
from .sockets import dial, listen

Meet = Callable[[Address], Sequence[Address]]
"""Is told where a party listens, and returns where each party does."""

_REMEMBERED = 3


def connect_all(
    places: Sequence[Address], hello: Hello, timeout: float, meet: Meet | None = None
) -> dict[int, SocketChannel]:
    """Return a channel to each other party, by number, once all run the same program.

    `places`: where each party listens, by number; `meet` may replace them once this party listens.
    Raises EzError, exit code 3, unless all are there within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    own, turns = hello.party, Turns()
    found: dict[int, SocketChannel] = {}
    with contextlib.ExitStack() as undo:
        undo.callback(close_all, found)
        with listen(places[own], errors.cannot_listen) as listener:
            if meet is not None:
                places = meet(Address(places[own].host, listener.getsockname()[1]))
            for peer in range(own):
                left = max(deadline - time.monotonic(), 0.001)
                connection = dial(places[peer], left, errors.no_peer_listens)
                channel, number = _greeted(connection, hello, turns, left)
                found[number] = channel
                if number != peer:
                    raise errors.other_party(str(places[peer]), hello.names, peer, number)
            expected = set(range(own + 1, len(hello.names)))
            for channel, number in _accepted(listener, places[own], hello, turns, deadline):
                if number in found or number not in expected:
                    channel.close()
                    raise errors.same_party(number, hello.names[number])
                found[number] = channel
                if expected.issubset(found):
                    break
        undo.pop_all()
    turns.start()
    for channel in found.values():
        channel.timeout = timeout
    return tied(found, hello.names)


def tied(channels: Mapping[int, SocketChannel], names: Sequence[str]) -> dict[int, SocketChannel]:
    """Return a party's channels, by number, each of which reads the others while it waits."""
    for number, channel in channels.items():
        channel.peer = names[number]
        channel.siblings = tuple(one for one in channels.values() if one is not channel)
    return dict(sorted(channels.items()))


def close_all(channels: Mapping[int, SocketChannel]) -> None:
    """Close the channels to all parties."""
    for channel in channels.values():
        channel.close()


def _accepted(
    listener: socket.socket, place: Address, hello: Hello, turns: Turns, deadline: float
) -> Iterator[tuple[SocketChannel, int]]:
    """Yield the parties that connect, each with its number; strangers are dropped."""
    dropped: list[str] = []
    started = time.monotonic()
    while hello.party < len(hello.names) - 1:
        listener.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            waited = round(deadline - started)
            raise errors.no_peer_came(str(place), waited, tuple(dropped)) from None
        except OSError:
            continue
        left = max(deadline - time.monotonic(), 0.001)
        try:
            yield _greeted(connection, hello, turns, min(GREETING_SECONDS, left))
        except EzError as error:
            if not is_stranger(error):
                raise
            dropped = [*dropped, error.summary][-_REMEMBERED:]


def _greeted(
    connection: socket.socket, hello: Hello, turns: Turns, greeting: float
) -> tuple[SocketChannel, int]:
    """Perform the handshake over a new connection, which is closed on failure."""
    channel = SocketChannel(connection, greeting, turns)
    try:
        with channel.within(greeting):
            theirs = shake_hands(channel, hello)
    except BaseException:
        channel.close()
        raise
    channel.start_counting()
    return channel, theirs.party
