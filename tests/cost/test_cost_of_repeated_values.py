"""What is empty or one value repeated costs the same predicted, simulated and native."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.values.data import Inputs
from tests.cost.repeated_programs import Small, repeated_programs
from tests.support.agreement import checked
from tests.support.costed import Costs, costs_of, native, predicted, prepared, simulated, used
from tests.support.programs import PROGRAMS, head

SETTINGS = settings(
    max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


def cost(text: str, inputs: Inputs, protocol: ProtocolChoice) -> tuple[Costs, int, int]:
    """Return the costs of a run, ANDs of garbled circuits, and OTs, if all ways to count agree."""
    program = checked(text)
    code = prepared(program, protocol)
    found = predicted(code)
    assert found.is_exact
    costs, ands, ots = native(program, code, inputs)
    assert costs_of(found.least) == costs
    assert used(found.least) == (ands, ots)
    assert simulated(program, code, inputs) == costs
    return costs, ands, ots


@given(repeated_programs())
@SETTINGS
def test_generated_programs(small: Small) -> None:
    for protocol in ProtocolChoice:
        cost(small.text, small.inputs, protocol)


@pytest.mark.parametrize("protocol", ProtocolChoice)
@pytest.mark.parametrize("name", ["empty_slices", "repeated_values"])
def test_programs(name: str, protocol: ProtocolChoice) -> None:
    text, _, inputs, _ = head(PROGRAMS / "good" / f"{name}.ez")
    cost(text, inputs, protocol)


EMPTY = """
party alice, bob;
fn main() {
    secret int32[4] a = input(alice, "a");
    secret int32 b = input(bob, "b");
    a[0..0] -= b;
    output(all, a, "a");
}
"""


def test_nothing_is_shared_for_an_empty_slice() -> None:
    """Only the garbler's input is shared, so that no OTs are set up: one round, the opening."""
    costs, _, ots = cost(EMPTY, {"alice": {"a": [1, 2, 3, 4]}, "bob": {"b": 7}}, ProtocolChoice.YAO)
    assert costs == Costs(rounds=1, bytes=(48, 16))  # 32 bytes of set-up; bits of the result
    assert ots == 0


REPEATED = """
party alice, bob;
fn main() {
    secret int32[16] c = input(alice, "c");
    @bob int32 b = input(bob, "b");
    @bob int32[16] z = {repeated};
    output(all, max(c, z), "x");
    {also}
}
"""


@pytest.mark.parametrize("also", ["", 'output(bob, z, "z");'])
@pytest.mark.parametrize("repeated", ["5", "b"])
def test_one_element_is_shared_of_what_is_repeated(repeated: str, also: str) -> None:
    """An OT for each bit of one element, whether or not the whole value is needed as well."""
    text = REPEATED.replace("{repeated}", repeated).replace("{also}", also)
    inputs: Inputs = {"alice": {"c": list(range(16))}, "bob": {"b": 5}}
    _, _, ots = cost(text, inputs, ProtocolChoice.YAO)
    assert ots == 32
