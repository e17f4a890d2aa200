"""Strangers at the port of a party or a dealer: each is dropped with a line, and delays nobody."""

from __future__ import annotations

import logging
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from ezlang.session import reception
from ezlang.session.address import Address
from ezlang.session.connect import connect
from ezlang.session.handshake import MAGIC, PROTOCOL
from tests.session.test_connect import ZERO, Meeting, exchange, failure
from tests.session.test_dealer import ask, check_units, dealer
from tests.support.patience import PATIENCE

DEALER_MAGIC = b"ezdeal\xf5\x0a"


def dial(address: Address) -> socket.socket:
    return socket.create_connection((address.host, address.port))


@contextmanager
def dripping(address: Address, head: bytes) -> Iterator[threading.Event]:
    """A stranger that sends a head and then a byte now and then; the event says when it is over."""
    over = threading.Event()

    def drip() -> None:
        with dial(address) as stranger, suppress(OSError):
            stranger.sendall(head)
            while not over.is_set():
                stranger.sendall(b" ")
                time.sleep(0.02)
        over.set()

    thread = threading.Thread(target=drip)
    thread.start()
    yield over
    over.set()
    thread.join(PATIENCE)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]


def test_a_greeting_of_one_byte_now_and_then_ends(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reception, "GREETING_SECONDS", 0.5)
    meeting = Meeting()
    first = meeting.listen()
    head = MAGIC + struct.pack(">HI", PROTOCOL, 60_000)
    with dripping(meeting.address, head) as over:
        assert over.wait(PATIENCE)
    second = meeting.dial()
    exchange(first.result(PATIENCE), second.result(PATIENCE))
    (line,) = warnings(caplog)
    assert line.startswith("A connection from 127.0.0.1:")
    assert "its greeting was not complete within 0.5 seconds" in line


def test_a_party_is_greeted_while_strangers_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them would keep the party waiting for longer than the test lasts."""
    monkeypatch.setattr(reception, "GREETING_SECONDS", PATIENCE)
    meeting = Meeting()
    first = meeting.listen()
    with ExitStack() as stack:
        for said in (b"", MAGIC, MAGIC + struct.pack(">HI", PROTOCOL, 9), b"ez") * 5:
            stack.enter_context(dial(meeting.address)).sendall(said)
        stack.enter_context(dripping(meeting.address, MAGIC + struct.pack(">HI", PROTOCOL, 60_000)))
        second = meeting.dial()
        exchange(first.result(PATIENCE), second.result(PATIENCE))


def test_a_flood_drops_those_that_have_waited_longest(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reception, "GREETING_SECONDS", PATIENCE)
    monkeypatch.setattr(reception, "MOST_GREETED", 4)
    monkeypatch.setattr(reception, "MOST_TOLD", 3)
    meeting = Meeting()
    first = meeting.listen()
    with ExitStack() as stack:
        strangers = [stack.enter_context(dial(meeting.address)) for _ in range(12)]
        for stranger in strangers[:8]:
            assert stranger.recv(1) == b""
        second = meeting.dial()
        exchange(first.result(PATIENCE), second.result(PATIENCE))
    lines = warnings(caplog)
    assert len(lines) == 3
    assert all("were waiting" in line for line in lines)
    assert "without a word" in lines[-1]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b""),
        (MAGIC + struct.pack(">HI", PROTOCOL, 2) + b"{}", b""),
        (MAGIC + struct.pack(">HI", PROTOCOL, 1 << 20), b""),
        (MAGIC + struct.pack(">HI", 9, 2) + b"{}", MAGIC + struct.pack(">HI", PROTOCOL, 2) + b"{}"),
    ],
)
def test_a_caller_that_says_nothing_learns_nothing(said: bytes, answer: bytes) -> None:
    """What is told is the version of the protocol, to those who speak another."""
    meeting = Meeting()
    first = meeting.listen()
    with dial(meeting.address) as stranger:
        stranger.sendall(said)
        heard = b""
        with suppress(ConnectionResetError):
            while more := stranger.recv(1 << 16):
                heard += more
    assert heard == answer
    if answer:
        assert failure(first).code == "EZ5006"
        return
    second = meeting.dial()
    exchange(first.result(PATIENCE), second.result(PATIENCE))


def test_a_tunnel_whose_other_end_is_not_up_yet() -> None:
    """It accepts connections and closes them; then it is a party's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
        meeting = Meeting()
        meeting.port.set_result(port)
        second = meeting.dial()
        for _ in range(2):
            listener.accept()[0].close()
    first = meeting.threads.submit(connect, Address("127.0.0.1", port), ZERO, PATIENCE)
    exchange(first.result(PATIENCE), second.result(PATIENCE))


def test_a_listener_that_answers_a_byte_now_and_then() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        meeting = Meeting()
        meeting.port.set_result(int(listener.getsockname()[1]))
        run = meeting.dial(timeout=1.0)
        connection = listener.accept()[0]
        over = threading.Event()

        def drip() -> None:
            with suppress(OSError):
                connection.sendall(MAGIC + struct.pack(">HI", PROTOCOL, 60_000))
                while not over.wait(0.02):
                    connection.sendall(b" ")

        thread = threading.Thread(target=drip)
        thread.start()
        found = failure(run)
        over.set()
        thread.join(PATIENCE)
        connection.close()
    assert found.code == "EZ5004"
    assert "its greeting was not complete within" in found.message


def test_a_dealer_greets_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception, "GREETING_SECONDS", PATIENCE)
    with dealer() as (address, came, (threads, _)), ExitStack() as stack:
        for said in (b"", DEALER_MAGIC, DEALER_MAGIC + struct.pack(">HI", 1, 1 << 20)) * 5:
            stack.enter_context(dial(address)).sendall(said)
        early = threads.submit(ask, address, 0)
        one = ask(address, 1)
        check_units(early.result(PATIENCE), one)
    assert len(came) == 1
