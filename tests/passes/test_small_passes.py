"""Inlining, counting at secret indices, algebra of selections, ranges of scalars."""

from typing import Any, TypeVar

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.tree import BinaryKind, UnaryKind
from ezlang.compiler.passes import run_passes
from ezlang.compiler.passes.analyses.scalars import Affine, Scalars
from ezlang.compiler.passes.general.constants import fold_constants
from ezlang.compiler.passes.general.dce import remove_dead
from ezlang.compiler.passes.general.inline import LIMIT, inline
from ezlang.compiler.passes.general.oblivious_add import add_at_indices
from ezlang.compiler.passes.general.simplify import simplify
from ezlang.executors.simulate import run_simulated
from ezlang.types.labels import PUBLIC, SECRET
from ezlang.types.types import BOOL, INT8, INT32, INT64, UINT8
from tests.support.ir_drafts import Draft
from tests.support.lowered import lowered, run

Kind = TypeVar("Kind")

HEAD = "party alice, bob;\n"


def kinds(program: ir.Program, *wanted: type[Kind]) -> list[Kind]:
    return [
        one for f in program.functions for one in ir.walk(f.body) if isinstance(one, wanted)
    ]  # fmt: skip


# Inlining


def test_functions_are_inlined_with_what_they_call() -> None:
    text = (
        HEAD
        + """
    fn twice(int32 x) -> int32 { return x + x; }
    fn steps(int32 x) -> int32 { for i in 0..3 { x = twice(x); } return x; }
    fn main() {
        secret int32 x = input(alice, "x");
        output(all, steps(x) + steps(twice(x)), "z");
    }
    """
    )
    program = run_passes(lowered(text), (inline,))
    assert [function.name for function in program.functions] == ["main"]
    assert not kinds(program, ir.Call)
    assert run(text, {"alice": {"x": 5}})["bob"] == {"z": 120}


def test_large_functions_stay() -> None:
    body = " ".join(f"x = x * {n} + 1;" for n in range(3, LIMIT))
    text = f"""{HEAD}
    fn large(int32 x) -> int32 {{ {body} return x; }}
    fn main() {{ secret int32 x = input(alice, "x"); output(all, large(x), "z"); }}
    """
    program = run_passes(lowered(text), (inline,))
    assert len(kinds(program, ir.Call)) == 1
    assert len(program.functions) == 2


def test_failures_keep_their_places() -> None:
    text = f"""{HEAD}
    fn f(int32 x) -> int32 {{ return 1 / x; }}
    fn main() {{ output(all, f(0), "z"); }}
    """
    (division,) = kinds(run_passes(lowered(text), (inline,)), ir.Binary)
    assert division.span.line == 3


# Counting at secret indices


@pytest.mark.parametrize("operator", ["+", "-", "^", "|"])
def test_items_at_secret_indices_are_added_to_without_being_read(operator: str) -> None:
    text = f"""{HEAD}
    fn main() {{
        secret int32[5] h = input(alice, "h");
        secret int8 i = input(bob, "i");
        secret int32 x = input(bob, "x");
        h[i] {operator}= x;
        if x > 6 {{ h[i] {operator}= 3; }}
        output(all, h, "h");
    }}
    """
    assert not kinds(run_passes(lowered(text), (add_at_indices, remove_dead)), ir.ObliviousRead)
    combine = {"+": int.__add__, "-": int.__sub__, "^": int.__xor__, "|": int.__or__}[operator]
    for index in (-1, 0, 4, 5, 127):
        expected = [10, 20, 30, 40, 50]
        if 0 <= index < 5:
            expected[index] = combine(combine(expected[index], 7), 3)
        inputs: dict[str, Any] = {"alice": {"h": [10, 20, 30, 40, 50]}, "bob": {"i": index, "x": 7}}
        assert run(text, inputs)["bob"] == {"h": expected}


