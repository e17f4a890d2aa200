"""TLS between sides that have pinned each other's keys; everybody else is refused with a reason."""

from __future__ import annotations

import os
import socket
import ssl
import stat
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.session.address import Address
from ezlang.session.channel import SocketChannel
from ezlang.session.connect import connect
from ezlang.session.handshake import MAGIC
from ezlang.session.identity import check_key_file, create_key, fingerprint, renew_certificate
from ezlang.session.tls import ACCEPTED, Keys, Pin
from tests.session.test_connect import ONE, ZERO, Meeting, exchange, failure
from tests.session.test_dealer import ask, check_units, dealer
from tests.session.test_strangers import warnings
from tests.support.patience import PATIENCE


class Sides:
    """Keys in a folder, and who has pinned whom."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pins: dict[str, Pin] = {}
        for name in ("alice", "bob", "carol"):
            self.make(name)

    def make(self, name: str, days: int = 7) -> None:
        path = self.folder / f"{name}.key"
        path.unlink(missing_ok=True)
        self.pins[name] = Pin(name=name, certificate=create_key(path, name, days=days))

    def keys(self, own: str, *peers: str) -> Keys:
        file = str(self.folder / f"{own}.key")
        return Keys(name=own, file=file, peers=tuple(self.pins[peer] for peer in peers))


@pytest.fixture
def sides(tmp_path: Path) -> Sides:
    return Sides(tmp_path)


class Secured(Meeting):
    """A meeting over TLS."""

    def __init__(self, alice: Keys | None, bob: Keys | None) -> None:
        super().__init__()
        self.alice, self.bob = alice, bob

    def listening(self, timeout: float = PATIENCE) -> Future[SocketChannel]:
        def told(address: Address) -> None:
            self.port.set_result(address.port)

        place = Address("127.0.0.1", 0, self.alice)
        return self.threads.submit(connect, place, ZERO, timeout, told)

    def dialling(self, timeout: float = PATIENCE) -> Future[SocketChannel]:
        place = replace(self.address, keys=self.bob)
        return self.threads.submit(connect, place, ONE, timeout)


def test_both_sides_prove_who_they_are(sides: Sides) -> None:
    meeting = Secured(sides.keys("alice", "bob"), sides.keys("bob", "alice"))
    runs = [meeting.listening(), meeting.dialling()]
    first, second = (run.result(PATIENCE) for run in runs)
    assert (first.proven, second.proven) == ("bob", "alice")
    exchange(first, second)


def test_large_messages_in_both_directions_at_once(sides: Sides) -> None:
    """More than the network holds, sent by both before either receives."""
    meeting = Secured(sides.keys("alice", "bob"), sides.keys("bob", "alice"))
    runs = [meeting.listening(), meeting.dialling()]
    channels = [run.result(PATIENCE) for run in runs]
    data = os.urandom(1 << 25)

    def swap(channel: SocketChannel) -> bytes:
        channel.send(data)
        for at in range(0, 3000, 3):
            channel.send(data[at : at + 3])
        heard = bytearray(len(data) + 3000)
        channel.receive_into(memoryview(heard))
        return bytes(heard)

    for run in [meeting.threads.submit(swap, channel) for channel in channels]:
        assert run.result(PATIENCE) == data + data[:3000]
    for channel in channels:
        assert (channel.bytes_sent, channel.bytes_received) == (len(data) + 3000,) * 2
        channel.close()


def refusals(meeting: Secured, caplog: pytest.LogCaptureFixture) -> tuple[str, Diagnostic]:
    """Return the line of the side that listens, and the error of the one that dials."""
    first = meeting.listening(timeout=3.0)
    second = meeting.dialling(timeout=1.0)
    found = failure(second)
    assert failure(first).code == "EZ5002"
    return warnings(caplog)[0], found


Change = Callable[[Sides], tuple[Keys, Keys]]


def _stranger(sides: Sides) -> tuple[Keys, Keys]:
    return sides.keys("alice", "bob"), sides.keys("carol", "alice")


def _posing(sides: Sides) -> tuple[Keys, Keys]:
    """Another key, in the name of the one that is pinned."""
    alice = sides.keys("alice", "bob")
    sides.make("bob")
    return alice, sides.keys("bob", "alice")


def _posing_as_listener(sides: Sides) -> tuple[Keys, Keys]:
    bob = sides.keys("bob", "alice")
    sides.make("alice")
    return sides.keys("alice", "bob"), bob


def _expired(name: str, sides: Sides) -> tuple[Keys, Keys]:
    sides.make(name, days=0)
    return sides.keys("alice", "bob"), sides.keys("bob", "alice")


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        (_stranger, "a key that is not pinned here", "it has not pinned the key of this side"),
        (_posing, "a key that is not pinned here", "it has not pinned the key of this side"),
        (_posing_as_listener, "not pinned the key of this", "a key that is not pinned here"),
        (partial(_expired, "bob"), "its certificate has expired", "certificate of this side has"),
        (partial(_expired, "alice"), "certificate of this side has", "its certificate has expired"),
    ],
)
def test_wrong_certificates(
    sides: Sides, caplog: pytest.LogCaptureFixture, change: Change, line: str, message: str
) -> None:
    told, found = refusals(Secured(*change(sides)), caplog)
    assert line in told
    assert found.code == "EZ5050"
    assert message in found.message


def settings(
    sides: Sides, *, serving: bool, version: ssl.TLSVersion, own: str | None
) -> ssl.SSLContext:
    """What another implementation might do, which trusts everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if serving else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = context.maximum_version = version
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if own is not None:
        context.load_cert_chain(sides.folder / f"{own}.key")
    return context


