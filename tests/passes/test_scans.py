"""Running sums and the like, in logarithmic depth."""

import random

import pytest

from ezlang.compiler.cost.predict import predict
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import run_passes
from ezlang.compiler.passes.general.reduce import expand_products
from ezlang.compiler.passes.pipeline import vectorised
from ezlang.executors.clear import run_clear
from ezlang.executors.native.executable import executable_of
from ezlang.executors.simulate import run_simulated, run_two
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs
from tests.passes.vectorised_runs import failure
from tests.support.lowered import checked
from tests.support.threads import run_native_threads

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
IN_PLACE = {
    "sums in place": "for i in 1..n { c[i] = c[i - 1] + a[i]; }",
    "of themselves": "for i in 1..n { a[i] += a[i - 1]; } c = a;",
    "records in place": "for i in 1..n { a[i] = max(a[i], a[i - 1]); } c = a;",
    "into the next": "c[0] = b[0]; for i in 0..n - 1 { c[i + 1] = max(c[i], a[i] * b[i]); }",
    "from behind": "for i in 1..n { let j = n - 1 - i; a[j] = min(a[j + 1], a[j]); } c = a;",
    "exchanged": "for i in 1..n { if a[i - 1] > a[i] { a[i] = a[i - 1]; } } c = a;",
    "under a condition, in place": "for i in 1..n { if b[i] > 0 { c[i] = c[i - 1] + a[i]; } "
    "else { c[i] = c[i - 1]; } }",
    "along rows": "for j in 0..3 { for i in 1..n { g[i][j] = max(g[i][j], g[i - 1][j]); } }",
    "across rows": "for i in 1..n { for j in 0..3 { g[i][j] = max(g[i][j], g[i - 1][j]); } }",
    "rows in place": "for i in 1..n { g[i] += g[i - 1]; }",
    "along columns": "for i in 0..n { for j in 1..3 { g[i][j] *= g[i][j - 1]; } }",
    "two of them": "for i in 1..n { a[i] += a[i - 1]; b[i] = max(b[i - 1], a[i]); } c = b;",
    "every other": "for i in 1..n / 2 { c[2 * i] = c[2 * i - 2] + a[i]; c[2 * i + 1] = b[i]; }",
    "as slices": "for i in 1..n / 2 { a[2 * i..2 * i + 2] += a[2 * i - 2..2 * i]; } c = a;",
}
"""The same where what is combined is read where the iteration before wrote it."""

BODIES |= IN_PLACE

KEPT = {
    "two places back": "for i in 2..n { c[i] = max(c[i - 2], a[i]); }",
    "one and two places back": "for i in 2..n { c[i] = max(c[i - 1], c[i - 2] + a[i]); }",
    "all that came before": "for i in 1..n { c[i] = a[i] + c[i - 1]; c[0] += b[i]; }",
    "what is written again": "for i in 1..n { c[i - 1] += b[i]; c[i] = c[i - 1] + a[i]; }",
    "a recurrence in place": "for i in 1..n { c[i] = c[i - 1] * a[i] + b[i]; }",
    "in a circle": "int32 t = 1; for i in 0..n { s += t * a[i]; t = s; c[i] = s; }",
    "two kinds": "for i in 0..n { s = (s + a[i]) * b[i]; c[i] = s; }",
    "between two that stay": "int32 t = 1; int32 u = 2; for i in 1..n { "
    "if a[i] < s { s = a[i]; t += a[i] * b[i]; } if t > b[i] { u = b[i]; } } c[0] = t; c[1] = u;",
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
        passes = (
            *vectorised(budget, scans=ALL),
            expand_products.given(budget=budget),
        )
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


BESIDE = """
    secret int32[n] d;
    secret int32 m = -9;
    for i in 0..n { s += a[i] + b[i]; c[i] = s; m = max(m, a[i] ^ b[i]); d[i] = m; }
    output(all, d, "d");
"""


def test_a_sum_that_costs_nothing_keeps_nothing_else_in_its_loop() -> None:
    """On arithmetic shares a sum is local: it stays a loop, and the largest so far leaves it."""
    compiled = run_passes(lower(checked(text(BESIDE, 8))), "shared")
    (loop,) = [one for one in ir.walk(compiled.main.body) if isinstance(one, ir.For)]
    left = [one.kind for one in ir.walk(loop.regions[0]) if isinstance(one, ir.Binary)]
    assert left.count(BinaryKind.ADD) == 1
    assert BinaryKind.MAX not in left
    expected = run_clear(checked(text(BESIDE, 8)), numbers(8)).outputs
    assert run_simulated(compiled, numbers(8), record=False).outputs == expected


ROUNDS = {
    "a sum beside the largest": BESIDE,
    "in place": "for i in 1..n { a[i] = max(a[i] ^ b[i], a[i - 1]); } c = a;",
}


COUNTS = {
    ("a sum beside the largest", "boolean"): [75, 90, 106, 121],
    ("a sum beside the largest", "arithmetic"): [63, 77, 94, 111],
    ("a sum beside the largest", "yao"): [3, 3, 3, 3],
    ("in place", "boolean"): [61, 77, 93, 108],
    ("in place", "arithmetic"): [63, 76, 91, 105],
    ("in place", "yao"): [3, 3, 3, 3],
}
"""For 16, 32, 64 and 128 items: twice as many are a level up and one down of the network more."""


@pytest.mark.parametrize(("name", "protocol"), COUNTS)
def test_rounds_are_those_of_a_network(name: str, protocol: str) -> None:
    found = []
    for n in (16, 32, 64, 128):
        source = checked(text(ROUNDS[name], n))
        made = executable_of(source, protocol).program
        found.append(predict(made).least.rounds)
    assert found == COUNTS[name, protocol]
    given = check_inputs(source, numbers(128))
    simulated = run_two(made, given, seed=1)
    assert simulated.outputs == run_clear(source, given).outputs
    assert simulated.cost.rounds == found[-1]


@pytest.mark.parametrize("protocol", ["boolean", "arithmetic", "yao"])
@pytest.mark.parametrize("name", ["sums in place", "across rows", "along rows", "as slices"])
def test_native(name: str, protocol: str) -> None:
    source = checked(text(IN_PLACE[name], 13))
    outcome = run_native_threads(source, numbers(13), protocol=protocol)
    assert outcome.outputs == run_clear(source, numbers(13)).outputs


def test_the_first_is_read_only_if_the_loop_runs() -> None:
    """The element before that of the first iteration may not exist."""
    body = "for i in n..n { c[i] = c[i - 1] + a[i]; } for i in 0..n { c[i] = c[i - 1] + a[i]; }"
    source = checked(text(body, 8))
    expected = failure(lambda: run_clear(source, numbers(8)))
    compiled = run_passes(lower(source), vectorised(1 << 30, scans=ALL))
    assert failure(lambda: run_simulated(compiled, numbers(8))) == expected