@pytest.mark.parametrize(
    "body",
    ["let t = h[i]; h[i] = t + 1; x = t;", "h[i] = h[j] + 1;", "h[i] = 1 - h[i];", "h[i] *= 2;"],
)
def test_other_writes_stay(body: str) -> None:
    text = f"""{HEAD}
    fn main() {{
        secret int32[5] h = input(alice, "h");
        secret uint8 i = input(bob, "i");
        secret uint8 j = input(bob, "j");
        secret int32 x = 0;
        {body}
        output(all, h, "h");
        output(all, x, "x");
    }}
    """
    assert kinds(run_passes(lowered(text), (add_at_indices, remove_dead)), ir.ObliviousRead)
    run(text, {"alice": {"h": [1, 2, 3, 4, 5]}, "bob": {"i": 2, "j": 4}})


# Selections


def test_selections_under_one_condition() -> None:
    for chosen in (True, False):
        draft = Draft()
        build = draft.build
        condition = draft.give(BOOL, chosen, SECRET)
        x, y, z = (draft.give(INT32, n, SECRET) for n in (1, 2, 3))
        one, none = build.constant(INT32, (1,)), build.constant(INT32, (0,))
        true, false = build.constant(BOOL, (1,)), build.constant(BOOL, (0,))
        inverse = build.unary(UnaryKind.NOT, condition)
        inner = build.select(condition, x, y)
        cheaper = [
            build.select(condition, inner, z),  # x or z
            build.select(inverse, z, inner),  # x or z: the same again
            build.select(condition, z, inner),  # z or y
        ]
        free = [
            build.select(condition, one, none),
            build.cast(build.select(condition, true, false), INT32),
            build.cast(build.select(inverse, false, condition), INT32),
        ]
        for number, value in enumerate([*cheaper, *free]):
            draft.show(value, f"z{number}")
        before = draft.run().outputs
        program = run_passes(draft.program(), (simplify, remove_dead))
        assert run_simulated(program, draft.inputs).outputs == before
        assert len(kinds(program, ir.Select)) == 3


# Cheaper operations


@pytest.mark.parametrize(
    ("expression", "left"),
    [
        ("int32(x < y) * x", {ir.Select: 1, BinaryKind.MUL: 0, ir.Cast: 0}),
        ("y * int32(x < y)", {ir.Select: 1, BinaryKind.MUL: 0, ir.Cast: 0}),
        ("x * -1", {UnaryKind.NEG: 1, BinaryKind.MUL: 0}),
        ("x + -y", {UnaryKind.NEG: 0, BinaryKind.SUB: 1, BinaryKind.ADD: 0}),
        ("-x + y", {UnaryKind.NEG: 0, BinaryKind.SUB: 1, BinaryKind.ADD: 0}),
        ("x - -y", {UnaryKind.NEG: 0, BinaryKind.SUB: 0, BinaryKind.ADD: 1}),
        ("int32(x - y == 0)", {BinaryKind.SUB: 0, BinaryKind.EQ: 1}),
        ("int32((x ^ y) != 0)", {BinaryKind.XOR: 0, BinaryKind.NE: 1}),
        # x - y may wrap: its sign doesn't tell which is smaller.
        ("int32(x - y < 0)", {BinaryKind.SUB: 1, BinaryKind.LT: 1}),
        ("bool((x - y) & 4)", {ir.Bit: 1, BinaryKind.AND: 0}),
        ("(16 & x) != 0", {ir.Bit: 1, BinaryKind.AND: 0, BinaryKind.NE: 0}),
        ("(x & -2147483648) == 0", {ir.Bit: 1, BinaryKind.AND: 0, BinaryKind.EQ: 0}),
        ("bool(x & 6)", {ir.Bit: 0, BinaryKind.AND: 1}),
    ],
)
@pytest.mark.parametrize("x", [-(2**31), -7, 0, 7, 2**31 - 1])
def test_cheaper_operations(expression: str, left: dict[object, int], x: int) -> None:
    text = f"""{HEAD}
    fn main() {{
        secret int32 x = input(alice, "x");
        secret int32 y = input(bob, "y");
        output(all, {expression}, "z");
    }}
    """
    program = run_passes(lowered(text), (fold_constants, simplify, remove_dead))
    found = [one for function in program.functions for one in ir.walk(function.body)]
    for what, count in left.items():
        assert count == sum(
            isinstance(one, what) if isinstance(what, type) else getattr(one, "kind", None) is what
            for one in found
        )
    run(text, {"alice": {"x": x}, "bob": {"y": 7}})


