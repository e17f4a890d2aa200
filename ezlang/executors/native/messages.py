"""The messages between the starting process and the parties' processes, sent over pipes.

A message is a pickle preceded by its length. Both ends are processes of ezlang, parent and child.
"""

from __future__ import annotations

import pickle
import struct
from typing import IO, Any

from ezlang.diagnostics.diagnostic import Diagnostic
from ezlang.records import dataclass
from ezlang.values.data import Data

from .outcome import PartyOutcome

_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Job:
    """The job of a worker: to run one party, with only the inputs of that party.

    `program` is the executable as bytes (`prepared.py`), which the starting process doesn't read.
    `listener` is the name of who is told of the run (`ezlang.progress`), if anybody is.
    """

    program: bytes
    party: int
    inputs: dict[str, Data]
    timeout: float
    metered: bool = False
    listener: str | None = None


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


Message = Job | Meeting | Done | Failed | Broken


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
