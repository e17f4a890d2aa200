"""The dealer and its parties over real sockets: what is dealt, who is refused, who waits."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from ezlang.compiler.protocols.core.preprocessing import BitTriple, MatrixTriple, RingTriple
from ezlang.compiler.protocols.dealt.demands import Demands, correction_bytes
from ezlang.compiler.protocols.dealt.expansion import DealtUnits
from ezlang.compiler.protocols.dealt.expansion import corrections as dealt_corrections
from ezlang.diagnostics.diagnostic import EzError
from ezlang.session import dealer as dealer_module
from ezlang.session import dealing
from ezlang.session.address import Address
from ezlang.session.channel import SocketChannel
from ezlang.session.dealer import Dealer, Limits, Served, run_dealer
from ezlang.session.dealing import PROTOCOL, Answer, Request, agree_on_tag, dealt_preprocessing
from ezlang.session.framing import receive
from ezlang.session.handshake import Hello
from ezlang.session.records import head
from ezlang.session.tls import Keys
from tests.support.channels import socket_pair
from tests.support.patience import PATIENCE

PROGRAM = "ab" * 32
TAG = "00" * 16
WANTED: Demands = {
    BitTriple(): 1000,
    RingTriple(bits=64): 300,
    MatrixTriple(bits=32, rows=4, inner=5, columns=6): 2,
}


def hello(party: int, program: str = PROGRAM) -> Hello:
    return Hello(party=party, names=("alice", "bob"), fingerprint=program)


def ask(
    address: Address,
    party: int,
    *,
    wanted: Demands = WANTED,
    program: str = PROGRAM,
    tag: str = TAG,
    timeout: float = PATIENCE,
) -> DealtUnits:
    return dealt_preprocessing(address, hello(party, program), tag, wanted, timeout)


def sentence(failed: Callable[[], Any]) -> tuple[str, str]:
    """Return the code and the message of the one diagnostic that a call fails with."""
    with pytest.raises(EzError) as caught:
        failed()
    assert caught.value.exit_code == 3
    (diagnostic,) = caught.value.diagnostics
    return str(diagnostic.code), diagnostic.message


@contextmanager
def dealer(
    timeout: float = PATIENCE,
    runs: int | None = 1,
    keys: Keys | None = None,
    limits: Limits | None = None,
) -> Iterator[tuple[Address, Any, Any]]:
    """A dealer in a thread; yields its address, a list of the results of runs, and its end."""
    there: Future[Address] = Future()
    came: list[Served | EzError] = []

    def run() -> None:
        run_dealer(
            Address(port=0, keys=keys),
            timeout,
            runs,
            patient=False,
            listening=there.set_result,
            served=came.append,
            failed=came.append,
            limits=limits,
        )

    with ThreadPoolExecutor(max_workers=3) as threads:
        end = threads.submit(run)
        yield there.result(PATIENCE), came, (threads, end)


def check_units(zero: DealtUnits, one: DealtUnits, wanted: Demands = WANTED) -> None:
    for kind, count in wanted.items():
        x, y = zero.take(kind, count), one.take(kind, count)
        if isinstance(kind, BitTriple):
            assert np.array_equal((x["a"] ^ y["a"]) & (x["b"] ^ y["b"]), x["c"] ^ y["c"])
        elif isinstance(kind, RingTriple):
            assert np.array_equal((x["a"] + y["a"]) * (x["b"] + y["b"]), x["c"] + y["c"])
        else:
            assert np.array_equal((x["a"] + y["a"]) @ (x["b"] + y["b"]), x["c"] + y["c"])


@pytest.mark.parametrize("first", [0, 1])
def test_both_parties_get_what_they_asked_for(first: int) -> None:
    with dealer() as (address, came, (threads, end)):
        early = threads.submit(ask, address, first)
        late = ask(address, 1 - first)
        units = sorted((early.result(PATIENCE), late), key=lambda one: one.party)
        check_units(*units)
        end.result(PATIENCE)
    assert came == [Served(program=PROGRAM, bytes_sent=correction_bytes(WANTED))]


def test_a_run_that_needs_nothing() -> None:
    with dealer() as (address, came, (threads, _)):
        early = threads.submit(ask, address, 0, wanted={})
        assert ask(address, 1, wanted={}).left() == early.result(PATIENCE).left() == {}
    assert came == [Served(program=PROGRAM, bytes_sent=0)]


def test_seeds_are_fresh_and_the_parties_differ() -> None:
    wanted: Demands = {RingTriple(bits=64): 100}
    seen = []
    with dealer(runs=2) as (address, _, (threads, _)):
        for tag in ("01" * 16, "02" * 16):
            early = threads.submit(ask, address, 0, wanted=wanted, tag=tag)
            one = ask(address, 1, wanted=wanted, tag=tag)
            for units in (early.result(PATIENCE), one):
                seen += list(units.take(RingTriple(bits=64), 100).values())
    words = np.concatenate(seen)
    assert len(np.unique(words)) == len(words)


def test_the_bytes_on_the_wire() -> None:
    """Party 0 gets an answer with its seed, and the end."""
    with dealer() as (address, _, (threads, end)):
        one = threads.submit(ask, address, 1)
        channel = SocketChannel(socket.create_connection((address.host, address.port)), PATIENCE)
        request = Request(party=0, program=PROGRAM, tag=TAG, demands=WANTED)
        channel.send(request.encode())
        answer = Answer(seed=bytes(16)).encode()
        got = receive(channel, len(answer))
        assert got[:14] == answer[:14]
        channel.use_records()
        channel.send(dealing.RECEIVED)
        assert receive(channel, 1) == dealing.DEALT
        one.result(PATIENCE)
        end.result(PATIENCE)
        assert sentence(lambda: receive(channel, 1))[0] == "EZ5003"
        channel.close()


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"program": "cd" * 32}, "different programs"),
        ({"wanted": {BitTriple(): 999}}, "1000 units of bit triple as party 0, 999 as party 1"),
        ({"wanted": {**WANTED, BitTriple(): 1 << 45}}, "bytes, more than"),
    ],
)
def test_parties_that_do_not_fit_are_both_told(other: dict[str, Any], reason: str) -> None:
    with dealer() as (address, came, (threads, end)):
        early = threads.submit(sentence, lambda: ask(address, 0))
        late = sentence(lambda: ask(address, 1, **other))
        mine = sentence(lambda: end.result(PATIENCE))
        for code, message in (late, early.result(PATIENCE), mine):
            assert code == "EZ5033"
            assert reason in message
    assert came == []


def test_another_version_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with dealer() as (address, _, (threads, end)):
        early = threads.submit(sentence, lambda: ask(address, 0))
        request = Request(party=1, program=PROGRAM, tag=TAG, demands=WANTED, version="9.9\x1b[2J")
        channel = SocketChannel(socket.create_connection((address.host, address.port)), PATIENCE)
        channel.send(request.encode())
        code, message = sentence(lambda: dealing.read_answer(channel))
        assert code == "EZ5033"
        assert "a party 9.9?[2J" in message
        assert early.result(PATIENCE) == (code, message)
        sentence(lambda: end.result(PATIENCE))
        channel.close()


def test_a_third_party_is_refused() -> None:
    with dealer() as (address, came, (threads, _)):
        first, second = (threads.submit(ask, address, 0) for _ in range(2))
        wait([first, second], timeout=PATIENCE, return_when=FIRST_COMPLETED)
        refused, other = (first, second) if first.done() else (second, first)
        code, message = sentence(lambda: refused.result(PATIENCE))
        assert code == "EZ5033"
        assert "party 0 of this run is already connected" in message
        one = ask(address, 1)
        check_units(other.result(PATIENCE), one)
    assert len(came) == 1


def test_parties_of_other_runs_wait_for_their_own() -> None:
    """The runs' tags, not their order, say who belongs to whom."""
    with dealer(runs=2) as (address, came, _), ThreadPoolExecutor(4) as parties:
        runs = {
            tag: [parties.submit(ask, address, party, tag=tag) for party in (0, 1)]
            for tag in ("aa" * 16, "bb" * 16)
        }
        for zero, one in runs.values():
            check_units(zero.result(PATIENCE), one.result(PATIENCE))
    assert len(came) == 2


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "it began with `GET / HT`"),
        (b"", "disconnected"),
        (
            b"ezdeal\xf5\x0a" + struct.pack(">HI", PROTOCOL, 1 << 31),
            "would be 2147483648 bytes long",
        ),
        (b"ezdeal\xf5\x0a" + struct.pack(">HI", 7, 2) + b"{}", "different versions"),
        (b"ezdeal\xf5\x0a" + struct.pack(">HI", PROTOCOL, 2) + b"{}", "the wrong fields"),
        (b"ezdeal\xf5\x0a" + struct.pack(">HI", PROTOCOL, 4) + b"\xff\x00{}", "not JSON"),
        (b"ezdeal\xf5\x0a" + struct.pack(">HI", PROTOCOL, 200) + b"{", "disconnected"),
    ],
)
def test_strangers_are_dropped(said: bytes, reason: str) -> None:
    with dealer(timeout=2.0) as (address, _, (_, end)):
        with socket.create_connection((address.host, address.port)) as stranger:
            stranger.sendall(said)
        with pytest.raises(EzError) as caught:
            end.result(PATIENCE)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "EZ5034"
    assert caught.value.exit_code == 3
    assert reason in diagnostic.notes[0].message