@pytest.mark.parametrize(
    ("version", "own", "line"),
    [
        (ssl.TLSVersion.TLSv1_2, "bob", "it does not speak TLS 1.3"),
        (ssl.TLSVersion.TLSv1_3, None, "it has shown no certificate"),
        (ssl.TLSVersion.TLSv1_3, "carol", "a key that is not pinned here"),
    ],
)
def test_other_callers(
    sides: Sides,
    caplog: pytest.LogCaptureFixture,
    version: ssl.TLSVersion,
    own: str | None,
    line: str,
) -> None:
    meeting = Secured(sides.keys("alice", "bob"), sides.keys("bob", "alice"))
    first = meeting.listening()
    context = settings(sides, serving=False, version=version, own=own)
    with (
        socket.create_connection(("127.0.0.1", meeting.address.port)) as plain,
        pytest.raises(ssl.SSLError),
        context.wrap_socket(plain) as caller,
    ):
        caller.recv(1)
    exchange(meeting.dialling().result(PATIENCE), first.result(PATIENCE))
    (told,) = warnings(caplog)
    assert line in told


@pytest.mark.parametrize(
    ("version", "own", "message"),
    [
        (ssl.TLSVersion.TLSv1_2, "alice", "it does not speak TLS 1.3"),
        (ssl.TLSVersion.TLSv1_3, "carol", "a key that is not pinned here"),
    ],
)
def test_other_listeners(sides: Sides, version: ssl.TLSVersion, own: str, message: str) -> None:
    """A side that poses as the one that listens is told nothing."""
    context = settings(sides, serving=True, version=version, own=own)
    meeting = Secured(None, sides.keys("bob", "alice"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        meeting.port.set_result(int(listener.getsockname()[1]))
        second = meeting.dialling()
        plain = listener.accept()[0]
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(plain, server_side=True)
    found = failure(second)
    assert found.code == "EZ5050"
    assert message in found.message


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "it does not speak TLS"),
        (ZERO.encode(), "it does not speak TLS"),
        (b"\x16\x03\x01\x00\x20" + bytes(32), "the handshake of TLS failed (unexpected message)"),
        (b"\x16\x03\x01\x40", "disconnected without a word"),
        (b"", "disconnected without a word"),
    ],
)
def test_bytes_of_strangers(
    sides: Sides, caplog: pytest.LogCaptureFixture, said: bytes, line: str
) -> None:
    meeting = Secured(sides.keys("alice", "bob"), sides.keys("bob", "alice"))
    first = meeting.listening()
    with socket.create_connection(("127.0.0.1", meeting.address.port)) as stranger:
        stranger.sendall(said)
        stranger.shutdown(socket.SHUT_WR)
        try:
            while stranger.recv(1 << 10):
                pass
        except ConnectionResetError:
            pass
    exchange(meeting.dialling().result(PATIENCE), first.result(PATIENCE))
    (told,) = warnings(caplog)
    assert line in told


