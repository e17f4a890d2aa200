"""The channel over real sockets: order, sizes, both sending at once, and every way to fail."""

from __future__ import annotations

import itertools
import os
import socket
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ezlang.compiler.protocols.core.channel import PEEK_LIMIT
from ezlang.diagnostics.diagnostic import EzError
from ezlang.session.channel import LARGE, SocketChannel
from ezlang.session.inbox import INBOX
from tests.support.channels import socket_pair
from tests.support.patience import PATIENCE

Pair = tuple[SocketChannel, SocketChannel]


@pytest.fixture(params=["pair", "tcp"])
def channels(request: pytest.FixtureRequest) -> Iterator[Pair]:
    pair = socket_pair(PATIENCE) if request.param == "pair" else tcp_pair(PATIENCE)
    yield pair
    for channel in pair:
        channel.close()


def tcp_sockets() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        first = socket.create_connection(listener.getsockname())
        second, _ = listener.accept()
    return first, second


def tcp_pair(timeout: float) -> Pair:
    first, second = tcp_sockets()
    return SocketChannel(first, timeout), SocketChannel(second, timeout)


def receive(channel: SocketChannel, size: int) -> bytes:
    buffer = bytearray(size)
    channel.receive_into(memoryview(buffer))
    return bytes(buffer)


def both(first: Callable[[], object], second: Callable[[], object]) -> list[object]:
    with ThreadPoolExecutor(2) as threads:
        return [one.result(PATIENCE) for one in [threads.submit(first), threads.submit(second)]]


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(EzError) as caught:
        action()
    assert caught.value.exit_code == 3
    return caught.value.diagnostics[0].code


def test_bytes_arrive_in_order_whatever_their_pieces(channels: Pair) -> None:
    data = os.urandom(3_000_000)
    pieces = [1, 7, 100_000, 2, 262_144, 1_000_000, 64, 262_143]
    pieces.append(len(data) - sum(pieces))

    def send() -> None:
        rest = memoryview(data)
        for size in pieces:
            channels[0].send(rest[:size])
            rest = rest[size:]
        channels[0].flush()

    def take() -> bytes:
        return b"".join(receive(channels[1], size) for size in reversed(pieces))

    assert both(send, take)[1] == data
    assert channels[0].bytes_sent == channels[1].bytes_received == len(data)


def test_what_is_sent_may_be_changed_afterwards(channels: Pair) -> None:
    data = bytearray(b"before")
    channels[0].send(data)
    data[:] = b"after!"
    channels[0].flush()
    assert receive(channels[1], 6) == b"before"


def test_receiving_sends_what_waits(channels: Pair) -> None:
    def side(channel: SocketChannel, mine: bytes) -> bytes:
        channel.send(mine)
        return receive(channel, 4)

    said = both(lambda: side(channels[0], b"ping"), lambda: side(channels[1], b"pong"))
    assert said == [b"pong", b"ping"]


def test_both_may_send_much_before_they_receive(channels: Pair) -> None:
    size = 24_000_000
    blocks = [os.urandom(size) for _ in channels]

    def side(number: int) -> bool:
        channels[number].send(blocks[number])
        return receive(channels[number], size) == blocks[1 - number]

    assert both(lambda: side(0), lambda: side(1)) == [True, True]


def test_wide_elements_and_nothing_at_all(channels: Pair) -> None:
    channels[0].send(memoryview(struct.pack("<3Q", 1, 2, 3)).cast("Q"))
    channels[0].send(b"")
    channels[0].flush()
    buffer = memoryview(bytearray(24)).cast("Q")
    channels[1].receive_into(memoryview(bytearray()))
    channels[1].receive_into(buffer)
    assert buffer.tolist() == [1, 2, 3]
    assert channels[0].bytes_sent == channels[1].bytes_received == 24


def test_peeking_takes_nothing(channels: Pair) -> None:
    """What was shown stays the channel's, and counts, rounds too, when it is taken."""
    first, second = channels
    first.send(b"abcdef")
    first.flush()
    shown = second.peek(6)
    assert bytes(shown) == b"abcdef"
    assert (second.bytes_received, second.rounds) == (0, 0)
    second.skip(0)
    second.skip(2)
    assert (second.bytes_received, second.rounds) == (2, 1)
    assert bytes(second.peek(1)) == b"cdef"
    # Sending leaves what was shown where it is.
    second.send(b"x")
    second.flush()
    assert bytes(shown[2:]) == b"cdef"
    assert receive(second, 3) == b"cde"
    assert (second.bytes_received, second.rounds) == (5, 2)
    assert bytes(second.peek(0)) == b"f"
    second.skip(1)
    assert bytes(second.peek(0)) == b""


