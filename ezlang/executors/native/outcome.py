"""The outcome of a run, of one party or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from time import perf_counter

from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.meter import Stats, Tallies, Tally, stats_of
from ezlang.records import dataclass
from ezlang.values.data import Data, Outputs

_CONSEQUENCES = frozenset({"EZ5001", "EZ5002", "EZ5003", "EZ5004", "EZ5015"})
"""The error codes that a party reports when the other party has failed."""


@dataclass(slots=True)
class Stopwatch:
    """A stopwatch that accumulates seconds per phase of a run."""

    seconds: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=perf_counter)

    def lap(self, name: str) -> None:
        """Add the time since the last call to the phase `name`."""
        now = perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self._since = now


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyOutcome:
    """The outcome of a run at one party.

    `sent` and `received` are numbers of bytes by the name of the other party. `memory` is the size
    in bytes of the block that holds all values of the program. `ands` is the number of AND gates
    garbled or evaluated, and `ots` the number of oblivious transfers used in either role.
    `sharing_bytes` is the number of sent bytes that are for arithmetic and boolean shares.
    `seconds` maps each phase of the run to its duration. `tallies` are those of the meter, if there
    was one: its own rounds, and what it and its peers sent one another.
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
    tallies: Tallies | None = None

    @property
    def early_seconds(self) -> dict[str, float]:
        """The durations of the phases before the program runs."""
        return {name: time for name, time in self.seconds.items() if name != "run"}

    def stats(self, names: Sequence[str]) -> Stats | None:
        """Return the cost by phase and line, if there was a meter; `names` are all parties."""
        return None if self.tallies is None else stats_of(self.tallies, names, self.early_seconds)

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
    """The outcomes of all parties. `before`: the seconds of phases before their processes began."""

    parties: tuple[PartyOutcome, ...]
    before: Mapping[str, float] = field(default_factory=dict)

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
        return self._with_before(
            {name: max(one.seconds.get(name, 0.0) for one in self.parties) for name in names}
        )

    def _with_before(self, seconds: Mapping[str, float]) -> dict[str, float]:
        names = {**self.before, **seconds}
        return {name: self.before.get(name, 0.0) + seconds.get(name, 0.0) for name in names}

    @property
    def stats(self) -> Stats | None:
        """The cost by phase and line: times are those of the party that took longest."""
        known = [one.tallies for one in self.parties if one.tallies is not None]
        if len(known) < len(self.parties):
            return None
        merged: Tallies = {}
        slowest = max(self.parties, key=lambda one: sum(one.seconds.values()))
        for party, (one, tallies) in enumerate(zip(self.parties, known, strict=True)):
            for key, tally in tallies.items():
                mine = merged.setdefault(key, Tally())
                mine.rounds[party] += tally.rounds[party]
                mine.sent[party] += tally.sent[party]
                mine.seconds += tally.seconds if one is slowest else 0
        early = self._with_before(slowest.early_seconds)
        return stats_of(merged, [one.party for one in self.parties], early)


def combine(
    parties: Sequence[PartyOutcome], before: Mapping[str, float] | None = None
) -> NativeOutcome:
    """Return the outcome of a run in which all parties finished, given the time `before` it."""
    return NativeOutcome(parties=tuple(parties), before=before or {})


def first_cause(failures: Sequence[EzError]) -> EzError:
    """Return the first failure that isn't a mere consequence of the other party's failure."""
    for error in failures:
        if not any(one.code in _CONSEQUENCES for one in error.diagnostics):
            return error
    return failures[0]
