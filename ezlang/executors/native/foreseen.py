"""What the cost model foresees of a run, for those who follow it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ezlang.compiler.ir.parties import Link
from ezlang.progress.status import Expected
from ezlang.records import dataclass

if TYPE_CHECKING:
    from ezlang.compiler.cost.predict import Forecast
    from ezlang.compiler.cost.profiles import Profile
    from ezlang.compiler.ir import tree as ir


_MOST_TAKES: Final = 5000


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The rounds and bytes of a run, and the seconds that it takes, of which it waits some."""

    rounds: int
    sent: Mapping[Link, int]
    seconds: float
    waiting: float

    def at(self, party: int) -> Expected:
        """Return what a native party expects, which sees what it sends and receives."""
        seen = sum(count for link, count in self.sent.items() if party in link)
        return Expected(rounds=self.rounds, bytes=seen, seconds=self.seconds, waiting=self.waiting)

    def simulated(self) -> Expected:
        """Return what a simulation expects, which sees all bytes and has no time in the model."""
        return Expected(rounds=self.rounds, bytes=sum(self.sent.values()), seconds=None)


def foreseen(program: ir.Program, forecast: Forecast, profile: Profile) -> Foreseen | None:
    """Return what is foreseen of a run without a dealer; None if that depends on the run.

    It is exact unless OTs are taken very often; then it is a little less, and made at once.
    """
    from ezlang.compiler.cost.amounts import Count
    from ezlang.compiler.cost.summary import total

    walk = forecast.walk_without_ots(program.garbling)
    if walk.unknown:
        return None
    if walk.session.ledger.total(Count.SHARE_TAKES) <= _MOST_TAKES:
        ledger = forecast.walk(program.ots, program.garbling).session.ledger
    else:
        ledger = forecast.least(program.ots, program.garbling)
    cost = total(ledger)
    return Foreseen(cost.rounds, dict(cost.sent), cost.seconds(profile), cost.waiting(profile))
