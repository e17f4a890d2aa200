"""Running sums and the like, in logarithmic depth."""

import random
from functools import partial

import pytest
from lowered import checked

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import run_passes
from ezlang.compiler.passes.pipeline import vectorised
from ezlang.compiler.passes.reduce import expand_products
from ezlang.executors.clear import run_clear
from ezlang.executors.simulate import run_simulated
from ezlang.values.data import Inputs

ALL = frozenset(BinaryKind)

BODIES = {
    "prefix sums": "for i in 0..n { s += a[i]; c[i] = s; }",
    "sums of what came before": "for i in 0..n { c[i] = s; s += a[i]; }",
    "both": "for i in 0..n { let t = s; s += a[i]; c[i] = s * t; }",
    "differences": "for i in 0..n { s -= a[i]; s += b[i]; c[i] = s * b[i]; }",
    "products": "for i in 0..n { s *= a[i]; c[i] = s; }",
    "records": "for i in 0..n { s = max(s, a[i]); c[i] = s; }",
    "the smallest so far": "for i in 0..n { if a[i] < s { s = a[i]; } c[i] = s - a[i]; }",
    "seen": "for i in 0..n { f = f || a[i] > 5; c[i] = f ? a[i] : b[i]; }",
    "none yet": "f = true; for i in 0..n { if a[i] > 5 { f = false; } c[i] = f ? 1 : 0; }",
    "parities": "for i in 0..n { s ^= a[i]; c[i] = s & b[i]; }",
    "under a condition": "for i in 0..n { if b[i] > 0 { s += a[i]; } c[i] = s; }",
    "rows": "int32[3] r; for i in 0..n { r += g[i]; g[i] = r; }",
    "of running sums": "int32 t = 0; for i in 0..n { s += a[i]; t += s; c[i] = t; }",
    "columns": "for j in 0..3 { int32 t = 0; for i in 0..n { t = max(t, g[i][j]); g[i][j] = t; } }",
}

KEPT = {
    "in a circle": "int32 t = 1; for i in 0..n { s += t * a[i]; t = s; c[i] = s; }",
    "two kinds": "for i in 0..n { s = (s + a[i]) * b[i]; c[i] = s; }",
    "in between": "for i in 0..n { s += a[i]; c[i] = s; s += b[i] * c[i]; }",
}


def text(body: str, n: int) -> str:
    return f"""party alice, bob;
    const int32 n = {n};
    fn main() {{
        secret int32[n] a = input(alice, "a");
        secret int32[n] b = input(bob, "b");
        secret int32[n][3] g = input(bob, "g");
        secret int32[n] c;
        secret int32 s = 3;
        secret bool f = false;
        {body}
        output(all, c, "c"); output(all, g, "g"); output(all, s, "s"); output(all, f, "f");
    }}
    """


def numbers(n: int) -> Inputs:
    draw = random.Random(n)
    few = [[draw.randint(-9, 9) for _ in range(n)] for _ in range(2)]
    rows = [[draw.randint(-(2**31), 2**31 - 1) for _ in range(3)] for _ in range(n)]
    return {"alice": {"a": few[0]}, "bob": {"b": few[1], "g": rows}}


def loops(program: ir.Program) -> int:
    return sum(isinstance(one, ir.For) for one in ir.walk(program.main.body))


@pytest.mark.parametrize("n", [2, 3, 7, 8, 13])
@pytest.mark.parametrize("name", [*BODIES, *KEPT])
def test_they_mean_the_same(name: str, n: int) -> None:
    source = checked(text((BODIES | KEPT)[name], n))
    expected = run_clear(source, numbers(n)).outputs
    for budget in (6_000, 1 << 30):
        passes = (*vectorised(budget, scans=ALL), partial(expand_products, budget=budget))
        compiled = run_passes(lower(source), passes)
        assert run_simulated(compiled, numbers(n), record=False).outputs == expected


@pytest.mark.parametrize("name", BODIES)
def test_no_loop_is_left(name: str) -> None:
    compiled = run_passes(lower(checked(text(BODIES[name], 8))), vectorised(1 << 30, scans=ALL))
    assert loops(compiled) == 0


@pytest.mark.parametrize("name", KEPT)
def test_loops_that_stay(name: str) -> None:
    compiled = run_passes(lower(checked(text(KEPT[name], 8))), vectorised(1 << 30, scans=ALL))
    assert loops(compiled) == 1


def test_depth_and_size_are_logarithmic() -> None:
    source = text(BODIES["records"], 1000)
    compiled = run_passes(lower(checked(source)), vectorised(1 << 30, scans=ALL))
    made = [
        one.result.type.size
        for one in ir.walk(compiled.main.body)
        if isinstance(one, ir.Binary) and one.kind is BinaryKind.MAX
    ]
    assert sum(made) <= 2 * 1000
    assert len(made) <= 2 * 10
