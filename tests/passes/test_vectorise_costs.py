"""The costs of vectorised programs don't depend on their style, nor their sizes on n."""

import random

import pytest

from ezlang.check import check
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import run_passes
from ezlang.compiler.passes.pipeline import vectorised
from ezlang.executors.clear import run_clear
from ezlang.executors.simulate import run_simulated
from ezlang.source import Source
from ezlang.values.data import Inputs
from tests.support.lowered import checked

HEAD = "party alice, bob;\n"


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
