"""The simulated executor, one operation at a time, against Python's integers."""

import itertools
import random
from collections.abc import Callable

import pytest

from ezlang.compiler.ir.tree import BinaryKind, UnaryKind
from ezlang.types.labels import PUBLIC, SECRET, Label, owned
from ezlang.types.types import (
    BOOL,
    INT8,
    INT16,
    INT32,
    INT64,
    SCALARS,
    UINT8,
    UINT64,
    BoolType,
    IntType,
)
from tests.support.ir_drafts import Draft

INTEGERS = [type for type in SCALARS.values() if isinstance(type, IntType)]
ELEMENTS: list[BoolType | IntType] = [BOOL, *INTEGERS]


def divided(x: int, y: int) -> int:
    quotient = abs(x) // abs(y)
    return quotient if (x < 0) == (y < 0) else -quotient


def expected(kind: BinaryKind, type: IntType, x: int, y: int) -> int | bool:
    amount = y % (1 << type.width)
    match kind:
        case BinaryKind.ADD:
            exact = x + y
        case BinaryKind.SUB:
            exact = x - y
        case BinaryKind.MUL:
            exact = x * y
        case BinaryKind.DIV:
            exact = -1 if y == 0 else divided(x, y)
        case BinaryKind.MOD:
            exact = x if y == 0 else x - y * divided(x, y)
        case BinaryKind.SHL:
            exact = x << amount if amount < type.width else 0
        case BinaryKind.SHR:
            exact = x >> min(amount, type.width)
        case BinaryKind.AND:
            exact = x & y
        case BinaryKind.OR:
            exact = x | y
        case BinaryKind.XOR:
            exact = x ^ y
        case BinaryKind.MIN:
            exact = min(x, y)
        case BinaryKind.MAX:
            exact = max(x, y)
        case BinaryKind.EQ:
            return x == y
        case BinaryKind.NE:
            return x != y
        case BinaryKind.LT:
            return x < y
        case BinaryKind.LE:
            return x <= y
        case BinaryKind.GT:
            return x > y
        case BinaryKind.GE:
            return x >= y
    return type.wrap(exact)


def samples(type: IntType, kind: BinaryKind) -> list[tuple[int, int]]:
    source = random.Random(f"{type}{kind}")
    corners = [type.low, type.high, 0, 1, type.wrap(-1), 3, type.width, type.width - 1]
    pairs = list(itertools.product(corners, corners))
    return pairs + [
        (source.randint(type.low, type.high), source.randint(type.low, type.high)) for _ in range(8)
    ]


LABELS = [
    (SECRET, SECRET),
    (SECRET, PUBLIC),
    (PUBLIC, SECRET),
    (SECRET, owned(1)),
    (owned(0), owned(1)),
    (owned(1), owned(1)),
    (PUBLIC, PUBLIC),
]


@pytest.mark.parametrize("type", [INT8, INT32, UINT64], ids=str)
@pytest.mark.parametrize("kind", BinaryKind, ids=lambda k: k.value)
def test_binary_operations_on_all_labels(kind: BinaryKind, type: IntType) -> None:
    pairs = samples(type, kind)
    draft = Draft()
    for number, (left, right) in enumerate(LABELS):
        x = draft.give(type, [p for p, _ in pairs], left)
        y = draft.give(type, [q for _, q in pairs], right)
        draft.show(draft.build.binary(kind, x, y), f"z{number}")
    outputs = draft.run().outputs["alice"]
    wanted = [expected(kind, type, p, q) for p, q in pairs]
    assert outputs == {f"z{number}": wanted for number in range(len(LABELS))}


@pytest.mark.parametrize("type", [t for t in INTEGERS if t not in (INT8, INT32, UINT64)], ids=str)
@pytest.mark.parametrize("kind", BinaryKind, ids=lambda k: k.value)
def test_binary_operations_at_other_widths(kind: BinaryKind, type: IntType) -> None:
    pairs = samples(type, kind)[::5]
    draft = Draft()
    x = draft.give(type, [p for p, _ in pairs], SECRET)
    y = draft.give(type, [q for _, q in pairs], SECRET)
    assert draft.result(draft.build.binary(kind, x, y)) == [
        expected(kind, type, p, q) for p, q in pairs
    ]


@pytest.mark.parametrize("labels", LABELS, ids=str)
def test_operations_on_bools(labels: tuple[Label, Label]) -> None:
    pairs = list(itertools.product([False, True], repeat=2))
    kinds: dict[BinaryKind, Callable[[bool, bool], bool]] = {
        BinaryKind.AND: lambda p, q: p and q,
        BinaryKind.OR: lambda p, q: p or q,
        BinaryKind.XOR: lambda p, q: p != q,
        BinaryKind.EQ: lambda p, q: p == q,
        BinaryKind.NE: lambda p, q: p != q,
    }
    draft = Draft()
    x = draft.give(BOOL, [p for p, _ in pairs], labels[0])
    y = draft.give(BOOL, [q for _, q in pairs], labels[1])
    for kind in kinds:
        draft.show(draft.build.binary(kind, x, y), kind.value)
    draft.show(draft.build.negated(x), "not")
    outputs = draft.run().outputs["alice"]
    for kind, meaning in kinds.items():
        assert outputs[kind.value] == [meaning(p, q) for p, q in pairs]
    assert outputs["not"] == [not p for p, _ in pairs]


