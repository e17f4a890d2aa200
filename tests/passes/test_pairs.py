"""Several comparisons of the same two values: counts of ANDs, and the results."""

import pytest

from ezlang.compiler.cost.predict import predict
from ezlang.compiler.cost.summary import total
from ezlang.executors.clear import run_clear
from ezlang.executors.native.executable import executable_of
from ezlang.executors.simulate import run_two
from ezlang.typed.tree import Program
from ezlang.values.check import check_inputs
from tests.support.lowered import checked
from tests.support.threads import run_native_threads

PROTOCOL_CHOICES = ("arithmetic", "boolean", "yao", "auto")
INPUTS = {"alice": {"x": [5, -7, 3, 2**31 - 1]}, "bob": {"y": [5, 7, -3, -(2**31)]}}


def program(*shown: str, before: str = "") -> Program:
    """A program on x and y, secret int32[4], that shows expressions."""
    outputs = "\n".join(f'output(all, {one}, "{n}");' for n, one in enumerate(shown))
    return checked(f"""party alice, bob;
fn main() {{
    secret int32[4] x = input(alice, "x");
    secret int32[4] y = input(bob, "y");
    {before}
    {outputs}
}}""")


def ands(*shown: str, before: str = "") -> int:
    """The ANDs of one element in Yao's protocol."""
    made = executable_of(program(*shown, before=before), "yao").program
    return total(predict(made).least).ands // 4


@pytest.mark.parametrize(
    ("shown", "count"),
    [
        (("min(x, y)",), 64),
        (("min(x, y)", "max(x, y)"), 64),
        (("max(y, x)", "min(x, y)", "x > y", "x > y ? x : y"), 64),
        (("x < y", "x >= y", "y > x", "y <= x"), 32),
        (("x < y", "x > y"), 64),
        (("x > y ? x : y", "x > y ? y : x"), 64),
        (("x > y ? x : y", "x > y ? x - 1 : y"), 32 + 64 + 30),
    ],
)
def test_gates_of_a_pair(shown: tuple[str, ...], count: int) -> None:
    assert ands(*shown) == count


def test_what_is_asked_for_stays() -> None:
    """A value with a protocol of its own is compared separately."""
    text = "#[protocol(yao)] secret int32[4] low = min(x, y);"
    assert ands("low", "max(x, y)", before=text) == 128


SHOWN = (
    ("min(x, y)", "max(x, y)", "x >= y", "x < y", "x == y"),
    ("max(y, x)", "y > x", "y <= x", "min(x, y)", "x > y ? y : x"),
    ("x > y ? x : y", "x > y ? y : x", "x > y ? x + 1 : y", "(x > y) != (y >= x)"),
)
BRANCHES = """secret int32[4] low = x;
    secret int32[4] high = y;
    for i in 0..4 {
        if x[i] > y[i] { low[i] = y[i]; high[i] = x[i]; }
        low[i] = min(low[i], x[i]) + max(x[i], low[i]);
    }"""
CASES = [program(*shown) for shown in SHOWN] + [program("low", "high", before=BRANCHES)]


@pytest.mark.parametrize("protocol", PROTOCOL_CHOICES)
@pytest.mark.parametrize("made", CASES)
def test_executors_agree(made: Program, protocol: str) -> None:
    given = check_inputs(made, INPUTS)
    expected = run_clear(made, given).outputs
    executable = executable_of(made, protocol)
    assert run_two(executable.program, given, seed=1).outputs == expected
    assert run_native_threads(made, given, protocol=protocol).outputs == expected
