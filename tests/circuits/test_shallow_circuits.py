"""Circuits of logarithmic depth compute the same, in the stated number of layers."""

from __future__ import annotations

import pytest

from ezlang.compiler.circuits.builder import Builder
from ezlang.compiler.circuits.carries import suffixes
from ezlang.compiler.circuits.catalogue import PUBLIC, SAME, SECRET, Operand, binary, unary
from ezlang.compiler.circuits.schedule import schedule
from ezlang.compiler.ir.tree import BinaryKind, UnaryKind
from ezlang.types.types import INT8, SCALARS, UINT8, IntType
from tests.circuits.circuit_reference import SHIFTS, expected, pairs, run

INTEGERS = [t for t in SCALARS.values() if isinstance(t, IntType)]
SLOW = (BinaryKind.DIV, BinaryKind.MOD)


@pytest.mark.parametrize("kind", BinaryKind)
@pytest.mark.parametrize("element", INTEGERS, ids=str)
@pytest.mark.parametrize(
    ("x", "y"),
    [(SECRET, SECRET), (SECRET, PUBLIC), (PUBLIC, SECRET)],
    ids=lambda role: role.value,
)
def test_values(kind: BinaryKind, element: IntType, x: Operand, y: Operand) -> None:
    if kind in SLOW and element.width > 16:
        return
    xs, ys = pairs(element.width, element.width, 100, seed=element.width)
    netlist = binary(kind, element, x, y, shallow=True)
    assert run(netlist, xs, ys) == expected(kind, element, xs, ys)


@pytest.mark.parametrize("kind", BinaryKind)
@pytest.mark.parametrize("element", [INT8, UINT8], ids=str)
@pytest.mark.parametrize("constant", [0, 1, 3, 8, 10, 127, 128, 251, 255])
def test_constants(kind: BinaryKind, element: IntType, constant: int) -> None:
    xs = list(range(256))
    ys = [constant] * 256
    netlist = binary(kind, element, SECRET, element.wrap(constant), shallow=True)
    assert run(netlist, xs) == expected(kind, element, xs, ys)


@pytest.mark.parametrize("element", INTEGERS, ids=str)
def test_squares_and_signs(element: IntType) -> None:
    xs, _ = pairs(element.width, element.width, 100, seed=element.width)
    netlist = binary(BinaryKind.MUL, element, SECRET, SAME, shallow=True)
    assert run(netlist, xs) == expected(BinaryKind.MUL, element, xs, xs)
    zeros = [0] * len(xs)
    negated = unary(UnaryKind.NEG, element, SECRET, shallow=True)
    assert run(negated, xs) == expected(BinaryKind.SUB, element, zeros, xs)
    if element.signed:
        absolute = unary(UnaryKind.ABS, element, SECRET, shallow=True)
        mask = (1 << element.width) - 1
        assert run(absolute, xs) == [abs(element.wrap(x)) & mask for x in xs]


@pytest.mark.parametrize("element", INTEGERS, ids=str)
def test_depths(element: IntType) -> None:
    levels = (element.width - 1).bit_length()
    for kind in (BinaryKind.ADD, BinaryKind.SUB, BinaryKind.LT):
        assert binary(kind, element, SECRET, SECRET, shallow=True).depth <= 2 + levels
    assert unary(UnaryKind.NEG, element, SECRET, shallow=True).depth <= levels
    ones = unary(UnaryKind.COUNT_ONES, element, SECRET, shallow=True)
    assert (ones.ands, ones.depth) == (element.width - 1, levels)
    assert binary(BinaryKind.MIN, element, SECRET, SECRET, shallow=True).depth <= 2 + levels
    assert binary(BinaryKind.MUL, element, SECRET, SECRET, shallow=True).depth <= 3 * levels + 1
    less = binary(BinaryKind.LT, element, SECRET, SECRET, shallow=True)
    assert less.ands == 3 * element.width - levels - 2
    for kind in SHIFTS:
        shallow = binary(kind, element, SECRET, SECRET, shallow=True)
        assert shallow.ands == binary(kind, element, SECRET, SECRET).ands


@pytest.mark.parametrize("kind", SLOW)
@pytest.mark.parametrize("element", [INT8, UINT8], ids=str)
def test_depth_of_division(kind: BinaryKind, element: IntType) -> None:
    assert binary(kind, element, SECRET, SECRET, shallow=True).depth <= 50


def test_suffixes() -> None:
    b = Builder(shallow=True)
    bits = b.port(11)
    netlist = schedule(b, suffixes(b, bits), "suffixes")
    assert netlist.depth == 4
    values = [0, 1, 2, 3, 64, 1024, 1025, 2047]
    wanted = [sum((v >> i != 0) << i for i in range(11)) for v in values]
    assert run(netlist, values) == wanted
