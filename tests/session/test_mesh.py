"""Connecting more than two parties."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, Event

import pytest

from ezlang.diagnostics.diagnostic import EzError
from ezlang.session.address import Address, parse_addresses
from ezlang.session.channel import SocketChannel
from ezlang.session.handshake import Hello
from ezlang.session.mesh import close_all, connect_all
from ezlang.session.tls import Keys

NAMES = ("ann", "ben", "cleo", "dan")
ANYWHERE = Address("127.0.0.1", 0)
Channels = dict[int, SocketChannel]


def joined(
    fingerprints: Sequence[str],
    use: Callable[[int, Channels], object] = lambda number, channels: None,
    timeout: float = 5.0,
    keys: Sequence[Keys | None] = (None,) * len(NAMES),
) -> list[Future[object]]:
    """Connect all parties, each with its fingerprint of the program and its keys, in threads."""
    count = len(fingerprints)
    barrier, ports = Barrier(count), [0] * count

    def run(number: int) -> object:
        def meet(own: Address) -> list[Address]:
            ports[number] = own.port
            barrier.wait(10)
            return [Address("127.0.0.1", port, keys[number]) for port in ports[:-1]]

        hello = Hello(party=number, names=NAMES[:count], fingerprint=fingerprints[number])
        own = replace(ANYWHERE, keys=keys[number])
        places = meet(own) if number == count - 1 else [own] * (count - 1)
        channels = connect_all(places, hello, timeout, meet)
        try:
            return use(number, channels)
        finally:
            barrier.wait(10)
            close_all(channels)

    with ThreadPoolExecutor(count) as threads:
        return [threads.submit(run, number) for number in range(count)]


def greet_all(number: int, channels: Channels) -> object:
    """Send a byte to each other party; return those received."""
    for peer, channel in channels.items():
        channel.send(bytes([10 * number + peer]))
        channel.flush()
    found = {}
    for peer, channel in channels.items():
        said = bytearray(1)
        channel.receive_into(memoryview(said))
        found[peer] = said[0]
    assert {one.rounds for one in channels.values()} == {1}
    return found


def check_greetings(runs: Sequence[Future[object]]) -> None:
    for number, run in enumerate(runs):
        others = [peer for peer in range(len(runs)) if peer != number]
        assert run.result() == {peer: 10 * peer + number for peer in others}


def test_each_two_parties_have_a_channel() -> None:
    check_greetings(joined(["ab" * 32] * 4, greet_all))


def send_much(number: int, channels: Channels) -> object:
    """Send more than the network holds to each of two others before receiving anything."""
    size = 1 << 25
    data = bytes(size)
    order = sorted(channels, key=lambda peer: (peer - number) % 3)
    for peer in order:
        channels[peer].send(data)
        channels[peer].flush()
    for peer in order:
        channels[peer].receive_into(memoryview(bytearray(size)))
    return sum(one.bytes_received for one in channels.values()) - 2 * size


def test_all_send_much_before_any_receives() -> None:
    """A party that waits for one channel reads the others."""
    assert [run.result() for run in joined(["ab" * 32] * 3, send_much)] == [0] * 3


def test_a_party_with_another_program() -> None:
    runs = joined(["ab" * 32, "cd" * 32, "ab" * 32], timeout=1.0)
    errors = [run.exception() for run in runs]
    assert all(isinstance(one, EzError) and one.exit_code == 3 for one in errors)
    assert "EZ5007" in {one.diagnostics[0].code for one in errors if isinstance(one, EzError)}


def test_strangers_are_dropped() -> None:
    hello = Hello(party=0, names=NAMES[:3], fingerprint="ab" * 32)

    def meet(own: Address) -> list[Address]:
        with socket.create_connection((own.host, own.port)) as stranger:
            stranger.sendall(b"GET / HTTP/1.1\r\n\r\n" * 9)
        return [own] * 2

    who = r"Neither party 1 \(ben\) nor party 2 \(cleo\) connected"
    with pytest.raises(EzError, match=who) as caught:
        connect_all([ANYWHERE] * 2, hello, 0.5, meet)
    assert "a connection was dropped" in caught.value.diagnostics[0].notes[0].message


def test_addresses() -> None:
    assert [str(one) for one in parse_addresses(None, 3)] == [
        "127.0.0.1:7800",
        "127.0.0.1:7801",
    ]
    assert [one.port for one in parse_addresses("localhost:9000", 4)] == [9000, 9001, 9002]
    named = parse_addresses("one:7000,two,[::1]:7002", 4)
    assert [str(one) for one in named] == ["one:7000", "two:7801", "[::1]:7002"]
    for text in ("one,two,three", "one,two,three,four", ":65535", "a:b,c"):
        with pytest.raises(EzError) as caught:
            parse_addresses(text, 3)
        assert caught.value.exit_code == 2


def test_clients_have_channels_to_the_two_that_compute() -> None:
    """Twenty of them: there is no limit on clients."""
    names = ("north", "south", *(f"h{number}" for number in range(20)))
    barrier, ports = Barrier(2), [0, 0]
    started = Event()

    def run(number: int) -> set[int]:
        def meet(own: Address) -> list[Address]:
            ports[number] = own.port
            barrier.wait(10)
            started.set()
            return [Address("127.0.0.1", port) for port in ports]

        hello = Hello(party=number, names=names, fingerprint="ab" * 32, clients=20)
        places = [ANYWHERE] * 2
        if number > 1:
            assert started.wait(10)
            places = [Address("127.0.0.1", port) for port in ports]
        channels = connect_all(places, hello, 10.0, meet)
        try:
            greet_all(number, channels)
            return set(channels)
        finally:
            close_all(channels)

    with ThreadPoolExecutor(22) as threads:
        runs = [threads.submit(run, number) for number in range(22)]
        found = [one.result() for one in runs]
    assert found[:2] == [set(range(22)) - {0}, set(range(22)) - {1}]
    assert all(one == {0, 1} for one in found[2:])


def test_addresses_with_clients() -> None:
    assert [one.port for one in parse_addresses(None, 22, 2)] == [7800, 7801]
    with pytest.raises(EzError, match="2 of 22 parties listen"):
        parse_addresses("one:1,two:2,three:3", 22, 2)
