"""The passes: the operations that they remove, and above all those that they keep."""

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.tree import BinaryKind, UnaryKind
from ezlang.compiler.ir.verify import verify
from ezlang.compiler.passes import PIPELINES, Transform, run_passes
from ezlang.compiler.passes.general.constants import fold_constants
from ezlang.compiler.passes.general.cse import merge_common
from ezlang.compiler.passes.general.dce import remove_dead
from ezlang.compiler.passes.general.reduce import expand_reduce
from ezlang.compiler.passes.general.simplify import simplify
from ezlang.executors.simulate import run_simulated
from ezlang.types.labels import PUBLIC, SECRET, owned
from ezlang.types.types import BOOL, INT8, INT32, UINT8
from tests.support.ir_drafts import Draft
from tests.support.lowered import lowered, run

PARTIES = "party alice, bob;\n"


def count(program: ir.Program, *kinds: type) -> int:
    return sum(
        isinstance(operation, kinds)
        for function in program.functions
        for operation in ir.walk(function.body)
    )


def passed(program: ir.Program, *passes: Transform) -> ir.Program:
    return run_passes(program, passes)


def test_constants_are_folded_through_branches_and_loops() -> None:
    program = lowered(
        PARTIES
        + """
    fn f(int32 n) -> int32 { return n == 3 ? 2 * n + 1 : 0; }
    fn main() {
        int32 x = -(1 + 6) >> 1;
        if x == -4 { x = x / 2; } else { x = x / (x + 4); }
        for i in 4..2 { x = 9; }
        output(all, x + f(3), "x");
    }
    """
    )
    folded = passed(program, fold_constants, remove_dead)
    main = folded.main.body
    assert count(folded, ir.If) == 1  # in f, whose argument it doesn't know
    assert [type(o) for o in main.operations] == [
        ir.Constant,
        ir.Constant,
        ir.Call,
        ir.Binary,
        ir.Output,
    ]


def test_what_fails_is_not_folded() -> None:
    draft = Draft()
    build = draft.build
    ten, zero = build.constant(INT32, (10,)), build.constant(INT32, (0,))
    array = build.constant(INT32, (1, 2, 3), (3,))
    build.binary(BinaryKind.DIV, ten, zero, checked=True)
    build.binary(BinaryKind.SHL, ten, build.constant(UINT8, (32,)), checked=True)
    build.extract(array, (ten,), (True,), checked=True)
    build.extract_slice(array, ten, 1, checked=True)
    total = build.binary(BinaryKind.DIV, ten, zero)
    draft.show(build.binary(BinaryKind.ADD, total, build.extract(array, (ten,), (True,))))
    folded = passed(draft.program(), fold_constants, simplify, merge_common, remove_dead)
    checked = [o for o in folded.main.body.operations if getattr(o, "checked", False)]
    assert [type(o) for o in checked] == [ir.Binary, ir.Binary, ir.Extract, ir.ExtractSlice]
    (output,) = [o for o in folded.main.body.operations if isinstance(o, ir.Output)]
    (made,) = [o for o in folded.main.body.operations if output.operands[0] in o.results]
    assert isinstance(made, ir.Constant)
    assert made.data == (-1,)


def test_folding_does_not_write_large_arrays() -> None:
    draft = Draft()
    flat = draft.build.constant(INT32, tuple(range(1000)), (1000,))
    draft.show(draft.build.binary(BinaryKind.ADD, flat, flat))
    assert count(passed(draft.program(), fold_constants), ir.Binary) == 1


