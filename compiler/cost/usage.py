"""The cost of an operation or a conversion, in amounts that a profile converts to seconds."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache

from ezlang.records import dataclass

from ..ir.ots import OtKind
from .garbling import choose_garbling, garbling_seconds
from .ots import choose_kind, kind_seconds
from .profiles import Profile

_MOVED = 5e10
"""Bytes moved or added locally per second; breaks ties in favour of less memory traffic."""

_BATCH = 1 << 18
"""The assumed size of a batch of OTs, for estimating an operation's share of its cost."""


_MANY = 1 << 24
"""The assumed number of ANDs, for estimating an operation's share of their cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Amounts: `rounds` are sequentially dependent messages, `sent` bytes in one direction.

    `gates` are ANDs of garbled circuits, whose tables aren't in `sent`; `ots` OTs, in both
    directions together, whose generation isn't in `sent`; `triples` bit triples used for ANDs,
    whose OTs are in `ots`; `moved` bytes of memory.
    """

    rounds: float = 0
    sent: float = 0
    gates: float = 0
    ots: float = 0
    triples: float = 0
    moved: float = 0

    def __add__(self, other: Usage) -> Usage:
        """Return the cost of both in sequence."""
        return Usage(
            **{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(Usage)}
        )

    def times(self, count: float) -> Usage:
        """Return the cost of `count` instances in parallel."""
        changed = {f.name: getattr(self, f.name) * count for f in fields(Usage)}
        changed["rounds"] = self.rounds
        return Usage(**changed)

    def seconds(self, profile: Profile) -> float:
        """Return the time except for waiting. Tables are sent while they are generated."""
        stream = self.gates * gate_seconds(profile)
        made = self.ots * ot_seconds(profile) + self.triples / profile.shared_ands
        return stream + made + self.sent / profile.bandwidth + self.moved / _MOVED

    def latency(self, profile: Profile) -> float:
        """Return the time spent waiting: per message, half a round trip and the overhead of its
        step.
        """
        return self.rounds * (profile.rtt / 2 + profile.callback)


def assumed_kind(profile: Profile) -> OtKind:
    """Return the kind of OTs on a network, while the number of them isn't known yet."""
    return choose_kind(profile, _BATCH)


@lru_cache(maxsize=64)
def gate_seconds(profile: Profile) -> float:
    """Return the time of an AND of a garbled circuit, with the scheme for many of them."""
    return garbling_seconds(choose_garbling(profile, _MANY), profile, 1)


@lru_cache(maxsize=64)
def ot_seconds(profile: Profile) -> float:
    """Return the time to generate and use an OT, with as many generated in both directions."""
    kind = assumed_kind(profile)
    local = kind_seconds(kind, profile, _BATCH) / _BATCH
    return local / 2 + 1 / (2 * profile.ots) + profile.ot_use


NOTHING = Usage()
