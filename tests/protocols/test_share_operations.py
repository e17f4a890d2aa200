"""Every operation of the IR on shares, against its result in the clear."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.sharings import required
from ezlang.compiler.ir.tree import BinaryKind, UnaryKind
from ezlang.typed.operators import UnaryOp
from ezlang.types.types import BOOL, INT16, INT32, SCALARS, UINT8, BoolType, IntType, ScalarType
from tests.protocols.operation_cases import INTEGERS, Array, agrees, value, values_of
from tests.support.convolutions import CASES
from tests.support.sharing_parties import Pair

SHAPE = (3, 11)
SIDES = [("s", "s"), ("s", "public"), ("public", "s")]
SHIFTS = (BinaryKind.SHL, BinaryKind.SHR)
BITS = (BinaryKind.AND, BinaryKind.OR, BinaryKind.XOR)
SLOW = (BinaryKind.DIV, BinaryKind.MOD)
ON_A = [k for k in BinaryKind if k not in SHIFTS + BITS]


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


def made(kind: BinaryKind, element: ScalarType, sharing: str, sides: tuple[str, str]) -> ir.Binary:
    """A binary operation; "s" is a shared operand."""
    x, y = (value(i, element, SHAPE, sharing if s == "s" else s) for i, s in enumerate(sides))
    return ir.Binary(kind=kind, operands=(x, y), results=(_result(kind, element, sharing),))


def _result(kind: BinaryKind, element: ScalarType, sharing: str) -> ir.Value:
    if kind.traits.gives_bool:
        return value(9, BOOL, SHAPE, "B")
    return value(9, element, SHAPE, sharing)


@pytest.mark.parametrize("kind", ON_A)
@pytest.mark.parametrize("element", INTEGERS, ids=str)
@pytest.mark.parametrize("sides", SIDES, ids="-".join)
def test_binary_on_arithmetic_shares(
    pair: Pair, kind: BinaryKind, element: IntType, sides: tuple[str, str]
) -> None:
    if kind in SLOW and element.width > 16:
        return
    operands = [values_of(element, SHAPE, seed) for seed in (1, 2)]
    agrees(pair, made(kind, element, "A", sides), operands)


@pytest.mark.parametrize("kind", [k for k in BinaryKind if k not in SHIFTS])
@pytest.mark.parametrize("element", INTEGERS, ids=str)
@pytest.mark.parametrize("sides", SIDES, ids="-".join)
def test_binary_on_boolean_shares(
    pair: Pair, kind: BinaryKind, element: IntType, sides: tuple[str, str]
) -> None:
    if kind in SLOW and element.width > 16:
        return
    operands = [values_of(element, SHAPE, seed) for seed in (1, 2)]
    agrees(pair, made(kind, element, "B", sides), operands)


@pytest.mark.parametrize("kind", [*BITS, BinaryKind.EQ, BinaryKind.NE])
@pytest.mark.parametrize("sides", SIDES, ids="-".join)
def test_bools(pair: Pair, kind: BinaryKind, sides: tuple[str, str]) -> None:
    agrees(pair, made(kind, BOOL, "B", sides), [values_of(BOOL, SHAPE, seed) for seed in (1, 2)])


@pytest.mark.parametrize("kind", UnaryKind)
@pytest.mark.parametrize("element", [BOOL, *INTEGERS], ids=str)
@pytest.mark.parametrize("sharing", ["A", "B"])
def test_unary(pair: Pair, kind: UnaryKind, element: ScalarType, sharing: str) -> None:
    x, y = (value(i, element, SHAPE, sharing) for i in (0, 1))
    operation = ir.Unary(kind=kind, operands=(x,), results=(y,))
    if not UnaryOp[kind.name].domain.has(element):
        return
    if sharing == "A" and required(operation, ir.Sharing.ARITHMETIC) is None:
        return
    agrees(pair, operation, [values_of(element, SHAPE, 1)])


@pytest.mark.parametrize(
    "element", [BOOL, INTEGERS[0], UINT8, INT16, INT32, *INTEGERS[-2:]], ids=str
)
@pytest.mark.parametrize("sharing", ["A", "B"])
@pytest.mark.parametrize("sides", [*SIDES, ("public", "public")], ids="-".join)
@pytest.mark.parametrize("condition", ["B", "public"])
@pytest.mark.parametrize("scalar", [False, True])
def test_select(
    pair: Pair,
    element: ScalarType,
    sharing: str,
    sides: tuple[str, str],
    condition: str,
    scalar: bool,
) -> None:
    if isinstance(element, BoolType) and sharing == "A":
        return
    if condition == "public" and "s" not in sides:
        return
    shape = () if scalar else SHAPE
    c = value(0, BOOL, shape, condition)
    x, y = (value(i, element, SHAPE, sharing if s == "s" else s) for i, s in enumerate(sides, 1))
    operation = ir.Select(operands=(c, x, y), results=(value(9, element, SHAPE, sharing),))
    operands = [values_of(element, SHAPE, seed) for seed in (2, 3)]
    for seed in (4, 5):
        agrees(pair, operation, [values_of(BOOL, shape, seed), *operands])


@pytest.mark.parametrize("element", INTEGERS, ids=str)
@pytest.mark.parametrize("amount", ["int8", "uint64"])
@pytest.mark.parametrize("kind", SHIFTS)
@pytest.mark.parametrize(
    ("x", "y"), [("A", "public"), ("B", "public"), ("B", "B"), ("public", "B")]
)
def test_shifts(
    pair: Pair, element: IntType, amount: str, kind: BinaryKind, x: str, y: str
) -> None:
    second = SCALARS[amount]
    operands = (value(0, element, SHAPE, x), value(1, second, SHAPE, y))
    result = value(9, element, SHAPE, "B" if "B" in (x, y) else "A")
    operation = ir.Binary(kind=kind, operands=operands, results=(result,))
    amounts = values_of(second, SHAPE, 1)
    amounts.reshape(-1)[::2] = np.arange(17) * 4 + 1
    agrees(pair, operation, [values_of(element, SHAPE, 2), amounts])


@pytest.mark.parametrize("element", INTEGERS, ids=str)
@pytest.mark.parametrize("amount", [0, 1, 3, 7, 15, 31, 63, 64, 200])
def test_shifts_by_a_constant(pair: Pair, element: IntType, amount: int) -> None:
    x, y = value(0, element, SHAPE, "A"), value(1, UINT8, SHAPE, "public")
    result = value(9, element, SHAPE, "A")
    operation = ir.Binary(kind=BinaryKind.SHR, operands=(x, y), results=(result,))
    operands = [values_of(element, SHAPE, 2), np.full(SHAPE, amount, np.uint8)]
    agrees(pair, operation, operands, known=(None, amount))


@pytest.mark.parametrize("element", INTEGERS, ids=str)
@pytest.mark.parametrize("nonnegative", [False, True])
def test_shifts_of_small_numbers(pair: Pair, element: IntType, nonnegative: bool) -> None:
    """They compare as many bits as are dropped, not all of them."""
    if not (nonnegative or element.signed):
        return
    x, y = value(0, element, SHAPE, "A"), value(1, UINT8, SHAPE, "public")
    operation = ir.Binary(
        kind=BinaryKind.SHR, operands=(x, y), results=(value(9, element, SHAPE, "A"),)
    )
    for bits in (2, element.width // 2, element.width - 1):
        narrow = replace(operation, bits=bits, nonnegative=nonnegative)
        numbers = small_values(element, bits, nonnegative, 1)
        for amount in (1, 3, element.width - 2, element.width - 1):
            operands = [numbers, np.full(SHAPE, amount, np.uint8)]
            wide, thin = (
                agrees(pair, one, operands, known=(None, amount)) for one in (operation, narrow)
            )
            assert wide.outcome is not None
            assert thin.outcome is not None
            general = amount == element.width - 1 and not nonnegative
            assert (sum(thin.outcome.bytes) < sum(wide.outcome.bytes)) is not general


@pytest.mark.parametrize("element", [one for one in INTEGERS if one.signed], ids=str)
def test_rectified_shifts(pair: Pair, element: IntType) -> None:
    """They take less than a ReLU and a shift, and no more than numbers of so few bits need."""
    x, y = value(0, element, SHAPE, "A"), value(9, element, SHAPE, "A")
    for amount in (1, 3, element.width - 2):
        wide = ir.RectifiedShift(shift=amount, operands=(x,), results=(y,))
        agrees(pair, wide, [values_of(element, SHAPE, 1)])
        for bits, nonnegative in ((1, False), (4, True), (5, False), (element.width - 1, True)):
            narrow = replace(wide, bits=bits, nonnegative=nonnegative)
            agrees(pair, narrow, [small_values(element, bits, nonnegative, 2)])


@pytest.mark.parametrize("element", [one for one in INTEGERS if one.signed], ids=str)
def test_signs_and_fits(pair: Pair, element: IntType) -> None:
    """Of all numbers, and of those that are known to have few bits."""
    x, y = value(0, element, SHAPE, "A"), value(9, BOOL, (2, *SHAPE), "B")
    for size in (1, 3, element.width - 2):
        wide = ir.SignAndFit(size=size, operands=(x,), results=(y,))
        agrees(pair, wide, [values_of(element, SHAPE, 1)])
        for bits, nonnegative in ((1, False), (4, True), (5, False), (element.width - 1, True)):
            narrow = replace(wide, bits=bits, nonnegative=nonnegative)
            agrees(pair, narrow, [small_values(element, bits, nonnegative, 2)])


@pytest.mark.parametrize("source", [BOOL, *INTEGERS], ids=str)
@pytest.mark.parametrize("target", [BOOL, *INTEGERS], ids=str)
@pytest.mark.parametrize("sharing", ["A", "B"])
def test_casts(pair: Pair, source: ScalarType, target: ScalarType, sharing: str) -> None:
    before, after = ("B" if isinstance(t, BoolType) else sharing for t in (source, target))
    operands, results = (value(0, source, SHAPE, before),), (value(1, target, SHAPE, after),)
    operation = ir.Cast(operands=operands, results=results)
    agrees(pair, operation, [values_of(source, SHAPE, 1)])


@pytest.mark.parametrize("element", INTEGERS, ids=str)
@pytest.mark.parametrize("sharing", ["A", "B"])
def test_bits(pair: Pair, element: IntType, sharing: str) -> None:
    x, y = value(0, element, SHAPE, sharing), value(1, BOOL, SHAPE, "B")
    for position in {0, 1, 4, 5, element.width // 2, element.width - 2, element.width - 1}:
        operation = ir.Bit(position=position, operands=(x,), results=(y,))
        agrees(pair, operation, [values_of(element, SHAPE, position)])


@pytest.mark.parametrize("element", [BOOL, *INTEGERS], ids=str)
@pytest.mark.parametrize("sharing", ["A", "B"])
@pytest.mark.parametrize("known", ["public", "first", "second"])
def test_sharing_and_revealing(pair: Pair, element: ScalarType, sharing: str, known: str) -> None:
    if isinstance(element, BoolType) and sharing == "A":
        return
    clear, shared = value(0, element, SHAPE, known), value(1, element, SHAPE, sharing)
    values = values_of(element, SHAPE, 1)
    size = -(-values.size // 8) if isinstance(element, BoolType) else values.nbytes
    given = agrees(pair, ir.Relabel(operands=(clear,), results=(shared,)), [values])
    told = agrees(pair, ir.Reveal(operands=(shared,), results=(clear,)), [values])
    sent, told_to = {
        "public": (None, (size, size)),
        "first": ((size, 0), (0, size)),
        "second": ((0, size), (size, 0)),
    }[known]
    assert (given.outcome.bytes if given.outcome else None) == sent
    assert told.outcome is not None
    assert told.outcome.bytes == told_to
    assert told.outcome.rounds == 1


@pytest.mark.parametrize("element", INTEGERS, ids=str)
@pytest.mark.parametrize(("old", "new"), [("A", "B"), ("B", "A")])
def test_conversions(pair: Pair, element: IntType, old: str, new: str) -> None:
    operands, results = (value(0, element, SHAPE, old),), (value(1, element, SHAPE, new),)
    operation = ir.Convert(operands=operands, results=results)
    agrees(pair, operation, [values_of(element, SHAPE, 1)])
    agrees(pair, replace(operation, deep=True), [values_of(element, SHAPE, 2)])


FACTORS = [("A", "A"), ("A", "first"), ("second", "A"), ("first", "second"), ("A", "public")]


@pytest.mark.parametrize("element", INTEGERS, ids=str)
@pytest.mark.parametrize(("x", "y"), FACTORS)
@pytest.mark.parametrize(
    "shape",
    [
        *((3, 4, 5), (1, 1, 1), (2, 0, 3), (0, 2, 2), (20, 2, 3)),
        *((6, 3, 4, 5), (3, 20, 2, 3), (0, 2, 2, 2), (2, 3, 0, 2)),
    ],
    ids=str,
)
def test_matrix_products(
    pair: Pair, element: IntType, x: str, y: str, shape: tuple[int, ...]
) -> None:
    *items, m, k, n = shape
    operands = (value(0, element, (*items, m, k), x), value(1, element, (*items, k, n), y))
    result = value(2, element, (*items, m, n), "A")
    operation = ir.MatrixProduct(operands=operands, results=(result,))
    agrees(pair, operation, [values_of(element, v.type.shape, v.id) for v in operands])


@pytest.mark.parametrize("element", INTEGERS, ids=str)
@pytest.mark.parametrize(("x", "y"), FACTORS)
@pytest.mark.parametrize("case", ["one row", "groups", "stride and padding"])
def test_convolutions(pair: Pair, element: IntType, x: str, y: str, case: str) -> None:
    images, filters, window = CASES[case]
    operands = (value(0, element, images, x), value(1, element, filters, y))
    shape = window.output(images, filters)
    assert shape is not None
    operation = ir.Convolution(
        stride=window.stride,
        padding=window.padding,
        dilation=window.dilation,
        groups=window.groups,
        operands=operands,
        results=(value(2, element, shape, "A"),),
    )
    agrees(pair, operation, [values_of(element, v.type.shape, v.id) for v in operands])


@pytest.mark.parametrize("element", INTEGERS, ids=str)
@pytest.mark.parametrize(("x", "y"), FACTORS)
def test_products_with_known_factors(pair: Pair, element: IntType, x: str, y: str) -> None:
    operands = (value(0, element, SHAPE, x), value(1, element, SHAPE, y))
    result = value(2, element, SHAPE, "A")
    operation = ir.Binary(kind=BinaryKind.MUL, operands=operands, results=(result,))
    ran = agrees(pair, operation, [values_of(element, SHAPE, seed) for seed in (1, 2)])
    if y in ("first", "second"):
        owner = 0 if y == "first" else 1
        assert ran.outcome is not None
        assert ran.outcome.ots[owner] == 0  # one cross term


@pytest.mark.parametrize("element", INTEGERS, ids=str)
@pytest.mark.parametrize("sharing", ["A", "B"])
def test_squares(pair: Pair, element: IntType, sharing: str) -> None:
    x, y = value(0, element, SHAPE, sharing), value(1, element, SHAPE, sharing)
    operation = ir.Binary(kind=BinaryKind.MUL, operands=(x, x), results=(y,))
    values = values_of(element, SHAPE, 1)
    agrees(pair, operation, [values, values], seed=3)


@pytest.mark.parametrize("kind", [k for k in BinaryKind if k not in SHIFTS])
@pytest.mark.parametrize("element", [SCALARS["int8"], UINT8, INT16, SCALARS["uint64"]], ids=str)
@pytest.mark.parametrize("sharing", ["A", "B"])
def test_constants(pair: Pair, kind: BinaryKind, element: IntType, sharing: str) -> None:
    if sharing == "A" and kind in BITS:
        return
    top = 1 << (element.width - 1)
    for number in (0, 1, -1, 3, top - 1, -top if element.signed else top):
        constant = number if element.signed else number % (1 << element.width)
        known = np.full(SHAPE, constant, values_of(element, (1,), 0).dtype)
        values = values_of(element, SHAPE, 1)
        operation = made(kind, element, sharing, ("s", "public"))
        agrees(pair, operation, [values, known], known=(None, constant))
        if kind not in SLOW:
            operation = made(kind, element, sharing, ("public", "s"))
            agrees(pair, operation, [known, values], known=(constant, None))


@pytest.mark.parametrize("shape", [(), (0,), (0, 4), (1,), (8,), (9,), (130,)])
@pytest.mark.parametrize("sharing", ["A", "B"])
def test_shapes(pair: Pair, shape: tuple[int, ...], sharing: str) -> None:
    x, y = (value(i, INT16, shape, sharing) for i in (0, 1))
    c, k = value(2, BOOL, shape, "B"), value(3, INT16, shape, "public")
    same, less = value(7, INT16, shape, sharing), value(8, BOOL, shape, "B")
    other = "B" if sharing == "A" else "A"
    operations: list[ir.Operation] = [
        *(ir.Binary(kind=kind, operands=(x, y), results=(same,)) for kind in _SUMS),
        ir.Binary(kind=BinaryKind.MUL, operands=(x, k), results=(same,)),
        ir.Binary(kind=BinaryKind.LT, operands=(x, k), results=(less,)),
        ir.Unary(kind=UnaryKind.ABS, operands=(x,), results=(same,)),
        ir.Unary(kind=UnaryKind.NEG, operands=(x,), results=(same,)),
        ir.Unary(kind=UnaryKind.BITNOT, operands=(x,), results=(same,)),
        ir.Select(operands=(c, x, y), results=(same,)),
        ir.Cast(operands=(x,), results=(value(7, INT32, shape, sharing),)),
        ir.Cast(operands=(x,), results=(less,)),
        ir.Bit(position=9, operands=(x,), results=(less,)),
        ir.Convert(operands=(x,), results=(value(7, INT16, shape, other),)),
        ir.Reveal(operands=(x,), results=(k,)),
        ir.Relabel(operands=(value(4, INT16, shape, "second"),), results=(same,)),
        ir.Reveal(operands=(c,), results=(value(4, BOOL, shape, "first"),)),
    ]
    for operation in operations:
        operands = [values_of(v.type.element, shape, v.id) for v in operation.operands]
        ran = agrees(pair, operation, operands)
        if 0 in shape and ran.outcome is not None:
            assert ran.outcome.bytes == (0, 0)


_SUMS = (BinaryKind.ADD, BinaryKind.SUB, BinaryKind.MUL, BinaryKind.MAX, BinaryKind.DIV)


@pytest.mark.parametrize("sharing", ["A", "B"])
def test_moving_and_summing(pair: Pair, sharing: str) -> None:
    base = value(0, INT32, (4, 3), sharing)
    known = value(1, INT32, (4, 3), "public")
    row, part = value(2, INT32, (3,), "public"), value(3, INT32, (2, 3), sharing)
    place = value(4, SCALARS["int8"], (), "public")
    kind = BinaryKind.ADD if sharing == "A" else BinaryKind.XOR

    def result(*shape: int) -> tuple[ir.Value, ...]:
        return (value(9, INT32, shape, sharing),)

    places = ((0, 1), (0, 1))
    operations: list[ir.Operation] = [
        ir.Broadcast(operands=(base,), results=result(2, 4, 3)),
        ir.Reshape(operands=(base,), results=result(12)),
        ir.Stack(operands=(base, base), results=result(2, 4, 3)),
        ir.Extract(dimensions=(True,), operands=(base, place), results=result(3)),
        ir.Insert(dimensions=(True,), operands=(base, row, place), results=result(4, 3)),
        ir.ExtractSlice(operands=(base, place), results=result(2, 3)),
        ir.InsertSlice(operands=(base, part, place), results=result(4, 3)),
        ir.AffineRead(index_map=places, operands=(base,), results=result(3)),
        ir.AffineWrite(index_map=places, operands=(base, row), results=result(4, 3)),
        ir.Reduce(kind=kind, operands=(base,), results=result()),
        ir.Reduce(kind=kind, axis=1, operands=(base,), results=result(4)),
        ir.Relabel(operands=(known,), results=result(4, 3)),
    ]
    for operation in operations:
        for index in (1, -1, 3, 100):
            operands = [
                np.array(index, np.int8) if v is place else values_of(INT32, v.type.shape, v.id)
                for v in operation.operands
            ]
            agrees(pair, operation, operands)


def small_values(element: IntType, bits: int, nonnegative: bool, seed: int) -> Array:
    """All kinds of numbers of a given width."""
    rng = np.random.default_rng(seed)
    low, high = (0, 1 << bits) if nonnegative else (-(1 << (bits - 1)), 1 << (bits - 1))
    drawn = rng.integers(low, high, SHAPE)
    drawn.reshape(-1)[:6] = rng.permutation([low, low + 1, high - 1, high - 2, 1, 0])
    return drawn.astype(values_of(element, (1,), 0).dtype)


ORDERED = [k for k in BinaryKind if k.traits.gives_bool or k in (BinaryKind.MIN, BinaryKind.MAX)]


@pytest.mark.parametrize("element", [INT16, *INTEGERS[-4:]], ids=str)
@pytest.mark.parametrize(("bits", "nonnegative"), [(3, False), (4, True), (8, True), (15, False)])
@pytest.mark.parametrize("sharing", ["A", "B"])
def test_narrow_operations(
    pair: Pair, element: IntType, bits: int, nonnegative: bool, sharing: str
) -> None:
    if not (element.signed or nonnegative) or bits >= element.width:
        return
    x, y = (small_values(element, bits, nonnegative, seed) for seed in (1, 2))
    narrow: dict[str, Any] = {"bits": bits, "nonnegative": nonnegative}
    kinds = ORDERED if sharing == "A" else [*ORDERED, BinaryKind.AND, BinaryKind.OR]
    for kind in kinds:
        for sides in SIDES:
            agrees(pair, replace(made(kind, element, sharing, sides), **narrow), [x, y])
    if element.signed:
        zero = made(BinaryKind.LT, element, sharing, ("s", "public"))
        agrees(pair, replace(zero, **narrow), [x, np.zeros_like(x)], known=(None, 0))
    quotient = made(BinaryKind.DIV, element, sharing, ("s", "s"))
    agrees(pair, replace(quotient, **narrow), [x // 2, np.where(y == 0, 1, y).astype(y.dtype)])
    one, other = (value(i, element, SHAPE, sharing) for i in (0, 1))
    c, both = value(3, BOOL, SHAPE, "B"), value(4, element, SHAPE, sharing)
    chosen = ir.Select(operands=(c, one, other), results=(both,), **narrow)
    agrees(pair, chosen, [values_of(BOOL, SHAPE, 1), x, y])
    into = value(5, element, SHAPE, "B" if sharing == "A" else "A")
    agrees(pair, ir.Convert(operands=(one,), results=(into,), **narrow), [x])


def test_narrow_costs(pair: Pair) -> None:
    """Numbers of 8 bits in 64 are compared and converted in 8."""
    x = np.arange(33, dtype=np.int64).reshape(SHAPE)
    order = made(BinaryKind.LT, SCALARS["int64"], "A", ("s", "s"))
    wide, thin = (agrees(pair, one, [x, x]) for one in (order, replace(order, bits=8)))
    assert wide.outcome is not None
    assert thin.outcome is not None
    assert sum(thin.outcome.bytes) * 20 < sum(wide.outcome.bytes)
    assert thin.outcome.rounds < wide.outcome.rounds
