"""What runs return, as data."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from ezlang.records import dataclass
from ezlang.values.data import Data, Outputs

if TYPE_CHECKING:
    from .meter import Stats


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCost:
    """The cost of a run: rounds, bytes sent by each party, AND gates of garbled circuits."""

    rounds: int
    bytes: dict[str, int]
    ands: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """The result of a run of all parties.

    `seconds`: how long its parts took. `stats`, if asked for: what lines and phases cost.
    """

    outputs: Outputs
    cost: RunCost | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    stats: Stats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyCost:
    """What one party exchanged with the others, and the AND gates of garbled circuits, if any."""

    rounds: int
    ands: int | None
    bytes_sent: int
    bytes_received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyResult:
    """The result of a run for one party: its outputs.

    `stats`, if asked for: what lines and phases cost, with this party's rounds and time.
    """

    party: str
    outputs: dict[str, Data]
    cost: PartyCost
    seconds: dict[str, float]
    stats: Stats | None = None
