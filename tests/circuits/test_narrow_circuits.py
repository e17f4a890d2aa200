"""Circuits for numbers of fewer bits than their type has."""

from random import Random

import pytest

from ezlang.compiler.circuits.catalogue import SECRET, Narrow, binary, choice
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.types.types import SCALARS, IntType
from tests.support.netlist_values import evaluate, pack, unpack

INTS = [type for type in SCALARS.values() if isinstance(type, IntType)]
COUNT = 64


def numbers(pick: Random, bits: int, signed: bool) -> list[int]:
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    edges = [low, high, 0, min(1, high)]
    return [*edges, *(pick.randint(low, high) for _ in range(COUNT - len(edges)))]


def expected(kind: BinaryKind, x: int, y: int) -> int | None:
    """The result of an operation on whole numbers; None if it has none."""
    match kind:
        case BinaryKind.ADD:
            return x + y
        case BinaryKind.SUB:
            return x - y
        case BinaryKind.MUL:
            return x * y
        case BinaryKind.DIV | BinaryKind.MOD:
            if y == 0:
                return None
            quotient = abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)
            return quotient if kind is BinaryKind.DIV else x - y * quotient
        case BinaryKind.AND:
            return x & y
        case BinaryKind.OR:
            return x | y
        case BinaryKind.MIN:
            return min(x, y)
        case BinaryKind.MAX:
            return max(x, y)
        case BinaryKind.EQ:
            return int(x == y)
        case BinaryKind.LT:
            return int(x < y)
        case _:
            return int(x >= y)


KINDS = [
    *(BinaryKind.ADD, BinaryKind.SUB, BinaryKind.MUL, BinaryKind.DIV, BinaryKind.MOD),
    *(BinaryKind.AND, BinaryKind.OR, BinaryKind.MIN, BinaryKind.MAX),
    *(BinaryKind.EQ, BinaryKind.LT, BinaryKind.GE),
]
FLAGS = (BinaryKind.EQ, BinaryKind.LT, BinaryKind.GE)


@pytest.mark.parametrize("shallow", [False, True])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.value)
@pytest.mark.parametrize("element", INTS, ids=str)
def test_results_are_those_of_whole_numbers(
    element: IntType, kind: BinaryKind, shallow: bool
) -> None:
    pick = Random(f"{element} {kind} {shallow}")
    for bits in sorted({2, 3, element.width // 2, element.width - 1}):
        signed = element.signed and bits != 3
        fit = numbers(pick, bits, signed)
        pairs = [(x, y) for x, y in zip(fit, reversed(fit), strict=True)]
        kept = [
            (x, y, found)
            for x, y in pairs
            if (found := expected(kind, x, y)) is not None
            and (kind in FLAGS or min(fit) <= found <= max(fit))
        ]
        netlist = binary(
            kind, element, SECRET, SECRET, shallow=shallow, narrow=Narrow(bits, not signed)
        )
        ports = [pack([pair[i] for pair in kept], element.width) for i in range(2)]
        wires = evaluate(netlist, ports, len(kept))
        mask = (1 << len(wires)) - 1
        assert unpack(wires, len(kept)) == [found & mask for *_, found in kept], bits


@pytest.mark.parametrize("element", INTS, ids=str)
def test_selections(element: IntType) -> None:
    pick = Random(f"{element}")
    bits = element.width - 3
    x, y = numbers(pick, bits, element.signed), numbers(pick, bits, element.signed)
    flags = [pick.randint(0, 1) for _ in x]
    narrow = Narrow(bits, not element.signed)
    netlist = choice(element, SECRET, SECRET, SECRET, narrow=narrow)
    assert netlist.ands == bits
    ports = [pack(flags, 1), pack(x, element.width), pack(y, element.width)]
    found = unpack(evaluate(netlist, ports, COUNT), COUNT)
    mask = (1 << element.width) - 1
    assert found == [(a if c else b) & mask for c, a, b in zip(flags, x, y, strict=True)]


@pytest.mark.parametrize(
    ("kind", "bits", "ands"),
    [
        (BinaryKind.LT, 20, 20),
        (BinaryKind.EQ, 20, 19),
        (BinaryKind.ADD, 20, 19),
        (BinaryKind.MIN, 20, 40),
    ],
    ids=lambda value: getattr(value, "value", value),
)
def test_costs_are_those_of_the_bits(kind: BinaryKind, bits: int, ands: int) -> None:
    netlist = binary(kind, SCALARS["int64"], SECRET, SECRET, narrow=Narrow(bits, True))
    assert netlist.ands == ands
