"""The costs of operations on shares, by formulas; with a dealer; and the views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from ezlang.compiler.circuits import catalogue
from ezlang.compiler.codegen.interface import Exchange
from ezlang.compiler.cost.group_costs import trace_of
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.ir.tree import BinaryKind, UnaryKind
from ezlang.compiler.protocols.core.lengths import product_message
from ezlang.compiler.protocols.dealt.backend import DEALT
from ezlang.compiler.protocols.operations.table import steps_of
from ezlang.types.types import BOOL, INT16, IntType
from tests.protocols.operation_cases import dealt, put_together, value, values_of, wanted
from tests.support.dealt_parties import run_dealt
from tests.support.sharing_parties import Outcome, Pair, assert_uniform

Known = tuple[int | None, ...]
Cost = tuple[int, int]
"""Bytes of both parties together, rounds."""


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


def packed(n: int) -> int:
    return -(-n // 8)


def levels(digits: int) -> int:
    return (digits - 1).bit_length()


def compared(bits: int, n: int) -> Cost:
    """n comparisons by digits, see comparison.py."""
    digits = -(-bits // 4)
    halves = (-(-digits * n // 2), digits * n // 2)
    leaves = sum(4 * half + packed(4 * half) for half in halves)
    pairs = digits - 1 - levels(digits)
    return leaves + 2 * packed(n) * (2 * levels(digits) + 3 * pairs), 2 + levels(digits)


def same(bits: int, n: int) -> Cost:
    """Equality by digits."""
    digits = bits // 4
    halves = (-(-digits * n // 2), digits * n // 2)
    leaves = sum(2 * half + packed(4 * half) for half in halves)
    return leaves + 4 * packed(n) * (digits - 1), 2 + levels(digits)


def selected(bits: int, n: int) -> Cost:
    """Two additive OTs an element."""
    return 2 * (packed(n) + n * bits // 8), 2


def counted(bits: int, n: int) -> Cost:
    """One additive OT a bit."""
    halves = (-(-n // 2), n // 2)
    return sum(packed(half) + half * bits // 8 for half in halves), 2


def rectified(bits: int, n: int) -> Cost:
    """A comparison of all bits but the sign, cut after four; an AND, two bits, a selection."""
    digits = 1 + -(-(bits - 5) // 4)
    halves = (-(-digits * n // 2), digits * n // 2)
    leaves = sum(4 * half + packed(4 * half) for half in halves)
    tree, rounds = 6 * packed(n) * (digits - 2), 2 + levels(digits - 1)
    # Of the wrap-around, five bits matter.
    numbers, chosen = counted(bits, n)[0] + counted(8, n)[0], selected(bits, n)
    return leaves + tree + 4 * packed(n) + numbers + chosen[0], rounds + 2 + chosen[1]


def fitting(bits: int, n: int) -> Cost:
    """A comparison of all bits but the sign, cut after four; trees of equalities; four ANDs."""
    high = -(-(bits - 5) // 4)
    size = packed(n)
    halves = (-(-n // 2), n // 2), (-(-high * n // 2), high * n // 2)
    lower, upper = (
        sum(message * half + packed(4 * half) for half in two)
        for message, two in zip((4, 8), halves, strict=True)
    )
    tree = 6 * size * (high - 1) + 8 * size * (high - 1)
    return lower + upper + tree + 12 * size, 4 + levels(high)


def multiplied(bits: int, n: int, terms: int) -> Cost:
    """Cross terms, of a party's numbers and the other's bits."""
    return terms * (bits * n // 8 + product_message(bits, n)), 2


def ran(netlist: Any, n: int) -> Cost:
    """A circuit."""
    return 4 * packed(n) * netlist.ands, netlist.depth


def summed(bits: int, n: int) -> Cost:
    """The bits of numbers, added up."""
    return 4 * packed(n) * (bits - 1), levels(bits)


def both(*parts: Cost) -> Cost:
    """One after the other."""
    return sum(size for size, _ in parts), sum(rounds for _, rounds in parts)


def binary(kind: BinaryKind, x: str, y: str, result: str, known: int | None = None) -> Any:
    def make(t: IntType, shape: tuple[int, ...]) -> tuple[ir.Operation, Known]:
        made = value(9, BOOL if result == "bool" else t, shape, "B" if result == "bool" else result)
        operands = (value(0, t, shape, x), value(1, t, shape, y))
        return ir.Binary(kind=kind, operands=operands, results=(made,)), (None, known)

    return make


def one(node: Callable[..., ir.Operation], x: str, result: str, **more: Any) -> Any:
    def make(t: IntType, shape: tuple[int, ...]) -> tuple[ir.Operation, Known]:
        flags = result in ("bool", "bools")
        size = (2, *shape) if result == "bools" else shape
        made = value(9, BOOL if flags else t, size, "B" if flags else result)
        return node(operands=(value(0, t, shape, x),), results=(made,), **more), (None,)

    return make


def select(sharing: str, side: str) -> Any:
    def make(t: IntType, shape: tuple[int, ...]) -> tuple[ir.Operation, Known]:
        c = value(0, BOOL, shape, "B")
        x, y = value(1, t, shape, side), value(2, t, shape, side)
        operation = ir.Select(operands=(c, x, y), results=(value(9, t, shape, sharing),))
        return operation, (None, None, None)

    return make


K = BinaryKind
S = catalogue.SECRET


def circuit(kind: BinaryKind) -> Callable[[int, int], Cost]:
    return lambda w, n: ran(catalogue.binary(kind, IntType(w, True), S, S, shallow=True), n)


TABLE: dict[str, tuple[Any, Callable[[int, int], Cost]]] = {
    "x * y": (binary(K.MUL, "A", "A", "A"), lambda w, n: multiplied(w, n, 2)),
    "x * y, y one party's": (
        binary(K.MUL, "A", "second", "A"),
        lambda w, n: multiplied(w, n, 1),
    ),
    "x < y": (binary(K.LT, "A", "A", "bool"), lambda w, n: compared(w, 3 * n)),
    "x < k": (binary(K.LT, "A", "public", "bool"), lambda w, n: compared(w, 2 * n)),
    "x < 0": (binary(K.LT, "A", "public", "bool", 0), lambda w, n: compared(w - 1, n)),
    "x >= 0": (binary(K.GE, "A", "public", "bool", 0), lambda w, n: compared(w - 1, n)),
    "x > -1": (binary(K.GT, "A", "public", "bool", -1), lambda w, n: compared(w - 1, n)),
    "x == y": (binary(K.EQ, "A", "A", "bool"), same),
    "min": (
        binary(K.MIN, "A", "A", "A"),
        lambda w, n: both(compared(w, 3 * n), selected(w, n)),
    ),
    "abs": (
        one(ir.Unary, "A", "A", kind=UnaryKind.ABS),
        lambda w, n: both(compared(w - 1, n), selected(w, n)),
    ),
    "bit 5": (one(ir.Bit, "A", "bool", position=5), lambda w, n: compared(5, n)),
    "max(x, 0) >> 4": (one(ir.RectifiedShift, "A", "A", shift=4), rectified),
    "x < 0, x >> 4 in (0, -1)": (one(ir.SignAndFit, "A", "bools", size=4), fitting),
    "bool(x)": (one(ir.Cast, "A", "bool"), same),
    "c ? x : y": (select("A", "A"), selected),
    "c ? k : l": (select("A", "public"), counted),
    "to boolean": (
        one(ir.Convert, "A", "B"),
        lambda w, n: ran(catalogue.binary(K.ADD, IntType(w, True), S, S, shallow=True), n),
    ),
    "boolean x + y": (binary(K.ADD, "B", "B", "B"), circuit(K.ADD)),
    "boolean x < y": (binary(K.LT, "B", "B", "bool"), circuit(K.LT)),
    "boolean count_ones": (one(ir.Unary, "B", "B", kind=UnaryKind.COUNT_ONES), summed),
    "boolean x & y": (binary(K.AND, "B", "B", "B"), lambda w, n: (4 * n * w // 8, 1)),
    "boolean c ? x : y": (select("B", "B"), lambda w, n: (6 * -(-n * w // 16), 1)),
    "reveal": (one(ir.Reveal, "A", "public"), lambda w, n: (2 * n * w // 8, 1)),
    "share": (one(ir.Relabel, "first", "A"), lambda w, n: (n * w // 8, 1)),
}


def run(
    pair: Pair, made: Any, t: IntType, n: int, *, dealer: bool = False, zeros: bool = False
) -> tuple[Outcome, ir.Operation, Known]:
    operation, known = made(t, (n,))
    rng = np.random.default_rng(1)
    operands = []
    for number, v in zip(known, operation.operands, strict=True):
        drawn = values_of(v.type.element, (n,), v.id)
        fixed = 0 if zeros and number is None else number
        operands.append(drawn if fixed is None else np.full_like(drawn, fixed))
    given = [dealt(x, v.type, rng) for x, v in zip(operands, operation.operands, strict=True)]

    def steps(party: Any) -> Any:
        return steps_of(party, operation, [g[party.index] for g in given], known=known)

    outcome = run_dealt(pair, steps)[0] if dealer else pair.run(steps)
    shares: Sequence[Any] = outcome.results
    if operation.result.type.sharing is None:
        shares = [shares[0], np.zeros_like(shares[0])]
    expected = wanted(operation, operands)
    assert np.array_equal(put_together(shares, operation.result.type), expected)
    return outcome, operation, known


@pytest.mark.parametrize("width", [8, 16, 32, 64])
@pytest.mark.parametrize("n", [1, 24, 77])
@pytest.mark.parametrize("name", TABLE)
def test_costs(pair: Pair, width: int, n: int, name: str) -> None:
    made, cost = TABLE[name]
    outcome, _, _ = run(pair, made, IntType(width, True), n)
    assert (sum(outcome.bytes), outcome.rounds) == cost(width, n)


@pytest.mark.parametrize("width", [8, 32, 64])
@pytest.mark.parametrize("name", TABLE)
def test_with_a_dealer(pair: Pair, width: int, name: str) -> None:
    """The same results without an OT of the run, and what is predicted."""
    made, _ = TABLE[name]
    outcome, operation, known = run(pair, made, IntType(width, True), 20, dealer=True)
    assert outcome.ots == (0, 0)
    one, other = (Exchange((operation,), (known,), party) for party in (0, 1))
    steps = trace_of((one, other), backend=DEALT).steps
    parts = [part for step in steps for part in step.sent]
    sent = [sum(part.amounts[link] for part in parts) for link in COMPUTING.links]
    assert outcome.bytes == tuple(sent)


@pytest.mark.parametrize("name", [name for name in TABLE if name not in ("reveal", "share")])
def test_what_is_seen(pair: Pair, name: str) -> None:
    """All messages are uniform, whatever the operands are."""
    made, _ = TABLE[name]
    outcome, _, _ = run(pair, made, INT16, 40_000, zeros=True)
    for heard in outcome.heard:
        if heard:
            assert_uniform(heard)
