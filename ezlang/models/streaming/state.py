"""What a side keeps of a validation in batches: a file that lets it go on after an interruption.

The file has this side's part of what batches left. A part alone says nothing of it, but both sides'
files together do, so only the user may read it. It also has the nonce of this side's commitment.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.files import replace_file
from ezlang.records import dataclass
from ezlang.values.names import USAGE

FORMAT: Final = 1
RUNNING: Final = "running"
CLOSING: Final = "closing"
CLOSED: Final = "closed"
STAGES: Final = (RUNNING, CLOSING, CLOSED)
"""Batches are run; then metrics are computed, which may be repeated on the same numbers; done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one run of a batch left at this side, and its cost.

    `tag`: drawn for this run of the batch, the same at both sides. `part`: this side's part of what
    it left, in base64. `seconds`: of the run itself.
    """

    tag: str
    part: str
    seconds: float
    bytes_sent: int
    bytes_received: int
    rounds: int
    ands: int

    @property
    def numbers(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The part as numbers modulo 2^64."""
        return np.frombuffer(base64.b64decode(self.part), "<i8").astype(np.int64)


def in_text(numbers: np.ndarray[tuple[int], np.dtype[np.int64]]) -> str:
    """Return a part in the form that `Batch` has."""
    return base64.b64encode(numbers.astype("<i8").tobytes()).decode()


@dataclass(slots=True, kw_only=True)
class State:
    """A side's state. `program`: the fingerprint of the validation; `session`: agreed on at the
    start; `nonce`: of this side's commitment; `commitments`: of both sides, by number of the party;
    `parallel`: how many batches ran at a time; `batches`: those that are finished, by number.
    """

    program: str
    party: int
    session: str
    nonce: str
    commitments: list[str]
    began: str
    stage: str = RUNNING
    parallel: int = 1
    batches: dict[int, Batch] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write or replace the file at once, for its user alone. Raises EzError (exit code 2)."""
        content = json.dumps({"format": FORMAT, **asdict(self)}).encode()
        try:
            replace_file(path, content, durable=True)
        except OSError as error:
            raise _refused(f"{path} cannot be written: {error.strerror or error}") from None

    def combined(self, count: int, sums: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Return this side's part of what `count` batches left together.

        The first `sums` numbers of batches are added, and the other ones stand one after another.
        """
        parts = [self.batches[batch].numbers for batch in range(count)]
        added = np.sum([part[:sums] for part in parts], axis=0, dtype=np.int64)
        return np.concatenate([added, *(part[sums:] for part in parts)])


def load_state(path: Path) -> State | None:
    """Return the state in a file; None if there is none. Raises EzError if it can't be used."""
    try:
        said = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise _refused(f"{path} cannot be read as a state of a validation: {error}") from None
    try:
        return _state(said)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _refused(f"{path} is not a state of a validation of this version") from None


def _state(said: Any) -> State:
    if said.pop("format") != FORMAT or said["stage"] not in STAGES:
        raise ValueError
    batches = {int(number): Batch(**batch) for number, batch in said.pop("batches").items()}
    return State(**said, batches=batches)


def _refused(message: str) -> EzError:
    help = "delete it to begin the validation anew"
    return EzError(
        Diagnostic(code="EZ4110", message=message, span=None, help=help), exit_code=USAGE
    )


def check_own(state: State, path: Path, program: str, party: int) -> None:
    """Raise EzError unless a state is of a program and a party."""
    if state.party != party:
        raise _refused(f"{path} is the state of the other party")
    if state.program != program:
        raise _refused(
            f"{path} is the state of another validation, of which "
            f"{len(state.batches)} batches are done"
        )


def changed(path: Path) -> EzError:
    """Return the error for inputs that aren't those that the validation began with."""
    return _refused(f"the inputs are not those with which the validation in {path} began")
