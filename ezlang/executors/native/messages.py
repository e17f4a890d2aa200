"""Messages over pipes between the process that starts both parties and the parties' processes.

A message is a pickle preceded by its length. Both ends are ezlang's own processes, parent and
child.
"""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from typing import IO, Any

from ezlang.diagnostics.diagnostic import Diagnostic
from ezlang.values.data import Data

from .executable import Executable
from .party import PartyOutcome

_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Job:
    """The job of a worker: one party, with only that party's inputs."""

    executable: Executable
    party: int
    inputs: dict[str, Data]
    timeout: float


@dataclass(frozen=True, slots=True)
class Meeting:
    """The port where party 0 listens."""

    port: int


@dataclass(frozen=True, slots=True)
class Done:
    """The run succeeded."""

    outcome: PartyOutcome


@dataclass(frozen=True, slots=True)
class Failed:
    """An EzError."""

    diagnostics: tuple[Diagnostic, ...]
    exit_code: int


@dataclass(frozen=True, slots=True)
class Broken:
    """An internal error, with its traceback."""

    text: str


Message = Job | Meeting | Done | Failed | Broken


def write_message(stream: IO[bytes], message: Message) -> None:
    """Write a message and flush it."""
    data = pickle.dumps(message)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def read_message(stream: IO[bytes]) -> Any:
    """Return the next message, or None at the stream's end."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(head)
    data = stream.read(size)
    return pickle.loads(data) if len(data) == size else None