def test_a_stranger_that_hangs_does_not_stop_the_parties() -> None:
    with (
        dealer(timeout=PATIENCE) as (address, came, (threads, _)),
        socket.create_connection((address.host, address.port)),
    ):
        early = threads.submit(ask, address, 0)
        one = ask(address, 1)
        check_units(early.result(PATIENCE), one)
    assert len(came) == 1


def test_a_party_alone_is_told_at_the_time_out() -> None:
    with dealer(timeout=2.0) as (address, _, (_, end)):
        code, message = sentence(lambda: ask(address, 1))
        assert code == "EZ5033"
        assert "party 0 did not connect within 2 seconds" in message
        with pytest.raises(EzError) as caught:
            end.result(PATIENCE)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "EZ5034"
    assert "only party 1 connected" in diagnostic.notes[0].message


@pytest.mark.parametrize("leaving", [0, 1])
def test_a_party_that_leaves_ends_the_run_for_all(leaving: int) -> None:
    wanted: Demands = {BitTriple(): 1 << 25}
    with dealer() as (address, _, (threads, end)):
        channel = SocketChannel(socket.create_connection((address.host, address.port)), PATIENCE)
        request = Request(party=leaving, program=PROGRAM, tag=TAG, demands=wanted)
        channel.send(request.encode())
        channel.flush()
        staying = threads.submit(ask, address, 1 - leaving, wanted=wanted)
        receive(channel, 10)
        channel.close()
        assert sentence(lambda: staying.result(PATIENCE))[0] == "EZ5031"
        assert sentence(lambda: end.result(PATIENCE))[0] == "EZ5031"


