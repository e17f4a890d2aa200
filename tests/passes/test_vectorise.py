"""Vectorising: which loops go, what stays of the others, and that all means the same."""

import random
from collections.abc import Callable
from functools import partial

import pytest
from loop_programs import LoopGenerator
from lowered import checked

from ezlang import api
from ezlang.check import check
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import PIPELINES, run_passes
from ezlang.compiler.passes.pipeline import vectorised
from ezlang.compiler.passes.vectorise import vectorise
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.clear import run_clear
from ezlang.executors.native.executable import Executable, for_codegen
from ezlang.executors.native.threads import run_threads
from ezlang.executors.simulate import run_simulated
from ezlang.source import Source
from ezlang.typed import tree as typed
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs, Outputs

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
        compiled = run_passes(lower(program), passes)
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


def failure(run: Callable[[], object]) -> tuple[str, int]:
    with pytest.raises(EzError) as caught:
        run()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.span is not None
    return diagnostic.code, diagnostic.span.line


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
    executable = Executable(for_codegen(lower(program)))
    assert failure(lambda: run_threads(executable, check_inputs(program, INPUTS))) == expected


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


# Costs


def compiled(text: str, settings: dict[str, int], pipeline: str = "wide") -> ir.Program:
    result = check(Source("main.ez", text), settings=settings)
    assert result.program is not None
    return run_passes(lower(result.program), pipeline)


STYLES = {
    "array operators": "c = x > y;",
    "a loop": "for i in 0..n { c[i] = x[i] > y[i]; }",
    "a loop with a function": "for i in 0..n { c[i] = larger(x[i], y[i]); }",
    "a loop with branches": (
        "for i in 0..n { if x[i] > y[i] { c[i] = true; } else { c[i] = false; } }"
    ),
    "nested loops": (
        "for i in 0..n / 10 { for j in 0..10 { c[10 * i + j] = x[10 * i + j] > y[10 * i + j]; } }"
    ),
    "a function with a loop": "c = all_larger(x, y);",
}


def style(body: str) -> str:
    return f"""{HEAD}
    param int32 n = 100;
    fn larger(int32 x, int32 y) -> bool {{ return x > y; }}
    fn all_larger<k>(int32[k] x, int32[k] y) -> bool[k] {{
        secret bool[k] r;
        for i in 0..k {{ let bigger = larger(x[i], y[i]); r[i] = bigger; }}
        return r;
    }}
    fn main() {{
        secret int32[n] x = input(alice, "x");
        secret int32[n] y = input(bob, "y");
        secret bool[n] c;
        {body}
        output(all, c, "c");
    }}
    """


def cost(program: ir.Program, inputs: Inputs) -> tuple[int, dict[str, int]]:
    found = run_simulated(program, inputs, record=False).cost
    return found.rounds, found.bytes_sent


def numbers(n: int) -> Inputs:
    draw = random.Random(n).randint
    rows = [[draw(-(2**31), 2**31 - 1) for _ in range(n)] for _ in range(2)]
    return {"alice": {"x": rows[0]}, "bob": {"y": rows[1]}}


@pytest.mark.parametrize("name", STYLES)
def test_all_styles_cost_the_same(name: str) -> None:
    expected = cost(compiled(style(STYLES["array operators"]), {}), numbers(100))
    assert cost(compiled(style(STYLES[name]), {}), numbers(100)) == expected


def test_sums_of_products_cost_the_same() -> None:
    styles = [
        "s = sum(x * y);",
        "for i in 0..n { s += x[i] * y[i]; }",
        "for i in 0..n { let p = x[i] * y[i]; s = p + s; }",
        "for i in 0..n / 10 { for j in 0..10 { s += x[10 * i + j] * y[10 * i + j]; } }",
        "for i in 0..n / 10 { int32 t = 0; for j in 0..10 { t += x[10 * i + j] * y[10 * i + j]; }"
        " s += t; }",
    ]
    found = set()
    for body in styles:
        text = style(f"secret int32 s = 0; {body} c[0] = s > 0;")
        rounds, sent = cost(compiled(text, {}), numbers(100))
        found.add((rounds, *sent.values()))
    assert len(found) == 1


def test_ten_thousand_comparisons_take_the_rounds_of_one() -> None:
    text = style(STYLES["a loop"])
    one, _ = cost(compiled(text, {"n": 1}), numbers(1))
    many, _ = cost(compiled(text, {"n": 10_000}), numbers(10_000))
    assert many == one


