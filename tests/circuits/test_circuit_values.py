"""Every circuit computes what the language says, against Python integers."""

from __future__ import annotations

import pytest

from ezlang.compiler.circuits.catalogue import (
    PUBLIC,
    SAME,
    SECRET,
    Operand,
    binary,
    bit,
    cast,
    choice,
    unary,
)
from ezlang.compiler.ir.tree import BinaryKind, UnaryKind
from ezlang.types.types import BOOL, INT8, SCALARS, UINT8, BoolType, IntType
from tests.circuits.circuit_reference import SHIFTS, edges, expected, pairs, run

INTEGERS = [t for t in SCALARS.values() if isinstance(t, IntType)]
BYTES = [INT8, UINT8]
EVERY_BYTE = list(range(256))
EVERY_PAIR = [x for x in range(256) for _ in range(256)], EVERY_BYTE * 256
CONSTANTS = [0, 1, 2, 3, 4, 7, 10, 13, 64, 85, 127, 128, 129, 170, 192, 251, 254, 255]


@pytest.mark.parametrize("kind", BinaryKind)
@pytest.mark.parametrize("element", BYTES, ids=str)
def test_all_pairs_of_bytes(kind: BinaryKind, element: IntType) -> None:
    xs, ys = EVERY_PAIR
    assert run(binary(kind, element, SECRET, SECRET), xs, ys) == expected(kind, element, xs, ys)


@pytest.mark.parametrize("kind", BinaryKind)
@pytest.mark.parametrize("element", INTEGERS, ids=str)
@pytest.mark.parametrize(
    ("x", "y"),
    [(SECRET, SECRET), (SECRET, PUBLIC), (PUBLIC, SECRET)],
    ids=lambda role: role.value,
)
def test_pairs_of_any_width(kind: BinaryKind, element: IntType, x: Operand, y: Operand) -> None:
    xs, ys = pairs(element.width, element.width, 200, seed=element.width)
    assert run(binary(kind, element, x, y), xs, ys) == expected(kind, element, xs, ys)


@pytest.mark.parametrize("kind", BinaryKind)
@pytest.mark.parametrize("element", BYTES, ids=str)
def test_only_public_operands(kind: BinaryKind, element: IntType) -> None:
    xs, ys = pairs(8, 8, 200, seed=2)
    assert run(binary(kind, element, PUBLIC, PUBLIC), xs, ys) == expected(kind, element, xs, ys)


@pytest.mark.parametrize("kind", BinaryKind)
@pytest.mark.parametrize("element", BYTES, ids=str)
def test_constants(kind: BinaryKind, element: IntType) -> None:
    for constant in CONSTANTS:
        repeated = [constant] * 256
        for role in (SECRET, PUBLIC):
            known = element.wrap(constant)
            right = run(binary(kind, element, role, known), EVERY_BYTE)
            left = run(binary(kind, element, known, role), EVERY_BYTE)
            assert right == expected(kind, element, EVERY_BYTE, repeated)
            assert left == expected(kind, element, repeated, EVERY_BYTE)


@pytest.mark.parametrize("kind", [BinaryKind.MUL, BinaryKind.DIV, BinaryKind.MOD])
@pytest.mark.parametrize("element", INTEGERS, ids=str)
def test_wide_constants(kind: BinaryKind, element: IntType) -> None:
    xs, _ = pairs(element.width, element.width, 100, seed=3)
    for constant in edges(element.width)[::3]:
        ys = [constant] * len(xs)
        got = run(binary(kind, element, SECRET, element.wrap(constant)), xs)
        assert got == expected(kind, element, xs, ys)


@pytest.mark.parametrize("kind", BinaryKind)
@pytest.mark.parametrize("element", BYTES, ids=str)
def test_the_same_operand_twice(kind: BinaryKind, element: IntType) -> None:
    for role in (SECRET, PUBLIC):
        got = run(binary(kind, element, role, SAME), EVERY_BYTE)
        assert got == expected(kind, element, EVERY_BYTE, EVERY_BYTE)


@pytest.mark.parametrize("width", [16, 32, 64])
def test_squares_of_any_width(width: int) -> None:
    element = IntType(width, True)
    xs, _ = pairs(width, width, 200, seed=5)
    got = run(binary(BinaryKind.MUL, element, SECRET, SAME), xs)
    assert got == expected(BinaryKind.MUL, element, xs, xs)


@pytest.mark.parametrize("kind", [BinaryKind.MUL, BinaryKind.DIV, BinaryKind.ADD, BinaryKind.LT])
def test_only_constants(kind: BinaryKind) -> None:
    assert run(binary(kind, INT8, 7, -3)) == expected(kind, INT8, [7], [-3])


