"""Every operation on every combination of labels, against the clear executor's operators."""

from __future__ import annotations

from itertools import product

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.tree import BinaryKind, UnaryKind
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors import operators
from ezlang.typed.operators import BinaryOp, UnaryOp
from ezlang.types.labels import PUBLIC, SECRET, Label
from ezlang.types.types import (
    BOOL,
    INT8,
    INT16,
    INT32,
    INT64,
    UINT8,
    UINT16,
    UINT64,
    IntType,
    ScalarType,
)
from tests.codegen.interpret import Interpreter
from tests.codegen.ir_programs import ALICE, BOB, Writer, run_native

LABELS = (PUBLIC, ALICE, BOB, SECRET)
ON_BOOL = {
    BinaryKind.AND: BinaryOp.LOGAND,
    BinaryKind.OR: BinaryOp.LOGOR,
    BinaryKind.XOR: BinaryOp.BITXOR,
    BinaryKind.EQ: BinaryOp.EQ,
    BinaryKind.NE: BinaryOp.NE,
}
ON_INTEGERS = {kind: BinaryOp[NAME] for kind in BinaryKind for NAME in [
    {"AND": "BITAND", "OR": "BITOR", "XOR": "BITXOR"}.get(kind.name, kind.name)
]}  # fmt: skip


def edges(element: ScalarType, other: IntType | None = None) -> tuple[list[int], list[int]]:
    """Pairs of values that matter: all of the smallest, zeros, ones, the widths."""
    if not isinstance(element, IntType):
        return [0, 0, 1, 1], [0, 1, 0, 1]
    right_type = other or element
    width = element.width
    left = [element.low, element.high, 0, 1, 5, -7 if element.signed else 7]
    right = [right_type.low, right_type.high, 0, 1, width - 1, width, 3]
    pairs = list(product(left, [y for y in right if right_type.low <= y <= right_type.high]))
    return [x for x, _ in pairs], [y for _, y in pairs]


def as_ints(values: object) -> list[int]:
    assert isinstance(values, list)
    return [int(value) for value in values]


def binary_agrees(
    kind: BinaryKind, element: ScalarType, op: BinaryOp, other: IntType | None = None
) -> None:
    left, right = edges(element, other)
    writer = Writer()
    shape = (len(left),)
    names = []
    for first, second in product(LABELS, repeat=2):
        x = writer.given(element, shape, first, left)
        y = writer.given(other or element, shape, second, right)
        name = f"{first} {second}"
        names.append(name)
        writer.output(name, writer.build.binary(kind, x, y))
    function = operators.binary(op, element, other or element)
    expected = [int(function(x, y)) for x, y in zip(left, right, strict=True)]
    outputs = writer.run(passes=False).outputs
    for name in names:
        found = outputs["alice"].get(name, outputs["bob"].get(name))
        assert as_ints(found) == expected, name


@pytest.mark.parametrize("element", [INT8, UINT64])
@pytest.mark.parametrize("kind", [k for k in BinaryKind if k.name not in ("SHL", "SHR")])
def test_binary_on_integers(kind: BinaryKind, element: IntType) -> None:
    binary_agrees(kind, element, ON_INTEGERS[kind])


@pytest.mark.parametrize("kind", ON_BOOL)
def test_binary_on_bools(kind: BinaryKind) -> None:
    binary_agrees(kind, BOOL, ON_BOOL[kind])


@pytest.mark.parametrize("amount", [UINT8, INT64])
@pytest.mark.parametrize("element", [INT8, UINT64])
@pytest.mark.parametrize("kind", [BinaryKind.SHL, BinaryKind.SHR])
def test_shifts(kind: BinaryKind, element: IntType, amount: IntType) -> None:
    binary_agrees(kind, element, ON_INTEGERS[kind], amount)


@pytest.mark.parametrize("element", [BOOL, INT8, UINT64])
def test_unary(element: ScalarType) -> None:
    values, _ = edges(element)
    writer = Writer()
    expected = {}
    for label in LABELS:
        x = writer.given(element, (len(values),), label, values)
        for kind in UnaryKind:
            if not UnaryOp[kind.name].domain.has(element):
                continue
            writer.output(f"{kind} {label}", writer.build.unary(kind, x))
            function = operators.unary(UnaryOp[kind.name], element)
            expected[f"{kind} {label}"] = [int(function(value)) for value in values]
    outputs = writer.run(passes=False).outputs
    for name, values in expected.items():
        found = outputs["alice"].get(name, outputs["bob"].get(name))
        assert as_ints(found) == values, name


