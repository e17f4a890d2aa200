"""Connecting more than two parties."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier

import pytest

from ezlang.diagnostics.diagnostic import EzError
from ezlang.session.address import Address, parse_addresses
from ezlang.session.channel import SocketChannel
from ezlang.session.handshake import Hello
from ezlang.session.mesh import close_all, connect_all

NAMES = ("ann", "ben", "cleo", "dan")
ANYWHERE = Address("127.0.0.1", 0)
Channels = dict[int, SocketChannel]


def joined(
    fingerprints: Sequence[str],
    use: Callable[[int, Channels], object] = lambda number, channels: None,
    timeout: float = 5.0,
) -> list[Future[object]]:
    """Connect all parties, each with its fingerprint of the program, in threads."""
    count = len(fingerprints)
    barrier, ports = Barrier(count), [0] * count

    def run(number: int) -> object:
        def meet(own: Address) -> list[Address]:
            ports[number] = own.port
            barrier.wait(10)
            return [Address("127.0.0.1", port) for port in ports]

        hello = Hello(party=number, names=NAMES[:count], fingerprint=fingerprints[number])
        channels = connect_all([ANYWHERE] * count, hello, timeout, meet)
        try:
            return use(number, channels)
        finally:
            barrier.wait(10)
            close_all(channels)

    with ThreadPoolExecutor(count) as threads:
        return [threads.submit(run, number) for number in range(count)]


def test_each_two_parties_have_a_channel() -> None:
    def use(number: int, channels: Channels) -> object:
        for peer, channel in channels.items():
            channel.send(bytes([10 * number + peer]))
            channel.flush()
        found = {}
        for peer, channel in channels.items():
            said = bytearray(1)
            channel.receive_into(memoryview(said))
            found[peer] = said[0]
        return found

    for number, run in enumerate(joined(["ab" * 32] * 4, use)):
        others = [peer for peer in range(4) if peer != number]
        assert run.result() == {peer: 10 * peer + number for peer in others}


def test_all_send_much_before_any_receives() -> None:
    """A party that waits for one channel reads the others."""
    size = 1 << 25
    data = bytes(size)

    def use(number: int, channels: Channels) -> object:
        order = sorted(channels, key=lambda peer: (peer - number) % 3)
        for peer in order:
            channels[peer].send(data)
            channels[peer].flush()
        for peer in order:
            channels[peer].receive_into(memoryview(bytearray(size)))
        return sum(one.bytes_received for one in channels.values())

    assert [run.result() for run in joined(["ab" * 32] * 3, use)] == [2 * size] * 3


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
        return [own] * 3

    with pytest.raises(EzError, match="No other party connected") as caught:
        connect_all([ANYWHERE] * 3, hello, 0.5, meet)
    assert "a connection was dropped" in caught.value.diagnostics[0].notes[0].message


def test_addresses() -> None:
    assert [str(one) for one in parse_addresses(None, 3)] == [
        "127.0.0.1:7800",
        "127.0.0.1:7801",
        "127.0.0.1:7802",
    ]
    assert [one.port for one in parse_addresses("localhost:9000", 3)] == [9000, 9001, 9002]
    named = parse_addresses("one:7000,two,[::1]:7002", 3)
    assert [str(one) for one in named] == ["one:7000", "two:7801", "[::1]:7002"]
    for text in ("one,two", "one,two,three,four", ":65534", "a:b,c,d"):
        with pytest.raises(EzError) as caught:
            parse_addresses(text, 3)
        assert caught.value.exit_code == 2