def test_common_subexpressions_are_merged_where_they_dominate() -> None:
    draft = Draft()
    build = draft.build
    x, y = draft.give(INT32, 3, SECRET), draft.give(INT32, 4, SECRET)
    first, second = build.binary(BinaryKind.MUL, x, y), build.binary(BinaryKind.MUL, x, y)
    build.binary(BinaryKind.MUL, y, x)
    flag = draft.give(BOOL, True, PUBLIC)
    regions = []
    for _ in range(2):
        with build.nested() as operations:
            inner = build.binary(BinaryKind.SUB, x, y)
            total = build.binary(BinaryKind.ADD, build.binary(BinaryKind.MUL, x, y), inner)
        regions.append(ir.Region(operations=tuple(operations), yields=(total,)))
    (result,) = build.fresh_like([total])
    build.emit(ir.If(operands=(flag,), results=(result,), regions=tuple(regions)))
    outside = build.binary(BinaryKind.SUB, x, y)
    draft.show(build.stack([first, second, result, outside]))
    program = draft.program()
    merged = passed(program, merge_common)
    kinds = [o.kind for o in ir.walk(merged.main.body) if isinstance(o, ir.Binary)]
    assert kinds.count(BinaryKind.MUL) == 2
    assert kinds.count(BinaryKind.SUB) == 3  # neither branch's is there afterwards
    assert run_simulated(merged, draft.inputs).outputs["bob"] == {"z": [12, 12, 11, -1]}


def test_an_assignment_in_between_is_not_lost() -> None:
    """What EzPC's merging of equal expressions got wrong (its issue 68)."""
    text = (
        PARTIES
        + """
    fn main() {
        secret int32[2] a = input(alice, "a");
        secret int32 x = a[0] + a[1];
        a[0] = x;
        secret int32 y = a[0] + a[1];
        int32 p = 1;
        int32 q = p + 1;
        p = 5;
        int32 r = p + 1;
        output(all, [x, y], "xy");
        output(all, [q, r], "qr");
    }
    """
    )
    assert run(text, {"alice": {"a": [3, 4]}})["bob"] == {"xy": [7, 11], "qr": [2, 6]}


def test_attributes_tell_operations_apart() -> None:
    draft = Draft()
    x = draft.give(INT8, -3, SECRET)
    draft.show(draft.build.stack([draft.build.bit(x, i) for i in (0, 1, 2, 7)]))
    program = passed(draft.program(), merge_common)
    assert run_simulated(program, draft.inputs).outputs["bob"] == {"z": [True, False, True, True]}


def test_identities() -> None:
    draft = Draft()
    build = draft.build
    x = draft.give(INT32, [5, -6], SECRET)
    zero, one = (draft.give(INT32, [n, n], PUBLIC) for n in (0, 1))
    minus = draft.give(INT32, [-1, -1], PUBLIC)
    flag = draft.give(BOOL, True, SECRET)
    same = [
        build.binary(BinaryKind.ADD, zero, x),
        build.binary(BinaryKind.SUB, x, zero),
        build.binary(BinaryKind.MUL, x, one),
        build.binary(BinaryKind.AND, minus, x),
        build.binary(BinaryKind.OR, x, x),
        build.binary(BinaryKind.MIN, x, x),
        build.unary(UnaryKind.NEG, build.unary(UnaryKind.NEG, x)),
        build.select(flag, x, x),
    ]
    none = [
        build.binary(BinaryKind.MUL, x, zero),
        build.binary(BinaryKind.SUB, x, x),
        build.binary(BinaryKind.XOR, x, x),
    ]
    kept = [
        build.binary(BinaryKind.SUB, zero, x),
        build.unary(UnaryKind.NEG, build.unary(UnaryKind.BITNOT, x)),
        build.unary(UnaryKind.ABS, build.unary(UnaryKind.ABS, x)),
    ]
    for number, value in enumerate([*same, *none, *kept]):
        draft.show(value, f"z{number}")
    before = draft.run().outputs
    program = passed(draft.program(), simplify, remove_dead)
    assert run_simulated(program, draft.inputs).outputs == before
    assert count(program, ir.Binary, ir.Unary, ir.Select) == 1 + 2 + 2


