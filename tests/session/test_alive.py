"""A party that computes for long isn't silent; one that is silent or talks nonsense is found."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from zlib import crc32

import pytest

from ezlang.diagnostics.diagnostic import EzError
from ezlang.session.alive import READY, kept_alive, wait_until_ready
from ezlang.session.channel import LARGE, SocketChannel
from ezlang.session.mesh import tied
from ezlang.session.records import CHECKED, HEAD_BYTES, LONGEST, head
from tests.support.channels import socket_pair
from tests.support.patience import PATIENCE


def ready(channel: SocketChannel, seconds: float) -> str:
    """Return the code of the error of a party that prepares for a while, or nothing."""
    try:
        with kept_alive((channel,)):
            time.sleep(seconds)
            wait_until_ready((channel,))
    except EzError as error:
        return error.diagnostics[0].code
    return ""


def test_preparing_may_take_longer_than_the_time_out() -> None:
    channels = socket_pair(0.75)
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(ready, channels, (2.5, 0.0))) == ["", ""]
    for channel in channels:
        assert (channel.bytes_sent, channel.bytes_received, channel.rounds) == (0, 0, 0)
        channel.close()


@pytest.mark.parametrize("base", [1, CHECKED, LARGE, LONGEST, LONGEST + CHECKED, 3 * LONGEST])
@pytest.mark.parametrize("more", [-1, 0, 1, 37])
def test_messages_of_every_length_arrive(base: int, more: int) -> None:
    """The last part of a long message may be a short record."""
    size = max(base + more, 1)
    sent = bytes(number * 7 % 251 for number in range(size))

    def send(channel: SocketChannel) -> bytes:
        with kept_alive((channel,)):
            channel.send(b"before")
            channel.send(sent)
            channel.send(b"after")
            channel.flush()
            return take(channel, 4)

    def receive(channel: SocketChannel) -> bytes:
        with kept_alive((channel,)):
            found = take(channel, 6) + take(channel, size) + take(channel, 5)
            channel.send(b"done")
            channel.flush()
        return found

    def take(channel: SocketChannel, count: int) -> bytes:
        taken = bytearray(count)
        channel.receive_into(memoryview(taken))
        return bytes(taken)

    mine, theirs = socket_pair(PATIENCE)
    with ThreadPoolExecutor(2) as threads:
        runs = threads.submit(send, mine), threads.submit(receive, theirs)
        assert [run.result() for run in runs] == [b"done", b"before" + sent + b"after"]
    mine.close()
    theirs.close()


def test_computing_may_take_longer_than_the_time_out() -> None:
    """Both ways: one waits for data, then the other waits until it can send."""
    size = 1 << 25

    def slow(channel: SocketChannel) -> int:
        with kept_alive((channel,)):
            time.sleep(2.5)
            channel.send(b"x" * 100)
            channel.flush()
            time.sleep(2.5)
            channel.receive_into(memoryview(bytearray(size)))
        return channel.bytes_received

    def fast(channel: SocketChannel) -> int:
        with kept_alive((channel,)):
            channel.receive_into(memoryview(bytearray(100)))
            channel.send(bytes(size))
            channel.flush()
        return channel.bytes_received

    mine, theirs = socket_pair(0.75)
    with ThreadPoolExecutor(2) as threads:
        runs = threads.submit(slow, mine), threads.submit(fast, theirs)
        assert [run.result() for run in runs] == [size, 100]
    mine.close()
    theirs.close()


def test_a_silent_party_is_found() -> None:
    mine, theirs = socket_pair(0.2)
    assert ready(mine, 0.0) == "EZ5004"
    theirs.close()


def test_a_party_that_leaves_is_found() -> None:
    mine, theirs = socket_pair(PATIENCE)
    theirs.close()
    assert ready(mine, 0.6) == "EZ5003"


READY_HEAD = head(0, 1, crc32(READY))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n", "EZ5018"),
        (head(0, 1, crc32(b"?")) + b"?", "EZ5005"),
        (head(0, 1, crc32(READY)) + b"?", "EZ5018"),
        (head(0, 0) + READY_HEAD + READY, "EZ5018"),
        (bytes(HEAD_BYTES) + READY, "EZ5018"),
        (READY_HEAD[:-1] + b"?" + READY, "EZ5018"),
        (head(0, 0) + head(20, 0) + head(40, 1, crc32(READY)) + READY, ""),
        (head(0, 1)[:3], "EZ5003"),
        (head(0, (1 << 31) - 1) + READY, ""),  # no memory is taken for what is only announced
    ],
)
def test_heads_that_fit_and_others(said: bytes, code: str) -> None:
    first, second = socket.socketpair()
    mine = SocketChannel(first, PATIENCE)
    second.sendall(said)
    second.shutdown(socket.SHUT_WR)
    assert ready(mine, 0.0) == code
    mine.close()
    second.close()


Change = Callable[[bytearray], bytearray]


@contextmanager
def spoilt(change: Change) -> Iterator[tuple[SocketChannel, SocketChannel]]:
    """A channel whose second message, and what comes with it, is changed on the way."""
    (near, relay), (other, far) = socket.socketpair(), socket.socketpair()
    sender, receiver = SocketChannel(near, PATIENCE), SocketChannel(far, PATIENCE)
    sender.use_records()
    receiver.use_records()
    for data in (b"first", b"second", b"third"):
        sender.send(data)
        sender.flush()
        piece = bytearray(relay.recv(1 << 16))
        other.sendall(change(piece) if data == b"second" else piece)
    yield sender, receiver
    for one in (sender, receiver, relay, other):
        one.close()


@pytest.mark.parametrize(
    "change",
    [
        lambda data: bytearray(),
        lambda data: data + data,
        lambda data: data[HEAD_BYTES:] + data[:HEAD_BYTES],
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: data[:-1] + b"?",
    ],
)
def test_what_is_lost_repeated_or_moved_is_found(change: Change) -> None:
    with spoilt(change) as (_, receiver):
        with pytest.raises(EzError) as caught:
            receiver.receive_into(memoryview(bytearray(16)))
        assert caught.value.diagnostics[0].code == "EZ5018"
        with pytest.raises(EzError) as again:
            receiver.receive_into(memoryview(bytearray(1)))
        assert again.value.exit_code == 3


def test_keep_alives_do_not_fill_a_gap() -> None:
    """What was lost of a long message is as long as the keep-alives that follow."""
    (near, relay), (other, far) = socket.socketpair(), socket.socketpair()
    sender, receiver = SocketChannel(near, PATIENCE), SocketChannel(far, PATIENCE)
    sender.use_records()
    receiver.use_records()
    sender.send(bytes(CHECKED))
    sent = b""
    while len(sent) < HEAD_BYTES + CHECKED:
        sent += relay.recv(1 << 16)
    other.sendall(sent[: -2 * HEAD_BYTES])
    for _ in range(2):
        sender.keep_alive()
    sender.send(b"last")
    sender.flush()
    other.sendall(relay.recv(1 << 16))
    receiver.receive_into(memoryview(bytearray(CHECKED)))
    with pytest.raises(EzError) as caught:
        receiver.receive_into(memoryview(bytearray(4)))
    assert caught.value.diagnostics[0].code == "EZ5018"
    for one in (sender, receiver, relay, other):
        one.close()


def test_losses_are_found_when_reading_ahead() -> None:
    with spoilt(lambda data: data + data) as (_, receiver):
        with pytest.raises(EzError) as caught:
            receiver.read_ahead()
        assert caught.value.diagnostics[0].code == "EZ5018"
        assert not receiver.listens


def test_records_begin_after_what_was_seen_already() -> None:
    """One side goes over to records while the other has read some of them."""
    mine, theirs = socket_pair(PATIENCE)
    mine.send(b"hello")
    mine.use_records()
    data = bytes(range(256)) * (LARGE // 128)
    for piece in (data[:10], data[10:-10], data[-10:]):
        mine.send(piece)
    mine.keep_alive()
    mine.flush()
    theirs.peek(5)
    said = bytearray(5)
    theirs.receive_into(memoryview(said))
    assert said == b"hello"
    theirs.use_records()
    heard = bytearray(len(data))
    theirs.receive_into(memoryview(heard))
    assert heard == data
    assert (theirs.bytes_received, mine.bytes_sent) == (5 + len(data), 5 + len(data))
    mine.close()
    theirs.close()


def test_no_keep_alive_follows_the_last_message() -> None:
    mine, theirs = socket_pair(0.6)
    with kept_alive((mine,)):
        theirs.use_records()
        mine.send_last(b"!")
        theirs.receive_into(memoryview(bytearray(1)))
        with pytest.raises(EzError) as caught:
            theirs.receive_into(memoryview(bytearray(1)))
        assert caught.value.diagnostics[0].code == "EZ5004"
        mine.send(b"?")
        mine.flush()
        time.sleep(1.5)
        mine.send(b"?")
        mine.flush()
        theirs.receive_into(memoryview(bytearray(2)))
    mine.close()
    theirs.close()


def tied_pairs(timeout: float) -> tuple[list[SocketChannel], list[SocketChannel]]:
    """A party with channels to two others, and their ends."""
    pairs = [socket_pair(timeout) for _ in range(2)]
    mine = dict(enumerate(pair[0] for pair in pairs))
    return list(tied(mine, ("ann", "ben")).values()), [pair[1] for pair in pairs]


def test_one_is_silent_while_this_party_waits_for_another() -> None:
    """Whoever waits for one that waits for a silent one would wait for ever."""
    mine, (ann, ben) = tied_pairs(0.6)
    ann.use_records()
    for one in mine:
        one.use_records()
    with kept_alive((ben,)), pytest.raises(EzError, match="ann took too long"):
        mine[1].receive_into(memoryview(bytearray(1)))
    for one in (*mine, ann, ben):
        one.close()


def test_one_rests_while_this_party_waits_for_another() -> None:
    mine, (ann, ben) = tied_pairs(0.6)
    ann.use_records()
    for one in mine:
        one.use_records()
    ann.send_last(b"!")
    with ThreadPoolExecutor(1) as threads, kept_alive((ben,)):

        def late() -> None:
            time.sleep(2.0)
            ben.send(b"?")
            ben.flush()

        done = threads.submit(late)
        for one in reversed(mine):
            one.receive_into(memoryview(bytearray(1)))
        done.result()
    for one in (*mine, ann, ben):
        one.close()
