"""The variants of protocols that are the cheaper ones with a dealer: values, bytes, rounds.

The preprocessing here is that of a party without a dealer, said to be dealt; what it costs itself
is seen by running it alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

import numpy as np
import pytest

from ezlang.compiler.protocols.arithmetic import comparison, matrices, truncation
from ezlang.compiler.protocols.arithmetic import products as arithmetic
from ezlang.compiler.protocols.conversions import bits_and_numbers as conversions
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.steps import Steps, together
from ezlang.compiler.protocols.dealt.backend import DEALT
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


def run(pair: Pair, protocol: Callable[[SharingParty], Steps[Any]]) -> Outcome:
    """Run a protocol as with a dealer."""
    return pair.run(lambda party: protocol(dataclasses.replace(party, backend=DEALT)))


def levels(bits: int) -> int:
    return (bits - 1).bit_length()


def operands(bits: int) -> tuple[Array, Array]:
    """All pairs of edge values, equal ones among them, and random ones."""
    edges = edge_numbers(bits, 8, 0)
    extra = [random_numbers((43,), edges.dtype, seed) for seed in (1, 2)]
    return np.concatenate([np.repeat(edges, 8), extra[0]]), np.concatenate(
        [np.tile(edges, 8), extra[1]]
    )


@pytest.mark.parametrize("bits", WIDTHS)
def test_comparisons(pair: Pair, bits: int) -> None:
    x, y = operands(bits)
    n, size = len(x), up(len(x), 8)
    xs, ys = split(x, 1), split(y, 2)
    signed = [v.view(f"i{bits // 8}") for v in (x, y)]
    outcome = run(pair, lambda p: comparison.msb(p, xs[p.index]))
    one, other = outcome.results
    assert np.array_equal(unpacked(one ^ other, n), signed[0] < 0)
    t = bits - 1
    # Products of bits, then pairs, of which the lowest of each level is a single product.
    sent = 2 * t * size + 3 * (t - 1) * size - levels(t) * size
    assert outcome.bytes == (sent, sent)
    assert outcome.rounds == 1 + levels(t)

    for is_signed, (a, b) in ((True, signed), (False, [x, y])):
        outcome = run(
            pair,
            partial(
                lambda s, p: comparison.less_than(p, xs[p.index], ys[p.index], signed=s), is_signed
            ),
        )
        one, other = outcome.results
        assert np.array_equal(unpacked(one ^ other, n), a < b)

    outcome = run(pair, lambda p: comparison.equal(p, xs[p.index], ys[p.index]))
    one, other = outcome.results
    assert np.array_equal(unpacked(one ^ other, n), x == y)
    assert outcome.bytes == (2 * (bits - 1) * size,) * 2
    assert outcome.rounds == levels(bits)


@pytest.mark.parametrize("bits", WIDTHS)
def test_bits_and_numbers(pair: Pair, bits: int) -> None:
    n = 75
    condition = random_numbers((n,), np.uint8, 1) & 1
    cs = split_bits(packed(condition), 2)
    made = pair.run(lambda p: p.preprocessing.da_bits(n, bits))
    one, other = made.results
    assert np.array_equal(unpacked(one.bits ^ other.bits, n), one.numbers + other.numbers)
    outcome = run(pair, lambda p: conversions.bits_to_numbers(p, cs[p.index], n, bits))
    assert np.array_equal(sum(outcome.results), condition)
    assert outcome.bytes == tuple(cost + up(n, 8) for cost in made.bytes)
    assert outcome.rounds == made.rounds + 1

    x = edge_numbers(bits, n, 3)
    xs, ws = split(x, 4), split_bits(x, 5)
    outcome = run(pair, lambda p: conversions.select(p, cs[p.index], xs[p.index]))
    assert np.array_equal(sum(outcome.results), x * condition)
    outcome = run(pair, lambda p: conversions.to_numbers(p, ws[p.index]))
    assert np.array_equal(sum(outcome.results), x)
    assert outcome.results[0].dtype == x.dtype


@pytest.mark.parametrize("bits", WIDTHS)
def test_products(pair: Pair, bits: int) -> None:
    x, y = operands(bits)
    xs, ys = split(x, 1), split(y, 2)
    for owner in (0, 1):
        outcome = run(
            pair,
            partial(
                lambda o, p: arithmetic.multiply_known(
                    p, xs[p.index], y if p.index == o else None, o
                ),
                owner,
            ),
        )
        assert np.array_equal(sum(outcome.results), x * y)
    outcome = run(pair, lambda p: arithmetic.square(p, xs[p.index]))
    assert np.array_equal(sum(outcome.results), x * x)
    outcome = run(pair, lambda p: arithmetic.product(p, xs[p.index], ys[p.index]))
    assert np.array_equal(sum(outcome.results), x * y)


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("items", [(), (4,)])
def test_matrix_products(pair: Pair, bits: int, items: tuple[int, ...]) -> None:
    dtype, count = f"u{bits // 8}", prod(items)
    a, b = (random_numbers((*items, *shape), dtype, sum(shape)) for shape in ((7, 5), (5, 3)))
    left, right = split(a, 3), split(b, 4)
    made = pair.run(lambda p: p.preprocessing.matrix_triples(count, 7, 5, 3, bits))
    one, other = made.results
    assert one.c.shape == (count, 7, 3)
    assert np.array_equal((one.a + other.a) @ (one.b + other.b), one.c + other.c)
    outcome = run(pair, lambda p: matrices.matrix_multiply(p, left[p.index], right[p.index]))
    assert np.array_equal(sum(outcome.results), a @ b)
    opened = a.nbytes + b.nbytes
    assert outcome.bytes == (made.bytes[0] + opened, made.bytes[1] + opened)
    outcome = run(pair, lambda p: matrices.matrix_multiply_known(p, left[p.index], b, 1))
    assert np.array_equal(sum(outcome.results), a @ b)


@pytest.mark.parametrize("bits", WIDTHS)
def test_truncation(pair: Pair, bits: int) -> None:
    x = operands(bits)[1]
    xs = split(x, 1)
    for shift in (1, bits // 3, bits - 1):
        outcome = run(pair, partial(lambda s, p: truncation.truncate(p, xs[p.index], s), shift))
        total = sum(outcome.results).view(f"i{bits // 8}")
        assert np.array_equal(total, x.view(f"i{bits // 8}") >> shift)


def test_nothing_and_groups(pair: Pair) -> None:
    nothing = np.empty(0, np.uint32)
    x = random_numbers((30,), np.uint32, 1)
    xs = split(x, 2)

    def everything(p: SharingParty) -> Steps[list[Any]]:
        return together(
            [
                comparison.less_than(p, nothing, nothing),
                comparison.equal(p, nothing, nothing),
                conversions.to_numbers(p, nothing),
                conversions.select(p, packed([]), nothing),
                matrices.matrix_multiply(p, nothing.reshape(0, 3), x[:6].reshape(3, 2)),
                comparison.msb(p, xs[p.index]),
                conversions.to_bits(p, xs[p.index]),
            ]
        )

    one, other = run(pair, everything).results
    assert [part.size for part in one[:5]] == [0] * 5
    assert np.array_equal(unpacked(one[5] ^ other[5], 30), x >> np.uint32(31))


def test_all_that_is_seen_is_uniform(pair: Pair) -> None:
    x = np.zeros(8192, np.uint64)
    condition = np.zeros(1024, np.uint8)
    for protocol in (
        lambda p: comparison.msb(p, x),
        lambda p: comparison.equal(p, x, x),
        lambda p: conversions.bits_to_numbers(p, np.tile(condition, 8), 65536, 8),
    ):
        outcome = run(pair, protocol)
        for heard in outcome.heard:
            assert_uniform(heard)
