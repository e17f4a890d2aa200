"""The verifier finds what breaks the rules of the IR, and says where."""

from dataclasses import replace

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.build import Builder
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.ir.tree import BinaryKind, UnaryKind
from ezlang.compiler.ir.verify import verify
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.types.labels import PUBLIC, SECRET, Label, owned
from ezlang.types.types import BOOL, INT8, INT32, UINT8, ScalarType
from tests.support.ir_drafts import Draft

ALICE = owned(0)


def type_of(
    element: ScalarType = INT32, shape: tuple[int, ...] = (), label: Label = PUBLIC
) -> ir.TensorType:
    return ir.TensorType(element, shape, label)


def main(build: Builder, yields: tuple[ir.Value, ...] = ()) -> ir.Program:
    region = ir.Region(operations=tuple(build.operations), yields=yields)
    return ir.Program(
        parties=("alice", "bob"), functions=(ir.Function(name="main", body=region, pc=PUBLIC),)
    )


class Values:
    """Values of many types, and a builder that has defined them."""

    def __init__(self) -> None:
        self.build = Builder()
        self.number = self.build.constant(INT32, (5,))
        self.flag = self.build.constant(BOOL, (1,))
        self.array = self.build.constant(INT32, (0,), (3, 2))
        self.row = self.build.constant(INT32, (0,), (2,))
        self.small = self.build.constant(UINT8, (2,))
        self.own = self.build.relabel(self.number, ALICE)
        self.secret = self.build.relabel(self.number, SECRET)
        self.hidden = self.build.relabel(self.flag, SECRET)
        self.secrets = self.build.relabel(self.array, SECRET)

    def new(self, *arguments: object, **named: object) -> tuple[ir.Value, ...]:
        return (self.build.fresh(type_of(*arguments, **named)),)  # type: ignore[arg-type]


