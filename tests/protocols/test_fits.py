"""The sign of numbers and whether they fit, out of one comparison: values, costs, views."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ezlang.compiler.protocols.arithmetic.fits import sign_and_fit
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.steps import Steps
from tests.support.dealt_parties import run_dealt
from tests.support.sharing_parties import (
    Outcome,
    Pair,
    assert_uniform,
    random_numbers,
    split,
    unpacked,
    up,
)

WIDTHS = [8, 16, 32, 64]

Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


@pytest.fixture(scope="module")
def real() -> Pair:
    return Pair(real=True)


def levels(digits: int) -> int:
    return (digits - 1).bit_length()


def cost(low: int, high: int, n: int) -> tuple[int, int, int]:
    """OTs and bytes of both directions together, and rounds, for so many digits of both parts.

    Leaves of the upper part have messages of twice the length. What is combined with the lowest
    digit of the lower part needs no equality.
    """
    pairs = low + high - 2
    ots = 4 * (low + high) * n + 2 * 8 * up(n, 8) * (pairs + 2 * (high - 1) + 2)
    total = 0
    for digits, size in ((low, 4), (high, 8)):
        total += sum(size * half + up(4 * half, 8) for half in (up(digits * n, 2), digits * n // 2))
    tree = 3 * pairs - levels(low)
    total += 2 * up(n, 8) * (tree + 2 * 2 * (high - 1) + 2 * 3)
    return ots, total, 2 + max(levels(low), levels(high)) + 2


def numbers_of(width: int, top: int, size: int) -> Array:
    """Numbers from −2^top to 2^top − 1, of all lengths and next to ±2^size."""
    drawn = random_numbers((61,), f"u{width // 8}", size)
    long = drawn.view(f"i{width // 8}") >> (width - 1 - top)
    short = long >> (np.arange(61) % top).astype(long.dtype)
    bounds = (-(1 << top), -(1 << size), 0, 1 << size, 1 << top)
    edges = [bound + by for bound in bounds for by in (-2, -1, 0, 1)]
    inside = [one for one in edges if -(1 << top) <= one < 1 << top]
    return np.concatenate((long, short, np.array(inside, long.dtype)))


def told(outcome: Outcome, n: int) -> tuple[Array, Array]:
    negative, within = (
        unpacked(mine ^ theirs, n) for mine, theirs in zip(*outcome.results, strict=True)
    )
    return negative, within


def check(
    pair: Pair, width: int, top: int, size: int, *, dealer: bool = False, counted: bool = True
) -> Outcome:
    """Run it on numbers and compare; its cost, too, if no OTs are generated."""
    x = numbers_of(width, top, size)
    xs = split(x.view(f"u{width // 8}"), 1)

    def steps(party: SharingParty) -> Steps[Any]:
        return sign_and_fit(party, xs[party.index], size, top)

    outcome = run_dealt(pair, steps)[0] if dealer else pair.run(steps)
    negative, within = told(outcome, len(x))
    assert np.array_equal(negative, x < 0)
    assert np.array_equal(within, (x >> size == 0) | (x >> size == -1))
    if not dealer and counted:
        found = sum(outcome.ots), sum(outcome.bytes), outcome.rounds
        assert found == cost(up(size, 4), up(top - size, 4), len(x))
    return outcome


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("unused", [0, 3])
def test_numbers_of_all_lengths(pair: Pair, width: int, unused: int) -> None:
    top = width - 1 - unused
    for size in sorted({1, 2, top // 3, top // 2, top - 2, top - 1} - {0}):
        check(pair, width, top, size)


@pytest.mark.parametrize("width", WIDTHS)
def test_with_a_dealer(pair: Pair, width: int) -> None:
    top = width - 2
    for size in (1, top // 2, top - 1):
        assert check(pair, width, top, size, dealer=True).ots == (0, 0)


@pytest.mark.parametrize(("top", "size"), [(2, 1), (4, 1), (5, 2), (6, 5), (7, 1), (7, 3)])
@pytest.mark.parametrize("dealer", [False, True])
def test_all_shares_of_all_numbers(pair: Pair, top: int, size: int, *, dealer: bool) -> None:
    x, own = (one.reshape(-1) for one in np.meshgrid(np.arange(-(1 << top), 1 << top), range(256)))
    shares = own.astype(np.uint8), (x - own).astype(np.uint8)

    def steps(party: SharingParty) -> Steps[Any]:
        return sign_and_fit(party, shares[party.index], size, top)

    outcome = run_dealt(pair, steps)[0] if dealer else pair.run(steps)
    negative, within = told(outcome, x.size)
    assert np.array_equal(negative, x < 0)
    assert np.array_equal(within, (-(1 << size) <= x) & (x < 1 << size))


def test_over_real_ots(real: Pair) -> None:
    check(real, 64, 63, 20, counted=False)


def test_what_is_seen(pair: Pair) -> None:
    """All messages are uniform, and so is each result."""
    x = np.full(40_000, 1 << 16, np.uint32)
    xs = split(x, 5)
    outcome = pair.run(lambda party: sign_and_fit(party, xs[party.index], 16, 20))
    for heard, results in zip(outcome.heard, outcome.results, strict=True):
        assert_uniform(heard)
        for one in results:
            assert_uniform(one.tobytes())
