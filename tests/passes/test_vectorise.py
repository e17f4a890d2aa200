"""Vectorising: the loops that disappear, and the remainder of the others."""

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import PIPELINES, run_passes
from ezlang.compiler.passes.general.reduce import expand_products
from ezlang.compiler.passes.pipeline import vectorised
from ezlang.executors.clear import run_clear
from ezlang.executors.simulate import run_simulated
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs
from tests.passes.vectorised_runs import executable, failure
from tests.support.lowered import checked
from tests.support.threads import run_threads

HEAD = "party alice, bob;\n"
ARRAYS = """
    secret int32[6] a = input(alice, "a");
    secret int32[6] b = input(bob, "b");
    secret int32[3][6] g = input(bob, "g");
    secret int32 s = 3;
    secret bool f = false;
    secret int32[12] c;
"""
INPUTS: Inputs = {
    "alice": {"a": [5, -3, 8, 0, 7, -3]},
    "bob": {"b": [1, 9, -4, 0, 2, 6], "g": [[1, 2, 3, 4, 5, 6], [-1, 0, 1, 0, -1, 9], [7] * 6]},
}
OUTPUTS = "".join(f'output(all, {name}, "{name}");\n' for name in "abgsfc")


def main(body: str, functions: str = "") -> str:
    return f"{HEAD}{functions}fn main() {{{ARRAYS}{body}\n{OUTPUTS}}}\n"


def count(program: ir.Program, *kinds: type) -> int:
    return sum(
        isinstance(one, kinds) for function in program.functions for one in ir.walk(function.body)
    )


def loops_left(text: str) -> int:
    """Run a program in the clear and vectorised, and count the loops that are left."""
    program = checked(text)
    expected = run_clear(program, INPUTS).outputs
    for passes in (PIPELINES["vectorised"], vectorised(3000)):
        compiled = expand_products(run_passes(lower(program), passes))
        assert run_simulated(compiled, INPUTS, record=False).outputs == expected
    return count(run_passes(lower(program), "vectorised"), ir.For, ir.While)


