"""Generated programs mean the same in the clear, simulated and native."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ezlang.compiler.passes.assign import Policy
from tests.support.agreement import asked_for, checked, executors, result_of
from tests.support.generator import Generated, programs
from tests.support.profiles import PROGRAMS, SWEEP

pytestmark = pytest.mark.timeout(1500)


def agree(generated: Generated, policies: Sequence[Policy] = tuple(Policy)) -> None:
    program = checked(generated.text)
    runs = executors(program, policies)
    inputs = asked_for(program, generated.inputs)
    expected = result_of(runs.pop("clear"), program, inputs)
    for name, run in runs.items():
        assert result_of(run, program, inputs) == expected, f"{name} departs from clear"


@given(programs(), st.sampled_from(Policy))
@settings(PROGRAMS)
def test_two_parties(generated: Generated, policy: Policy) -> None:
    agree(generated, (policy,))


@given(programs(parties=("ann", "ben", "cem")))
@settings(PROGRAMS, max_examples=60)
def test_three_parties(generated: Generated) -> None:
    agree(generated)


@pytest.mark.slow
@pytest.mark.timeout(0)
@given(programs())
@settings(SWEEP)
def test_two_parties_at_length(generated: Generated) -> None:
    agree(generated)


@pytest.mark.slow
@pytest.mark.timeout(0)
@given(programs(parties=("ann", "ben", "cem", "dan", "eve")))
@settings(PROGRAMS)
def test_five_parties(generated: Generated) -> None:
    agree(generated)