def test_a_party_that_hangs_ends_the_run() -> None:
    """Party 1 asks, and then takes nothing: more than the network holds."""
    wanted: Demands = {BitTriple(): 1 << 25}
    with (
        dealer(timeout=3.0) as (address, _, (_, end)),
        socket.create_connection((address.host, address.port)) as hanging,
    ):
        hanging.sendall(Request(party=1, program=PROGRAM, tag=TAG, demands=wanted).encode())
        assert sentence(lambda: ask(address, 0, wanted=wanted))[0] == "EZ5031"
        assert sentence(lambda: end.result(PATIENCE))[0] == "EZ5031"


def test_a_dealer_with_several_runs_outlives_those_that_fail() -> None:
    with dealer(runs=2) as (address, came, (threads, end)):
        early = threads.submit(sentence, lambda: ask(address, 0))
        assert sentence(lambda: ask(address, 1, program="cd" * 32)) == early.result(PATIENCE)
        for _ in range(2):
            zero = threads.submit(ask, address, 0)
            one = ask(address, 1)
            check_units(zero.result(PATIENCE), one)
        end.result(PATIENCE)
    assert [type(result) for result in came] == [EzError, Served, Served]


LARGE: Demands = {MatrixTriple(bits=8, rows=16_000, inner=16_000, columns=16_000): 1}
SMALL = Limits(bytes=1 << 20, multiplications=1000)


@pytest.mark.parametrize(
    ("wanted", "limits", "reason"),
    [
        (LARGE, Limits(), "4,096.0 billion multiplications, and this dealer does 1,000.0 billion"),
        ({MatrixTriple(bits=8, rows=10, inner=10, columns=11): 1}, SMALL, "0.0 billion multipl"),
        ({RingTriple(bits=64): 1 << 20}, SMALL, "0.0 GB of preprocessing, and this dealer deals"),
    ],
)
def test_a_dealer_refuses_to_work_without_end(wanted: Demands, limits: Limits, reason: str) -> None:
    with dealer(runs=2, limits=limits) as (address, came, (threads, end)):
        early = threads.submit(sentence, lambda: ask(address, 0, wanted=wanted))
        code, said = sentence(lambda: ask(address, 1, wanted=wanted))
        assert code == "EZ5033"
        assert reason in said
        assert early.result(PATIENCE) == (code, said)
        for _ in range(2):  # and goes on for others
            zero = threads.submit(ask, address, 0, wanted={RingTriple(bits=8): 10})
            ask(address, 1, wanted={RingTriple(bits=8): 10})
            zero.result(PATIENCE)
        end.result(PATIENCE)
    assert [type(result) for result in came] == [EzError, Served, Served]