WHOLE = {
    "element-wise": "for i in 0..6 { c[i] = a[i] * b[i] + 1; }",
    "shifted": "for i in 1..6 { c[i + 6] = a[i - 1] - b[i]; }",
    "strided": "for i in 0..6 { c[2 * i] = a[i]; c[2 * i + 1] = b[5 - i]; }",
    "nested": "for i in 0..3 { for j in 0..6 { g[i][j] = g[i][j] * a[j] + b[j]; } }",
    "columns": "for j in 0..6 { for i in 0..3 { g[i][j] = a[j] > 0 ? g[i][j] : 0; } }",
    "a flat array as rows": "for i in 0..3 { for j in 0..4 { c[4 * i + j] = g[i][j]; } }",
    "a flat array as columns": "for i in 0..3 { for j in 0..4 { c[i + 3 * j] = g[i][j]; } }",
    "the diagonal": "for i in 0..3 { g[i][i] += a[i]; }",
    "in place, from behind": "for i in 0..5 { a[i] = a[i + 1] * 2; }",
    "two halves": "for i in 0..6 { let t = min(c[i], c[i + 6]); c[i + 6] ^= c[i] ^ t; c[i] = t; }",
    "a sum": "for i in 0..6 { s += a[i] * b[i]; }",
    "a difference": "for i in 0..6 { s -= a[i]; s += b[i]; }",
    "a product": "for i in 0..6 { s *= a[i] + 1; }",
    "the smallest": "for i in 0..6 { if a[i] < s { s = a[i]; } }",
    "the largest, otherwise": "for i in 0..6 { s = s >= a[i] ? s : a[i]; }",
    "a flag": "for i in 0..6 { if a[i] == b[i] { f = true; } }",
    "a flag taken back": "f = true; for i in 0..6 { if a[i] > b[i] { f = false; } }",
    "any of": "for i in 0..6 { f = f || a[i] == 8; }",
    "a count": "for i in 0..6 { if a[i] > 0 { if b[i] > 0 { s += 1; } } else { s -= 2; } }",
    "the place of the smallest": "for i in 0..6 { if a[i] < s { s = a[i]; c[0] = i; } }",
    "the last place of the largest": "int32 t = 9; for i in 0..6 { let r = b[i] % 3; "
    "if r >= s { s = r; t = i; } } c[1] = t;",
    "the best row": "for i in 0..3 { let d = sum(g[i]); "
    "if s > d { s = d; a = g[i]; f = a[1] > 2; } }",
    "the place of the largest, otherwise": "int32 t = 0; for i in 0..6 "
    "{ if s >= b[i] { t = t; } else { s = b[i]; t = a[i]; } } c[2] = t;",
    "a sum of rows": "for i in 0..3 { for j in 0..6 { s += g[i][j]; } }",
    "sums of rows": "for i in 0..3 { c[i] = 0; for j in 0..6 { c[i] += g[i][j] * a[j]; } }",
    "a sum of arrays": "for i in 0..3 { a += g[i]; }",
    "a temporary": "int32 t = 0; for i in 0..6 { t = a[i] * 2; b[i] = t * t; }",
    "a temporary's last value": "for i in 0..6 { s = a[i] * i; }",
    "the one before": "int32 t = a[5]; for i in 0..6 { b[i] = a[i] - t; t = a[i]; }",
    "a local array": "for i in 0..6 { int32[2] t; t[0] = a[i]; t[1] = b[i]; c[i] = sum(t); }",
    "a condition": "for i in 0..6 { if a[i] > b[i] { a[i] = b[i]; c[i] = 1; } else { c[i] = 2; } }",
    "a public condition": "for i in 0..6 { c[i] = i % 2 == 0 ? a[i] : b[i]; }",
    "the index as a value": "for i in 0..6 { c[i] = a[i] * i + (b[i] >> i); }",
    "counting down": "for i in -5..1 { c[-i] = a[i + 5]; }",
    "a secret index": "for i in 0..6 { c[i] = b[a[i] & 3]; }",
    "a histogram": "for i in 0..6 { c[a[i] & 7] += b[i]; }",
    "openings": "for i in 0..6 { c[i] = reveal(a[i] > b[i]) ? 1 : 0; }",
    "slices": "for i in 0..3 { c[2 * i .. 2 * i + 2] = a[i .. i + 2]; }",
    "rows": "for i in 0..2 { g[i] = g[i + 1] * 2; }",
    "only one iteration": "for i in 2..3 { a[i] = a[i - 1] / b[2]; }",
    "division by what is not zero": "for i in 0..6 { c[i] = a[i] / (i + 1); }",
}


@pytest.mark.parametrize("name", WHOLE)
def test_loops_that_go(name: str) -> None:
    assert loops_left(main(WHOLE[name])) == 0


KEPT = {
    "what the one before wrote": "for i in 1..6 { a[i] = a[i - 1] * b[i]; }",
    "the same item": "for i in 0..6 { c[0] = c[0] * a[i] + 1; }",
    "places that meet": "for i in 0..6 { c[i] = a[i]; c[5 - i] = b[i]; }",
    "a prefix sum": "for i in 0..6 { s += a[i]; c[i] = s; }",
    "a recurrence": "for i in 0..6 { s = s * a[i] + b[i]; }",
    "a best that depends on the one before": "int32 t = 0; for i in 0..6 "
    "{ if a[i] + t < s { s = a[i] + t; t = i; } } c[0] = t;",
    "both a sum and a product": "for i in 0..6 { s = (s + a[i]) * 2; }",
    "Floyd and Warshall's": "for k in 0..3 { for i in 0..3 { for j in 0..3 {"
    " g[i][j] = min(g[i][j], g[i][k] + g[k][j]); } } }",
    "two that are exchanged": "int32 t = 1; for i in 0..6 { let n = s; s = t * a[i]; t = n; }",
}


@pytest.mark.parametrize("name", KEPT)
def test_loops_that_stay(name: str) -> None:
    assert loops_left(main(KEPT[name])) > 0