def test_peeking_waits_and_sends_what_waits(channels: Pair) -> None:
    def one(channel: SocketChannel) -> bytes:
        channel.send(b"question")
        return bytes(channel.peek(6)[:6])

    def other(channel: SocketChannel) -> bytes:
        question = bytes(channel.peek(8)[:8])
        channel.skip(8)
        channel.send(b"ans")
        channel.flush()
        channel.send(b"wer")
        channel.flush()
        return question

    said = both(lambda: one(channels[0]), lambda: other(channels[1]))
    assert said == [b"answer", b"question"]


def test_peeking_goes_on_where_receiving_stopped(channels: Pair) -> None:
    """Much data in both directions at once, by pieces of all sizes, peeked and received in turn."""
    size = 6_000_000
    blocks = [os.urandom(size) for _ in channels]
    sizes = [1, 31, 256, PEEK_LIMIT, 5000, LARGE - 1, LARGE, INBOX + 1, 300_000]

    def side(number: int) -> bool:
        channel, got = channels[number], bytearray()
        channel.send(blocks[number])
        for piece, peeks in zip(itertools.cycle(sizes), itertools.cycle((False, True))):
            count = min(piece, size - len(got))
            if not count:
                break
            if not peeks:
                got += receive(channel, count)
            else:
                shown = channel.peek(min(count, PEEK_LIMIT))
                used = min(count, len(shown))
                got += shown[:used]
                channel.skip(used)
        return got == blocks[1 - number]

    assert both(lambda: side(0), lambda: side(1)) == [True, True]
    assert [channel.bytes_received for channel in channels] == [size, size]


def test_a_round_is_a_turn_from_sending_to_receiving(channels: Pair) -> None:
    first, second = channels
    for _ in range(3):
        first.send(b"ab")
        first.send(b"c")
        first.flush()
        receive(second, 1)
        receive(second, 2)
        second.send(b"d")
        second.flush()
        receive(first, 1)
    assert (first.rounds, second.rounds) == (3, 3)
    first.start_counting()
    assert (first.rounds, first.bytes_sent, first.bytes_received) == (0, 0, 0)


def test_flights_count_as_if_each_were_sent_whole(channels: Pair) -> None:
    """Two flights of three messages each take two rounds, however they mix on the wire."""
    one, other = channels
    buffer = memoryview(bytearray(1))
    order = [0, 0, 1, 0, 1, 1]
    for channel in channels:
        for flight in order:
            channel.flight(flight)
            channel.send(b"x")
            channel.flush()
    for channel in channels:
        for flight in order:
            channel.flight(flight)
            channel.receive_into(buffer)
        assert channel.rounds == 0
        channel.flight(None)
    assert (one.rounds, other.rounds) == (2, 2)
    # A party that last received goes on to receive: no further round.
    one.send(b"x")
    one.flush()
    other.receive_into(buffer)
    assert (one.rounds, other.rounds) == (2, 2)


def test_a_peer_that_closes(channels: Pair) -> None:
    channels[0].send(b"half")
    channels[0].flush()
    channels[0].close()
    assert code_of(lambda: receive(channels[1], 8)) == "EZ5003"


def test_a_peer_that_closes_while_we_send(channels: Pair) -> None:
    channels[0].close()
    block = bytes(1 << 24)

    def send() -> None:
        for _ in range(4):
            channels[1].send(block)

    assert code_of(send) == "EZ5003"


def test_a_peer_that_resets() -> None:
    raw, other = tcp_sockets()
    channel = SocketChannel(other, PATIENCE)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()
    assert code_of(lambda: receive(channel, 1)) == "EZ5003"
    channel.close()


def test_a_peer_that_says_nothing() -> None:
    first, second = socket_pair(0.05)
    assert code_of(lambda: receive(first, 1)) == "EZ5004"
    first.close()
    second.close()


def test_a_peer_that_takes_nothing() -> None:
    first, second = socket_pair(0.05)
    assert code_of(lambda: first.send(bytes(1 << 26))) == "EZ5004"
    first.close()
    second.close()


def test_closing_ends_the_other_sides_wait() -> None:
    first, second = tcp_pair(PATIENCE)

    def wait() -> str:
        return code_of(lambda: receive(first, 1))

    assert both(wait, second.close)[0] == "EZ5003"
    first.close()