def relay(listener: socket.socket, to: Address) -> bytes:
    """Pass on one connection in both directions; return what the caller has sent."""
    caller = listener.accept()[0]
    target = socket.create_connection((to.host, to.port))
    sent = bytearray()

    def back() -> None:
        try:
            while data := target.recv(1 << 16):
                caller.sendall(data)
        except OSError:
            pass

    thread = threading.Thread(target=back)
    thread.start()
    try:
        while data := caller.recv(1 << 16):
            sent.extend(data)
            target.sendall(data)
    except OSError:
        pass
    for one in (caller, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
    thread.join(PATIENCE)
    return bytes(sent)


def test_nothing_can_be_resumed(sides: Sides) -> None:
    meeting = Secured(sides.keys("alice", "bob"), None)
    first = meeting.listening()
    context = settings(sides, serving=False, version=ssl.TLSVersion.TLSv1_3, own="bob")
    with (
        socket.create_connection(("127.0.0.1", meeting.address.port)) as plain,
        context.wrap_socket(plain) as caller,
    ):
        assert caller.recv(1) == ACCEPTED
        caller.sendall(ONE.encode())
        assert caller.recv(1 << 16).startswith(MAGIC)
        assert caller.session is None or not caller.session.has_ticket
    first.result(PATIENCE).close()


def test_a_recorded_handshake_is_worth_nothing(
    sides: Sides, caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob = sides.keys("alice", "bob"), sides.keys("bob", "alice")
    meeting = Secured(alice, bob)
    first = meeting.listening()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        recording = meeting.threads.submit(relay, listener, meeting.address)
        middle = Address("127.0.0.1", int(listener.getsockname()[1]), bob)
        second = connect(middle, ONE, PATIENCE)
        exchange(first.result(PATIENCE), second)
        recorded = recording.result(PATIENCE)
    assert len(recorded) > 500
    again = Secured(alice, bob)
    first = again.listening()
    with socket.create_connection(("127.0.0.1", again.address.port)) as replayed:
        replayed.sendall(recorded)
        try:
            while replayed.recv(1 << 16):
                pass
        except ConnectionResetError:
            pass
    exchange(again.dialling().result(PATIENCE), first.result(PATIENCE))
    (told,) = warnings(caplog)
    assert "the handshake of TLS failed" in told


def test_one_side_without_keys(sides: Sides, caplog: pytest.LogCaptureFixture) -> None:
    told, found = refusals(Secured(sides.keys("alice", "bob"), None), caplog)
    assert "it does not speak TLS" in told
    assert found.code in ("EZ5003", "EZ5005")
    assert "TLS" in f"{found.message} {found.help}"
    caplog.clear()
    told, found = refusals(Secured(None, sides.keys("bob", "alice")), caplog)
    assert "it speaks TLS, and this side has no keys" in told
    assert found.code == "EZ5003"
    assert "TLS" in str(found.help)


def test_the_dealer_and_its_parties(sides: Sides, caplog: pytest.LogCaptureFixture) -> None:
    with dealer(keys=sides.keys("carol", "alice", "bob")) as (address, came, (threads, _)):
        stranger = replace(address, keys=sides.keys("carol", "carol"))
        with pytest.raises(EzError, match="not pinned"):
            ask(stranger, 0)
        places = [replace(address, keys=sides.keys(one, "carol")) for one in ("alice", "bob")]
        early = threads.submit(ask, places[0], 0)
        one = ask(places[1], 1)
        check_units(early.result(PATIENCE), one)
    assert len(came) == 1
    assert "a key that is not pinned here" in warnings(caplog)[0] or len(warnings(caplog)) == 1


def test_a_dealer_deals_to_two_sides(sides: Sides) -> None:
    with dealer(keys=sides.keys("carol", "alice", "bob")) as (address, came, (threads, _)):
        alice, bob = (replace(address, keys=sides.keys(one, "carol")) for one in ("alice", "bob"))
        runs = [threads.submit(ask, alice, party) for party in (0, 1)]
        wait(runs, timeout=PATIENCE, return_when=FIRST_COMPLETED)
        refused = next(party for party in (0, 1) if runs[party].done())
        with pytest.raises(EzError, match="alice can't be both parties"):
            runs[refused].result(PATIENCE)
        units = ask(bob, refused), runs[1 - refused].result(PATIENCE)
        check_units(*sorted(units, key=lambda one: one.party))
    assert len(came) == 1


def test_a_key_is_for_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "alice.key"
    before = os.umask(0)
    try:
        create_key(path, "alice")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    with pytest.raises(EzError, match="not overwritten"):
        create_key(path, "alice")
    assert path.read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == ["alice.key"]
    path.chmod(0o640)
    with pytest.raises(EzError, match="chmod 600"):
        check_key_file(path)


def test_a_new_certificate_has_the_same_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "alice.key"
    first = create_key(path, "alice")
    second = renew_certificate(path, "alice")
    assert first != second
    assert fingerprint(first) == fingerprint(second)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
