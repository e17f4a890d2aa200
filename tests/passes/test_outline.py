"""Very long regions become functions, and mean and cost the same."""

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.facts import facts_of
from ezlang.compiler.lower import lower
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.compiler.passes.general.outline import LIMIT, outline
from ezlang.compiler.passes.prepare import prepare
from ezlang.executors.clear import run_clear
from ezlang.executors.native.executable import Executable
from ezlang.executors.simulate import run_two
from ezlang.values.data import Inputs
from tests.support.lowered import checked
from tests.support.threads import run_threads

LINES = (
    "x = x * 3 + i;",
    "if x < i { i = i ^ x; }",
    "a[1] = a[0] + x;",
    "x += a[k];",
    "k = 1 - k;",
)
INPUTS: Inputs = {"alice": {"x": 5}, "bob": {"i": -77}}


def text(count: int) -> str:
    body = "\n".join(LINES[number % len(LINES)] for number in range(count))
    return f"""party alice, bob;
    fn main() {{
        secret int32 x = input(alice, "x");
        secret int32 i = input(bob, "i");
        secret int32[2] a;
        int32 k = 0;
        for turn in 0..2 {{
            {body}
        }}
        output(all, x, "x");
        output(bob, a, "a");
    }}
    """


@pytest.mark.parametrize("protocol", [ProtocolChoice.YAO, ProtocolChoice.ARITHMETIC])
def test_long_programs_mean_and_cost_the_same(protocol: ProtocolChoice) -> None:
    source = checked(text(800))
    program = prepare(lower(source), protocol)
    assert len(program.functions) > 3
    for function in program.functions:
        regions = [function.body, *(r for o in ir.walk(function.body) for r in o.regions)]
        assert all(len(region.operations) <= LIMIT for region in regions)
    expected = run_clear(source, INPUTS).outputs
    simulated = run_two(program, INPUTS, seed=1, record=False)
    native = run_threads(Executable(program), INPUTS)
    assert simulated.outputs == native.outputs == expected
    assert (simulated.cost.rounds, simulated.cost.bytes_sent) == (native.rounds, native.bytes_sent)


def test_short_ones_are_left() -> None:
    program = prepare(lower(checked(text(50))), ProtocolChoice.YAO)
    assert outline(program) == program
    assert len(program.functions) == 1


def test_constants_stay_with_what_uses_them() -> None:
    """A circuit that multiplies by 3 has 3 built in, in whatever function it is run."""
    program = prepare(lower(checked(text(800))), ProtocolChoice.YAO)
    made = list(ir.walk(program.main.body))
    constants = {o.result.id for o in made if isinstance(o, ir.Constant)}
    calls = [operation for operation in made if isinstance(operation, ir.Call)]
    assert calls
    assert not any(value.id in constants for call in calls for value in call.operands)


def test_constants_stay_with_what_isn_t_moved() -> None:
    """A division by 7 after calls is one by 7, also if an earlier one has become a function."""
    source = checked(
        "party alice, bob;\nfn main() {\n"
        '    secret int32 x = input(alice, "x");\n'
        f"    x = x / 7;\n    {'x = x * x + 1; ' * LIMIT}\n"
        '    output(all, x / 7, "x");\n}\n'
    )
    program = prepare(lower(source), ProtocolChoice.ARITHMETIC)
    assert len(program.functions) > 2
    divisors = [
        facts_of(function).constants.number(operation.operands[1])
        for function in program.functions
        for operation in ir.walk(function.body)
        if isinstance(operation, ir.Binary) and operation.kind is ir.BinaryKind.DIV
    ]
    assert divisors == [7, 7]