def test_dead_code_goes_and_effects_stay() -> None:
    draft = Draft()
    build = draft.build
    x = draft.give(INT32, 3, SECRET)
    build.binary(BinaryKind.MUL, x, x)
    shown = build.fresh(ir.TensorType(INT32, (), owned(1)))
    build.emit(ir.Reveal(operands=(x,), results=(shown,)))
    one = build.constant(INT32, (1,))
    build.binary(BinaryKind.DIV, one, build.constant(INT32, (0,)), checked=True)
    build.binary(BinaryKind.DIV, one, build.constant(INT32, (7,)))
    build.emit(ir.Assert(message="", operands=(build.constant(BOOL, (1,)),)))
    swept = passed(draft.program(), remove_dead)
    kinds = [type(o) for o in swept.main.body.operations]
    assert kinds == [
        ir.Input,
        ir.Relabel,
        ir.Reveal,
        ir.Constant,
        ir.Constant,
        ir.Binary,
        ir.Constant,
        ir.Assert,
    ]


def test_loops_stop_carrying_what_nobody_reads() -> None:
    text = (
        PARTIES
        + """
    fn pure(int32 n) -> int32 { return n + 1; }
    fn asserting(int32 n) -> int32 { assert(n < 100); return n; }
    fn main() {
        int32 used = 0;
        int32 through = 1;
        int32 unused = 2;
        secret int32 hidden = input(alice, "x");
        for i in 0..5 {
            used += through;
            through += i;
            unused = unused * 3;
            hidden = hidden * hidden;
        }
        int32 k = 0;
        while k < 3 { k += 1; unused += 1; }
        for i in 0..5 { unused += pure(i); }
        for i in 0..5 { unused += asserting(i); }
        output(all, used, "used");
    }
    """
    )
    swept = passed(lowered(text), remove_dead)
    loops = [o for o in swept.main.body.operations if isinstance(o, ir.For)]
    assert [len(loop.results) for loop in loops] == [2, 0]
    (repeated,) = [o for o in swept.main.body.operations if isinstance(o, ir.While)]
    assert len(repeated.results) == 1
    assert run(text, {"alice": {"x": 2}})["bob"] == {"used": 15}


@pytest.mark.parametrize("size", [0, 1, 2, 5, 8])
@pytest.mark.parametrize(
    "kind", [BinaryKind.ADD, BinaryKind.MUL, BinaryKind.MIN, BinaryKind.AND, BinaryKind.XOR]
)
def test_reductions_are_trees(kind: BinaryKind, size: int) -> None:
    draft = Draft()
    x = draft.give(INT8, [3, -7, 100, 9, -128, 5, 6, 77][:size], SECRET)
    draft.show(draft.build.reduce(kind, x))
    program = draft.program()
    expanded = expand_reduce(program)
    verify(expanded)
    assert count(expanded, ir.Reduce) == 0
    combined = [o.result.type.size for o in expanded.main.body.operations
                if isinstance(o, ir.Binary)]  # fmt: skip
    assert sum(combined) == max(size - 1, 0)
    outputs = run_simulated(program, draft.inputs).outputs
    assert run_simulated(expanded, draft.inputs).outputs == outputs


def test_only_the_wanted_reductions_are_expanded() -> None:
    draft = Draft()
    x = draft.give(INT8, [1, 2, 3], SECRET)
    for kind in (BinaryKind.ADD, BinaryKind.MAX):
        draft.show(draft.build.reduce(kind, x), kind.value)
    assert count(expand_reduce(draft.program(), frozenset({BinaryKind.MAX})), ir.Reduce) == 1


def test_pipelines_end_in_themselves() -> None:
    draft = Draft()
    x = draft.give(INT32, [1, 2, 3], SECRET)
    draft.show(draft.build.reduce(BinaryKind.ADD, draft.build.binary(BinaryKind.MUL, x, x)))
    for name in PIPELINES:
        once = run_passes(draft.program(), name)
        assert run_passes(once, name) == once