@pytest.mark.parametrize("kind", SHIFTS)
@pytest.mark.parametrize("element", INTEGERS, ids=str)
@pytest.mark.parametrize("amount", INTEGERS, ids=str)
@pytest.mark.parametrize("role", [SECRET, PUBLIC], ids=lambda role: role.value)
def test_shifts_by_any_type(
    kind: BinaryKind, element: IntType, amount: IntType, role: Operand
) -> None:
    xs, ys = pairs(element.width, amount.width, 100, seed=7)
    got = run(binary(kind, element, SECRET, role, second=amount), xs, ys)
    assert got == expected(kind, element, xs, ys, amount)


def test_shifting_a_constant() -> None:
    element = IntType(32, False)
    ys = list(range(256))
    netlist = binary(BinaryKind.SHL, element, 1, SECRET, second=UINT8)
    assert run(netlist, ys) == [1 << y if y < 32 else 0 for y in ys]
    assert netlist.ands < 100


@pytest.mark.parametrize("element", INTEGERS, ids=str)
@pytest.mark.parametrize("role", [SECRET, PUBLIC], ids=lambda role: role.value)
def test_unary(element: IntType, role: Operand) -> None:
    xs, _ = pairs(element.width, element.width, 100, seed=11)
    mask = (1 << element.width) - 1
    values = [element.wrap(x) for x in xs]
    assert run(unary(UnaryKind.NEG, element, role), xs) == [-v & mask for v in values]
    assert run(unary(UnaryKind.ABS, element, role), xs) == [abs(v) & mask for v in values]
    assert run(unary(UnaryKind.BITNOT, element, role), xs) == [~v & mask for v in values]
    ones = [bin(v & mask).count("1") for v in values]
    assert run(unary(UnaryKind.COUNT_ONES, element, role), xs) == ones
    for v, count in zip(values[:10], ones, strict=False):
        assert run(unary(UnaryKind.COUNT_ONES, element, v)) == [count]


@pytest.mark.parametrize("kind", [BinaryKind.AND, BinaryKind.OR, BinaryKind.XOR, BinaryKind.EQ])
def test_bools(kind: BinaryKind) -> None:
    xs, ys = [0, 0, 1, 1], [0, 1, 0, 1]
    want = [
        {"and": x & y, "or": x | y, "xor": x ^ y, "eq": int(x == y)}[kind.value]
        for x, y in zip(xs, ys, strict=True)
    ]
    assert run(binary(kind, BOOL, SECRET, SECRET), xs, ys) == want
    assert run(unary(UnaryKind.NOT, BOOL, SECRET), xs) == [1, 1, 0, 0]


@pytest.mark.parametrize("element", [BOOL, *INTEGERS], ids=str)
@pytest.mark.parametrize("condition", [SECRET, PUBLIC, 0, 1])
def test_select(element: BoolType | IntType, condition: Operand) -> None:
    width = 1 if isinstance(element, BoolType) else element.width
    xs, ys = pairs(width, width, 50, seed=13)
    cs = [(i * 7) % 3 % 2 for i in range(len(xs))]
    ports = [] if isinstance(condition, int) else [cs]
    if isinstance(condition, int):
        cs = [condition] * len(xs)
    want = [x if c else y for c, x, y in zip(cs, xs, ys, strict=True)]
    assert run(choice(element, condition, SECRET, SECRET), *ports, xs, ys) == want
    assert run(choice(element, condition, PUBLIC, SECRET), *ports, xs, ys) == want
    assert run(choice(element, condition, SECRET, SAME), *ports, xs) == xs


@pytest.mark.parametrize("source", [BOOL, *INTEGERS], ids=str)
@pytest.mark.parametrize("target", [BOOL, *INTEGERS], ids=str)
def test_casts(source: BoolType | IntType, target: BoolType | IntType) -> None:
    values = [0, 1] if isinstance(source, BoolType) else pairs(source.width, 8, 50, seed=17)[0]
    numbers = values if isinstance(source, BoolType) else [source.wrap(v) for v in values]
    if isinstance(target, BoolType):
        want = [int(v != 0) for v in numbers]
    else:
        want = [v & ((1 << target.width) - 1) for v in numbers]
    assert run(cast(source, target, SECRET), values) == want
    assert run(cast(source, target, PUBLIC), values) == want


def test_bits() -> None:
    for position in range(8):
        want = [x >> position & 1 for x in EVERY_BYTE]
        assert run(bit(UINT8, position, SECRET), EVERY_BYTE) == want
        assert run(bit(UINT8, position, PUBLIC), EVERY_BYTE) == want
        assert run(bit(UINT8, position, 0b10110010)) == [0b10110010 >> position & 1]