@pytest.mark.parametrize("source", [BOOL, INT8, UINT16, INT64])
def test_casts_and_bits(source: ScalarType) -> None:
    writer = Writer()
    values = edges(source)[0]
    expected = {}
    for label in LABELS:
        x = writer.given(source, (len(values),), label, values)
        for target in (BOOL, INT8, UINT16, UINT64, INT64):
            writer.output(f"{target} {label}", writer.build.cast(x, target))
            function = target.conversion(source)
            expected[f"{target} {label}"] = [int(function(value)) for value in values]
        if isinstance(source, IntType):
            for position in (0, 3, source.width - 1):
                writer.output(f"bit{position} {label}", writer.build.bit(x, position))
                expected[f"bit{position} {label}"] = [value >> position & 1 for value in values]
    outputs = writer.run(passes=False).outputs
    for name, wanted in expected.items():
        found = outputs["alice"].get(name, outputs["bob"].get(name))
        assert as_ints(found) == wanted, name


def test_circuits_that_differ_in_little() -> None:
    writer = Writer()
    b = writer.build
    for element in (INT8, INT64, UINT16):
        x = writer.given(element, (3,), SECRET, [1, 2, 3])
        for amount in (UINT8, INT64):
            y = writer.given(amount, (3,), SECRET, [1, 64, 0])
            writer.output(f"{element} {amount}", b.binary(BinaryKind.SHL, x, y))
        writer.output(f"bit {element}", b.bit(x, 0))
        writer.output(f"cast {element}", b.cast(x, INT8))
    compare_with_interpreter(writer)


def compare_with_interpreter(writer: Writer) -> None:
    program = writer.program()
    expected = Interpreter(program, writer.inputs).run()
    for passes in (False, True):
        outputs = run_native(program, writer.inputs, passes=passes).outputs
        for name, values in expected.items():
            found = outputs["alice"].get(name, outputs["bob"].get(name))
            assert found == values, name


def test_selects() -> None:
    writer = Writer()
    b = writer.build
    for labels in product((PUBLIC, BOB, SECRET), repeat=3):
        x = writer.given(INT16, (3,), labels[1], [1, -2, 3])
        y = writer.given(INT16, (3,), labels[2], [-4, 5, 6])
        for number, flag in enumerate((0, 1)):
            one = writer.given(BOOL, (), labels[0], flag)
            writer.output(f"{labels} {number}", b.select(one, x, y))
        many = writer.given(BOOL, (3,), labels[0], [1, 0, 1])
        writer.output(f"{labels} many", b.select(many, x, y))
        writer.output(f"{labels} same", b.select(many, x, x))
    compare_with_interpreter(writer)


def test_parts_of_arrays_in_and_out_of_range() -> None:
    writer = Writer()
    b = writer.build
    table = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]
    for base_label, index_label in [(x, x) for x in LABELS[:3]] + [
        (PUBLIC, ALICE),
        (BOB, PUBLIC),
        (SECRET, PUBLIC),
    ]:
        x = writer.given(INT16, (3, 4), base_label, table)
        target = b.relabel(x, base_label.meet(index_label))
        for number, index in enumerate((-1, 0, 2, 3, 100)):
            i = writer.given(INT64, (), index_label, index)
            name = f"{base_label} {index_label} {number}"
            column = b.extract(x, [i], (False, True))
            row = b.extract(x, [i], (True,))
            items = b.extract_slice(x, i, 2)
            for part, value in (("column", column), ("row", row), ("items", items)):
                writer.output(f"{name} {part}", value)
            one = b.extract(x, [i, i], (True, True))
            writer.output(f"{name} one", one)
            changed = [
                b.insert(target, column, [b.index(1)], (False, True)),
                b.insert(target, row, [i], (True,)),
                b.insert(target, one, [b.index(0), i], (True, True)),
                b.insert_slice(target, items, i),
            ]
            for place, value in enumerate(changed):
                writer.output(f"{name} changed {place}", value)
    compare_with_interpreter(writer)