SIZED = {
    "a product of elements": "for i in 0..n { x[i] = x[i] * y[i]; }",
    "comparisons": STYLES["a loop"],
    "a dot product": "int32 s = 0; for i in 0..n { s += x[i] * y[i]; } x[0] = s;",
    "a histogram": "secret int32[16] h; for i in 0..n { h[x[i] & 15] += 1; } x[0] = h[3];",
    "a recurrence": "int32 s = 0; for i in 0..n { s = s * x[i] + y[i] / 3; } x[0] = s;",
}


@pytest.mark.parametrize("name", SIZED)
def test_the_size_of_programs_does_not_depend_on_trip_counts(name: str) -> None:
    sizes = {}
    for n in (10, 1000, 1_000_000):
        program = compiled(style(SIZED[name]), {"n": n}, "vectorised")
        sizes[n] = sum(1 for _ in ir.walk(program.main.body))
    assert sizes[10] == sizes[1000]
    assert sizes[1_000_000] <= 3 * sizes[10]  # strips, and what is left over


def test_strips_keep_to_their_budget() -> None:
    text = style("for i in 0..n { c[i] = x[i] * 3 > y[i] - 1; }")
    budget = 100_000
    program = run_passes(lower(checked(text.replace("n = 100", "n = 1003"))), vectorised(budget))
    (loop,) = [one for one in ir.walk(program.main.body) if isinstance(one, ir.For)]
    made = [o.result.type for o in loop.regions[0].operations if isinstance(o, ir.Binary)]
    assert sum(type.size * type.width for type in made) * 16 <= budget
    assert run_simulated(program, numbers(1003), record=False).outputs == run_clear(
        checked(text.replace("n = 100", "n = 1003")), numbers(1003)
    ).outputs  # fmt: skip


# Generated programs


def agrees(text: str, inputs: Inputs, run: Callable[[typed.Program], Outputs]) -> None:
    result = check(Source("main.ez", text), settings={})
    if result.program is None:
        return  # an index that the checker sees is out of range
    program = result.program
    try:
        expected = run_clear(program, inputs).outputs
    except EzError:
        code = failure(lambda: run_clear(program, inputs))
        assert failure(lambda: run(program)) == code
        return
    assert run(program) == expected


def simulated(inputs: Inputs, budget: int, program: typed.Program) -> Outputs:
    compiled = run_passes(lower(program), vectorised(budget))
    return run_simulated(compiled, inputs, record=False).outputs


@pytest.mark.parametrize("budget", [5_000, 1 << 30])
@pytest.mark.parametrize("start", range(0, 60, 10))
def test_generated_loops_simulated(start: int, budget: int) -> None:
    for seed in range(start, start + 10):
        text, inputs = LoopGenerator(random.Random(seed)).program()
        agrees(text, inputs, partial(simulated, inputs, budget))


@pytest.mark.parametrize("start", range(0, 20, 5))
def test_generated_loops_native(start: int) -> None:
    def run(program: typed.Program) -> Outputs:
        executable = Executable(for_codegen(lower(program)))
        return run_threads(executable, check_inputs(program, inputs)).outputs

    for seed in range(1000 + start, 1005 + start):
        text, inputs = LoopGenerator(random.Random(seed)).program()
        agrees(text, inputs, run)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 3000, 100))
def test_many_generated_loops(start: int) -> None:
    for seed in range(start, start + 100):
        text, inputs = LoopGenerator(random.Random(seed)).program()
        agrees(text, inputs, partial(simulated, inputs, 1 << 30))


def test_the_pass_alone_and_twice() -> None:
    """It needs no other pass before it, and leaves its own results alone."""
    for seed in range(20):
        text, inputs = LoopGenerator(random.Random(seed)).program()
        program = checked(text)
        once = run_passes(lower(program), (vectorise,))
        twice = run_passes(once, (vectorise,))
        for compiled in (once, twice):
            agrees(
                text,
                inputs,
                lambda _, compiled=compiled, inputs=inputs: (
                    run_simulated(compiled, inputs, record=False).outputs
                ),
            )


def test_the_command_line_runs_vectorised_programs() -> None:
    text = style(STYLES["a loop"])
    program = api.checked(api.check_text(text))
    outcome = api.run_simulated(program, numbers(100))
    assert outcome.cost is not None
    assert outcome.cost.rounds == cost(compiled(text, {}), numbers(100))[0]
