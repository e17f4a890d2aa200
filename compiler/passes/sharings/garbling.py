"""Choice of the garbling scheme.

**Purpose.** Three-halves send a quarter less than half-gates for the same work, which pays where
the network is slower than garbling. Both parties, and all cost predictions, must make the same
choice.
**Before → after.** A program that is ready to run → the same with `garbling` for the profile's
network.
**Why it is correct.** Both schemes give labels of the same form for the same circuits; nothing else
depends on them.
**What changes in leakage.** Nothing: the choice depends on the program and the profile alone.
**Cost.** The minimum, by the model of `cost/garbling.py`, for the number of ANDs that the program
garbles, or for its lower bound if the number isn't known in advance.
"""

from __future__ import annotations

from ezlang.records import replace

from ...cost.garbling import choose_garbling
from ...cost.predict import Forecast, predict_ands
from ...cost.profiles import Profile
from ...ir import tree as ir
from ..description import optional


@optional("garbling", "chooses how garbled circuits are garbled")
def choose_scheme(
    program: ir.Program, profile: Profile, forecast: Forecast | None = None
) -> ir.Program:
    """Return the program with the garbling scheme that is cheapest on a network.

    `forecast` is the program's forecast, if it was made already.
    """
    ands = predict_ands(forecast or Forecast(program))
    return replace(program, garbling=choose_garbling(profile, ands))
