"""Runs of a program in all three executors, and their results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest

from ezlang import api
from ezlang.check import check
from ezlang.compiler.cost.predict import Prediction
from ezlang.compiler.cost.profiles import LAN
from ezlang.compiler.ir.garbling import Garbling
from ezlang.compiler.lower import lower
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.clear import run_clear
from ezlang.executors.native.executable import executable_of
from ezlang.executors.native.outcome import NativeOutcome
from ezlang.executors.simulate import SimulatedOutcome, run_simulated, run_two
from ezlang.recursion import deep_recursion
from ezlang.source import Source
from ezlang.typed.tree import Program
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs, Outputs
from ezlang.values.draws import seeded
from ezlang.values.expected import expected_inputs
from tests.support.costed import costs_of_run, costs_of_simulation, hold, predicted
from tests.support.scheduled import assert_scheduled
from tests.support.threads import run_threads


@dataclass(frozen=True)
class Result:
    """Outputs, or the code and line of the failure that ended the run, and what it said there."""

    outputs: Outputs | None = None
    failure: tuple[str, int] | None = None
    label: str = field(default="", compare=False)


def checked(text: str, settings: Mapping[str, int | bool] | None = None) -> Program:
    result = check(Source("main.ez", text), settings=settings or {})
    assert result.program is not None, "\n".join(d.message for d in result.diagnostics)
    return result.program


def simulated(program: Program, inputs: Inputs) -> Outputs:
    return run_simulated(lower(program), inputs, seed=None, record=False).outputs


def simulated_as_run(program: Program, inputs: Inputs) -> Outputs:
    """Run what `ezlang run` runs: the program after the passes."""
    return api.run_simulated(program, inputs).outputs


SEED = 5
"""What all parties draw their random numbers from."""


def clear(program: Program, inputs: Inputs) -> Outputs:
    with seeded(SEED):
        return run_clear(program, inputs).outputs


def result_of(run: Callable[[Program, Inputs], Any], program: Program, inputs: Inputs) -> Result:
    try:
        return Result(outputs=run(program, inputs))
    except EzError as error:
        return _failure(error)


def _failure(error: EzError) -> Result:
    (diagnostic,) = error.diagnostics
    assert error.exit_code == 3, diagnostic.message
    assert diagnostic.span is not None
    return Result(failure=(diagnostic.code, diagnostic.span.line), label=diagnostic.label)


def agree(
    program: Program, inputs: Inputs, protocols: Iterable[ProtocolChoice] = ProtocolChoice
) -> Result:
    """Run a program in all executors; return the result that they all have.

    A program of several parties is prepared once for each protocol choice, and for three-halves,
    then simulated, run natively and predicted: the three also agree in rounds, bytes, AND gates and
    OTs. All draw the same random numbers.
    """
    with seeded(SEED):
        return _agree(program, inputs, protocols)


def _agree(program: Program, inputs: Inputs, protocols: Iterable[ProtocolChoice]) -> Result:
    expected = result_of(clear, program, inputs)
    alike = result_of(simulated, program, inputs)
    assert (alike, alike.label) == (expected, expected.label), "simulated"
    if len(program.parties) == 1:
        assert result_of(simulated_as_run, program, inputs) == expected, "simulated as run"
        return expected
    for protocol in protocols:
        if protocol is not ProtocolChoice.YAO:
            agree_under(protocol, program, inputs, expected)
        elif len(program.computing) == 2:
            agree_under(protocol, program, inputs, expected)
            agree_under(protocol, program, inputs, expected, Garbling.THREE_HALVES)
    return expected


@dataclass(frozen=True)
class Agreed:
    """What a program of several parties comes to, and what was predicted."""

    simulated: SimulatedOutcome
    native: NativeOutcome
    predicted: Prediction


def agree_under(
    protocol: ProtocolChoice,
    program: Program,
    inputs: Inputs,
    expected: Result,
    garbling: Garbling | None = None,
) -> Agreed | None:
    """Hold the executors to a result and to one another's costs.

    Return what they come to; None if the program fails.
    """
    executable = executable_of(program, protocol.value, replace(LAN, garbling=garbling))
    assert_scheduled(executable.program)
    given = check_inputs(program, inputs)

    def simulate() -> SimulatedOutcome:
        with deep_recursion():
            return run_two(executable.program, given, record=False)

    if expected.failure is not None:
        for run in (simulate, partial(run_threads, executable, given)):
            with pytest.raises(EzError) as failed:
                run()
            failure = _failure(failed.value)
            assert (failure, failure.label) == (expected, expected.label), protocol
        return None
    simulated, native = simulate(), run_threads(executable, given)
    assert Result(outputs=simulated.outputs) == expected, f"simulated {protocol.value}"
    assert Result(outputs=native.outputs) == expected, f"native {protocol.value}"
    assert costs_of_simulation(simulated) == costs_of_run(native), protocol
    assert (simulated.cost.ands or 0) == native.parties[0].ands, protocol
    found = predicted(executable.program)
    hold(found, native)
    return Agreed(simulated, native, found)


def asked_for(program: Program, inputs: Inputs) -> Inputs:
    """Return the inputs that the program asks for: none in branches that never run."""
    names = {p: {one.name for one in expected_inputs(program, p)} for p in program.parties}
    return {p: {n: v for n, v in inputs.get(p, {}).items() if n in names[p]} for p in names}
