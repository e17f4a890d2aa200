"""Values that a party may not learn affect neither its outputs nor the shapes of its messages."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from ezlang.check import check
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.executors.native.executable import executable_of
from ezlang.source import Source
from ezlang.values.check import check_inputs
from tests.support.agreement import asked_for, checked, clear
from tests.support.generator import Generated, programs, random_value
from tests.support.profiles import PROGRAMS
from tests.support.shapes import native_shape, simulated_shape, simulated_two_shape

PROTOCOL_CHOICES = tuple(protocol.value for protocol in ProtocolChoice)


def other_inputs(data: st.DataObject, generated: Generated, party: str) -> dict[str, Any]:
    """The inputs, with all that `party` gives drawn anew."""

    pick = Random(data.draw(st.integers(0, 2**48 - 1))).randint
    inputs = {p: dict(own) for p, own in generated.inputs.items()}
    for owner, name, type in generated.input_types:
        if owner == party:
            inputs[owner][name] = random_value(pick, type, generated.structs)
    return inputs


@given(programs(reveals=False, wild=True), st.data())
@settings(PROGRAMS)
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


@given(
    programs(("ann", "ben", "cem", "dan"), reveals=False, computing=("ben", "cem")),
    st.sampled_from(PROTOCOL_CHOICES),
    st.data(),
)
@settings(PROGRAMS, max_examples=30)
def test_nor_do_those_of_clients(generated: Generated, protocol: str, data: st.DataObject) -> None:
    """Whoever's inputs change: those of a client, or of one of the two that compute."""
    program = checked(generated.text)
    changed = data.draw(st.sampled_from(generated.parties))
    inputs = asked_for(program, generated.inputs)
    others = asked_for(program, other_inputs(data, generated, changed))
    executable = executable_of(program, protocol)
    given, changed_ones = (check_inputs(program, one) for one in (inputs, others))
    assert simulated_two_shape(executable, given) == simulated_two_shape(executable, changed_ones)


@given(programs(reveals=False), st.sampled_from(PROTOCOL_CHOICES), st.data())
@settings(PROGRAMS, max_examples=100)
def test_messages_do_not_depend_on_inputs(
    generated: Generated, protocol: str, data: st.DataObject
) -> None:
    """Without releases, the transcript's shape is the program's alone."""
    program = checked(generated.text)
    changed = data.draw(st.sampled_from(generated.parties))
    inputs = asked_for(program, generated.inputs)
    others = asked_for(program, other_inputs(data, generated, changed))
    assert simulated_shape(program, inputs) == simulated_shape(program, others)
    executable = executable_of(program, protocol)
    given, changed_ones = (check_inputs(program, one) for one in (inputs, others))
    assert simulated_two_shape(executable, given) == simulated_two_shape(executable, changed_ones)
    assert native_shape(executable, given) == native_shape(executable, changed_ones)