@pytest.mark.parametrize("element", [INT8, UINT8, UINT64])
def test_indices_of_any_type(element: IntType) -> None:
    writer = Writer()
    b = writer.build
    x = writer.given(INT16, (5,), SECRET, [1, 2, 3, 4, 5])
    for number, index in enumerate((element.low, element.high, 0, 4, 5)):
        i = writer.given(element, (), PUBLIC, index)
        writer.output(f"read {number}", b.extract(x, [i], (True,)))
        writer.output(f"items {number}", b.extract_slice(x, i, 3))
        value = writer.given(INT16, (2,), ALICE, [7, 8])
        writer.output(f"written {number}", b.insert_slice(x, value, i))
    compare_with_interpreter(writer)


def test_shapes_and_empty_arrays() -> None:
    writer = Writer()
    b = writer.build
    for label in LABELS:
        x = writer.given(INT32, (2, 1, 3), label, [[[1, 2, 3]], [[4, 5, 6]]])
        flat = b.reshape(x, (6,))
        one = b.reshape(b.extract_slice(flat, b.index(2), 1), ())
        none = b.extract_slice(flat, b.index(6), 0)
        doubled = b.binary(BinaryKind.ADD, none, none)
        for name, value in (
            ("flat", flat),
            ("one", one),
            ("none", none),
            ("doubled", b.insert_slice(flat, doubled, b.index(6))),
            ("rows", b.broadcast(flat, (2, 2))),
            ("many", b.broadcast(one, (3,))),
            ("single", b.reshape(one, (1, 1))),
            ("stacked", b.stack([flat, b.broadcast(one, (6,)), flat])),
            ("sum", b.reduce(BinaryKind.ADD, x)),
            ("least", b.reduce(BinaryKind.MIN, flat)),
            ("nothing", b.reduce(BinaryKind.MAX, none)),
        ):
            writer.output(f"{name} {label}", value)
    compare_with_interpreter(writer)


def test_affine_accesses_and_sequences() -> None:
    writer = Writer()
    b = writer.build
    table = [[10 * i + j for j in range(5)] for i in range(4)]
    for label in LABELS:
        x = writer.given(INT16, (4, 5), label, table)
        i = writer.given(INT8, (), PUBLIC, 2)
        parts = {
            "transposed": b.affine_read(x, ((0, 0, 1), (0, 1, 0)), (5, 4)),
            "rows": b.affine_read(x, ((1, 1, 0), (0, 0, 1)), (2, 5)),
            "diagonal": b.affine_read(x, ((3, -1), (0, 1)), (4,)),
            "moved": b.affine_read(x, ((0, 1, 0), (0, 0, 2)), (2, 2), (i, None)),
            "one": b.affine_read(x, ((1,), (2,)), (), (i, i)),
            "none": b.affine_read(x, ((0, 1), (0, 0)), (0,)),
            "windows": b.affine_read(x, ((0, 1, 0, 1), (0, 0, 1, 0)), (3, 5, 2)),
        }
        written = {
            "transposed": ((0, 0, 1), (0, 1, 0)),
            "rows": ((2, 1, 0), (0, 0, 1)),
            "diagonal": ((0, 1), (4, -1)),
            "one": ((0,), (4,)),
        }
        for name, places in written.items():
            parts[f"{name} written"] = b.affine_write(x, parts[name], places)
        four = writer.given(INT16, (2, 2), PUBLIC, [[-1, -2], [-3, -4]])
        moved = ((0, 1, 0), (-1, 0, 2))
        parts["moved written"] = b.affine_write(x, four, moved, (i, i))
        for name, value in parts.items():
            writer.output(f"{name} {label}", value)
    writer.output("numbers", b.iota(INT16, 7, 5, -3))
    writer.output("wrapping", b.iota(UINT8, 5, 250, 3))
    compare_with_interpreter(writer)


