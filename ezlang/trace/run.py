"""Making a trace: a simulated run under a recorder, and what the run cost."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable
from dataclasses import field
from secrets import randbelow
from typing import Any, Final

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.numbering import numbered
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.executors.native.numbers_of_parties import require_all_compute
from ezlang.executors.simulate import SimulatedOutcome, run_simulated
from ezlang.executors.simulate.observer import Observer
from ezlang.records import dataclass, replace
from ezlang.values.data import Inputs

from .record import Limits, Recorder
from .reruns import reruns
from .topics import Way
from .values import Json, dealer_of

VERSION: Final = 1
LARGEST: Final = 1_500_000
"""The most bytes of JSON that a trace has by default: pages stay below two megabytes."""
_MOST: Final = 64
_STEP_BYTES: Final = 700
"""About how many bytes a step takes with its values."""
_SEEDS: Final = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A trace: an object of docs/trace.schema.json."""

    data: Json = field(repr=False)

    def text(self) -> str:
        """Return the trace as JSON."""
        return json.dumps(self.data, ensure_ascii=False, separators=(",", ":"))

    def page(self) -> str:
        """Return a page that plays the run: HTML that loads nothing else."""
        from .page import page_of

        return page_of(self)


def traced(
    program: ir.Program,
    inputs: Inputs,
    *,
    checked: Callable[[Inputs], Inputs],
    name: str,
    protocol: str,
    network: str,
    dealt: bool = False,
    seed: int | None = None,
    lines: frozenset[int] = frozenset(),
    runs: int | None = None,
    largest: int = LARGEST,
) -> Trace:
    """Run a prepared program with all parties in this process; return its trace.

    `dealt`: two parties have a dealer. `lines` are recorded in full. Other operations are recorded
    as often as fits in `largest` bytes, but at least once. The run is repeated with the same
    randomness, first to count operations. `checked` and `runs` are as for `reruns`. Raises EzError
    (exit code 3) if the run fails, and (exit code 2) if not all parties compute.
    """
    require_all_compute(program.clients, "A trace")
    program = numbered(program)
    chosen = randbelow(_SEEDS) if seed is None else seed
    about = {
        "name": name,
        "protocol": protocol,
        "network": network,
        "garbling": program.garbling.value,
        "seed": chosen,
    }

    def run(given: Inputs, seed: int, observer: Observer) -> SimulatedOutcome:
        return run_simulated(
            program, given, seed=seed, record=False, observer=observer, dealt=dealt
        )

    counting = Recorder(program, Limits(executions=0), dealt=dealt)
    run(inputs, chosen, counting)
    counts = [one["executions"] for one in counting.operations]
    limits = Limits(executions=_most(counts, largest), lines=lines)
    while True:
        recorder = Recorder(program, limits, dealt=dealt)
        outcome = run(inputs, chosen, recorder)
        trace = Trace(data=_data(about, program, recorder, outcome))
        if limits.executions == 1 or len(trace.text().encode()) <= largest:
            break
        limits = replace(limits, executions=limits.executions // 2)
    trace.data["reruns"] = reruns(program.parties, inputs, checked, run, recorder, chosen, runs)
    return trace


def _most(counts: list[int], largest: int) -> int:
    """Return how often operations may be recorded that are run as often as `counts` say."""
    most = _MOST
    while most > 1 and sum(min(count, most) for count in counts) > largest // _STEP_BYTES:
        most //= 2
    return most


def _data(about: Json, program: ir.Program, made: Recorder, outcome: SimulatedOutcome) -> Json:
    two, cost, limits = made.way is Way.PAIRED, outcome.cost, made.limits
    values = [
        {**value, "known": [list(one) for one in sorted(value["known"].items())]}
        for value in made.values
    ]
    return {
        "version": VERSION,
        "program": about,
        "parties": list(program.parties),
        "roles": {"garbler": COMPUTING.garbler, "evaluator": COMPUTING.evaluator} if two else None,
        "preprocessing": _preprocessing(made),
        "dealer": dealer_of(cost.dealt) if made.with_dealer else None,
        "delta": made.delta,
        "sources": [{"name": os.path.basename(one.name), "text": one.text} for one in made.sources],
        "operations": made.operations,
        "steps": made.steps,
        "values": values,
        "messages": made.messages,
        "rounds": _rounds(made.messages, len(program.parties)),
        "units": made.units,
        "gates": made.gates,
        "parts": made.parts,
        "outputs": outcome.outputs,
        "totals": {
            "rounds": cost.rounds,
            "bytes": [cost.bytes_sent[party] for party in program.parties],
            "messages": [cost.messages_sent[party] for party in program.parties],
            "ands": cost.ands,
        },
        "reruns": None,
        "limits": {
            "executions": limits.executions,
            "elements": limits.elements,
            "messages": limits.messages,
            "units": limits.units,
            "gates": limits.gates,
            "instances": limits.instances,
            "lines": sorted(limits.lines),
        },
    }


def _preprocessing(made: Recorder) -> str:
    if made.way is Way.DEALT:
        return "ideal dealer"
    return "dealer" if made.with_dealer else "made in the run"


def _rounds(messages: list[Json], parties: int) -> list[Json]:
    """Return the messages and bytes of each round, by their senders."""
    found: dict[int, Any] = defaultdict(lambda: ([0] * parties, [0] * parties))
    for one in messages:
        bytes_, count = found[one["round"]]
        bytes_[one["sender"]] += one["bytes"]
        count[one["sender"]] += one["count"]
    return [
        {"round": number, "bytes": bytes_, "messages": count}
        for number, (bytes_, count) in sorted(found.items())
    ]
