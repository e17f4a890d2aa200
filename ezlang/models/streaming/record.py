"""The record of a validation: what was run, on what both sides committed to, and what came out.

A side writes its own record. The other side's record has the same session, programs, commitments
and metrics, so that neither can change them later unnoticed. The nonce of a commitment stays with
its owner, in a file of its own beside the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ezlang.audit.files import Record, check_commitment, read_json, wrong_record
from ezlang.build import build
from ezlang.values.data import Data
from ezlang.values.names import party_number

from .stream import Finished, Plan

FORMAT: Final = "ezlang validation 1"


def record_of(plan: Plan, done: Finished) -> Record:
    """Return the record of a validation, as JSON can represent it."""
    state, result = done.state, done.result
    parties = plan.batch.parties
    return {
        "format": FORMAT,
        "ezlang": build(),
        "session": state.session,
        "began": state.began,
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "programs": dict(done.programs),
        "params": {**dict(plan.closing.params), "samples": plan.samples, "batch": plan.size},
        "party": result.party,
        "commitments": dict(zip(parties, state.commitments, strict=True)),
        "released": [
            {"metric": name, "value": value, "to": list(parties)}
            for name, value in result.outputs.items()
        ],
        "costs": {
            "rounds": result.cost.rounds,
            "and_gates": result.cost.ands,
            "bytes_sent": result.cost.bytes_sent,
            "bytes_received": result.cost.bytes_received,
            "seconds": {part: round(time, 3) for part, time in result.seconds.items()},
        },
        "workers": state.parallel,
        "batches": [
            {
                "seconds": round(batch.seconds, 3),
                "bytes_sent": batch.bytes_sent,
                "bytes_received": batch.bytes_received,
            }
            for _, batch in sorted(state.batches.items())
        ],
    }


def check_record(path: Path, party: str, inputs: Mapping[str, Data], nonce: Path) -> str:
    """Return whose commitment in a record fits inputs and a nonce.

    Raises EzError: exit code 2 if a file can't be read, 1 if the commitment is to other inputs.
    """
    record = read_json(path)
    made = record.get("commitments") if isinstance(record, dict) else None
    if not isinstance(made, dict) or not made:
        more = "for one of `ezlang run`, give its --program"
        raise wrong_record(f"{path} is no record of a validation; {more}")
    name: str = list(made)[party_number(tuple(made), party)]
    check_commitment(name, made[name], inputs, nonce)
    return name
