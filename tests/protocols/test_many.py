"""Protocols among any number of parties: their results, and their exact rounds and bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add, xor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ezlang.compiler.circuits import catalogue
from ezlang.compiler.circuits.catalogue import SECRET, Narrow
from ezlang.compiler.cost.ledger import Ledger
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.compiler.protocols.core.steps import Steps
from ezlang.compiler.protocols.many import gates, numbers
from ezlang.compiler.protocols.many.party import ManyParty
from ezlang.executors.simulate.randomness import Randomness
from ezlang.executors.simulate.two.sharing import SharingSession
from ezlang.executors.simulate.two.wire import Wire
from ezlang.types.types import IntType

Array = npt.NDArray[Any]
COUNTS = (1, 3, 4, 8)
WORD = np.uint32
RANDOM = np.random.default_rng(5)


def session(parties: int) -> SharingSession:
    wire = Wire(record=True, ledger=Ledger(range(parties)))
    own = [Randomness(f"party {n}", 7) for n in range(parties)]
    return SharingSession(wire, own, Randomness("ideal", 1))


def shared(value: Array, parties: int, *, bits: bool = False) -> list[Array]:
    """Split numbers into sums, or into exclusive ors."""
    top = 2 if value.dtype == np.uint8 else 1 << 8 * value.itemsize
    rest = [RANDOM.integers(0, top, value.shape, value.dtype) for _ in range(parties - 1)]
    first = reduce(xor, rest, value) if bits else reduce(lambda x, y: x - y, rest, value)
    return [first, *rest]


def run(
    used: SharingSession, protocol: Callable[[ManyParty], Steps[Array]], *, bits: bool = False
) -> Array:
    """Run a protocol; return what the parties' shares are together."""
    found: Sequence[Array] = used.run(protocol)
    return np.asarray(reduce(xor if bits else add, found))


def words(*shape: int) -> Array:
    return RANDOM.integers(0, 1 << 32, shape, WORD)


@pytest.mark.parametrize("parties", COUNTS)
def test_products(parties: int) -> None:
    used, x, y = session(parties), words(5), words(5)
    xs, ys = shared(x, parties), shared(y, parties)
    made = run(used, lambda p: numbers.multiply(p, xs[p.index], ys[p.index]))
    assert made.tolist() == (x * y).tolist()
    made = run(used, lambda p: numbers.multiply_same(p, xs[p.index]))
    assert made.tolist() == (x * x).tolist()


@pytest.mark.parametrize("parties", COUNTS)
def test_matrix_products(parties: int) -> None:
    used, x, y = session(parties), words(2, 3, 4), words(2, 4, 5)
    xs, ys = shared(x, parties), shared(y, parties)
    made = run(used, lambda p: numbers.multiply_matrices(p, xs[p.index], ys[p.index]))
    assert made.tolist() == (x @ y).tolist()


@pytest.mark.parametrize("parties", [3, 4, 8])
@pytest.mark.parametrize("left", [False, True])
def test_products_with_what_one_party_knows(parties: int, left: bool) -> None:
    used, x, known = session(parties), words(3, 3), words(3, 3)
    xs, owner = shared(x, parties), parties - 2

    def given(party: ManyParty) -> Array:
        return known if party.index == owner else np.zeros_like(known)

    made = run(used, lambda p: numbers.multiply_owned(p, xs[p.index], given(p), owner))
    assert made.tolist() == (x * known).tolist()
    made = run(
        used,
        lambda p: numbers.multiply_owned_matrix(p, xs[p.index], given(p), owner, left=left),
    )
    assert made.tolist() == (known @ x if left else x @ known).tolist()


@pytest.mark.parametrize("parties", COUNTS)
@pytest.mark.parametrize("narrow", [None, Narrow(9, True), Narrow(9, False)])
def test_conversions(parties: int, narrow: Narrow | None) -> None:
    x = words(11)
    if narrow is not None:
        x %= WORD(1 << narrow.bits)
        if not narrow.nonnegative:
            x -= WORD(1 << (narrow.bits - 1))
    used, xs = session(parties), shared(x, parties)
    planes = run(used, lambda p: numbers.to_planes(p, xs[p.index], narrow), bits=True)
    party: ManyParty = used.parties[0]  # type: ignore[assignment]
    assert party.planes.words(planes, x.size).tolist() == x.tolist()
    bits = shared(x, parties, bits=True)
    made = run(used, lambda p: numbers.to_numbers(p, bits[p.index], narrow))
    assert made.tolist() == x.tolist()


