"""Choice of the kind of correlated OTs.

**Purpose.** The cheapest kind of OTs depends on the network: sending less takes more computation or
a long set-up. Both parties, and all cost predictions, must make the same choice.
**Before → after.** A program that is ready to run → the same with `ots` for the profile's network.
**Why it is correct.** All kinds generate the same correlated OTs; protocols don't depend on them.
**What changes in leakage.** Nothing: the choice depends on the program and the profile alone.
**Cost.** The minimum, by the model of `cost/ots.py`, for the number of OTs that the program takes.
If the number isn't known in advance, its lower bound is used, and silent OT is excluded: its
batches differ so much in cost that predictions would have no good bounds. Silent OT is also
excluded for loops with many iterations that take few OTs each: every iteration would generate a
small batch, and no two iterations would cost the same. It is for two parties only: more set up
the OTs of all pairs at once, step by step, which only extension does.
"""

from __future__ import annotations

from ezlang.records import replace

from ...cost.ots import choose_kind
from ...cost.predict import Forecast, predict_ots
from ...cost.profiles import Profile
from ...ir import tree as ir
from ...ir.ots import OtKinds
from ...ir.sharings import PAIRED
from ..description import optional

MOST_TAKES = 4096
"""The maximum number of requests for OTs in a program with silent OT."""


@optional("ots", "chooses how oblivious transfers are made")
def choose_ots(
    program: ir.Program, profile: Profile, forecast: Forecast | None = None
) -> ir.Program:
    """Return the program with the kinds of OTs that are cheapest on a network.

    `forecast` is the program's forecast, if it was made already.
    """
    return replace(program, ots=cheapest_kinds(forecast or Forecast(program), profile))


def cheapest_kinds(forecast: Forecast, profile: Profile) -> OtKinds:
    """Return the cheapest kinds of OTs on a network."""
    paired = len(forecast.program.parties) == PAIRED
    yao, shares = (
        choose_kind(profile, use.count, silent=paired and use.exact and use.takes <= MOST_TAKES)
        for use in predict_ots(forecast)
    )
    return OtKinds(yao=yao, shares=shares)
