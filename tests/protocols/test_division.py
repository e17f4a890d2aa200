"""Division of shares: by constants and by secrets, exact at every width; costs; views."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from ezlang.compiler.circuits import catalogue
from ezlang.compiler.circuits.sum_netlist import adder
from ezlang.compiler.ir import evaluate
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.compiler.protocols.arithmetic.division import (
    Factor,
    divide,
    divide_by_constant,
    remainder_by_constant,
)
from ezlang.compiler.protocols.core.lengths import product_message
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.steps import Array, Steps
from ezlang.types.types import INT64, UINT64, IntType
from tests.protocols.operation_cases import INTEGERS, values_of
from tests.support.dealt_parties import run_dealt
from tests.support.sharing_parties import Pair, assert_uniform, split

BY = {BinaryKind.DIV: divide_by_constant, BinaryKind.MOD: remainder_by_constant}


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


def divisors(t: IntType) -> list[int]:
    top = 1 << (t.width - 1)
    found = {0, 1, 2, 3, 7, 8, 10, 100, top // 3, top // 2 - 1, top // 2, top // 2 + 1, top - 1}
    if t.signed:
        return sorted({*found, *(-d for d in found), -top})
    return sorted({*found, top, top + 1, 2 * top // 3, 2 * top - 2, 2 * top - 1})


def numbers(t: IntType, divisor: int) -> Array:
    """Edge values, random ones, and those around multiples of the divisor."""
    near = [k * divisor + i for k in range(-4, 5) for i in (-1, 0, 1)]
    extremes = [t.low // (divisor or 1) * divisor, t.high // (divisor or 1) * divisor]
    more = [t.wrap(x) for x in (*near, *extremes)]
    return np.concatenate([values_of(t, (60,), divisor % 1000), np.array(more, evaluate.dtype(t))])


@pytest.mark.parametrize("t", INTEGERS, ids=str)
@pytest.mark.parametrize("kind", BY)
def test_by_constants(pair: Pair, t: IntType, kind: BinaryKind) -> None:
    for divisor in divisors(t):
        x = numbers(t, divisor)
        shares = split(x.view(f"u{t.width // 8}"), divisor % 99)
        outcome = pair.run(
            partial(lambda s, d, p: BY[kind](p, s[p.index], d, signed=t.signed), shares, divisor)
        )
        expected = evaluate.binary(kind, x, np.full_like(x, divisor))
        found = (outcome.results[0] + outcome.results[1]).view(x.dtype)
        assert np.array_equal(found, expected), divisor
        if abs(divisor) < 2:
            assert outcome.bytes == (0, 0)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("divisor", [3, 8, 10, 200, -100])
def test_every_byte(pair: Pair, signed: bool, divisor: int) -> None:
    """All numbers, each shared in several ways."""
    t = IntType(8, signed)
    if not t.low <= divisor <= t.high:
        return
    x = np.tile(np.arange(256, dtype=np.uint8), 16)
    shares = split(x, 5)
    outcome = pair.run(lambda p: divide_by_constant(p, shares[p.index], divisor, signed=signed))
    clear = x.view(evaluate.dtype(t))
    expected = evaluate.binary(BinaryKind.DIV, clear, np.full_like(clear, divisor))
    assert np.array_equal((outcome.results[0] + outcome.results[1]).view(clear.dtype), expected)


@pytest.mark.parametrize("t", [INTEGERS[0], *INTEGERS[-2:]], ids=str)
@pytest.mark.parametrize("divisor", [7, 8, 1000003])
def test_with_a_dealer(pair: Pair, t: IntType, divisor: int) -> None:
    divisor = t.wrap(divisor)
    x = numbers(t, divisor)
    shares = split(x.view(f"u{t.width // 8}"), 1)
    outcome, _ = run_dealt(
        pair, lambda p: divide_by_constant(p, shares[p.index], divisor, signed=t.signed)
    )
    expected = evaluate.binary(BinaryKind.DIV, x, np.full_like(x, divisor))
    assert np.array_equal((outcome.results[0] + outcome.results[1]).view(x.dtype), expected)
    assert outcome.ots == (0, 0)


@pytest.mark.parametrize("t", INTEGERS, ids=str)
@pytest.mark.parametrize("kind", BY)
@pytest.mark.parametrize("known", [(False, False), (True, False), (False, True)])
def test_by_secrets(pair: Pair, t: IntType, kind: BinaryKind, known: tuple[bool, bool]) -> None:
    x, y = values_of(t, (40,), 1), values_of(t, (40,), 2)
    y[::7] = 0
    given = [v.view(f"u{t.width // 8}") for v in (x, y)]
    shares = [
        (v, v) if k else split(v, i) for i, (v, k) in enumerate(zip(given, known, strict=True))
    ]

    def protocol(p: SharingParty) -> Steps[Array]:
        factors = (Factor(s[p.index], k) for s, k in zip(shares, known, strict=True))
        dividend, divisor = factors
        return divide(p, kind, dividend, divisor, t)

    outcome = pair.run(protocol)
    found = (outcome.results[0] + outcome.results[1]).view(x.dtype)
    assert np.array_equal(found, evaluate.binary(kind, x, y))


def leaf_bytes(count: int) -> tuple[int, int]:
    """Bytes each way of 1-of-16 OTs for digits: choices of one half, messages of the other."""
    first, second = -(-count // 2), count // 2
    return -(-4 * second // 8) + 4 * first, -(-4 * first // 8) + 4 * second


def comparison_bytes(bits: int, n: int) -> tuple[int, int]:
    """A millionaires' comparison, see comparison.py: leaves and the tree."""
    digits = -(-bits // 4)
    levels = (digits - 1).bit_length()
    size = -(-n // 8)
    tree = size * (2 * levels + 3 * (digits - 1 - levels))
    first, second = leaf_bytes(digits * n)
    return first + tree, second + tree


def bit_bytes(bits: int, n: int) -> tuple[int, int]:
    """Additive OTs for bits, half of them in each direction."""
    first, second = -(-n // 2), n // 2
    return first * bits // 8 + -(-second // 8), second * bits // 8 + -(-first // 8)


def total(*parts: tuple[int, int]) -> tuple[int, int]:
    return sum(p[0] for p in parts), sum(p[1] for p in parts)


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@pytest.mark.parametrize("n", [1, 8, 77])
@pytest.mark.parametrize("divisor", [3, 10, 100])
def test_cost_by_a_constant(pair: Pair, bits: int, n: int, divisor: int) -> None:
    x = np.arange(n, dtype=f"u{bits // 8}")
    length, size = divisor.bit_length(), -(-n // 8)
    outcome = pair.run(lambda p: divide_by_constant(p, x, divisor, signed=False))
    assert outcome.bytes == total(
        comparison_bytes(bits, n),
        comparison_bytes(length, 3 * n),
        (3 * size,) * 2,
        bit_bytes(bits, 3 * n),
    )
    assert outcome.rounds == 2 + (bits // 4 - 1).bit_length() + 1 + 2

    outcome = pair.run(lambda p: divide_by_constant(p, x, divisor, signed=True))
    # The OR, the wrap-around, two choices of two, then one of three.
    ands = (2 + 2 + 3 + 3 + 3 + 2) * size
    assert outcome.bytes == total(
        comparison_bytes(bits - 1, n),
        comparison_bytes(length, 6 * n),
        (ands,) * 2,
        bit_bytes(bits, 4 * n),
    )
    assert outcome.rounds == 2 + (bits // 4 - 1).bit_length() + 2 + 2


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@pytest.mark.parametrize("n", [1, 8, 77])
def test_cost_by_a_power_of_two(pair: Pair, bits: int, n: int) -> None:
    x, size = np.arange(n, dtype=f"u{bits // 8}"), -(-n // 8)
    outcome = pair.run(lambda p: divide_by_constant(p, x, 8, signed=True))
    ands = (2 + 2 + 3) * size
    assert outcome.bytes == total(
        comparison_bytes(bits - 1, n),
        comparison_bytes(4, 2 * n),
        (ands,) * 2,
        bit_bytes(bits, 3 * n),
    )
    assert outcome.rounds == 2 + (bits // 4 - 1).bit_length() + 1 + 2


@pytest.mark.parametrize("t", [INT64, UINT64], ids=str)
def test_cost_by_a_secret(pair: Pair, t: IntType) -> None:
    n, size = 20, 3
    x = np.arange(n, dtype=np.uint64)
    factor = Factor(x, known=False)
    outcome = pair.run(lambda p: divide(p, BinaryKind.DIV, factor, factor, t))
    netlist = catalogue.binary(BinaryKind.DIV, t, catalogue.SECRET, catalogue.SECRET, shallow=True)
    converted = adder(64, shallow=True)
    ands = 2 * size * (2 * converted.ands + netlist.ands)
    back = product_message(64, n // 2) + n // 2 * 8
    assert outcome.bytes == (ands + back,) * 2
    assert outcome.rounds == converted.depth + netlist.depth + 2


def test_what_is_seen(pair: Pair) -> None:
    x = np.zeros(6000, np.uint32)
    for signed in (False, True):
        outcome = pair.run(partial(lambda s, p: divide_by_constant(p, x, 10, signed=s), signed))
        for heard in outcome.heard:
            assert_uniform(heard)
