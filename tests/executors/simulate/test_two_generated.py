"""On generated programs, simulated parties have the outputs, rounds and bytes of native ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from assigned import FIXED, assigned, costs_of, native_costs, simulated
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ezlang.compiler.passes.assign import Policy
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.clear import run_clear

TESTS = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS), str(TESTS / "generated")]
from agreement import asked_for, checked  # noqa: E402
from generator import Generated, programs  # noqa: E402


@pytest.mark.slow
@pytest.mark.timeout(0)
@given(programs(), st.sampled_from(FIXED))
@settings(max_examples=100, deadline=None, database=None, phases=[Phase.generate])
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
