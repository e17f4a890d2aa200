"""Two sharing parties with a dealer: what they ask for is counted in a first run, then dealt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.preprocessing import Preprocessing, Unit
from ezlang.compiler.protocols.core.steps import Steps
from ezlang.compiler.protocols.dealt.backend import DEALT
from ezlang.compiler.protocols.dealt.demands import Demands, Kind, demanded
from ezlang.compiler.protocols.dealt.expansion import (
    DealtUnits,
    GivenPreprocessing,
    corrections,
)
from ezlang.compiler.protocols.native.calls import Native
from ezlang.compiler.protocols.ot.backend import OT
from tests.support.sharing_parties import Outcome, Pair

SEEDS = bytes(range(16)), bytes(range(100, 116))


class Counted(Preprocessing):
    """Preprocessing that says what it is asked for."""

    def __init__(self, made: Preprocessing) -> None:
        self.asked: Counter[Kind] = Counter()
        self._made = made

    def make(self, unit: Unit, count: int) -> Steps[Any]:
        self.asked[unit] += demanded(unit, count)
        return self._made.make(unit, count)


def run_dealt(
    pair: Pair, protocol: Callable[[SharingParty], Steps[Any]], wanted: Demands | None = None
) -> tuple[Outcome, Demands]:
    """Run a protocol with a dealer's preprocessing; also return what that was.

    What is `wanted` need not be given, unless only a dealer can make it.
    """
    own = [party.preprocessing for party in pair.parties]
    counted = [Counted(made) for made in own]
    for party, one in zip(pair.parties, counted, strict=True):
        party.preprocessing, party.backend = one, DEALT
    try:
        if wanted is None:
            pair.run(protocol)
            wanted = counted[0].asked
            assert wanted == counted[1].asked
        native = Native()
        units = [DealtUnits(native, index, SEEDS[index], wanted) for index in (0, 1)]
        for place, sent in zip(units[1].places(), corrections(native, SEEDS, wanted), strict=True):
            place[:] = sent.reshape(-1).view(np.uint8).data
        for party, given in zip(pair.parties, units, strict=True):
            party.preprocessing = GivenPreprocessing(given)
        outcome = pair.run(protocol)
        assert not units[0].left()
        return outcome, wanted
    finally:
        for party, made in zip(pair.parties, own, strict=True):
            party.preprocessing, party.backend = made, OT