def kinds_in_loops(text: str) -> list[str]:
    """The kinds of the binary operations on secrets that are left in loops."""
    return [
        one.kind.value
        for loop in ir.walk(run_passes(lower(checked(text)), "vectorised").main.body)
        if isinstance(loop, ir.For)
        for one in ir.walk(loop.regions[0])
        if isinstance(one, ir.Binary) and one.result.type.label.is_secret
    ]


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ("for i in 0..6 { s = s * 3 + a[i] * b[i]; }", ["mul", "add"]),
        ("for i in 0..6 { s = s * 3 + 1; c[i] = s * a[i]; }", ["mul", "add"]),
        ("for i in 0..6 { s = s / 3 + a[i] * b[i]; if s > 4 { c[i] = s; } }", ["div", "add"]),
        ("for i in 0..3 { for j in 1..6 { g[i][j] = a[j] * 3 + g[i][j - 1]; } }", ["add"]),
        ("for i in 0..6 { c[i] = a[i] * b[i]; assert(i != 9); }", []),
    ],
)  # fmt: skip
def test_what_can_be_done_at_once_leaves_the_loop(body: str, left: list[str]) -> None:
    assert loops_left(main(body)) == 1
    assert kinds_in_loops(main(body)) == left


def test_calls_are_seen_through() -> None:
    functions = """
    fn larger(int32 x, int32 y) -> int32 { int32 z = y; if x > y { z = x; } return z; }
    fn best<k>(int32[k] x) -> int32 {
        int32 m = x[0];
        for i in 1..k { m = larger(x[i], m); }
        return m;
    }
    """
    assert loops_left(main("for i in 0..3 { s += best(g[i]); }", functions)) == 0


# Failures, effects, openings


@pytest.mark.parametrize(
    "body",
    [
        "for i in 0..7 { c[i] = a[i]; }",
        "for i in 0..6 { c[i] = a[i] * b[i]; assert(i < 4); }",
        "for i in 0..6 { c[i] = a[i] / (i - 3); }",
        "for i in 0..40 { s += a[0] >> i; }",
        "for i in 0..6 { s += a[i]; if i > 3 { s += a[i + 2]; } }",
    ],
)
def test_failures_are_the_same(body: str) -> None:
    program = checked(main(body))
    expected = failure(lambda: run_clear(program, INPUTS))
    compiled = run_passes(lower(program), "vectorised")
    assert failure(lambda: run_simulated(compiled, INPUTS)) == expected
    given = check_inputs(program, INPUTS)
    assert failure(lambda: run_threads(executable(program), given)) == expected


def test_nothing_is_opened_that_the_loop_would_not_have_come_to() -> None:
    text = main("for i in 0..6 { assert(i < 2); if reveal(a[i] > 0) { s += 1; } }")
    program = run_passes(lower(checked(text)), "vectorised")
    (loop,) = [one for one in ir.walk(program.main.body) if isinstance(one, ir.For)]
    assert any(isinstance(one, ir.Reveal) for one in ir.walk(loop.regions[0]))
    text = main("for i in 0..6 { if i > 3 { if reveal(a[i] > 0) { s += 1; } } }")
    program = run_passes(lower(checked(text)), "vectorised")
    (loop,) = [one for one in ir.walk(program.main.body) if isinstance(one, ir.For)]
    assert any(isinstance(one, ir.Reveal) for one in ir.walk(loop.regions[0]))


def test_what_one_party_does_alone_stays_as_it_is() -> None:
    text = f"""{HEAD}
    fn main() {{
        @alice int32[6] a = input(alice, "a");
        @alice int32 t = 0;
        for i in 0..6 {{ t += a[i] * a[i]; a[i] = t; }}
        if a[0] > 2 {{ for i in 0..a[1] {{ t -= a[i]; }} }}
        output(alice, t, "t");
    }}
    """
    program = lower(checked(text))
    tidy = run_passes(program, "tidy")
    assert count(run_passes(program, "vectorised"), ir.For) == count(tidy, ir.For) == 2
