"""The exact costs of circuits, which the documentation must state as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from ezlang.compiler.circuits.catalogue import (
    PUBLIC,
    SAME,
    SECRET,
    Operand,
    binary,
    binary_size,
    cast,
    choice,
    unary,
)
from ezlang.compiler.circuits.counts import WIDTHS, render
from ezlang.compiler.circuits.multiplication import signed_digits
from ezlang.compiler.ir.tree import BinaryKind, UnaryKind
from ezlang.types.types import BOOL, INT16, INT32, UINT8, UINT32, UINT64, IntType

DOCUMENT = Path(__file__).parents[2] / "docs" / "circuits.md"


def test_the_documented_table_is_the_rendered_one() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    _, _, rest = text.partition("<!-- counts: python -m ezlang.compiler.circuits.counts -->\n")
    table, _, _ = rest.partition("\n<!-- end of counts -->")
    assert table == render()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("signed", [False, True])
def test_counts_follow_their_formulas(width: int, signed: bool) -> None:
    element = IntType(width, signed)

    def count(kind: BinaryKind) -> int:
        return binary(kind, element, SECRET, SECRET).ands

    assert count(BinaryKind.ADD) == count(BinaryKind.SUB) == width - 1
    assert count(BinaryKind.EQ) == count(BinaryKind.NE) == width - 1
    for kind in (BinaryKind.LT, BinaryKind.LE, BinaryKind.GT, BinaryKind.GE):
        assert count(kind) == width
    for kind in (BinaryKind.AND, BinaryKind.OR):
        assert count(kind) == width
    assert count(BinaryKind.XOR) == 0
    assert count(BinaryKind.MIN) == count(BinaryKind.MAX) == 2 * width
    assert 2 * count(BinaryKind.MUL) == width**2 + 3 * width - 4
    quotient = (width**2 + 5 * width - 6) // 2
    assert count(BinaryKind.DIV) == quotient + (2 * width - 3 if signed else 0)
    assert count(BinaryKind.MOD) == quotient + (4 * width - 5 if signed else 2 * width - 1)
    assert unary(UnaryKind.NEG, element, SECRET).ands == width - 2
    assert unary(UnaryKind.BITNOT, element, SECRET).ands == 0
    assert unary(UnaryKind.COUNT_ONES, element, SECRET).ands == width - 1
    assert choice(element, SECRET, SECRET, SECRET).ands == width
    assert cast(element, BOOL, SECRET).ands == width - 1
    if signed:
        assert unary(UnaryKind.ABS, element, SECRET).ands == width - 1


def test_no_dearer_than_published_circuits() -> None:
    assert binary(BinaryKind.MUL, INT32, SECRET, SECRET).ands <= 993
    assert binary(BinaryKind.MUL, UINT64, SECRET, SECRET).ands <= 4033
    assert binary(BinaryKind.DIV, UINT64, SECRET, SECRET).ands <= 4094


def test_depth_is_that_of_one_ripple() -> None:
    assert binary(BinaryKind.ADD, UINT64, SECRET, SECRET).depth == 63
    assert binary(BinaryKind.MUL, UINT64, SECRET, SECRET).depth <= 64
    assert binary(BinaryKind.EQ, UINT64, SECRET, SECRET).depth == 6
    assert binary(BinaryKind.SHL, UINT64, SECRET, SECRET).depth <= 8
    assert choice(UINT64, SECRET, SECRET, SECRET).depth == 1


def test_known_operands_come_cheap() -> None:
    def count(kind: BinaryKind, y: int) -> int:
        return binary(kind, INT32, SECRET, y).ands

    for kind in (BinaryKind.MUL, BinaryKind.SHL, BinaryKind.SHR, BinaryKind.AND):
        assert count(kind, 8) == 0
    for kind in (BinaryKind.DIV, BinaryKind.MOD):
        assert binary(kind, UINT32, SECRET, 8).ands == 0
    assert count(BinaryKind.DIV, 8) == 31
    assert count(BinaryKind.MOD, 8) == 3
    assert count(BinaryKind.LT, 0) == 0
    assert count(BinaryKind.GE, 0) == 0
    assert count(BinaryKind.EQ, 0) == 31
    assert count(BinaryKind.ADD, 0) == 0
    assert count(BinaryKind.ADD, 1) == 30
    assert count(BinaryKind.MUL, 3) == 30
    assert count(BinaryKind.MUL, 7) <= 31
    assert count(BinaryKind.MUL, -1) == 30
    assert binary(BinaryKind.DIV, UINT32, SECRET, 10).ands < 120


def test_public_operands_come_cheap() -> None:
    assert binary(BinaryKind.MUL, UINT64, SECRET, PUBLIC).ands < 700
    assert binary(BinaryKind.AND, UINT64, SECRET, PUBLIC).ands == 0
    assert binary(BinaryKind.SHL, UINT64, SECRET, PUBLIC).ands == 0
    assert choice(UINT64, PUBLIC, SECRET, SECRET).ands == 0
    for kind in BinaryKind:
        assert binary(kind, UINT8, PUBLIC, PUBLIC).ands == 0


def test_the_same_operand_twice_comes_cheap() -> None:
    square = binary(BinaryKind.MUL, UINT64, SECRET, SAME)
    assert square.ands < 1100
    for kind in (BinaryKind.ADD, BinaryKind.SUB, BinaryKind.LT, BinaryKind.EQ, BinaryKind.MAX):
        assert binary(kind, UINT64, SECRET, SAME).ands == 0


def _adder_cost(digits: list[int]) -> int:
    """w - 1 - i for each digit at i, apart from the lowest 1."""
    base = digits.index(1) if 1 in digits else -1
    width = len(digits)
    return sum(width - 1 - i for i, digit in enumerate(digits) if digit and i != base)


def _non_adjacent(constant: int, width: int) -> list[int]:
    digits = []
    for _ in range(width):
        digit = 2 - constant % 4 if constant % 2 else 0
        digits.append(digit)
        constant = (constant - digit) // 2
    return digits


@pytest.mark.parametrize("width", [8, 32])
def test_signed_digits_spell_the_constant(width: int) -> None:
    for constant in range(-130, 130):
        digits = signed_digits(constant, width)
        assert len(digits) == width
        assert set(digits) <= {-1, 0, 1}
        total = sum(digit << i for i, digit in enumerate(digits) if digit)
        assert (total - constant) % (1 << width) == 0
        plain = [constant >> i & 1 for i in range(width)]
        assert _adder_cost(digits) <= _adder_cost(plain)
        assert _adder_cost(digits) <= _adder_cost(_non_adjacent(constant, width))


@pytest.mark.parametrize("shallow", [False, True])
@pytest.mark.parametrize("y", [SECRET, PUBLIC, 10])
@pytest.mark.parametrize("kind", [kind for kind in BinaryKind if kind.traits.on.has(INT16)])
def test_sizes_are_those_of_netlists(kind: BinaryKind, y: Operand, shallow: bool) -> None:
    netlist = binary(kind, INT16, SECRET, y, shallow=shallow)
    assert binary_size(kind, INT16, SECRET, y, shallow=shallow) == (netlist.ands, netlist.depth)
