"""Ranges contain all possible values, and operations have the bits that those need."""

from random import Random

import numpy as np
import pytest

from ezlang.check import check
from ezlang.compiler.ir import evaluate
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.intervals import Interval, full
from ezlang.compiler.ir.tree import BinaryKind, UnaryKind
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import run_passes
from ezlang.compiler.passes.analyses.ranges import ranges_of
from ezlang.compiler.passes.sharings.narrow import explain, narrow
from ezlang.source import Source
from ezlang.types.labels import SECRET
from ezlang.types.types import BOOL, INT8, INT16, UINT8, UINT16, IntType

BYTES = [INT8, UINT8]


def value(id: int, element: IntType, shape: tuple[int, ...] = ()) -> ir.Value:
    return ir.Value(id, ir.TensorType(element, shape, SECRET))


def drawn(pick: Random, element: IntType) -> Interval:
    ends = sorted(pick.randint(element.low, element.high) for _ in range(2))
    return Interval(*pick.choice([ends, [max(ends[0], 0), max(ends[1], 0)], [ends[0], ends[0]]]))


def some_of(pick: Random, within: Interval, element: IntType) -> np.ndarray:
    picked = [within.low, within.high, *(pick.randint(within.low, within.high) for _ in range(30))]
    return np.array(picked, evaluate.dtype(element))


@pytest.mark.parametrize("kind", BinaryKind, ids=lambda kind: kind.value)
@pytest.mark.parametrize("element", BYTES, ids=str)
def test_what_comes_is_in_range(element: IntType, kind: BinaryKind) -> None:
    pick = Random(f"{element} {kind}")
    flag = kind.value in ("eq", "ne", "lt", "le", "gt", "ge")
    x, y = value(0, element), value(1, element)
    result = ir.Value(2, ir.TensorType(BOOL if flag else element, (), SECRET))
    operation = ir.Binary(kind=kind, operands=(x, y), results=(result,))
    for _ in range(400):
        ranges = drawn(pick, element), drawn(pick, element)
        found = operation.range(ranges)
        first, second = (some_of(pick, one, element) for one in ranges)
        with np.errstate(all="ignore"):
            made = evaluate.binary(kind, first[:, None], second[None, :]).astype(np.int64)
        assert found.low <= made.min(), (ranges, found)
        assert made.max() <= found.high, (ranges, found)
        assert found.within(full(result.type))


@pytest.mark.parametrize("kind", [kind for kind in UnaryKind if kind is not UnaryKind.NOT])
@pytest.mark.parametrize("element", BYTES, ids=str)
def test_so_it_is_of_one_operand(element: IntType, kind: UnaryKind) -> None:
    pick = Random(f"{element} {kind}")
    operation = ir.Unary(kind=kind, operands=(value(0, element),), results=(value(1, element),))
    for _ in range(200):
        given = drawn(pick, element)
        numbers = some_of(pick, given, element)
        made = evaluate.evaluate(
            ir.Unary(
                kind=kind,
                operands=(value(0, element, numbers.shape),),
                results=(value(1, element, numbers.shape),),
            ),
            [numbers],
        ).astype(np.int64)
        found = operation.range([given])
        assert found.low <= made.min()
        assert made.max() <= found.high


@pytest.mark.parametrize("element", [INT8, UINT8, INT16, UINT16], ids=str)
@pytest.mark.parametrize("target", [INT8, UINT8, INT16, UINT16], ids=str)
def test_and_of_casts(element: IntType, target: IntType) -> None:
    pick = Random(f"{element} {target}")
    operation = ir.Cast(operands=(value(0, element),), results=(value(1, target),))
    for _ in range(100):
        given = drawn(pick, element)
        made = some_of(pick, given, element).astype(evaluate.dtype(target)).astype(np.int64)
        found = operation.range([given])
        assert found.low <= made.min()
        assert made.max() <= found.high