@pytest.mark.parametrize("label", [PUBLIC, owned(1), SECRET], ids=str)
@pytest.mark.parametrize("type", INTEGERS, ids=str)
def test_unary_operations_casts_and_bits(type: IntType, label: Label) -> None:
    values = [type.low, type.high, 0, 1, 5, type.wrap(-7)]
    draft = Draft()
    for computed in (False, True):  # from fresh shares, and from additive ones alone
        x = draft.give(type, values, label)
        if computed:
            x = draft.build.binary(BinaryKind.ADD, x, draft.give(type, [0] * 6, label))
        draft.show(draft.build.unary(UnaryKind.NEG, x), f"neg{computed}")
        draft.show(draft.build.unary(UnaryKind.BITNOT, x), f"bitnot{computed}")
        draft.show(draft.build.unary(UnaryKind.COUNT_ONES, x), f"ones{computed}")
        if type.signed:
            draft.show(draft.build.unary(UnaryKind.ABS, x), f"abs{computed}")
        for other in ELEMENTS:
            draft.show(draft.build.cast(x, other), f"{other}{computed}")
        for position in (0, 1, type.width - 1):
            draft.show(draft.build.bit(x, position), f"bit{position}{computed}")
    outputs = draft.run().outputs["alice"]
    for c in (False, True):
        assert outputs[f"neg{c}"] == [type.wrap(-v) for v in values]
        assert outputs[f"bitnot{c}"] == [type.wrap(~v) for v in values]
        mask = (1 << type.width) - 1
        assert outputs[f"ones{c}"] == [bin(v & mask).count("1") for v in values]
        if type.signed:
            assert outputs[f"abs{c}"] == [type.wrap(abs(v)) for v in values]
        for other in ELEMENTS:
            wanted = [other.wrap(v) if isinstance(other, IntType) else v != 0 for v in values]
            assert outputs[f"{other}{c}"] == wanted
        for position in (0, 1, type.width - 1):
            assert outputs[f"bit{position}{c}"] == [bool(v >> position & 1) for v in values]


def test_bools_become_integers_that_can_be_summed() -> None:
    draft = Draft(3)
    flags = draft.give(BOOL, [True, False, True, True, False], SECRET)
    numbers = draft.build.cast(flags, INT32)
    assert draft.result(draft.build.reduce(BinaryKind.ADD, numbers)) == 3
    wide = Draft(2)
    flag = wide.give(BOOL, True, SECRET)
    narrow = wide.build.cast(wide.build.cast(flag, UINT8), INT64)
    assert wide.result(narrow) == 1


@pytest.mark.parametrize("label", [PUBLIC, owned(0), SECRET], ids=str)
@pytest.mark.parametrize("computed", [False, True])
def test_select(label: Label, computed: bool) -> None:
    draft = Draft(3)
    x, y = draft.give(INT16, [1, -2, 3], SECRET), draft.give(INT16, [10, 20, 30], SECRET)
    if computed:
        zero = draft.give(INT16, [0, 0, 0], SECRET)
        x = draft.build.binary(BinaryKind.ADD, x, zero)
        y = draft.build.binary(BinaryKind.SUB, y, zero)
    each = draft.give(BOOL, [True, False, True], label)
    one = draft.give(BOOL, False, label)
    draft.show(draft.build.select(each, x, y), "each")
    draft.show(draft.build.select(one, x, y), "one")
    public = draft.give(INT16, [7, 8, 9], PUBLIC)
    draft.show(draft.build.select(each, public, y), "public")
    outputs = draft.run().outputs["bob"]
    assert outputs == {"each": [1, 20, 3], "one": [10, 20, 30], "public": [7, 20, 9]}


@pytest.mark.parametrize("kind", [k for k in BinaryKind if not k.traits.gives_bool][:3], ids=str)
@pytest.mark.parametrize("parties", [1, 2, 3, 5])
def test_any_number_of_parties(parties: int, kind: BinaryKind) -> None:
    draft = Draft(parties)
    x = draft.give(INT32, [123456, -5, 7], owned(parties - 1))
    y = draft.give(INT32, [-99, 3, 1 << 30], SECRET)
    z = draft.build.binary(kind, x, y)
    draft.show(draft.build.binary(BinaryKind.LT, z, y), "less")
    values = [
        expected(kind, INT32, p, q) for p, q in zip([123456, -5, 7], [-99, 3, 1 << 30], strict=True)
    ]
    draft.show(z, "z")
    outputs = draft.run().outputs["alice"]
    assert outputs["z"] == values
    assert outputs["less"] == [v < q for v, q in zip(values, [-99, 3, 1 << 30], strict=True)]


@pytest.mark.parametrize("length", [0, 1, 2, 3, 7])
def test_reductions(length: int) -> None:
    values = [3, -7, 11, 100, -128, 5, 6][:length]
    draft = Draft()
    x = draft.give(INT8, values, SECRET)
    kinds = (BinaryKind.ADD, BinaryKind.MUL, BinaryKind.MIN, BinaryKind.MAX, BinaryKind.AND,
             BinaryKind.OR, BinaryKind.XOR)  # fmt: skip
    for kind in kinds:
        draft.show(draft.build.reduce(kind, x), kind.value)
    outputs = draft.run().outputs["alice"]
    identity = {"add": 0, "mul": 1, "min": 127, "max": -128, "and": -1, "or": 0, "xor": 0}
    for kind in kinds:
        total = identity[kind.value]
        for value in values:
            total = expected(kind, INT8, total, value)
        assert outputs[kind.value] == total
