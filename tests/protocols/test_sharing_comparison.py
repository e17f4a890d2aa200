"""Comparisons, conversions and truncation of shared numbers: values, costs, views."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from ezlang.compiler.circuits.sum_netlist import adder
from ezlang.compiler.protocols.arithmetic import comparison, truncation
from ezlang.compiler.protocols.conversions import bits_and_numbers as conversions
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.steps import Steps
from tests.support.sharing_parties import (
    Outcome,
    Pair,
    assert_uniform,
    edge_numbers,
    packed,
    random_numbers,
    split,
    split_bits,
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


def operands(bits: int, more: int = 43) -> tuple[Array, Array]:
    """All pairs of edge values, equal ones among them, and random ones."""
    edges = edge_numbers(bits, 8, 0)
    x, y = np.repeat(edges, 8), np.tile(edges, 8)
    extra = [random_numbers((more,), x.dtype, seed) for seed in (1, 2)]
    return np.concatenate([x, extra[0]]), np.concatenate([y, extra[1]])


def signed(x: Array) -> Array:
    return x.view(f"i{x.itemsize}")


def total(outcome: Outcome) -> Array:
    result: Array = outcome.results[0] + outcome.results[1]
    return result


def flags(outcome: Outcome, n: int) -> Array:
    return unpacked(outcome.results[0] ^ outcome.results[1], n)


def levels(digits: int) -> int:
    return (digits - 1).bit_length()


def comparison_ots(digits: int, n: int) -> int:
    """OTs of a comparison, both directions together."""
    return 4 * digits * n + 2 * 8 * up(n, 8) * (digits - 1)


def comparison_bytes(digits: int, n: int) -> int:
    """Bytes of a comparison, both directions together."""
    halves = (up(digits * n, 2), digits * n // 2)
    in_leaves = sum(4 * half + up(4 * half, 8) for half in halves)
    singles = levels(digits)
    doubles = digits - 1 - singles
    return in_leaves + 2 * up(n, 8) * (2 * singles + 3 * doubles)


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("n", [1, 5, 107])
def test_top_bits(pair: Pair, bits: int, n: int) -> None:
    x = operands(bits)[1][:n]
    xs = split(x, 1)
    outcome = pair.run(lambda p: comparison.msb(p, xs[p.index]))
    assert np.array_equal(flags(outcome, n), signed(x) < 0)
    digits = up(bits - 1, 4)
    assert sum(outcome.ots) == comparison_ots(digits, n)
    assert sum(outcome.bytes) == comparison_bytes(digits, n)
    assert outcome.rounds == 2 + levels(digits)


@pytest.mark.parametrize("bits", [1, 3, 4, 5, 11, 20, 33, 63, 64])
def test_millionaires(pair: Pair, bits: int) -> None:
    x, y = (v >> np.uint64(64 - bits) for v in operands(64))
    own = (x, y)
    outcome = pair.run(lambda p: comparison.millionaires(p, own[p.index], bits))
    assert np.array_equal(flags(outcome, len(x)), x < y)
    digits = up(bits, 4)
    assert sum(outcome.ots) == comparison_ots(digits, len(x))
    assert sum(outcome.bytes) == comparison_bytes(digits, len(x))


@pytest.mark.parametrize("bits", WIDTHS)
def test_less_than(pair: Pair, bits: int) -> None:
    x, y = operands(bits)
    n = len(x)
    xs, ys = split(x, 1), split(y, 2)
    outcome = pair.run(lambda p: comparison.less_than(p, xs[p.index], ys[p.index]))
    assert np.array_equal(flags(outcome, n), signed(x) < signed(y))
    assert outcome.rounds == 2 + levels(bits // 4)
    outcome = pair.run(lambda p: comparison.less_than(p, xs[p.index], ys[p.index], signed=False))
    assert np.array_equal(flags(outcome, n), x < y)
    assert sum(outcome.ots) == comparison_ots(bits // 4, 3 * n)
    assert sum(outcome.bytes) == comparison_bytes(bits // 4, 3 * n)


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("is_signed", [False, True])
def test_less_than_of_numbers_that_a_party_holds(pair: Pair, bits: int, is_signed: bool) -> None:
    """What a party holds as a whole doesn't wrap around: one comparison less for each operand."""
    x, y = operands(bits)
    n, zeros = len(x), np.zeros_like(x)
    expected = signed(x) < signed(y) if is_signed else x < y
    shares = {None: split(x, 1), 0: (x, zeros)}
    others = {0: (y, zeros), 1: (zeros, y)}
    for first, second in ((None, 0), (None, 1), (0, 1)):

        def less(p: SharingParty, first: int | None = first, second: int = second) -> Steps[Array]:
            whole = (None if first is None else p.index == first, p.index == second)
            own, other = shares[first][p.index], others[second][p.index]
            return comparison.less_than(p, own, other, signed=is_signed, whole=whole)

        outcome = pair.run(less)
        assert np.array_equal(flags(outcome, n), expected)
        count = 2 if first is None else 1
        assert sum(outcome.bytes) == comparison_bytes(bits // 4, count * n)


@pytest.mark.parametrize("bits", WIDTHS)
def test_less_than_of_near_numbers(pair: Pair, bits: int) -> None:
    x, y = operands(bits)
    n = len(x)
    near = [v >> v.dtype.type(1) for v in (x, y)]
    xs, ys = split(near[0], 1), split(near[1], 2)
    outcome = pair.run(lambda p: comparison.less_than(p, xs[p.index], ys[p.index], near=True))
    assert np.array_equal(flags(outcome, n), near[0] < near[1])
    assert sum(outcome.bytes) == comparison_bytes(up(bits - 1, 4), n)


@pytest.mark.parametrize("bits", WIDTHS)
def test_equality(pair: Pair, bits: int) -> None:
    x, y = operands(bits)
    n, digits = len(x), bits // 4
    xs, ys = split(x, 1), split(y, 2)
    outcome = pair.run(lambda p: comparison.equal(p, xs[p.index], ys[p.index]))
    assert np.array_equal(flags(outcome, n), x == y)
    assert sum(outcome.ots) == comparison_ots(digits, n)
    halves = (up(digits * n, 2), digits * n // 2)
    in_leaves = sum(2 * half + up(4 * half, 8) for half in halves)
    assert sum(outcome.bytes) == in_leaves + 2 * 2 * up(n, 8) * (digits - 1)
    assert outcome.rounds == 2 + levels(digits)


@pytest.mark.parametrize("bits", WIDTHS)
def test_relu(pair: Pair, bits: int) -> None:
    x, _ = operands(bits)
    n = len(x)
    xs = split(x, 1)
    outcome = pair.run(lambda p: comparison.relu(p, xs[p.index]))
    assert np.array_equal(signed(total(outcome)), np.maximum(signed(x), 0))
    digits = up(bits - 1, 4)
    assert sum(outcome.ots) == comparison_ots(digits, n) + 2 * n
    assert sum(outcome.bytes) == comparison_bytes(digits, n) + 2 * (up(n, 8) + x.nbytes)
    assert outcome.rounds == 4 + levels(digits)


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("n", [1, 2, 9, 1000])
def test_bits_to_numbers_and_selection(pair: Pair, bits: int, n: int) -> None:
    x = edge_numbers(bits, n, 1)
    condition = random_numbers((n,), np.uint8, 2) & 1
    shares, cs = split(x, 3), split_bits(packed(condition), 4)
    outcome = pair.run(lambda p: conversions.bits_to_numbers(p, cs[p.index], n, bits))
    assert np.array_equal(total(outcome), condition)
    first, second = up(n, 2), n // 2
    assert outcome.ots == (first, second)
    assert outcome.bytes == (
        first * bits // 8 + up(second, 8),
        second * bits // 8 + up(first, 8),
    )
    assert outcome.rounds == 2

    outcome = pair.run(lambda p: conversions.select(p, cs[p.index], shares[p.index]))
    assert np.array_equal(total(outcome), x * condition)
    assert outcome.ots == (n, n)
    assert outcome.bytes == (x.nbytes + up(n, 8),) * 2
    assert outcome.rounds == 2


@pytest.mark.parametrize("bits", WIDTHS)
def test_numbers_to_bits_and_back(pair: Pair, bits: int) -> None:
    x = operands(bits)[1]
    n = len(x)
    for shallow in (True, False):
        netlist = adder(bits, shallow=shallow)
        xs = split(x, 1)
        outcome = pair.run(
            partial(
                lambda s, v, p: conversions.to_xor_shares(p, v[p.index], shallow=s), shallow, xs
            )
        )
        assert np.array_equal(outcome.results[0] ^ outcome.results[1], x)
        assert outcome.bytes == (2 * netlist.ands * up(n, 8),) * 2
        assert outcome.rounds == netlist.depth
    assert adder(bits, shallow=True).depth == 1 + levels(bits - 1)
    assert adder(bits, shallow=False).ands == bits - 1

    xs = split_bits(x, 2)
    outcome = pair.run(lambda p: conversions.to_numbers(p, xs[p.index]))
    assert np.array_equal(total(outcome), x)
    assert outcome.ots == (bits * up(n, 2), bits * (n // 2))
    assert outcome.rounds == 2


@pytest.mark.parametrize("bits", WIDTHS)
def test_truncation(pair: Pair, bits: int) -> None:
    x = operands(bits)[1]
    n = len(x)
    xs = split(x, 1)
    positive = x >> x.dtype.type(1)
    ps = split(positive, 2)
    # From −2^(ℓ−2) to 2^(ℓ−2) − 1.
    small = positive - x.dtype.type(1 << (bits - 2))
    ns = split(small, 3)
    for shift in (1, bits // 3, bits // 2, bits - 1):
        outcome = pair.run(partial(lambda s, p: truncation.truncate(p, xs[p.index], s), shift))
        assert np.array_equal(signed(total(outcome)), signed(x) >> shift)
        outcome = pair.run(
            partial(lambda s, p: truncation.truncate(p, xs[p.index], s, signed=False), shift)
        )
        assert np.array_equal(total(outcome), x >> x.dtype.type(shift))
        low, high = up(shift, 4), up(bits - shift, 4)
        assert sum(outcome.ots) == (
            4 * (low + high) * n + 2 * 8 * up(n, 8) * (low + high - 1) + 2 * n
        )
        assert outcome.rounds == 2 + max(levels(low), levels(high)) + 1 + 2

        outcome = pair.run(
            partial(lambda s, p: truncation.truncate(p, ps[p.index], s, lift=0), shift)
        )
        assert np.array_equal(total(outcome), positive >> x.dtype.type(shift))
        assert sum(outcome.ots) == comparison_ots(low, n) + 2 * n
        assert outcome.rounds == 2 + levels(low) + 2

        if shift == bits - 1:
            continue
        outcome = pair.run(
            partial(
                lambda s, p: truncation.truncate(p, ns[p.index], s, lift=1 << (bits - 2)), shift
            )
        )
        assert np.array_equal(signed(total(outcome)), signed(small) >> shift)
        assert sum(outcome.ots) == comparison_ots(low, n) + 2 * n


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("sign", [-1, -4])
def test_rectified_shift(pair: Pair, bits: int, sign: int) -> None:
    """A ReLU and a shift take one comparison, and as many rounds as its longer part, and four."""
    top = bits + sign
    # From −2^top to 2^top − 1.
    small = signed(operands(bits)[1]) >> (-1 - sign)
    n = len(small)
    xs = split(small.view(np.dtype(f"u{bits // 8}")), 1)
    for shift in {1, top // 3, top - 1}:
        outcome = pair.run(
            partial(lambda s, p: truncation.rectified_shift(p, xs[p.index], s, top), shift)
        )
        assert np.array_equal(signed(total(outcome)), np.maximum(small, 0) >> shift)
        low, high = up(shift, 4), up(top - shift, 4)
        assert sum(outcome.ots) == (
            4 * (low + high) * n + 2 * 8 * up(n, 8) * (low + high - 1) + 2 * n + 2 * n
        )
        assert outcome.rounds == 2 + max(levels(low), levels(high)) + 2 + 2


@pytest.mark.parametrize(("bits", "wide"), [(8, 16), (8, 64), (16, 32), (32, 64)])
def test_extension(pair: Pair, bits: int, wide: int) -> None:
    x = operands(bits)[1]
    xs = split(x, 1)
    outcome = pair.run(lambda p: truncation.extend(p, xs[p.index], wide))
    assert np.array_equal(signed(total(outcome)), signed(x).astype(f"i{wide // 8}"))
    assert sum(outcome.ots) == comparison_ots(bits // 4, len(x)) + len(x)
    outcome = pair.run(lambda p: truncation.extend(p, xs[p.index], wide, signed=False))
    assert np.array_equal(total(outcome), x)


@pytest.mark.parametrize("bits", WIDTHS)
def test_over_real_ots(real: Pair, bits: int) -> None:
    x, y = operands(bits)
    n = len(x)
    xs, ys = split(x, 1), split(y, 2)

    def everything(p: SharingParty) -> Steps[tuple[Array, ...]]:
        a, b = xs[p.index], ys[p.index]
        less = yield from comparison.less_than(p, a, b)
        chosen = yield from conversions.select(p, less, a)
        in_bits = yield from conversions.to_xor_shares(p, b)
        number = yield from conversions.to_numbers(p, in_bits)
        shifted = yield from truncation.truncate(p, number, 3)
        same = yield from comparison.equal(p, a, b)
        one = yield from conversions.bits_to_numbers(p, same, n, bits)
        return chosen, number, shifted, one

    results = real.run(everything).results
    chosen, number, shifted, one = (a + b for a, b in zip(*results, strict=True))
    assert np.array_equal(chosen, np.where(signed(x) < signed(y), x, 0))
    assert np.array_equal(number, y)
    assert np.array_equal(signed(shifted), signed(y) >> 3)
    assert np.array_equal(one, x == y)


@pytest.mark.parametrize("bits", [8, 64])
def test_all_that_is_seen_is_uniform(real: Pair, bits: int) -> None:
    """Messages and result shares, for shares that are the same on every run."""
    x = np.zeros(8192, f"u{bits // 8}")
    condition = np.zeros(1024, np.uint8)
    protocols = (
        lambda p: comparison.less_than(p, x, x),
        lambda p: comparison.equal(p, x, x),
        lambda p: conversions.select(p, condition, x),
        lambda p: conversions.bits_to_numbers(p, condition, 8192, bits),
        lambda p: conversions.to_numbers(p, x),
        lambda p: conversions.to_xor_shares(p, x),
        lambda p: truncation.truncate(p, x, 5),
    )
    for protocol in protocols:
        outcome = real.run(protocol)
        for heard in outcome.heard:
            assert_uniform(heard)
    for result in real.run(protocols[-1]).results:
        assert_uniform(result)
    for result in real.run(lambda p: conversions.select(p, condition, x)).results:
        assert_uniform(result)
