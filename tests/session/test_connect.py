"""Two parties connect on loopback, in either order, despite strangers."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.session.address import Address
from ezlang.session.channel import SocketChannel
from ezlang.session.connect import connect
from ezlang.session.handshake import Hello
from tests.support.patience import PATIENCE
from tests.support.ports import free_port

ZERO = Hello(party=0, names=("alice", "bob"), fingerprint="0" * 64)
ONE = replace(ZERO, party=1)


class Meeting:
    """Runs both parties in threads and keeps their results."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(2)
        self.port: Future[int] = Future()

    def listen(self, hello: Hello = ZERO, timeout: float = PATIENCE) -> Future[SocketChannel]:
        return self.threads.submit(
            connect,
            Address("127.0.0.1", 0),
            hello,
            timeout,
            lambda address: self.port.set_result(address.port),
        )

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self.port.result(PATIENCE))

    def dial(self, hello: Hello = ONE, timeout: float = PATIENCE) -> Future[SocketChannel]:
        return self.threads.submit(connect, self.address, hello, timeout)


def exchange(first: SocketChannel, second: SocketChannel) -> None:
    assert (first.bytes_sent, first.bytes_received, first.rounds) == (0, 0, 0)
    first.send(b"hello")
    first.flush()
    said = bytearray(5)
    second.receive_into(memoryview(said))
    assert said == b"hello"
    first.close()
    second.close()


def failure(run: Future[SocketChannel]) -> Diagnostic:
    with pytest.raises(EzError) as caught:
        run.result(PATIENCE)
    assert caught.value.exit_code == 3
    return caught.value.diagnostics[0]


def test_the_listener_first() -> None:
    meeting = Meeting()
    first, second = meeting.listen(), meeting.dial()
    exchange(first.result(PATIENCE), second.result(PATIENCE))


def test_the_dialler_first() -> None:
    address = Address("127.0.0.1", free_port())
    with ThreadPoolExecutor(2) as threads:
        dialling = threading.Event()

        def dial() -> SocketChannel:
            dialling.set()
            return connect(address, ONE, PATIENCE)

        second = threads.submit(dial)
        dialling.wait(PATIENCE)
        first = threads.submit(connect, address, ZERO, PATIENCE)
        exchange(first.result(PATIENCE), second.result(PATIENCE))


def test_nobody_comes() -> None:
    found = failure(Meeting().listen(timeout=0.05))
    assert found.code == "EZ5002"


def test_nobody_listens() -> None:
    with pytest.raises(EzError) as caught:
        connect(Address("127.0.0.1", free_port()), ONE, 0.1)
    (found,) = caught.value.diagnostics
    assert found.code == "EZ5001"
    assert "refused" in found.notes[0].message


def test_a_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        with pytest.raises(EzError) as caught:
            connect(Address("127.0.0.1", port), ZERO, 1.0)
    assert caught.value.diagnostics[0].code == "EZ5012"


def test_strangers_are_dropped_and_the_party_still_found() -> None:
    meeting = Meeting()
    first = meeting.listen()
    for said in (b"GET / HTTP/1.1\r\n\r\n", b""):
        with socket.create_connection(("127.0.0.1", meeting.address.port)) as stranger:
            stranger.sendall(said)
    second = meeting.dial()
    exchange(first.result(PATIENCE), second.result(PATIENCE))


def test_strangers_are_told_of_when_nobody_else_comes() -> None:
    meeting = Meeting()
    first = meeting.listen(timeout=2.0)
    with socket.create_connection(("127.0.0.1", meeting.address.port)) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
    found = failure(first)
    assert found.code == "EZ5002"
    assert "GET" in found.notes[0].message


def test_a_listener_that_is_no_party() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as threads:
        address = Address("127.0.0.1", int(server.getsockname()[1]))
        run = threads.submit(connect, address, ONE, PATIENCE)
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"220 mail.example.org ESMTP\r\n")
            assert failure(run).code == "EZ5005"


def test_the_wrong_program_ends_both() -> None:
    meeting = Meeting()
    runs = [meeting.listen(), meeting.dial(replace(ONE, fingerprint="1" * 64))]
    assert [failure(run).code for run in runs] == ["EZ5007", "EZ5007"]