def test_products_by_repeated_bits_are_selections() -> None:
    text = f"""{HEAD}
    fn main() {{
        secret int32[4][3] x = input(alice, "x");
        secret int32[4] y = input(bob, "y");
        secret int32[3] sums;
        for i in 0..4 {{ sums += x[i] * int32(y[i] > 0); }}
        output(all, sums, "sums");
    }}
    """
    program = run_passes(lowered(text), "vectorised")
    assert not any(one.kind is BinaryKind.MUL for one in kinds(program, ir.Binary))
    assert not kinds(program, ir.Cast, ir.MatrixProduct)
    found = run(text, {"alice": {"x": [[1, 2, 3]] * 4}, "bob": {"y": [-1, 1, 0, 5]}})
    assert found["bob"] == {"sums": [2, 4, 6]}


# Ranges and forms


def test_forms_and_ranges() -> None:
    draft = Draft()
    build = draft.build
    low, high = build.constant(INT32, (-2,)), build.constant(INT32, (5,))
    index = build.fresh(ir.TensorType(INT32, (), PUBLIC))
    with build.nested() as operations:
        two = build.constant(INT32, (2,))
        form = build.binary(BinaryKind.SUB, build.binary(BinaryKind.MUL, two, index), low)
        wide = build.cast(form, INT64)
        shifted = build.binary(BinaryKind.SHL, wide, build.constant(UINT8, (1,)))
        small = build.cast(index, INT8)
        unsigned = build.cast(index, UINT8)
        rest = build.binary(BinaryKind.MOD, index, build.constant(INT32, (3,)))
        masked = build.binary(BinaryKind.AND, index, build.constant(INT32, (6,)))
        square = build.binary(BinaryKind.MUL, index, index)
        large = build.binary(BinaryKind.MUL, build.cast(index, INT8), build.constant(INT8, (40,)))
    region = ir.Region(parameters=(index,), operations=tuple(operations))
    build.emit(ir.For(operands=(low, high), regions=(region,)))
    scalars = Scalars()
    scalars.see(draft.program().main.body)
    assert scalars.affine(wide) == Affine(2, ((index, 2),))
    assert scalars.affine(shifted) == Affine(4, ((index, 4),))
    assert scalars.range(shifted) == (-4, 20)
    assert scalars.affine(small) == Affine(0, ((index, 1),))
    assert scalars.range(rest) == (-2, 2)
    assert scalars.range(masked) == (0, 6)
    for alone in (unsigned, rest, square, large):  # it may wrap, or isn't affine
        assert scalars.affine(alone) == Affine(0, ((alone, 1),))
    assert scalars.range(large) == (-128, 127)
    assert scalars.constant(two) == 2
    assert scalars.constant(index) is None


def test_a_value_that_never_changes_because_another_one_does_not() -> None:
    """`c` gets the value of `b` in each iteration, and both begin with that of `a`."""
    text = f"""{HEAD}
    fn main() {{
        secret int16 a = input(alice, "a");
        secret int16[5] x = input(bob, "x");
        secret int16 b = a;
        secret int16 c = a;
        secret bool found = false;
        for i in 1..5 {{
            found = found || x[5 - i] == c;
            c = b;
            b = b;
        }}
        output(all, found, "found");
    }}
    """
    program = run_passes(lowered(text), "vectorised")
    assert not kinds(program, ir.For)
    for a, expected in ((3, True), (9, False)):
        found = run(text, {"alice": {"a": a}, "bob": {"x": [9, 1, 2, 3, 4]}})
        assert found["bob"] == {"found": expected}
