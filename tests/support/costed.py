"""The predicted cost of a program, and the cost of its runs."""

from __future__ import annotations

from dataclasses import dataclass

from ezlang.compiler.cost.amounts import Count, Ots
from ezlang.compiler.cost.ledger import Ledger
from ezlang.compiler.cost.predict import Prediction, predict
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.parties import links_among
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.executors.native.executable import Executable, executable_of
from ezlang.executors.native.outcome import NativeOutcome
from ezlang.executors.simulate import SimulatedOutcome, run_two
from ezlang.recursion import deep_recursion
from ezlang.typed.tree import Program
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs
from tests.support.threads import run_threads


@dataclass(frozen=True)
class Costs:
    """The counts that all methods give; only some give `ands` and `ots`."""

    rounds: int
    bytes: tuple[int, ...]


def prepared(program: Program, protocol: ProtocolChoice) -> ir.Program:
    return executable_of(program, protocol.value).program


def predicted(program: ir.Program) -> Prediction:
    with deep_recursion():
        return predict(program)


def costs_of(ledger: Ledger) -> Costs:
    return Costs(ledger.rounds, tuple(ledger.bytes_sent.values()))


def costs_of_run(outcome: NativeOutcome) -> Costs:
    return Costs(outcome.rounds, tuple(outcome.bytes_sent.values()))


def costs_of_simulation(outcome: SimulatedOutcome) -> Costs:
    return Costs(outcome.cost.rounds, tuple(outcome.cost.bytes_sent.values()))


def native(program: Program, code: ir.Program, inputs: Inputs) -> tuple[Costs, int, int]:
    """Run it; return the costs, ANDs and OTs."""
    executable = Executable(code, program.params)
    outcome = run_threads(executable, check_inputs(program, inputs))
    return costs_of_run(outcome), outcome.parties[0].ands, outcome.parties[0].ots


def simulated(program: Program, code: ir.Program, inputs: Inputs) -> Costs:
    return costs_of_simulation(run_two(code, check_inputs(program, inputs), record=False))


def used(ledger: Ledger) -> tuple[int, int]:
    """ANDs and OTs."""
    ots = sum(ledger.total(Ots(link)) for link in links_among(len(ledger.computing)))
    return ledger.total(Count.ANDS), ots


def hold(found: Prediction, run: NativeOutcome) -> None:
    """Hold a prediction to what a run cost: equal where it is exact, otherwise bounds."""
    costs, least = costs_of_run(run), costs_of(found.least)
    if found.is_exact:
        assert least == costs
        # Each OT is used by two parties.
        ots = sum(party.ots for party in run.parties) // 2
        assert used(found.least) == (run.parties[0].ands, ots)
        return
    assert least.rounds <= costs.rounds
    assert all(bound <= sent for bound, sent in zip(least.bytes, costs.bytes, strict=True))
    if found.most is not None:
        most = costs_of(found.most)
        assert costs.rounds <= most.rounds
        assert all(sent <= bound for sent, bound in zip(costs.bytes, most.bytes, strict=True))
