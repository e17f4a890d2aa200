"""Programs of two parties with sharings, and both executors that run them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ezlang import api
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.passes.assign import Policy
from ezlang.executors.native.executable import Executable, executable_of
from ezlang.executors.simulate import SimulatedOutcome, run_two
from ezlang.typed import tree as typed
from ezlang.values.data import Inputs
from tests.support.threads import run_threads

FIXED = (Policy.YAO, Policy.BOOLEAN, Policy.ARITHMETIC)
Costs = tuple[int, dict[str, int], int | None]


@cache
def loaded(path: Path) -> typed.Program:
    return api.load(path)


def assigned(program: typed.Program, policy: Policy) -> ir.Program:
    return executable_of(program, policy.value).program


def costs_of(outcome: SimulatedOutcome) -> Costs:
    return outcome.cost.rounds, outcome.cost.bytes_sent, outcome.cost.ands


def simulated(program: ir.Program, inputs: Inputs) -> SimulatedOutcome:
    return run_two(program, inputs, record=False)


def native_costs(program: ir.Program, inputs: Inputs) -> Costs:
    outcome = run_threads(Executable(program), inputs)
    return outcome.rounds, outcome.bytes_sent, outcome.parties[0].ands
