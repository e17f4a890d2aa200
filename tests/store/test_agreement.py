"""What two parties take of what both hold, over a pair of sockets."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ezlang.diagnostics.diagnostic import EzError
from ezlang.session.channel import SocketChannel
from ezlang.store import agreement
from ezlang.store.agreement import MOST, Holdings, nothing_held
from ezlang.store.folder import Store
from ezlang.store.units import StoredUnits
from tests.store.entries import entry, store_with
from tests.support.channels import socket_pair
from tests.support.patience import PATIENCE

NAMES = ("alice", "bob")


@dataclass
class Sides:
    """Two stores, and what the sides were told."""

    root: Path
    said: list[list[str]] = field(default_factory=lambda: [[], []])

    def holdings(self, party: int, *numbers: int, required: bool = False) -> Holdings:
        store = store_with(self.root, *numbers, party=party)
        return self.held(party, store, required=required)

    def held(self, party: int, store: Store, *, required: bool = False) -> Holdings:
        own, other = NAMES[party], NAMES[1 - party]
        held = tuple(one.id for one in store.entries())
        return Holdings(
            store=store,
            held=held,
            required=required,
            names=(own, other),
            say=self.said[party].append,
        )


def both(run: Callable[[int, SocketChannel], Any]) -> list[Any]:
    channels = socket_pair(PATIENCE)

    def side(party: int) -> Any:
        try:
            return run(party, channels[party])
        except EzError as error:
            channels[party].close()
            return error

    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(side, (0, 1)))
    for channel in channels:
        channel.close()
    return found


def take(*holdings: Holdings, times: int = 1) -> list[Any]:
    """What each side takes, several times over one connection."""

    def run(party: int, channel: SocketChannel) -> list[StoredUnits | None]:
        one = holdings[party]
        one.offer(channel)
        one.hear(channel)
        return [one.take(channel) for _ in range(times)]

    return both(run)


@pytest.fixture
def sides(tmp_path: Path) -> Sides:
    return Sides(tmp_path)


def left(holdings: Holdings) -> list[int]:
    assert holdings.store is not None
    return [int(one.id, 16) for one in holdings.store.entries()]


def test_both_take_the_same_one(sides: Sides) -> None:
    alice, bob = sides.holdings(0, 1, 3, 4, 7), sides.holdings(1, 2, 3, 4)
    (mine,), (theirs,) = take(alice, bob)
    assert mine is not None
    assert theirs is not None
    assert (left(alice), left(bob)) == ([1, 4, 7], [2, 4])
    assert (
        sides.said
        == [[f"Prepared material {entry(3).id[:8]} is used, and gone from the store."]] * 2
    )


def test_each_run_takes_another(sides: Sides) -> None:
    alice, bob = sides.holdings(0, 1, 2), sides.holdings(1, 1, 2)
    mine, theirs = take(alice, bob, times=3)
    assert [one is not None for one in mine] == [True, True, False]
    assert [one is not None for one in theirs] == [True, True, False]
    assert left(alice) == left(bob) == []


@pytest.mark.parametrize("held", [0, 1])
def test_nothing_in_common(sides: Sides, held: int) -> None:
    holder, other = sides.holdings(held, 1), nothing_held()
    assert take(*((holder, other) if held == 0 else (other, holder))) == [[None], [None]]
    assert left(holder) == [1]
    assert sides.said == [[], []]


@pytest.mark.parametrize("required", [0, 1])
def test_one_that_requires_it_ends_the_run_for_both(sides: Sides, required: int) -> None:
    holdings = [sides.holdings(n, n + 1, required=n == required) for n in (0, 1)]
    for error in take(*holdings):
        assert isinstance(error, EzError)
        assert error.exit_code == 3
        (found,) = error.diagnostics
        assert found.code == "EZ5060"
        assert f"{NAMES[required]} runs with it only" in found.message


@pytest.mark.parametrize("older", [0, 1])
def test_a_store_that_was_restored(sides: Sides, older: int) -> None:
    for n in (0, 1):
        sides.holdings(n, 1, 2)
    shutil.copytree(sides.root, sides.root / "backup")
    stores = [store_with(sides.root, party=n) for n in (0, 1)]
    assert all(take(sides.held(0, stores[0]), sides.held(1, stores[1])))
    folder = stores[older].folder
    shutil.rmtree(folder)
    shutil.copytree(sides.root / "backup" / folder.name, folder)
    holdings = [sides.held(n, stores[n]) for n in (0, 1)]
    assert len(holdings[older].held) == 2
    (mine,), (theirs,) = take(*holdings)
    assert mine is not None
    assert theirs is not None
    own, other = sides.said[older], sides.said[1 - older]
    assert "is refused" in own[1]
    assert f"{NAMES[1 - older]} has used it" in own[1]
    assert f"the store of {NAMES[older]} is an older copy" in other[1]
    # The second one was unused at both, and is now taken; the first is buried at both.
    assert left(holdings[older]) == left(holdings[1 - older]) == []
    assert stores[older].used() == {entry(1).id, entry(2).id}


def test_what_another_run_takes_meanwhile(sides: Sides) -> None:
    alice, bob = sides.holdings(0, 1, 2), sides.holdings(1, 1, 2)
    assert bob.store is not None
    bob.store.bury(entry(1).id)
    # Bob's run began before another run of his took the first one.
    bob.held = (entry(1).id, entry(2).id)
    bob.store.used = set  # type: ignore[method-assign]
    (mine,), (theirs,) = take(alice, bob)
    assert mine is not None
    assert theirs is not None
    assert "bob could not take it" in sides.said[0][0]
    assert left(alice) == left(bob) == []


def test_many_are_offered_up_to_a_limit(sides: Sides) -> None:
    alice, bob = sides.holdings(0, 1), sides.holdings(1, 1)
    more = tuple(entry(n).id for n in range(10, 10 + 2 * MOST))
    alice.held, bob.held = (*more, entry(1).id), (*reversed(more), entry(1).id)
    (mine,), (theirs,) = take(alice, bob)
    assert mine is not None
    assert theirs is not None


@pytest.mark.parametrize(
    "said",
    [
        {"held": ["0" * 31], "required": False},
        {"held": ["G" * 32], "required": False},
        {"held": ["0" * 32] * (MOST + 1), "required": False},
        {"held": "0" * 32, "required": False},
        {"held": [], "required": 1},
        {"held": []},
        [],
    ],
)
def test_what_no_party_says_is_refused(sides: Sides, said: object) -> None:
    alice = sides.holdings(0, 1)

    def run(party: int, channel: SocketChannel) -> None:
        if party == 1:
            channel.send(agreement._FORM.pack(said))
            channel.flush()
            return
        alice.hear(channel)

    error, _ = both(run)
    assert isinstance(error, EzError)
    assert error.diagnostics[0].code == "EZ5005"
    assert json.dumps(said) not in error.diagnostics[0].message
