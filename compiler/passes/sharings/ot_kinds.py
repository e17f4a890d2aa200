"""Choose how correlated OTs are made.

**Purpose.** What OTs cost depends on the network: less can be sent for more work, or for a long
set-up. Both parties, and all that say what a run costs, must make the same choice.
**Before → after.** A program that is ready to run → the same with `ots` for the profile's network.
**Why it is correct.** All kinds make the same correlated OTs; protocols don't know of kinds.
**What changes in leakage.** Nothing: the choice depends on the program alone.
**Cost.** The least that the model of `cost/ots.py` sees for as many OTs as the program takes. Where
that isn't known beforehand, it is for the least there can be, and never silent OT, whose batches
are so unlike one another that its costs would have no good bounds. Nor is it for loops of many
turns that take few OTs each: every turn would make a small batch, and no two turns cost the same.
"""

from __future__ import annotations

from dataclasses import replace

from ...cost.ots import choose_kind
from ...cost.predict import Forecast, predict_ots
from ...cost.profiles import Profile
from ...ir import tree as ir
from ...ir.ots import OtKinds
from ..description import optional

MOST_TAKES = 4096
"""How often OTs are taken at most in a program with silent OT."""


@optional("ots", "chooses how oblivious transfers are made")
def choose_ots(
    program: ir.Program, profile: Profile, forecast: Forecast | None = None
) -> ir.Program:
    """Return the program with the kinds of OTs that are cheapest on a network.

    `forecast` is that of the program, if there is one already.
    """
    return replace(program, ots=cheapest_kinds(forecast or Forecast(program), profile))


def cheapest_kinds(forecast: Forecast, profile: Profile) -> OtKinds:
    """Return the kinds of OTs that are cheapest on a network."""
    yao, shares = (
        choose_kind(profile, use.count, silent=use.exact and use.takes <= MOST_TAKES)
        for use in predict_ots(forecast)
    )
    return OtKinds(yao=yao, shares=shares)
