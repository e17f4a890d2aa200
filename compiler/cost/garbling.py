"""The choice of the cheapest garbling scheme for a network: `choose_garbling`."""

from __future__ import annotations

from ..ir.garbling import Garbling
from ..kernels.layout import TILE, tile_bytes
from .ots import WORTH
from .profiles import Profile


def garbling_seconds(garbling: Garbling, profile: Profile, ands: float) -> float:
    """Return the modelled time of ANDs, whose tables are sent while they are garbled.

    Both schemes take about as long to compute an AND, within a tenth: docs/performance.md.
    """
    sent = ands * tile_bytes(garbling, TILE) / TILE
    return max(ands / profile.ands, sent / profile.bandwidth)


def choose_garbling(profile: Profile, ands: float) -> Garbling:
    """Return the scheme that a profile asks for, or else the cheapest one for a number of ANDs.

    Another scheme than half-gates must save time, so that small programs use the same everywhere.
    """
    if profile.garbling is not None:
        return profile.garbling
    seconds = {one: garbling_seconds(one, profile, ands) for one in Garbling}
    usual, best = Garbling.HALF_GATES, min(seconds, key=seconds.__getitem__)
    saved = seconds[usual] - seconds[best]
    return best if saved >= max(WORTH, seconds[usual] / 10) else usual
