"""Loops over computed public indices: their vectorised form, results and costs."""

from __future__ import annotations

from functools import cache

import pytest

from ezlang.compiler.cost.predict import Prediction, predict
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import run_passes
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.clear import run_clear
from ezlang.executors.native.executable import executable_of
from ezlang.executors.simulate import run_two
from ezlang.typed.tree import Program
from ezlang.values.check import check_inputs
from tests.passes.computed_programs import CASES, Case, inputs, text
from tests.passes.vectorised_runs import failure
from tests.support.lowered import checked
from tests.support.threads import run_native_threads

names = pytest.mark.parametrize("name", CASES)


def means(program: Program, case: Case) -> object:
    """The outputs of a program, or the place where it fails."""
    given = check_inputs(program, inputs(case))
    try:
        return run_clear(program, given).outputs
    except EzError:
        return failure(lambda: run_clear(program, given))


@names
def test_what_becomes_of_it(name: str) -> None:
    case = CASES[name]
    program = run_passes(lower(checked(text(case))), "shared")
    found = list(ir.walk(program.main.body))
    secret = [v for one in found if isinstance(one, ir.Gather) for v in one.results]
    assert any(value.type.label.is_secret for value in secret) == case.gathers
    separate = any(isinstance(one, ir.Separate) for one in found)
    assert separate == (case.gathers and case.checked)


@names
@pytest.mark.parametrize("protocol", ["boolean", "arithmetic", "yao"])
def test_simulated(name: str, protocol: str) -> None:
    case = CASES[name]
    program = checked(text(case))
    expected = means(program, case)
    given = check_inputs(program, inputs(case))
    made = executable_of(program, protocol).program
    if isinstance(expected, tuple):
        assert failure(lambda: run_two(made, given, seed=1)) == expected
    else:
        assert run_two(made, given, seed=1).outputs == expected


NATIVE = ("butterflies", "places twice", "under a condition", "a table", "two arrays", "rows")


@pytest.mark.parametrize("name", NATIVE)
@pytest.mark.parametrize("protocol", ["boolean", "yao"])
def test_native(name: str, protocol: str) -> None:
    case = CASES[name]
    program = checked(text(case))
    outcome = run_native_threads(program, inputs(case), protocol=protocol)
    assert outcome.outputs == means(program, case)
    made = executable_of(program, protocol).program
    simulated = run_two(made, check_inputs(program, inputs(case)), seed=1)
    assert (outcome.rounds, outcome.bytes_sent) == (
        simulated.cost.rounds,
        simulated.cost.bytes_sent,
    )


@pytest.mark.parametrize("name", ["past the end", "under a condition that fails"])
def test_native_fails_at_the_same_place(name: str) -> None:
    case = CASES[name]
    program = checked(text(case))
    found = failure(lambda: run_native_threads(program, inputs(case), protocol="boolean"))
    assert found == means(program, case)


BITONIC = """party alice, bob;
fn main() {
    secret int32[2 * N] x;
    x[..N] = input(alice, "keys");
    x[N..] = input(bob, "keys");
    int32 run = 2;
    while run <= 2 * N {
        int32 stride = run / 2;
        while stride > 0 {
            for i in 0..N {
                let low = 2 * stride * (i / stride) + i % stride;
                let high = low + stride;
                let upwards = low / run % 2 == 0;
                let first = (x[low] > x[high]) == upwards ? x[high] : x[low];
                x[high] ^= x[low] ^ first;
                x[low] = first;
            }
            stride /= 2;
        }
        run *= 2;
    }
    output(all, x, "sorted");
}
"""

MERGES = """party alice, bob;
import sort;
fn main() {
    secret int32[2 * N] x;
    x[..N] = input(alice, "keys");
    x[N..] = input(bob, "keys");
    output(all, sort.ascending32(x), "sorted");
}
"""


@cache
def sorting(program: str, n: int, protocol: str) -> tuple[Prediction, int]:
    """What sorting 2n numbers costs, and how many operations the program has."""
    made = executable_of(checked(program.replace("N", str(n))), protocol).program
    return predict(made), sum(1 for f in made.functions for _ in ir.walk(f.body))


@pytest.mark.parametrize(("protocol", "exchange"), [("boolean", 10), ("arithmetic", 22)])
@pytest.mark.parametrize("program", [BITONIC, MERGES], ids=["bitonic", "merge exchange"])
def test_rounds_of_sorting(program: str, protocol: str, exchange: int) -> None:
    """There are k (k + 1) / 2 stages for 2^k numbers, each of the rounds of one exchange.

    A program has at most a fixed number of operations more for twice as many numbers.
    """
    sizes = []
    for k in (6, 7, 8):
        found, size = sorting(program, 1 << (k - 1), protocol)
        assert found.is_exact
        assert found.least.rounds <= k * (k + 1) // 2 * exchange
        sizes.append(size)
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0] <= 100


@pytest.mark.parametrize("program", [BITONIC, MERGES], ids=["bitonic", "merge exchange"])
def test_sorting(program: str) -> None:
    made = checked(program.replace("N", "8"))
    given = {
        "alice": {"keys": [5, -3, 17, 0, 5, 2**31 - 1, 8, 8]},
        "bob": {"keys": [-(2**31), 4, 4, 1, 99, -50, 6, 7]},
    }
    expected = sorted([*given["alice"]["keys"], *given["bob"]["keys"]])
    outcome = run_native_threads(made, given, protocol="boolean")
    assert outcome.outputs["alice"]["sorted"] == expected
    assert outcome.rounds == sorting(program, 8, "boolean")[0].least.rounds