@pytest.mark.parametrize("parties", COUNTS)
def test_bits_times_numbers(parties: int) -> None:
    used, c, y = session(parties), RANDOM.integers(0, 2, 20, np.uint8), words(20)
    cs, ys = shared(c, parties, bits=True), shared(y, parties)
    made = run(used, lambda p: numbers.times_bits(p, cs[p.index], ys[p.index]))
    assert made.tolist() == (c * y).tolist()
    made = run(used, lambda p: numbers.bits_to_numbers(p, cs[p.index], 32))
    assert made.tolist() == c.tolist()


@pytest.mark.parametrize("parties", COUNTS)
def test_circuits(parties: int) -> None:
    used, x, y = session(parties), words(13), words(13)
    netlist = catalogue.binary(BinaryKind.LT, IntType(32, False), SECRET, SECRET, shallow=True)
    xs, ys = shared(x, parties, bits=True), shared(y, parties, bits=True)
    made = run(
        used, lambda p: gates.evaluate(p, netlist, [xs[p.index], ys[p.index]], 13), bits=True
    )
    found = np.unpackbits(made[0], count=13, bitorder="little")
    assert found.tolist() == (x < y).astype(int).tolist()


@pytest.mark.parametrize("parties", [3, 4, 8])
def test_an_and_takes_two_bits_to_each_other_party(parties: int) -> None:
    used, x, y = session(parties), words(4).view(np.uint8), words(4).view(np.uint8)
    xs, ys = words(parties, 4).view(np.uint8), words(parties, 4).view(np.uint8)
    xs[0] ^= reduce(xor, xs) ^ x
    ys[0] ^= reduce(xor, ys) ^ y
    run(used, lambda p: gates.and_bits(p, xs[p.index], ys[p.index]), bits=True)
    before, rounds = used.wire.ledger.bytes_sent, used.wire.ledger.rounds
    made = run(used, lambda p: gates.and_bits(p, xs[p.index], ys[p.index]), bits=True)
    assert made.tolist() == (x & y).tolist()
    after = used.wire.ledger.bytes_sent
    # Triples are left from the first batch.
    assert {after[p] - before[p] for p in range(parties)} == {2 * x.size * (parties - 1)}
    assert used.wire.ledger.rounds - rounds == 1


@pytest.mark.parametrize("parties", [3, 5])
def test_a_bit_becomes_a_number_by_a_transfer_between_each_pair(parties: int) -> None:
    used, bits = session(parties), shared(np.ones(8, np.uint8), parties, bits=True)
    run(used, lambda p: numbers.bits_to_numbers(p, bits[p.index], 64))
    before = used.wire.ledger.bytes_sent
    run(used, lambda p: numbers.bits_to_numbers(p, bits[p.index], 64))
    after = used.wire.ledger.bytes_sent
    # A byte of choices to each party before, and eight numbers to each party after it.
    expected = {p: p + 8 * 8 * (parties - 1 - p) for p in range(parties)}
    assert {p: after[p] - before[p] for p in range(parties)} == expected


@pytest.mark.parametrize("parties", [3, 4])
def test_what_others_see_of_a_share_is_uniform(parties: int) -> None:
    """Every opened bit is masked by a triple of the pair alone."""
    seen = np.zeros((parties, parties))
    runs, zeros = 200, np.zeros(1, np.uint8)
    for seed in range(runs):
        wire = Wire(record=True, ledger=Ledger(range(parties)))
        own = [Randomness(f"party {n}", seed) for n in range(parties)]
        used = SharingSession(wire, own, Randomness("ideal", seed))
        used.run(lambda p: gates.and_bits(p, zeros, zeros))
        for one in wire.transcript:
            if one.purpose == "masked bits":
                seen[one.sender, one.receiver] += bin(one.data[0]).count("1")
    # Eight bits a run: within six standard deviations of half.
    expected, deviation = 4 * runs, (8 * runs) ** 0.5 / 2
    off = abs(seen - expected)[~np.eye(parties, dtype=bool)]
    assert off.max() < 6 * deviation