def narrowed(body: str) -> ir.Program:
    text = f"party alice, bob;\nfn main() {{\n{body}\n}}\n"
    result = check(Source("main.ez", text), settings={})
    assert result.program is not None, [d.message for d in result.diagnostics]
    return run_passes(run_passes(lower(result.program), "tidy"), (narrow,))


INPUTS = """
    secret uint8[10] a = input(alice, "a");
    secret int64 x = input(alice, "x");
    secret int64 y = input(bob, "y");
    secret bool c = input(bob, "c");
"""


@pytest.mark.parametrize(
    ("body", "bits"),
    [
        ("output(all, x < y, \"o\");", [0]),
        ("output(all, (x & 1048575) < (y & 1048575), \"o\");", [0, 0, 20]),
        ("output(all, (x >> 44) < (y >> 44), \"o\");", [0, 0, 20]),
        ("output(all, x % 1000 == 7, \"o\");", [0, 11]),
        ("output(all, (c ? 100 : -100) * 3, \"o\");", [8, 10]),
        ("output(all, min(max(x, 0), 255) + 1, \"o\");", [0, 63, 9]),
        ("secret int64 s = 0; for i in 0..10 { s += int64(a[i]); } output(all, s, \"o\");", [12]),
        ("secret int64 s = 5; for i in 0..10 { s -= int64(a[i]); } output(all, s, \"o\");", [13]),
        ("secret int64 s = 1; for i in 0..10 { s *= 2; } output(all, s, \"o\");", [0]),
        (
            "secret int64 s = 1; for i in 0..9 { s = max(s, int64(a[i])); }"
            'output(all, s, "o");',
            [8],
        ),
        (
            "secret int64[3] h; for i in 0..10 { h[i % 3] += int64(a[i]); }"
            'output(all, h, "o");',
            [12],
        ),
        (
            "secret int64 s = 0; for i in 0..10 { for j in 0..i { s += int64(a[j]); } }"
            'output(all, s, "o");',
            [0],
        ),
        ("output(all, sum(int64(a)) < 9999, \"o\");", [14]),
    ],
)  # fmt: skip
def test_operations_are_done_in_the_bits_they_need(body: str, bits: list[int]) -> None:
    program = narrowed(INPUTS + body)
    found = [
        operation.bits
        for operation in ir.walk(program.main.body)
        if isinstance(operation, ir.Binary | ir.Select)
        and operation.result.type.label.is_secret
        and not (isinstance(operation, ir.Binary) and operation.kind is BinaryKind.SHR)
    ]
    shifts = sum(
        isinstance(operation, ir.Binary) and operation.kind is BinaryKind.SHR
        for operation in ir.walk(program.main.body)
    )
    assert [0] * shifts + found == bits


def test_functions_know_what_they_are_called_with() -> None:
    text = """
    party alice, bob;
    fn less(int64 p, int64 q) -> bool { return p < q; }
    fn main() {
        secret uint8 a = input(alice, "a");
        secret int16 b = input(bob, "b");
        output(all, less(int64(a), 300), "o");
        output(all, less(int64(b), 5), "p");
    }
    """
    result = check(Source("main.ez", text), settings={})
    assert result.program is not None
    program = run_passes(lower(result.program), (narrow,))
    (comparison,) = (
        operation
        for operation in ir.walk(program.functions[0].body)
        if isinstance(operation, ir.Binary)
    )
    assert (comparison.bits, comparison.nonnegative) == (16, False)
    assert Interval(-32768, 32767) in ranges_of(program)[program.functions[0].name].values()


def test_a_proof_leads_from_the_operands_to_the_inputs() -> None:
    program = narrowed(INPUTS + 'output(all, sum(int64(a)) < 9999, "o");')
    (found,) = explain(program)
    assert (found.text, found.bits, found.nonnegative) == ("lt", 14, True)
    assert [(fact.depth, fact.text, fact.range.high) for fact in found.facts] == [
        (1, "%9, by add", 2550),
        (2, "%8, by cast", 255),
        (3, "a, by relabel", 255),
        (4, "a, by input", 255),
        (1, "%10, by constant", 9999),
    ]
