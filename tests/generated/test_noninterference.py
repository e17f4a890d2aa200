"""What a party may not learn changes nothing it is shown: neither values nor messages' shapes."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from agreement import asked_for, checked, clear
from generator import Generated, programs, random_value
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from shapes import native_shape, simulated_shape

from ezlang.check import check
from ezlang.source import Source

pytestmark = pytest.mark.timeout(1500)
PROFILE = settings.get_profile("programs")


def other_inputs(data: st.DataObject, generated: Generated, party: str) -> dict[str, Any]:
    """The inputs, with all that `party` gives drawn anew."""

    pick = Random(data.draw(st.integers(0, 2**48 - 1))).randint
    inputs = {p: dict(own) for p, own in generated.inputs.items()}
    for owner, name, type in generated.input_types:
        if owner == party:
            inputs[owner][name] = random_value(pick, type, generated.structs)
    return inputs


@given(programs(reveals=False, wild=True), st.data())
@settings(PROFILE)
def test_what_the_checker_accepts_does_not_leak(generated: Generated, data: st.DataObject) -> None:
    """Programs that ignore labels now and then, and release nothing."""
    result = check(Source("main.ez", generated.text))
    event("accepted" if result.program else "refused")
    assume(result.program is not None)
    assert result.program is not None
    changed = data.draw(st.sampled_from(generated.parties))
    before = clear(result.program, asked_for(result.program, generated.inputs))
    other = other_inputs(data, generated, changed)
    after = clear(result.program, asked_for(result.program, other))
    for party in generated.parties:
        if party != changed:
            assert before[party] == after[party]


@given(programs(reveals=False), st.data())
@settings(PROFILE, max_examples=100)
def test_messages_do_not_depend_on_inputs(generated: Generated, data: st.DataObject) -> None:
    """Without releases, the transcript's shape is the program's alone."""
    program = checked(generated.text)
    changed = data.draw(st.sampled_from(generated.parties))
    inputs = asked_for(program, generated.inputs)
    others = asked_for(program, other_inputs(data, generated, changed))
    assert simulated_shape(program, inputs) == simulated_shape(program, others)
    assert native_shape(program, inputs) == native_shape(program, others)
