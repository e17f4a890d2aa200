"""What an operation or a conversion takes, in amounts that a profile turns into seconds."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache

from ..kernels.layout import TABLE_BYTES
from .ots import choose_kind, kind_seconds
from .profiles import Profile

_MOVED = 5e10
"""Bytes that are moved or added up locally, a second: breaks ties, for the least memory."""

_BATCH = 1 << 18
"""How many OTs are taken to be made together, where an operation's share in them is estimated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Amounts; `rounds` are messages that wait for one another, `sent` bytes in one direction.

    `gates` are ANDs of garbled circuits, whose tables aren't in `sent`; `ots` OTs, in both
    directions together, whose making isn't in `sent`; `triples` bit triples used for ANDs, whose
    OTs are in `ots`; `moved` bytes of memory.
    """

    rounds: float = 0
    sent: float = 0
    gates: float = 0
    ots: float = 0
    triples: float = 0
    moved: float = 0

    def __add__(self, other: Usage) -> Usage:
        """Do one after the other."""
        return Usage(
            **{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(Usage)}
        )

    def times(self, count: float) -> Usage:
        """Do it so many times side by side."""
        changed = {f.name: getattr(self, f.name) * count for f in fields(Usage)}
        changed["rounds"] = self.rounds
        return Usage(**changed)

    def seconds(self, profile: Profile) -> float:
        """Return the time it takes apart from waiting. Tables stream while they are made."""
        stream = max(self.gates / profile.ands, self.gates * TABLE_BYTES / profile.bandwidth)
        made = self.ots * ot_seconds(profile) + self.triples / profile.shared_ands
        return stream + made + self.sent / profile.bandwidth + self.moved / _MOVED

    def latency(self, profile: Profile) -> float:
        """Return the time spent waiting: half a round trip a message, and the steps for it."""
        return self.rounds * (profile.rtt / 2 + profile.callback)


@lru_cache(maxsize=64)
def ot_seconds(profile: Profile) -> float:
    """Return what it takes to make and use an OT, where as many are made in both directions."""
    kind = choose_kind(profile, _BATCH)
    local = kind_seconds(kind, profile, _BATCH) / _BATCH
    return local / 2 + 1 / (2 * profile.ots) + profile.ot_use


NOTHING = Usage()
