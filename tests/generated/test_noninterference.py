"""Values that a party may not learn affect neither its outputs nor the shapes of its messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from ezlang.check import check
from ezlang.compiler.passes.assign import Policy
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.clear import run_clear
from ezlang.executors.native.executable import executable_of
from ezlang.executors.outcome import Shown
from ezlang.executors.simulate import run_two
from ezlang.recursion import deep_recursion
from ezlang.source import Source
from ezlang.values.check import check_inputs
from tests.support.agreement import asked_for, checked, clear
from tests.support.generator import Generated, programs, random_value
from tests.support.profiles import PROGRAMS
from tests.support.shapes import native_shape, simulated_shape, simulated_two_shape

pytestmark = pytest.mark.timeout(1500)
POLICIES = tuple(policy.value for policy in Policy)


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


@given(programs(reveals=False), st.sampled_from(POLICIES), st.data())
@settings(PROGRAMS, max_examples=100)
def test_messages_do_not_depend_on_inputs(
    generated: Generated, policy: str, data: st.DataObject
) -> None:
    """Without releases, the transcript's shape is the program's alone."""
    program = checked(generated.text)
    changed = data.draw(st.sampled_from(generated.parties))
    inputs = asked_for(program, generated.inputs)
    others = asked_for(program, other_inputs(data, generated, changed))
    assert simulated_shape(program, inputs) == simulated_shape(program, others)
    simulated = [simulated_two_shape(program, given, policy) for given in (inputs, others)]
    assert simulated[0] == simulated[1]
    assert native_shape(program, inputs, policy) == native_shape(program, others, policy)


def told(shown: Sequence[Shown]) -> Counter[tuple[int, int]]:
    """Count the numbers that a party is told, by lines of the program."""

    def numbers(value: Any) -> Iterator[int]:
        if isinstance(value, dict | list):
            for item in value.values() if isinstance(value, dict) else value:
                yield from numbers(item)
        else:
            yield int(value)

    return Counter((one.span.line, number) for one in shown for number in numbers(one.value))


@given(programs(), st.sampled_from(POLICIES))
@settings(PROGRAMS, max_examples=100)
def test_nothing_is_told_that_the_program_does_not_tell(generated: Generated, policy: str) -> None:
    """However passes rewrite it; they may find that something needn't be told."""
    program = checked(generated.text)
    inputs = asked_for(program, generated.inputs)
    try:
        wanted = run_clear(program, inputs).views
    except EzError:
        assume(False)
    code = executable_of(program, policy).program
    with deep_recursion():
        views = run_two(code, check_inputs(program, inputs)).views
    for party in program.parties:
        assert not told(views[party]) - told(wanted[party])
