"""TLS among more than two parties: each proves to each other one which party it is."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from ezlang.diagnostics.diagnostic import EzError
from ezlang.session.address import Address
from ezlang.session.handshake import Hello
from ezlang.session.mesh import close_all, connect_all
from ezlang.session.tls import Keys
from tests.session.test_mesh import Channels, check_greetings, greet_all, joined, send_much
from tests.session.test_strangers import warnings
from tests.session.test_tls import Sides
from tests.support.patience import PATIENCE
from tests.support.ports import free_port

NAMES = ("alice", "bob", "carol")
SAME = ["ab" * 32] * 3


@pytest.fixture
def sides(tmp_path: Path) -> Sides:
    return Sides(tmp_path)


def all_keys(sides: Sides) -> list[Keys]:
    """Return the keys of all parties, each with those of the others in their order."""
    return [sides.keys(one, *(name for name in NAMES if name != one)) for one in NAMES]


def test_each_proves_which_party_it_is(sides: Sides) -> None:
    proven: dict[int, list[str]] = {}

    def use(number: int, channels: Channels) -> object:
        proven[number] = [channels[peer].proven for peer in sorted(channels)]
        return greet_all(number, channels)

    check_greetings(joined(SAME, use, keys=all_keys(sides), timeout=PATIENCE))
    assert proven == {0: ["bob", "carol"], 1: ["alice", "carol"], 2: ["alice", "bob"]}


def test_all_send_much_before_any_receives(sides: Sides) -> None:
    runs = joined(SAME, send_much, keys=all_keys(sides), timeout=PATIENCE)
    assert [run.result() for run in runs] == [0] * 3


class Running:
    """Parties in threads, which all know where the first two listen."""

    def __init__(self, sides: Sides) -> None:
        self.sides = sides
        self.threads = ThreadPoolExecutor()
        self.ports = free_port(), free_port()

    def places(self, keys: Keys | None) -> list[Address]:
        return [Address("127.0.0.1", port, keys) for port in self.ports]

    def start(
        self,
        number: int,
        keys: Keys | None = None,
        *,
        timeout: float = PATIENCE,
        fingerprint: str = SAME[0],
        places: list[Address] | None = None,
    ) -> Future[Channels]:
        """Connect a party, by default with its own keys."""
        hello = Hello(party=number, names=NAMES, fingerprint=fingerprint)
        where = places or self.places(keys or all_keys(self.sides)[number])
        return self.threads.submit(connect_all, where, hello, timeout)

    def check(self, *parties: Future[Channels]) -> None:
        """Check that parties are connected, and that their channels carry what they send."""
        channels = [one.result(PATIENCE) for one in parties]
        said = [self.threads.submit(greet_all, n, one) for n, one in enumerate(channels)]
        check_greetings(said)
        for one in channels:
            close_all(one)


@pytest.fixture
def running(sides: Sides) -> Iterator[Running]:
    found = Running(sides)
    yield found
    found.threads.shutdown()


def failure(run: Future[Channels]) -> str:
    with pytest.raises(EzError) as caught:
        run.result(PATIENCE)
    assert caught.value.exit_code == 3
    return caught.value.summary


def failure_code(run: Future[Channels]) -> str:
    failure(run)
    error = run.exception()
    assert isinstance(error, EzError)
    return error.diagnostics[0].code


def test_a_side_that_says_it_is_another_is_dropped(
    running: Running, sides: Sides, caplog: pytest.LogCaptureFixture
) -> None:
    """Bob, whose key all have pinned, comes as carol before she does."""
    first = running.start(0)
    bob = sides.keys("bob", "alice", "bob")  # as carol would have them
    posing = running.start(2, bob, timeout=2.0)
    failure(posing)
    running.check(first, running.start(1), running.start(2))
    assert "it has the key of bob, and says that it is carol" in warnings(caplog)[0]


def test_a_stranger_is_dropped(
    running: Running, sides: Sides, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody with a key of her own and carol's name comes before carol, to both who listen."""
    early = [running.start(0), running.start(1)]
    (tmp_path / "others").mkdir()
    carol = replace(Sides(tmp_path / "others").keys("carol"), peers=all_keys(sides)[2].peers)
    for place in running.places(carol):
        stranger = running.start(2, carol, timeout=2.0, places=[place, place])
        assert "it has not pinned the key of this side" in failure(stranger)
    running.check(*early, running.start(2))
    assert [line.count("a key that is not pinned here") for line in warnings(caplog)] == [1, 1]


def test_a_party_without_keys_is_dropped(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    early = [running.start(0), running.start(1)]
    plain = [Address(one.host, one.port) for one in running.places(None)]
    assert "EZ5" in failure_code(running.start(2, timeout=1.0, places=plain))
    running.check(*early, running.start(2))
    assert "it does not speak TLS" in warnings(caplog)[0]


def test_another_party_listens_where_one_should(running: Running, sides: Sides) -> None:
    runs = [running.start(n, timeout=2.0) for n in (0, 1)]
    swapped = running.places(all_keys(sides)[2])[::-1]
    wrong = running.start(2, timeout=2.0, places=swapped)
    assert f"Party 1 (bob) listens at {swapped[0]}, where party 0 (alice)" in failure(wrong)
    assert failure_code(runs[0]) == "EZ5002"


def test_another_program_ends_the_run(running: Running) -> None:
    runs = [running.start(n, timeout=2.0) for n in (0, 1)]
    other = running.start(2, timeout=2.0, fingerprint="cd" * 32)
    assert "EZ5007" in failure_code(other)
    assert "EZ5007" in {failure_code(run) for run in runs}
