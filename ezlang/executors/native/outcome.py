"""The outcome of a run, of one party or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.diagnostics.diagnostic import EzError
from ezlang.records import dataclass
from ezlang.values.data import Data, Outputs

_CONSEQUENCES = frozenset({"EZ5001", "EZ5002", "EZ5003", "EZ5004", "EZ5015"})
"""The error codes that a party reports when the other party has failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyOutcome:
    """The outcome of a run at one party.

    `sent` and `received` are numbers of bytes by the name of the other party. `memory` is the size
    in bytes of the block that holds all values of the program. `ands` is the number of AND gates
    garbled or evaluated, and `ots` the number of oblivious transfers used in either role.
    `sharing_bytes` is the number of sent bytes that are for arithmetic and boolean shares.
    `seconds` maps each phase of the run to its duration.
    """

    party: str
    outputs: dict[str, Data]
    rounds: int
    sent: dict[str, int]
    received: dict[str, int]
    memory: int
    ands: int
    ots: int
    sharing_bytes: int
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def bytes_sent(self) -> int:
        """The total number of bytes sent."""
        return sum(self.sent.values())

    @property
    def bytes_received(self) -> int:
        """The total number of bytes received."""
        return sum(self.received.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeOutcome:
    """The outcomes of both parties."""

    parties: tuple[PartyOutcome, ...]

    @property
    def outputs(self) -> Outputs:
        """Party → name → value."""
        return {one.party: one.outputs for one in self.parties}

    @property
    def rounds(self) -> int:
        """The number of rounds (waits for an answer) of the party that has more."""
        return max(one.rounds for one in self.parties)

    @property
    def bytes_sent(self) -> dict[str, int]:
        """Party → the number of bytes that it sent."""
        return {one.party: one.bytes_sent for one in self.parties}

    @property
    def ots(self) -> int:
        """The number of oblivious transfers used, in both directions."""
        return max(one.ots for one in self.parties)

    @property
    def sharing_bytes(self) -> dict[str, int]:
        """Party → the number of bytes that it sent for arithmetic and boolean shares."""
        return {one.party: one.sharing_bytes for one in self.parties}

    @property
    def seconds(self) -> dict[str, float]:
        """Phase → its duration at the party where it took longest."""
        names = dict.fromkeys(name for one in self.parties for name in one.seconds)
        return {name: max(one.seconds.get(name, 0.0) for one in self.parties) for name in names}


def combine(parties: Sequence[PartyOutcome]) -> NativeOutcome:
    """Return the outcome of a run in which both parties finished."""
    return NativeOutcome(parties=tuple(parties))


def first_cause(failures: Sequence[EzError]) -> EzError:
    """Return the first failure that isn't a mere consequence of the other party's failure."""
    for error in failures:
        if not any(one.code in _CONSEQUENCES for one in error.diagnostics):
            return error
    return failures[0]
