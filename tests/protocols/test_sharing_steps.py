"""Groups of protocols, and the sources of OTs that they share."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.protocols.arithmetic import comparison, matrices
from ezlang.compiler.protocols.arithmetic import products as arithmetic
from ezlang.compiler.protocols.conversions import bits_and_numbers as conversions
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.preprocessing import BitTriples
from ezlang.compiler.protocols.core.steps import Round, Steps, ask, together
from ezlang.compiler.protocols.ot.directions import extension_ends, silent_ends
from ezlang.compiler.protocols.ot.stock import (
    SILENT,
    START_BYTES,
    ExtensionBatches,
    Flight,
    SilentBatches,
    Stock,
    batch_size,
    set_up_lengths,
)
from tests.support.sharing_parties import (
    TINY,
    Pair,
    both,
    packed,
    random_numbers,
    split,
    split_bits,
    unpacked,
)

Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


def group(party: SharingParty, x: Array, y: Array) -> list[Steps[Any]]:
    """Two comparisons and a product."""
    return [
        comparison.msb(party, x),
        comparison.equal(party, x, y),
        arithmetic.multiply_now(party, x, y),
    ]


def test_a_group_takes_the_rounds_of_its_longest_member(pair: Pair) -> None:
    x, y = (random_numbers((20,), np.uint64, seed) for seed in (1, 2))
    y[:5] = x[:5]
    xs, ys = split(x, 3), split(y, 4)
    alone = [
        pair.run(partial(lambda i, p: group(p, xs[p.index], ys[p.index])[i], i)) for i in range(3)
    ]
    outcome = pair.run(lambda p: together(group(p, xs[p.index], ys[p.index])))
    one, other = outcome.results
    assert np.array_equal(unpacked(one[0] ^ other[0], 20), x >> np.uint64(63))
    assert np.array_equal(unpacked(one[1] ^ other[1], 20), x == y)
    assert np.array_equal(one[2] + other[2], x * y)
    assert [run.rounds for run in alone] == [6, 6, 2]
    assert outcome.rounds == 6
    for side in (0, 1):
        assert outcome.bytes[side] == sum(run.bytes[side] for run in alone)
        assert outcome.ots[side] == sum(run.ots[side] for run in alone)


def told(party: SharingParty, x: Array) -> Steps[Array]:
    """Party 0 sends x in the clear: one message, one way."""
    if party.index == 0:
        yield from ask(Round(peer=party.side.other, send=(x,)))
        return x
    received = yield from ask(Round(peer=party.side.other, receive=x.nbytes))
    result: Array = received.view(x.dtype)
    return result


def test_groups_of_what_goes_one_way_and_what_goes_both(pair: Pair) -> None:
    """Inputs, openings, tables, netlists, several batches and nothing at all at the same time."""
    x = random_numbers((3000,), np.uint64, 1)
    bits = random_numbers((40,), np.uint8, 2)
    xs, cs = split(x, 3), split_bits(bits, 4)
    digits = bits & np.uint8(15)
    words = random_numbers((40,), np.uint64, 5)

    def steps(party: SharingParty) -> list[Steps[Any]]:
        i = party.index
        nothing = x[:0]
        return [
            told(party, x),
            arithmetic.open_numbers(party, xs[i]),
            party.ots.tables(words if i == 1 else None, None if i == 1 else digits, 4),
            conversions.to_bits(party, xs[i]),
            arithmetic.multiply_now(party, xs[i], xs[i]),
            conversions.select(party, packed([]), nothing),
            conversions.bits_to_numbers(party, cs[i], 320, 8),
        ]

    alone = [pair.run(partial(lambda i, p: steps(p)[i], i)) for i in range(7)]
    outcome = pair.run(lambda p: together(steps(p)))
    one, other = outcome.results
    assert np.array_equal(other[0], x)
    assert np.array_equal(one[1], x)
    expected = words >> (digits.astype(np.uint64) * np.uint64(4)) & np.uint64(15)
    assert np.array_equal(one[2], expected)
    planes = np.packbits(
        np.unpackbits(x.view(np.uint8).reshape(-1, 8), axis=1, bitorder="little").T,
        axis=1,
        bitorder="little",
    )
    assert np.array_equal(one[3] ^ other[3], planes)
    assert np.array_equal(one[4] + other[4], x * x)
    assert np.array_equal(one[6] + other[6], unpacked(bits, 320))
    assert outcome.rounds == max(run.rounds for run in alone)
    assert outcome.bytes == tuple(sum(run.bytes[i] for run in alone) for i in (0, 1))


def test_groups_may_stand_in_groups(pair: Pair) -> None:
    x = random_numbers((9,), np.uint16, 1)
    xs = split(x, 2)

    def nested(party: SharingParty) -> Steps[list[Any]]:
        own = xs[party.index]
        inner = together([arithmetic.square(party, own), comparison.msb(party, own)])
        return together([inner, arithmetic.multiply(party, own, own)])

    outcome = pair.run(nested)
    (one, other) = outcome.results
    assert np.array_equal(one[0][0] + other[0][0], x * x)
    assert np.array_equal(one[1] + other[1], x * x)
    assert outcome.rounds == 4


@pytest.mark.parametrize("source", ["extension", "silent"])
def test_sources_that_make_more_on_the_way(source: str) -> None:
    """Both directions run out at different times; neither party waits for the other for ever."""
    pair = Pair(real=source == "extension", silent=source == "silent")
    x, y = (random_numbers((150,), np.uint32, seed) for seed in (1, 2))
    xs, ys = split(x, 3), split(y, 4)
    matrix = [share[:36].reshape(6, 6) for share in xs]

    def run(party: SharingParty) -> Steps[list[Any]]:
        i = party.index
        first = yield from together(group(party, xs[i], ys[i]))
        known = y if i == 1 else None
        return first + (
            yield from together(
                [
                    arithmetic.multiply_known(party, xs[i], known, 1),
                    party.preprocessing.bit_triples(4000),
                    matrices.matrix_multiply(party, matrix[i], matrix[i]),
                ]
            )
        )

    for _ in range(2):
        one, other = pair.run(run).results
        assert np.array_equal(unpacked(one[0] ^ other[0], 150), x >> np.uint32(31))
        assert np.array_equal(one[2] + other[2], x * y)
        assert np.array_equal(one[3] + other[3], x * y)
        a, b = one[4], other[4]
        assert np.array_equal((a.a ^ b.a) & (a.b ^ b.b), a.c ^ b.c)
        square = x[:36].reshape(6, 6) @ x[:36].reshape(6, 6)
        assert np.array_equal(one[5] + other[5], square)


@pytest.mark.parametrize("source", ["extension", "silent"])
def test_the_stock_foretells_what_a_source_sends(source: str) -> None:
    """Set-up, batches and bytes, from nothing but what was taken."""
    pair = Pair()
    counts = [1, 1000, 24, 1, 3000, 66_000, 7, 5000]

    def plan() -> Stock:
        return Stock(SilentBatches(TINY) if source == "silent" else ExtensionBatches(2))

    def run(index: int) -> None:
        channel = pair.channels[index]
        ends = silent_ends(channel, TINY) if source == "silent" else extension_ends(channel)
        sides: list[Any] = [ends.sender, ends.receiver]
        for count in counts:
            for side in sorted(sides, key=lambda side: not side.speaks):
                side.take(count)

    for channel in pair.channels:
        channel.bytes_sent = 0
    both(run, 0, 1)
    stock = plan()
    made = [part.made for count in counts for part in stock.parts(count) if part.made]
    in_batches = sum(batch.bytes for batch in made)
    flights = set_up_lengths(dict.fromkeys(COMPUTING.links, stock.batches), START_BYTES)
    # Each party has both roles, so it sends all that is sent in one direction.
    for link in COMPUTING.links:
        sent = pair.channels[link.sender].bytes_sent
        assert sent == in_batches + sum(flight[link] for flight in flights)


def test_the_stock_keeps_leftovers_and_repeats_nothing() -> None:
    stock = Stock(ExtensionBatches())
    assert [(p.made and p.made.count, p.start, p.count) for p in stock.parts(1500)] == [
        (2048, 0, 1500)
    ]
    parts = list(stock.parts(1000))
    assert [(p.made and p.made.count, p.start, p.count) for p in parts] == [
        (None, 1500, 548),
        (1024, 0, 452),
    ]
    assert stock.left == 572
    assert batch_size(10**9) == 1 << 16
    silent = Stock(SilentBatches(SILENT))
    total = sum(part.count for part in silent.parts(SILENT.outputs))
    assert total == SILENT.outputs
    assert silent.left == 0
    (part,) = silent.parts(1)
    assert part.made is not None
    assert part.made.begins
    assert silent.batches.set_up()[1] == Flight(by_sender=4096 + 32)


def test_netlists_run_in_groups(pair: Pair) -> None:
    x = random_numbers((50,), np.uint32, 1)
    xs = split(x, 2)
    outcome = pair.run(lambda p: together([conversions.to_bits(p, xs[p.index]) for _ in range(3)]))
    planes = outcome.results[0][2] ^ outcome.results[1][2]
    assert np.array_equal(pair.parties[0].planes.words(planes, 50), x)
    assert np.array_equal(pair.parties[0].planes.slice(x), planes)
    assert outcome.rounds == 6


@pytest.mark.parametrize("source", ["dealt", "extension", "silent"])
def test_ots_are_made_while_a_long_transfer_waits(source: str) -> None:
    """Triples, which need no messages, are made between both parts of products in many batches."""
    pair = Pair(real=source == "extension", silent=source == "silent")
    x, y = (random_numbers((20_000,), np.uint64, seed) for seed in (1, 2))
    xs, ys = split(x, 3), split(y, 4)

    def triples_later(party: SharingParty) -> Steps[BitTriples]:
        yield from party.swap(np.zeros(3, np.uint8))
        return (yield from party.preprocessing.bit_triples(200_000))

    def run(party: SharingParty) -> Steps[list[Any]]:
        i = party.index
        return together(
            [
                arithmetic.multiply_now(party, xs[i], ys[i]),
                triples_later(party),
                comparison.msb(party, xs[i]),
            ]
        )

    one, other = pair.run(run).results
    assert np.array_equal(one[0] + other[0], x * y)
    a, b = one[1], other[1]
    assert np.array_equal((a.a ^ b.a) & (a.b ^ b.b), a.c ^ b.c)
    assert np.array_equal(unpacked(one[2] ^ other[2], x.size), x >> np.uint64(63))