def broken(v: Values) -> dict[str, ir.Operation]:
    """Operations that are wrong, by what is wrong with them."""
    n, b = v.number, v.flag
    image = v.build.constant(INT32, (0,), (1, 1, 2, 2))
    empty = ir.Region()
    outside = ir.Value(999, type_of())
    yields_number = ir.Region(yields=(n,))
    return {
        "used before": ir.Unary(kind=UnaryKind.NEG, operands=(outside,), results=v.new()),
        "another type than it was defined": ir.Unary(
            kind=UnaryKind.NEG, operands=(replace(n, type=type_of(INT8)),), results=v.new(INT8)
        ),
        "out of range": ir.Constant(data=(300,), results=v.new(INT8)),
        "no window": ir.Convolution(stride=(0, 1), operands=(image, image), results=v.new()),
        "shapes don't fit": ir.Convolution(groups=2, operands=(image, image), results=v.new()),
        "wrong shape": ir.Convolution(operands=(image, image), results=v.new()),
        "number of operands": ir.Convolution(mask=0, operands=(image, image), results=v.new()),
        "with a known factor": ir.Convolution(
            mask=0,
            operands=(image, image, image),
            results=v.new(INT32, (1, 1, 1, 1)),
        ),
        "a mask is for arithmetic": ir.Relabel(
            mask=0, operands=(v.own,), results=v.new(INT32, (), SECRET)
        ),
        "number of elements": ir.Constant(data=(1, 2), results=v.new(INT8, (3,))),
        "is public": ir.Constant(data=(1,), results=v.new(INT8, (), SECRET)),
        "element type": ir.Unary(kind=UnaryKind.NOT, operands=(n,), results=v.new()),
        "not the meet": ir.Binary(
            kind=BinaryKind.ADD, operands=(n, v.secret), results=v.new(INT32)
        ),
        "differ in type": ir.Binary(
            kind=BinaryKind.ADD, operands=(n, v.small), results=v.new(INT32)
        ),
        "shapes differ": ir.Binary(
            kind=BinaryKind.ADD, operands=(n, v.array), results=v.new(INT32)
        ),
        "cannot fail": ir.Binary(
            kind=BinaryKind.ADD, checked=True, operands=(n, n), results=v.new(INT32)
        ),
        "another element type": ir.Binary(
            kind=BinaryKind.LT, operands=(n, n), results=v.new(INT32)
        ),
        "condition is a bool": ir.Select(operands=(n, n, n), results=v.new()),
        "sides differ": ir.Select(operands=(b, n, v.small), results=v.new()),
        "wrong shift": ir.RectifiedShift(shift=31, operands=(n,), results=v.new()),
        "wrong size": ir.SignAndFit(size=31, operands=(n,), results=v.new(BOOL, (2,))),
        "two bools": ir.SignAndFit(size=3, operands=(n,), results=v.new(BOOL)),
        "no such bit": ir.Bit(position=32, operands=(n,), results=v.new(BOOL)),
        "sizes differ": ir.Reshape(operands=(v.array,), results=v.new(INT32, (7,))),
        "types differ": ir.Broadcast(operands=(n,), results=v.new(INT8, (2,))),
        "not an address": ir.Extract(
            dimensions=(True,), operands=(v.secrets, v.secret), results=v.new(INT32, (2,), SECRET)
        ),
        "number of indices": ir.Extract(
            dimensions=(True, True), operands=(v.array, n), results=v.new()
        ),
        "too many dimensions": ir.Extract(
            dimensions=(True, True, True), operands=(v.array, n, n, n), results=v.new()
        ),
        "wrong type": ir.Extract(
            dimensions=(False, True), operands=(v.array, n), results=v.new(INT32, (2,))
        ),
        "leaks": ir.Insert(
            dimensions=(True, True),
            operands=(v.array, v.secret, n, n),
            results=v.new(INT32, (3, 2)),
        ),
        "part's shape": ir.Insert(
            dimensions=(True,), operands=(v.array, n, n), results=v.new(INT32, (3, 2))
        ),
        "result is secret": ir.ObliviousRead(
            operands=(v.array, n), results=v.new(INT32, (2,), PUBLIC)
        ),
        "wrong item": ir.ObliviousRead(operands=(v.array, n), results=v.new(INT32, (), SECRET)),
        "guard is": ir.ObliviousWrite(
            operands=(v.secrets, n, v.row, n), results=v.new(INT32, (3, 2), SECRET)
        ),
        "the table is public": ir.Lookup(
            operands=(v.secrets, n), results=v.new(INT32, (2,), SECRET)
        ),
        "number of items": ir.Lookup(operands=(v.array, n), results=v.new(INT32, (2,))),
        "have one type": ir.Stack(operands=(n, v.small), results=v.new(INT32, (2,))),
        "not a reduction": ir.Reduce(kind=BinaryKind.SUB, operands=(v.array,), results=v.new()),
        "only lose readers": ir.Relabel(operands=(v.secret,), results=v.new()),
        "only the label": ir.Relabel(operands=(n,), results=v.new(INT8, (), SECRET)),
        "has readers": ir.Reveal(operands=(v.secret,), results=v.new(INT32, (), SECRET)),
        "no such party": ir.Input(party=2, name="x", results=v.new(INT32, (), owned(2))),
        "its giver's": ir.Input(party=1, name="x", results=v.new(INT32, (), ALICE)),
        "no such field": ir.Input(party=0, name="x", path=("y",), results=v.new(INT32, (), ALICE)),
        "may not know": ir.Output(to=1, name="x", operands=(v.own,)),
        "a public bool": ir.Assert(message="", operands=(v.hidden,)),
        "no such function": ir.Call(function="f"),
        "condition is secret": ir.If(operands=(v.hidden,), regions=(empty, empty)),
        "two regions": ir.If(operands=(b,), regions=(empty,)),
        "regions differ": ir.If(operands=(b,), results=v.new(), regions=(yields_number, empty)),
        "known to others": ir.If(
            operands=(v.build.relabel(b, ALICE),),
            results=v.new(),
            regions=(yields_number, yields_number),
        ),
        "parameters are wrong": ir.For(operands=(n, n), regions=(empty,)),
        "condition is a bool ": ir.While(regions=(empty, empty)),
    }