def test_oblivious_accesses() -> None:
    writer = Writer()
    b = writer.build
    x = writer.given(UINT8, (3, 2), SECRET, [[1, 2], [3, 4], [5, 6]])
    for number, index in enumerate((-1, 0, 2, 3)):
        for label in (BOB, SECRET):
            i = writer.given(INT8, (), label, index)
            read = b.oblivious_read(x, i)
            guard = writer.given(BOOL, (), SECRET, number % 2)
            writer.output(f"read {number} {label}", read)
            writer.output(
                f"written {number} {label}", b.oblivious_write(x, b.relabel(i, SECRET), read)
            )
            guarded = b.oblivious_write(x, i, writer.given(UINT8, (2,), ALICE, [8, 9]), guard)
            writer.output(f"guarded {number} {label}", guarded)
    program = writer.program()
    expected = Interpreter(program, writer.inputs).run()
    assert run_native(program, writer.inputs).outputs["alice"] == expected


def test_what_is_owned_is_told_to_others() -> None:
    writer = Writer()
    for label, to in ((ALICE, BOB), (BOB, ALICE), (ALICE, PUBLIC), (SECRET, BOB), (PUBLIC, ALICE)):
        x = writer.given(INT16, (2,), label, [300, -300])
        flag = writer.given(BOOL, (), label, 1)
        for name, value in (("x", x), ("flag", flag)):
            writer.output(f"{name} {label} {to}", writer.reveal(value, to))
    compare_with_interpreter(writer)


@pytest.mark.parametrize(
    ("kind", "label", "value", "code"),
    [
        (BinaryKind.DIV, SECRET, 0, "EZ4001"),
        (BinaryKind.MOD, PUBLIC, 0, "EZ4001"),
        (BinaryKind.SHL, ALICE, 32, "EZ4002"),
        (BinaryKind.SHR, SECRET, -1, "EZ4002"),
    ],
)
def test_public_operands_fail_the_run(
    kind: BinaryKind, label: Label, value: int, code: str
) -> None:
    for shape in ((), (2,)):
        writer = Writer()
        data: object = [value] * 2 if shape else value
        x = writer.given(INT32, shape, label, data)
        y = writer.given(INT32, shape, PUBLIC, data)
        writer.output("x", writer.build.binary(kind, x, y, checked=True))
        with pytest.raises(EzError) as caught:
            writer.run()
        assert caught.value.diagnostics[0].code == code
        assert caught.value.exit_code == 3


@pytest.mark.parametrize("label", [PUBLIC, SECRET])
def test_public_indices_fail_the_run(label: Label) -> None:
    for number in range(4):
        writer = Writer()
        b = writer.build
        x = writer.given(INT32, (3,), label, [1, 2, 3])
        i = writer.given(INT32, (), PUBLIC, 3)
        if number == 0:
            value = b.extract(x, [i], (True,), checked=True)
        elif number == 1:
            first = b.extract(x, [b.index(0)], (True,))
            value = b.insert(x, first, [i], (True,), checked=True)
        elif number == 2:
            value = b.extract_slice(x, i, 1, checked=True)
        else:
            value = b.insert_slice(x, x, i, checked=True)
        writer.output("x", value)
        with pytest.raises(EzError) as caught:
            writer.run()
        assert caught.value.diagnostics[0].code == ("EZ4003" if number < 2 else "EZ4006")


def test_assertions_and_second_outputs_fail_the_run() -> None:
    writer = Writer()
    flag = writer.given(BOOL, (), PUBLIC, 0)
    writer.build.emit(ir.Assert(message="the flag is up", operands=(flag,)))
    with pytest.raises(EzError, match="the flag is up") as caught:
        writer.run()
    assert caught.value.diagnostics[0].code == "EZ4004"
    writer = Writer()
    flag = writer.given(BOOL, (), PUBLIC, 0)
    for to in (None, 1):
        writer.build.emit(ir.Output(to=to, name="flag", operands=(flag,)))
    with pytest.raises(EzError) as caught:
        writer.run()
    assert caught.value.diagnostics[0].code == "EZ4005"


def test_more_memory_than_there_is() -> None:
    writer = Writer()
    b = writer.build
    many = b.broadcast(writer.given(INT64, (), SECRET, 5), (1 << 40,))
    writer.output("x", b.extract(many, [b.index(7)], (True,)))
    with pytest.raises(EzError, match="GB of memory") as caught:
        writer.run(passes=False)
    assert caught.value.diagnostics[0].code == "EZ5016"