def test_a_long_run_delays_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers have a run whose parties never take what is dealt to them."""
    going_on = threading.Event()

    def corrections(native: Any, seeds: Any, demands: Demands) -> Iterator[Any]:
        if RingTriple(bits=16) in demands:
            assert going_on.wait(PATIENCE)
        yield from dealt_corrections(native, seeds, demands)

    monkeypatch.setattr(dealer_module, "corrections", corrections)
    slow: Demands = {RingTriple(bits=16): 10}
    with (
        ThreadPoolExecutor(2) as strangers,
        dealer(runs=3) as (address, came, (threads, end)),
    ):
        late = [strangers.submit(ask, address, n, wanted=slow, tag="11" * 16) for n in (0, 1)]
        for _ in range(2):
            zero = threads.submit(ask, address, 0)
            one = ask(address, 1)
            check_units(zero.result(PATIENCE), one)
        assert not any(one.done() for one in late)
        going_on.set()
        for stranger in late:
            stranger.result(PATIENCE)
        end.result(PATIENCE)
    assert [type(result) for result in came] == [Served] * 3


def test_a_dealer_with_too_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def corrections(*_: object) -> Iterator[Any]:
        yield from ()
        raise MemoryError

    monkeypatch.setattr(dealer_module, "corrections", corrections)
    with dealer() as (address, _, (threads, end)):
        early = threads.submit(sentence, lambda: ask(address, 0))
        assert sentence(lambda: ask(address, 1))[0] == early.result(PATIENCE)[0] == "EZ5031"
        code, said = sentence(lambda: end.result(PATIENCE))
        assert code == "EZ5031"
        assert "too little memory" in said


def fake_dealer(says: bytes, *, hold: bool = False) -> tuple[Address, threading.Thread]:
    """Somebody who listens once and says something."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        with listener, listener.accept()[0] as connection:
            connection.sendall(says)
            if hold:
                connection.settimeout(PATIENCE)
                while connection.recv(1 << 16):
                    pass

    thread = threading.Thread(target=run)
    thread.start()
    return Address(port=listener.getsockname()[1]), thread


ANSWER = Answer(seed=bytes(16)).encode()


@pytest.mark.parametrize(
    ("says", "code", "reason"),
    [
        (b"", "EZ5031", "closed the connection"),
        (b"ezlang\xf5\x0a" + bytes(20), "EZ5032", "it began with `ezlang..`"),
        (b"SSH-2.0-OpenSSH_9.2", "EZ5032", "`SSH-2.0-`"),
        (ANSWER[:30], "EZ5031", "closed the connection"),
        (ANSWER.replace(b"00000000", b"0000000g"), "EZ5032", "the field seed"),
        (Answer(seed=bytes(3)).encode(), "EZ5032", "no seed"),
        (Answer(refused="no\x1b[2J\n" + "x" * 9999).encode(), "EZ5033", "no?[2J?xxx"),
        (ANSWER + head(0, 1, crc32(b"?")) + b"?", "EZ5031", "did not confirm that it is done"),
        (ANSWER + b"what is no record at all", "EZ5031", "some of what it sent was lost"),
        (ANSWER, "EZ5031", "closed the connection"),
    ],
)
def test_a_dealer_that_is_none(says: bytes, code: str, reason: str) -> None:
    address, thread = fake_dealer(says, hold=False)
    found, message = sentence(lambda: ask(address, 0))
    assert found == code
    assert reason in message
    assert len(message) < 600
    thread.join(PATIENCE)


def test_a_dealer_that_hangs() -> None:
    address, thread = fake_dealer(ANSWER, hold=True)
    code, message = sentence(lambda: ask(address, 1, timeout=0.5))
    assert code == "EZ5031"
    assert "was silent" in message
    thread.join(PATIENCE)


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    code, message = sentence(lambda: ask(Address(port=port), 0, timeout=0.3))
    assert code == "EZ5030"
    assert "within 0.3 seconds" in message


def test_two_dealers_at_one_address() -> None:
    with dealer(timeout=1.0) as (address, _, (_, end)):
        code, message = sentence(lambda: Dealer(address, 1.0))
        assert code == "EZ5012"
        assert "The dealer cannot listen" in message
        sentence(lambda: end.result(PATIENCE))


def test_the_tag_is_the_runs() -> None:
    channels = socket_pair(PATIENCE)
    with ThreadPoolExecutor(1) as threads:
        mine = threads.submit(agree_on_tag, channels[0], 0)
        assert agree_on_tag(channels[1], 1) == mine.result(PATIENCE)
    assert len(mine.result()) == 32
    for channel in channels:
        channel.close()
