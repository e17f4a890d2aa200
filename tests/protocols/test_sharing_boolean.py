"""Shared bits: triples, ANDs, netlists; what they cost and what each side sees."""

from __future__ import annotations

import numpy as np
import pytest

from ezlang.compiler.circuits.catalogue import SECRET, binary
from ezlang.compiler.circuits.netlist import Netlist, Port
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.compiler.protocols.boolean import gates as boolean
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.steps import Steps
from ezlang.types.types import IntType
from tests.protocols.netlists import random_netlist
from tests.support.netlist_values import evaluate as evaluate_clear
from tests.support.sharing_parties import (
    Pair,
    assert_uniform,
    packed,
    random_numbers,
    split_bits,
    unpacked,
)


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


@pytest.fixture(scope="module")
def real() -> Pair:
    return Pair(real=True)


@pytest.mark.parametrize("count", [8, 120, 128, 136, 1 << 16, (1 << 16) + 8])
def test_triples_multiply_and_cost_an_ot_each_way(pair: Pair, count: int) -> None:
    outcome = pair.run(lambda party: party.preprocessing.bit_triples(count))
    one, other = outcome.results
    assert np.array_equal((one.a ^ other.a) & (one.b ^ other.b), one.c ^ other.c)
    assert outcome.ots == (count, count)
    assert outcome.bytes == (0, 0)
    assert outcome.rounds == 0


def test_pairs_share_a_factor(pair: Pair) -> None:
    outcome = pair.run(lambda party: party.preprocessing.bit_pairs(80_000))
    one, other = outcome.results
    assert one.b.shape == one.c.shape == (2, 10_000)
    assert np.array_equal((one.a ^ other.a) & (one.b ^ other.b), one.c ^ other.c)
    assert outcome.ots == (80_000, 80_000)
    assert not np.array_equal(one.b[0], one.b[1])


def test_triples_over_real_ots(real: Pair) -> None:
    one, other = real.run(lambda party: party.preprocessing.bit_triples(200_000)).results
    assert np.array_equal((one.a ^ other.a) & (one.b ^ other.b), one.c ^ other.c)


@pytest.mark.parametrize("part", ["a", "b", "c"])
def test_triples_look_random_at_each_party(real: Pair, part: str) -> None:
    for triples in real.run(lambda party: party.preprocessing.bit_triples(400_000)).results:
        assert_uniform(getattr(triples, part))


def test_ands(pair: Pair) -> None:
    x, y, z = (random_numbers((3, 50), np.uint8, seed) for seed in range(3))
    xs, ys, zs = (split_bits(v, 7 + i) for i, v in enumerate((x, y, z)))
    outcome = pair.run(lambda party: boolean.and_bits(party, xs[party.index], ys[party.index]))
    assert np.array_equal(outcome.results[0] ^ outcome.results[1], x & y)
    assert outcome.bytes == (300, 300)
    assert outcome.ots == (1200, 1200)
    assert outcome.rounds == 1
    outcome = pair.run(
        lambda party: boolean.and_both(party, *(v[party.index] for v in (xs, ys, zs)))
    )
    one, other = outcome.results
    assert np.array_equal(one[0] ^ other[0], x & y)
    assert np.array_equal(one[1] ^ other[1], x & z)
    assert outcome.bytes == (450, 450)
    assert outcome.ots == (1200, 1200)
    assert outcome.rounds == 1


def test_what_an_and_opens_is_uniform(real: Pair) -> None:
    zeros = np.zeros(20_000, np.uint8)
    outcome = real.run(lambda party: boolean.and_bits(party, zeros, zeros))
    for heard in outcome.heard:
        assert_uniform(heard)


def _inputs(netlist: Netlist, n: int, seed: int) -> list[np.ndarray]:
    return [
        np.random.default_rng(seed + i).integers(0, 2, (port.width, n), np.uint8)
        for i, port in enumerate(netlist.ports)
    ]


def _check(pair: Pair, netlist: Netlist, n: int, *, exact: bool = True) -> None:
    bits = _inputs(netlist, n, 5)
    wires = [[int.from_bytes(packed(row).tobytes(), "little") for row in rows] for rows in bits]
    expected = evaluate_clear(netlist, wires, n)
    shares = []
    for i, (port, rows) in enumerate(zip(netlist.ports, bits, strict=True)):
        whole = packed(rows)
        shares.append((whole, whole) if port.public else split_bits(whole, i))
    outcome = pair.run(
        lambda party: boolean.evaluate(party, netlist, [s[party.index] for s in shares], n)
    )
    result = packed(unpacked(outcome.results[0] ^ outcome.results[1], n))
    assert [int.from_bytes(row.tobytes(), "little") for row in result] == expected
    if exact:
        size = -(-n // 8)
        assert outcome.bytes == (2 * netlist.ands * size,) * 2
        assert outcome.ots == (8 * netlist.ands * size,) * 2
        assert outcome.rounds == netlist.depth


@pytest.mark.parametrize("n", [1, 9, 64, 4095, 4096, 4097, 9000])
def test_random_netlists(pair: Pair, n: int) -> None:
    ports = (Port(5), Port(3, public=True), Port(8))
    for seed in range(2):
        _check(pair, random_netlist(seed + n, ports, 6), n)


def test_netlists_over_real_ots(real: Pair) -> None:
    netlist = random_netlist(1, (Port(5), Port(3, public=True), Port(8)), 6)
    _check(real, netlist, 100, exact=False)


@pytest.mark.parametrize("width", [8, 16, 32, 64])
def test_integers_go_in_and_come_out(pair: Pair, width: int) -> None:
    netlist = binary(BinaryKind.ADD, IntType(width, signed=False), SECRET, SECRET)
    n = 4500
    x, y = (random_numbers((n,), f"u{width // 8}", seed) for seed in (1, 2))
    xs, ys = split_bits(x, 3), split_bits(y, 4)

    def add(party: SharingParty) -> Steps[np.ndarray]:
        inputs = [xs[party.index], ys[party.index]]
        planes = yield from boolean.evaluate(party, netlist, inputs, n)
        return party.planes.words(planes, n)

    one, other = pair.run(add).results
    assert np.array_equal(one ^ other, x + y)
