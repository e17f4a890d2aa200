"""On generated programs, simulated parties have the outputs, rounds and bytes of native ones."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ezlang.compiler.passes.assign import Policy
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.clear import run_clear
from tests.executors.simulate.assigned import FIXED, assigned, costs_of, native_costs, simulated
from tests.support.agreement import asked_for, checked
from tests.support.generator import Generated, programs


@pytest.mark.slow
@pytest.mark.timeout(0)
@given(programs(), st.sampled_from(FIXED))
@settings(max_examples=100, database=None, phases=[Phase.generate])
def test_counts_on_generated_programs(generated: Generated, policy: Policy) -> None:
    program = checked(generated.text)
    inputs = asked_for(program, generated.inputs)
    try:
        outputs = run_clear(program, inputs).outputs
    except EzError:
        return
    compiled = assigned(program, policy)
    outcome = simulated(compiled, inputs)
    assert outcome.outputs == outputs
    assert costs_of(outcome) == native_costs(compiled, inputs)
