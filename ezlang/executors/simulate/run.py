"""The simulated run of a program; without sharings, with preprocessing from an ideal dealer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ezlang.compiler.ir import evaluate
from ezlang.compiler.ir import tree as ir
from ezlang.executors.meter import Meter
from ezlang.recursion import deep_recursion
from ezlang.source import Span
from ezlang.values.data import Inputs

from .clear_values import ClearValue, Value
from .dealer import Dealer
from .network import Cost, Network
from .observer import Observer
from .outcome import SimulatedOutcome
from .protocol import Protocol
from .randomness import Randomness
from .secrets import Secrets
from .shares import Secret
from .two import has_sharings, run_two
from .walk import Walk


def run_simulated(
    program: ir.Program,
    inputs: Inputs,
    *,
    seed: int | None = None,
    record: bool = True,
    observer: Observer | None = None,
    dealt: bool = False,
    meter: Meter | None = None,
) -> SimulatedOutcome:
    """Run a program with all parties in this process, on real shares.

    `inputs`: party → name → data of the right type. Programs whose secrets have sharings run the
    same protocols as native code; others, which only tests run, have an ideal dealer. With a
    `seed`, all shares are reproducible; this is meant for inspection only. Without `record`,
    messages are counted but not kept. The `observer` is told all that happens. `dealt`: two parties
    have a dealer, and sharings. The `meter` counts by line and phase, if there are sharings. Raises
    EzError with exit code 3 if the run fails.
    """
    if has_sharings(program):
        return run_two(
            program, inputs, seed=seed, record=record, observer=observer, dealt=dealt, meter=meter
        )
    return _run_dealt(program, inputs, seed, record, observer)


def _run_dealt(
    program: ir.Program,
    inputs: Inputs,
    seed: int | None,
    record: bool,
    observer: Observer | None,
) -> SimulatedOutcome:
    from ezlang.compiler.passes.general.oblivious import expand_oblivious  # imports all passes

    parties = program.everybody  # without sharings, clients have shares like all others
    network = Network(len(parties), record, observer)
    dealer = Dealer(len(parties), Randomness("dealer", seed), observer)
    own = [Randomness(party, seed) for party in parties]
    protocol = Protocol(len(parties), network, dealer, own)
    with deep_recursion():
        program = expand_oblivious(program)
    run = _Run(program, inputs, network, Secrets(protocol))
    with deep_recursion(), np.errstate(all="ignore"):  # integers wrap
        run.call(program.main.name, ())
    cost = Cost(
        rounds=network.rounds,
        bytes_sent=dict(zip(parties, network.bytes_sent, strict=True)),
        messages_sent=dict(zip(parties, network.messages_sent, strict=True)),
        dealt=dict(dealer.dealt),
    )
    return SimulatedOutcome(
        outputs=run.outputs(),
        views=run.views,
        cost=cost,
        transcript=tuple(network.transcript),
    )


class _Run(Walk[Secret]):
    def __init__(
        self, program: ir.Program, inputs: Inputs, network: Network, secrets: Secrets
    ) -> None:
        super().__init__(program, inputs, network.observer)
        self.network = network
        self.secrets = secrets

    def set_spans(self, *spans: Span) -> None:
        self.network.span = spans[0]

    def compute(self, operation: ir.Operation, operands: Sequence[Value]) -> Value:
        return self.secrets.compute(operation, operands)

    def open(self, operation: ir.Reveal | ir.Tell, secret: Secret) -> evaluate.Array:
        type = operation.result.type
        words = self.secrets.protocol.open(secret, type.label.owner)
        return words.astype(evaluate.dtype(type.element))

    def tell(self, operation: ir.Reveal, known: ClearValue) -> None:
        type = operation.result.type
        if known.owner is not None:
            self.secrets.protocol.tell(known.data, type.width, known.owner, type.label.owner)
