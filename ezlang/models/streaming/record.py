"""The record of a validation: what was run, on what both sides committed to, and what came out.

A side writes its own record. The other side's record has the same session, programs, commitments
and metrics, so that neither can change them later unnoticed. The nonce of a commitment stays with
its owner, in a file of its own beside the record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ezlang.audit.commitments import NONCE_BYTES, commitment
from ezlang.build import build
from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.files import replace_file
from ezlang.values.data import Data
from ezlang.values.names import USAGE, party_number

from .stream import Finished, Plan

FORMAT: Final = "ezlang validation 1"

Record = dict[str, Any]


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


def nonce_file(path: Path) -> Path:
    """Return where the nonce of this side's commitment is, beside the record at a path."""
    return path.with_suffix(".nonce")


def write_record(path: Path, record: Record, nonce: str) -> None:
    """Write a record, and the nonce for its owner alone. Raises EzError (exit code 2)."""
    secret = {"party": record["party"], "session": record["session"], "nonce": nonce}
    try:
        replace_file(nonce_file(path), (json.dumps(secret) + "\n").encode())
        replace_file(path, (json.dumps(record, indent=2) + "\n").encode(), 0o644)
    except OSError as error:
        raise _wrong(f"{path} cannot be written: {error.strerror or error}") from None


def check_record(path: Path, party: str, inputs: Mapping[str, Data], nonce: Path) -> str:
    """Return whose commitment in a record fits inputs and a nonce.

    Raises EzError: exit code 2 if a file can't be read, 1 if the commitment is to other inputs.
    """
    record, secret = _read(path), _read(nonce)
    try:
        made = record["commitments"]
        name: str = list(made)[party_number(tuple(made), party)]
        opened = secret["nonce"]
        fits = commitment(inputs, opened) == made[name] and len(opened) == 2 * NONCE_BYTES
    except (KeyError, TypeError, ValueError):
        raise _wrong(f"{path} is no record of a validation, or {nonce} no nonce of one") from None
    if fits:
        return name
    raise _wrong(f"{name} did not commit to these inputs with this nonce", exit_code=1)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _wrong(f"{path} cannot be read: {error}") from None


def _wrong(message: str, exit_code: int = USAGE) -> EzError:
    return EzError(Diagnostic(code="EZ4111", message=message, span=None), exit_code=exit_code)