@pytest.mark.parametrize("rule", broken(Values()))
def test_broken_operations_are_found(rule: str) -> None:
    values = Values()
    operation = broken(values)[rule]
    values.build.emit(operation)
    with pytest.raises(CompilerBug, match=rule.strip()):
        verify(main(values.build))


def test_values_are_defined_once() -> None:
    values = Values()
    values.build.emit(ir.Constant(data=(1,), results=(values.number,)))
    with pytest.raises(CompilerBug, match="defined twice"):
        verify(main(values.build))


def test_values_of_inner_regions_stay_inside() -> None:
    values = Values()
    with values.build.nested() as operations:
        inner = values.build.constant(INT32, (1,))
    region = ir.Region(operations=tuple(operations))
    values.build.emit(ir.If(operands=(values.flag,), regions=(region, ir.Region())))
    values.build.unary(UnaryKind.NEG, inner)
    with pytest.raises(CompilerBug, match="outside of its definition"):
        verify(main(values.build))


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda v: ir.Assert(message="", operands=(v.flag,)), "one party alone"),
        (lambda v: ir.Output(to=None, name="x", operands=(v.number,)), "one party alone"),
        (
            lambda v: ir.Binary(
                kind=BinaryKind.DIV, checked=True, operands=(v.number, v.number), results=v.new()
            ),
            "cannot fail",
        ),
        (lambda v: ir.Call(function="f"), "not made for one party"),
        (
            lambda v: ir.Unary(
                kind=UnaryKind.NEG, operands=(v.secret,), results=v.new(INT32, (), SECRET)
            ),
            "not known to who computes",
        ),
    ],
)
def test_what_one_party_runs_alone(make: object, rule: str) -> None:
    values = Values()
    condition = values.build.relabel(values.flag, ALICE)
    region = ir.Region(operations=(make(values),))  # type: ignore[operator]
    values.build.emit(ir.If(operands=(condition,), regions=(region, ir.Region())))
    program = main(values.build)
    helper = ir.Function(name="f", body=ir.Region(), pc=PUBLIC)
    with pytest.raises(CompilerBug, match=rule):
        verify(replace(program, functions=(helper, *program.functions)))


def test_main_stands_last_without_results() -> None:
    values = Values()
    with pytest.raises(CompilerBug, match="main"):
        verify(main(values.build, (values.number,)))


def test_the_textual_form() -> None:
    draft = Draft()
    x = draft.give(INT32, [1, 2, 3], SECRET)
    total = draft.build.reduce(BinaryKind.ADD, x)
    condition = draft.build.constant(BOOL, (1,))
    with draft.build.nested() as operations:
        doubled = draft.build.binary(BinaryKind.ADD, total, total)
    region = ir.Region(operations=tuple(operations), yields=(doubled,))
    (result,) = draft.build.fresh_like([total], "r")
    draft.build.emit(
        ir.If(
            operands=(condition,), results=(result,), regions=(region, ir.Region(yields=(total,)))
        )
    )
    draft.show(result)
    assert print_program(draft.program()) == (
        "party alice, bob\n"
        "\n"
        "fn main() {\n"
        "  %0 = input[party=alice, name='x0'] : int32[3] @alice\n"
        "  %1 = relabel %0 : int32[3] secret\n"
        "  %2 = reduce[kind=add] %1 : int32 secret\n"
        "  %3 = constant[data=(1)] : bool public\n"
        "  %5.r = if %3 : int32 secret {\n"
        "    %4 = binary[kind=add] %2, %2 : int32 secret\n"
        "    yield %4\n"
        "  } and {\n"
        "    yield %2\n"
        "  }\n"
        "  %6 = reveal %5.r : int32 public\n"
        "  output[to=all, name='z'] %6\n"
        "  yield\n"
        "}\n"
    )
