"""The messages between the starting process and the parties' processes, sent over pipes.

A message is a pickle preceded by its length. Both ends are processes of ezlang, parent and child.
"""

from __future__ import annotations

import pickle
import struct
from typing import IO, Any

from ezlang.diagnostics.diagnostic import Diagnostic
from ezlang.records import dataclass
from ezlang.values.data import Data, Outputs
from ezlang.values.turns import Question

from .outcome import PartyOutcome

_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Job:
    """The job of a worker: to run one party, with only the inputs of that party.

    `program` is the executable as bytes (`prepared.py`), which the starting process doesn't read.
    `listener` is the name of who is told of the run (`ezlang.progress`), if anybody is. `asks`: the
    starting process answers what the party is asked for in turns. `seed` is for tests, so that what
    parties draw is reproducible, and known to all.
    """

    program: bytes
    party: int
    inputs: dict[str, Data]
    timeout: float
    metered: bool = False
    listener: str | None = None
    asks: bool = False
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the party is asked for in a turn, and its outputs so far, which may be shown."""

    question: Question
    outputs: Outputs


@dataclass(frozen=True, slots=True)
class Answered:
    """The value for a turn, checked; None if there is none."""

    data: Data | None


@dataclass(frozen=True, slots=True)
class Meeting:
    """The ports on which parties listen: one's own, or those of all."""

    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """The outcome of a successful run."""

    outcome: PartyOutcome


@dataclass(frozen=True, slots=True)
class Failed:
    """An EzError that ended the run."""

    diagnostics: tuple[Diagnostic, ...]
    exit_code: int


@dataclass(frozen=True, slots=True)
class Broken:
    """An internal error, with its traceback."""

    text: str


Message = Job | Asked | Answered | Meeting | Done | Failed | Broken


def write_message(stream: IO[bytes], message: Message) -> None:
    """Write a message and flush the stream."""
    data = pickle.dumps(message)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def read_message(stream: IO[bytes]) -> Any:
    """Return the next message, or None at the end of the stream."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(head)
    data = stream.read(size)
    return pickle.loads(data) if len(data) == size else None
