"""Numbers modulo 2^ℓ: products of every kind, their costs, and the views of both sides."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any

import numpy as np
import pytest

from ezlang.compiler.protocols.arithmetic import matrices
from ezlang.compiler.protocols.arithmetic import products as arithmetic
from ezlang.compiler.protocols.core.lengths import matrix_amounts, matrix_batches, total_lengths
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.steps import Steps
from tests.support.sharing_parties import Pair, assert_uniform, edge_numbers, random_numbers, split

WIDTHS = [8, 16, 32, 64]
COUNTS = [1, 2, 7, 16, 127, 128, 129, 300]
Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


@pytest.fixture(scope="module")
def real() -> Pair:
    return Pair(real=True)


def message_bytes(bits: int, products: int) -> int:
    """ℓ(ℓ + 1)/2 bits a product; for 8 bits, chunks of 128 products end at bytes."""
    chunks = [128] * (products // 128) + [products % 128]
    return sum(-(-chunk * bits * (bits + 1) // 16) for chunk in chunks)


def pairs_of_edges(bits: int) -> tuple[Array, Array]:
    """All pairs of edge values, and random ones."""
    edges = edge_numbers(bits, 8, 0)
    x, y = np.repeat(edges, 8), np.tile(edges, 8)
    more = [random_numbers((100,), x.dtype, seed) for seed in (1, 2)]
    return np.concatenate([x, more[0]]), np.concatenate([y, more[1]])


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("count", COUNTS)
def test_triples(pair: Pair, bits: int, count: int) -> None:
    outcome = pair.run(lambda party: party.preprocessing.triples(count, bits))
    one, other = outcome.results
    assert np.array_equal((one.a + other.a) * (one.b + other.b), one.c + other.c)
    assert outcome.ots == (bits * count, bits * count)
    assert outcome.bytes == (message_bytes(bits, count),) * 2
    assert outcome.rounds == 1


@pytest.mark.parametrize("bits", WIDTHS)
def test_triples_of_several_batches(pair: Pair, bits: int) -> None:
    count = (1 << 17) // bits + 3
    outcome = pair.run(lambda party: party.preprocessing.triples(count, bits))
    one, other = outcome.results
    assert np.array_equal((one.a + other.a) * (one.b + other.b), one.c + other.c)
    assert outcome.rounds == 1
    assert len(np.unique(one.a)) > min(count, 1 << bits) * 0.5


@pytest.mark.parametrize("bits", WIDTHS)
def test_products_of_secrets(pair: Pair, bits: int) -> None:
    x, y = pairs_of_edges(bits)
    xs, ys = split(x, 1), split(y, 2)
    outcome = pair.run(lambda p: arithmetic.multiply(p, xs[p.index], ys[p.index]))
    assert np.array_equal(outcome.results[0] + outcome.results[1], x * y)
    opened = 2 * x.nbytes
    assert outcome.bytes == (message_bytes(bits, len(x)) + opened,) * 2
    assert outcome.rounds == 2

    outcome = pair.run(lambda p: arithmetic.multiply_now(p, xs[p.index], ys[p.index]))
    assert np.array_equal(outcome.results[0] + outcome.results[1], x * y)
    choices = bits * len(x) // 8
    assert outcome.bytes == (message_bytes(bits, len(x)) + choices,) * 2
    assert outcome.ots == (bits * len(x),) * 2
    assert outcome.rounds == 2


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3, 4), (2, 2), (-8, -2), (0, 12), (90, 97)])
def test_products_with_few_values(pair: Pair, bits: int, low: int, high: int) -> None:
    x, _ = pairs_of_edges(bits)
    y = (low + np.arange(len(x)) % (high - low + 1)).astype(x.dtype)
    xs, ys = split(x, 1), split(y, 2)
    few = (high - low).bit_length()
    outcome = pair.run(lambda p: arithmetic.small_product(p, xs[p.index], ys[p.index], low, few))
    assert np.array_equal(outcome.results[0] + outcome.results[1], x * y)
    count = (few + 1) * len(x)
    assert outcome.bytes == (-(-count // 8) + count * bits // 8,) * 2
    assert outcome.ots == (count, count)
    assert outcome.rounds == 2


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("owner", [0, 1])
def test_products_with_a_known_factor(pair: Pair, bits: int, owner: int) -> None:
    x, known = pairs_of_edges(bits)
    xs = split(x, 1)

    def multiply(party: SharingParty) -> Steps[Array]:
        own = known if party.index == owner else None
        return arithmetic.multiply_known(party, xs[party.index], own, owner)

    outcome = pair.run(multiply)
    assert np.array_equal(outcome.results[0] + outcome.results[1], x * known)
    assert outcome.bytes[owner] == bits * len(x) // 8
    assert outcome.bytes[1 - owner] == message_bytes(bits, len(x))
    assert outcome.ots[owner] == 0
    assert outcome.ots[1 - owner] == bits * len(x)
    assert outcome.rounds == 2


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("count", [1, 2, 37])
def test_squares(pair: Pair, bits: int, count: int) -> None:
    x = edge_numbers(bits, count, 3)
    xs = split(x, 1)
    outcome = pair.run(lambda p: arithmetic.square(p, xs[p.index]))
    assert np.array_equal(outcome.results[0] + outcome.results[1], x * x)
    first, second = -(-count // 2), count // 2
    assert outcome.ots == (bits * first, bits * second)
    assert outcome.bytes == (
        message_bytes(bits, first) + bits * second // 8,
        message_bytes(bits, second) + bits * first // 8,
    )
    assert outcome.rounds == 2


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize(
    "shape",
    [
        *((1, 1, 1), (3, 2, 5), (2, 3, 127), (5, 4, 129), (200, 3, 2)),
        *(
            (1, 3, 2, 5),
            (7, 1, 1, 1),
            (4, 2, 3, 5),
            (3, 200, 1, 2),
            (3, 4, 2, 129),
            (2, 3, 1, 2, 2),
        ),
    ],
    ids=str,
)
def test_matrix_products(pair: Pair, bits: int, shape: tuple[int, ...]) -> None:
    """Of two matrices, and of a batch of them."""
    *items, m, k, n = shape
    shapes = ((*items, m, k), (*items, k, n))
    x, y = (random_numbers(s, f"u{bits // 8}", sum(s)) for s in shapes)
    xs, ys = split(x, 3), split(y, 4)
    outcome = pair.run(lambda p: matrices.matrix_multiply(p, xs[p.index], ys[p.index]))
    assert np.array_equal(outcome.results[0] + outcome.results[1], x @ y)
    if k * n * -(-m // 128) < m * k * -(-n // 128):
        m, n = n, m
    count = prod(items)
    ots = count * bits * m * k * -(-n // 128)
    products = count * m * k
    message = products * message_bytes(bits, n) if n > 1 else message_bytes(bits, products)
    assert outcome.ots == (ots, ots)
    assert outcome.bytes == (ots // 8 + message,) * 2
    assert outcome.rounds == 2

    outcome = pair.run(lambda p: matrices.matrix_multiply_known(p, xs[p.index], y, 1))
    assert np.array_equal(outcome.results[0] + outcome.results[1], x @ y)
    assert sorted(outcome.ots) == [0, ots]
    assert sorted(outcome.bytes) == sorted([ots // 8, message])


@pytest.mark.parametrize(("shape", "batches"), [((3, 3, 4, 200), 3), ((40, 5, 1, 130), 8)])
def test_batches_of_products_are_cut_anywhere(
    pair: Pair, shape: tuple[int, int, int, int], batches: int
) -> None:
    """A batch of OTs begins and ends within an item, and spans several."""
    items, m, k, n = shape
    x, y = (random_numbers(s, "u8", sum(s)) for s in ((items, m, k), (items, k, n)))
    xs, ys = split(x, 3), split(y, 4)
    rows = min(m, n)
    panels = matrix_batches(64, items * rows, k, max(m, n), sends=True, receives=True)
    halves = [panel.batch.sent for panel in panels if panel.start == 0]
    assert len(panels) == batches
    assert any(half is not None and half.stop % rows for half in halves)
    outcome = pair.run(lambda p: matrices.matrix_multiply(p, xs[p.index], ys[p.index]))
    assert np.array_equal(outcome.results[0] + outcome.results[1], x @ y)
    assert outcome.rounds == 2


@pytest.mark.parametrize("sides", [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("bits", [8, 16, 32, 64])
def test_batches_add_up(bits: int, sides: tuple[bool, bool]) -> None:
    """What is counted without batches is what all of them take."""
    sends, receives = sides
    for m, k, n in ((1, 1, 1), (40, 5, 130), (3000, 70, 257), (1, 40_000, 2), (7, 3, 0), (0, 2, 2)):
        batches = [
            one.batch for one in matrix_batches(bits, m, k, n, sends=sends, receives=receives)
        ]
        counted = matrix_amounts(bits, m, k, n, sends=sends, receives=receives)
        assert bool(counted) == bool(batches)
        assert total_lengths(counted) == total_lengths(batches)


@pytest.mark.parametrize(
    ("shape", "batches"), [((1, 1, 40_000, 1), 3), ((2, 3, 20_000, 2), 8), ((1, 1, 3000, 100), 2)]
)
def test_long_rows_are_cut(pair: Pair, shape: tuple[int, int, int, int], batches: int) -> None:
    """A row that would take too many OTs, or too long a message, for one batch."""
    items, m, k, n = shape
    x, y = (random_numbers(s, "u8", sum(s)) for s in ((items, m, k), (items, k, n)))
    xs, ys = split(x, 3), split(y, 4)
    outcome = pair.run(lambda p: matrices.matrix_multiply(p, xs[p.index], ys[p.index]))
    assert np.array_equal(outcome.results[0] + outcome.results[1], x @ y)
    assert outcome.rounds == 2


@pytest.mark.parametrize("bits", WIDTHS)
def test_over_real_ots(real: Pair, bits: int) -> None:
    x, y = pairs_of_edges(bits)
    xs, ys = split(x, 1), split(y, 2)
    one, other = real.run(lambda p: arithmetic.multiply(p, xs[p.index], ys[p.index])).results
    assert np.array_equal(one + other, x * y)
    one, other = real.run(lambda p: arithmetic.multiply_now(p, xs[p.index], ys[p.index])).results
    assert np.array_equal(one + other, x * y)
    a, b = x[:48].reshape(6, 8), y[:64].reshape(8, 8)
    left, right = split(a, 1), split(b, 2)
    one, other = real.run(
        lambda p: matrices.matrix_multiply(p, left[p.index], right[p.index])
    ).results
    assert np.array_equal(one + other, a @ b)


@pytest.mark.parametrize("bits", WIDTHS)
def test_all_that_is_seen_is_uniform(pair: Pair, bits: int) -> None:
    """Messages, openings and result shares, for operands that are all zero."""
    x = np.zeros(4096, f"u{bits // 8}")
    for protocol in (arithmetic.multiply, arithmetic.multiply_now):
        outcome = pair.run(partial(lambda run, p: run(p, x, x), protocol))
        for heard, result in zip(outcome.heard, outcome.results, strict=True):
            assert_uniform(heard)
            assert_uniform(result)
    matrix = x[:900].reshape(30, 30)
    outcome = pair.run(lambda p: matrices.matrix_multiply(p, matrix, matrix))
    for heard in outcome.heard:
        assert_uniform(heard)


@pytest.mark.parametrize("bits", WIDTHS)
def test_opening(pair: Pair, bits: int) -> None:
    x = edge_numbers(bits, 5000, 1)
    xs = split(x, 3)
    outcome = pair.run(lambda p: arithmetic.open_numbers(p, xs[p.index]))
    for opened in outcome.results:
        assert np.array_equal(opened, x)
    assert outcome.bytes == (x.nbytes, x.nbytes)
