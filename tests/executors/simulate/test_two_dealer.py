"""The dealer of two simulated parties: its units fit, and each party's part alone is noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ezlang.compiler.protocols.core.preprocessing import (
    BitPair,
    BitTriple,
    MatrixTriple,
    OneHot,
    RandomBit,
    RingSquare,
    RingTriple,
    Unit,
)
from ezlang.compiler.protocols.dealt.demands import LabelOt
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.executors.simulate.randomness import Randomness
from ezlang.executors.simulate.two.dealer import Dealer
from tests.support.sharing_parties import assert_uniform

COUNT = 1 << 14


def dealer() -> Dealer:
    return Dealer(Randomness("dealer", 1))


def taken(unit: Unit, count: int) -> tuple[Any, Any]:
    one = dealer()
    both = one.take(0, unit, count), one.take(1, unit, count)
    assert one.units() == {unit: count // 8 if isinstance(unit, BitTriple | BitPair) else count}
    return both


@pytest.mark.parametrize("unit", [BitTriple(), BitPair()], ids=repr)
def test_triples_of_bits(unit: Unit) -> None:
    zero, one = taken(unit, COUNT)
    a, b, c = (getattr(zero, name) ^ getattr(one, name) for name in "abc")
    assert np.array_equal(a & b, c)
    for part in (zero, one):
        assert_uniform(b"".join(getattr(part, name).tobytes() for name in "abc"))


@pytest.mark.parametrize(
    "unit", [RingTriple(bits=64), MatrixTriple(bits=32, rows=2, inner=3, columns=4)], ids=repr
)
def test_triples_of_numbers(unit: Unit) -> None:
    zero, one = taken(unit, 600)
    a, b, c = (getattr(zero, name) + getattr(one, name) for name in "abc")
    assert np.array_equal(a * b if isinstance(unit, RingTriple) else a @ b, c)
    for part in (zero, one):
        assert_uniform(b"".join(getattr(part, name).tobytes() for name in "abc"))


def test_squares() -> None:
    zero, one = taken(RingSquare(bits=16), COUNT)
    assert np.array_equal((zero.a + one.a) ** 2, zero.c + one.c)
    for part in (zero, one):
        assert_uniform(part.a.tobytes() + part.c.tobytes())


def test_bits_in_both_forms() -> None:
    zero, one = taken(RandomBit(bits=32), COUNT)
    bits = np.unpackbits(zero.bits ^ one.bits, bitorder="little")
    assert np.array_equal(bits, zero.numbers + one.numbers)
    for part in (zero, one):
        assert_uniform(part.numbers.tobytes())


def test_one_hot_vectors() -> None:
    zero, one = taken(OneHot(bits=8, entries=16), 500)
    places = zero.places + one.places & 15
    assert np.array_equal(zero.vectors + one.vectors, np.eye(16, dtype=np.uint8)[places])
    for part in (zero, one):
        assert_uniform(part.vectors.tobytes())


def test_labels() -> None:
    one, delta = dealer(), np.array([5, 7], np.uint64)
    bits, blocks = one.labels(COUNT, delta)
    assert {0, 1} == set(bits.tolist())
    assert_uniform(blocks.tobytes())
    assert one.units() == {LabelOt(): COUNT}


def test_both_parties_take_the_same() -> None:
    one = dealer()
    one.take(0, RingTriple(bits=8), 3)
    with pytest.raises(CompilerBug, match="the other one didn't"):
        one.units()
    with pytest.raises(CompilerBug, match="different numbers"):
        one.take(1, RingTriple(bits=8), 4)
