"""Two sharing parties with a dealer: what they ask for is counted in a first run, then dealt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.steps import Steps
from ezlang.compiler.protocols.dealt.demands import Tally
from ezlang.compiler.protocols.dealt.expansion import (
    DealtPreprocessing,
    DealtUnits,
    corrections,
)
from ezlang.compiler.protocols.native.calls import Native
from tests.support.sharing_parties import Outcome, Pair

SEEDS = bytes(range(16)), bytes(range(100, 116))
CALLS = (
    "bit_triples",
    "bit_pairs",
    "triples",
    "squares",
    "matrix_triples",
    "convolution_triple",
    "da_bits",
)


class Counted:
    """Preprocessing that says what it is asked for."""

    def __init__(self, made: Any, tally: Tally) -> None:
        for name in CALLS:
            setattr(self, name, self._noted(getattr(made, name), getattr(tally, name)))

    @staticmethod
    def _noted(make: Callable[..., Any], note: Callable[..., None]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            note(*arguments)
            return make(*arguments)

        return call


def run_dealt(pair: Pair, protocol: Callable[[SharingParty], Steps[Any]]) -> tuple[Outcome, Tally]:
    """Run a protocol with a dealer's preprocessing; also return what that was."""
    own = [party.preprocessing for party in pair.parties]
    tallies = [Tally(), Tally()]
    for party, made, tally in zip(pair.parties, own, tallies, strict=True):
        counted: Any = Counted(made, tally)
        party.preprocessing, party.dealt = counted, True
    try:
        pair.run(protocol)
        assert tallies[0].demands == tallies[1].demands
        wanted = tallies[0].demands
        native = Native()
        units = [DealtUnits(native, index, SEEDS[index], wanted) for index in (0, 1)]
        for place, sent in zip(units[1].places(), corrections(native, SEEDS, wanted), strict=True):
            place[:] = sent.reshape(-1).view(np.uint8).data
        for party, given in zip(pair.parties, units, strict=True):
            party.preprocessing = DealtPreprocessing(given)
        outcome = pair.run(protocol)
        assert not units[0].left()
        return outcome, tallies[0]
    finally:
        for party, made in zip(pair.parties, own, strict=True):
            party.preprocessing, party.dealt = made, False
