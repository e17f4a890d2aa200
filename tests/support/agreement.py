"""Runs of a program in all three executors, and their results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ezlang import api
from ezlang.check import check
from ezlang.compiler.lower import lower
from ezlang.compiler.passes.assign import Policy
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.clear import run_clear
from ezlang.executors.native.executable import executable_of
from ezlang.executors.simulate import run_simulated, run_two
from ezlang.recursion import deep_recursion
from ezlang.source import Source
from ezlang.typed.tree import Program
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs, Outputs
from ezlang.values.expected import expected_inputs
from tests.support.threads import run_native_threads


@dataclass(frozen=True)
class Result:
    """Outputs, or the code and line of the failure that ended the run."""

    outputs: Outputs | None = None
    failure: tuple[str, int] | None = None


def checked(text: str, settings: Mapping[str, int | bool] | None = None) -> Program:
    result = check(Source("main.ez", text), settings=settings or {})
    assert result.program is not None, "\n".join(d.message for d in result.diagnostics)
    return result.program


def simulated(program: Program, inputs: Inputs) -> Outputs:
    return run_simulated(lower(program), inputs, seed=None, record=False).outputs


def simulated_as_run(program: Program, inputs: Inputs) -> Outputs:
    """Run what `ezlang run` runs: the program after the passes."""
    return api.run_simulated(program, inputs).outputs


def native(policy: str) -> Callable[[Program, Inputs], Outputs]:
    def run(program: Program, inputs: Inputs) -> Outputs:
        return run_native_threads(program, inputs, policy=policy).outputs

    return run


def simulated_two(policy: str) -> Callable[[Program, Inputs], Outputs]:
    def run(program: Program, inputs: Inputs) -> Outputs:
        given = check_inputs(program, inputs)
        with deep_recursion():
            return run_two(executable_of(program, policy).program, given, record=False).outputs

    return run


def clear(program: Program, inputs: Inputs) -> Outputs:
    return run_clear(program, inputs).outputs


def executors(
    program: Program, policies: Sequence[Policy] = tuple(Policy)
) -> dict[str, Callable[[Program, Inputs], Outputs]]:
    """All executors that can run a program: those with policies are for two parties."""
    able = {"clear": clear, "simulated": simulated, "simulated as run": simulated_as_run}
    two = len(program.parties) == 2
    of_two = {f"native {p.value}": native(p.value) for p in policies if two}
    of_two |= {f"simulated {p.value}": simulated_two(p.value) for p in policies if two}
    return able | of_two


def result_of(run: Callable[[Program, Inputs], Any], program: Program, inputs: Inputs) -> Result:
    try:
        return Result(outputs=run(program, inputs))
    except EzError as error:
        failed = error
    (diagnostic,) = failed.diagnostics
    assert failed.exit_code == 3, diagnostic.message
    assert diagnostic.span is not None
    return Result(failure=(diagnostic.code, diagnostic.span.line))


def asked_for(program: Program, inputs: Inputs) -> Inputs:
    """Return the inputs that the program asks for: none in branches that never run."""
    names = {p: {one.name for one in expected_inputs(program, p)} for p in program.parties}
    return {p: {n: v for n, v in inputs.get(p, {}).items() if n in names[p]} for p in names}
