"""Random numbers: sums of what parties draw, the same in every executor from the same draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from ezlang.api import RunResult, run_clear, run_native, run_simulated
from ezlang.compiler.lower import lower
from ezlang.executors.simulate import run_simulated as run_ideal
from ezlang.types.types import BOOL, INT8, UINT64
from ezlang.values.draws import Draws, seeded
from tests.support.agreement import checked

THROWN = checked(
    """
    party alice, bob;
    fn main() {
        secret uint8[40] dice = random_below(6);
        secret int64 number = random();
        secret bool[40] coins = random();
        output(all, dice, "dice");
        output(all, number, "number");
        output(all, coins, "coins");
    }
    """
)
RUNS = pytest.mark.parametrize("run", [run_clear, run_simulated, run_native])


def _sums(parties: tuple[str, ...]) -> dict[str, Any]:
    """What the program gives, from the draws of its parties."""
    draws = [Draws(party) for party in parties]
    dice = zip(*(one.numbers(INT8, 40, 6) for one in draws), strict=True)
    number = sum(int.from_bytes(one._bytes(8), "little") for one in draws) % 2**64
    coins = zip(*(one.numbers(BOOL, 40) for one in draws), strict=True)
    return {
        "dice": [sum(throw) % 6 for throw in dice],
        "number": number - 2**64 * (number >= 2**63),
        "coins": [sum(bits) % 2 == 1 for bits in coins],
    }


@RUNS
def test_a_random_number_is_the_sum_of_all_draws(run: Callable[..., RunResult]) -> None:
    with seeded(3):
        expected = _sums(("alice", "bob"))
        assert run(THROWN, {}).outputs == {"alice": expected, "bob": expected}
    with seeded(4):
        assert run(THROWN, {}).outputs["alice"] != expected


@RUNS
def test_without_a_seed_each_run_draws_anew(run: Callable[..., RunResult]) -> None:
    first, second = (run(THROWN, {}).outputs["alice"] for _ in range(2))
    assert first["number"] != second["number"]
    assert set(first["dice"]) <= set(range(6))


def test_the_ideal_dealer_draws_the_same() -> None:
    with seeded(3):
        expected = _sums(("alice", "bob"))
        assert run_ideal(lower(THROWN), {"alice": {}, "bob": {}}).outputs["bob"] == expected


def test_draws_below_a_number_are_uniform() -> None:
    """Three standard deviations of a binomial distribution, for one seed."""
    with seeded(11):
        counts = Counter(Draws("alice").numbers(UINT64, 6000, 6))
    assert set(counts) == set(range(6))
    assert all(abs(count - 1000) < 3 * (6000 * 5 / 36) ** 0.5 for count in counts.values())


def test_large_bounds_are_reached() -> None:
    most = 2**64 - 1
    with seeded(1):
        numbers = Draws("bob").numbers(UINT64, 100, most)
    assert max(numbers) < most
    assert max(numbers) > most // 2


def test_parties_draw_differently_from_one_seed() -> None:
    with seeded(1):
        assert Draws("alice").numbers(UINT64, 4) != Draws("bob").numbers(UINT64, 4)
