"""Conversions of numbers with few bits: the views are uniform."""

from __future__ import annotations

import numpy as np
import pytest

from ezlang.compiler.circuits.catalogue import Narrow
from ezlang.compiler.protocols.conversions.narrow import (
    narrow_bits,
    narrow_numbers,
)
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.steps import Array, Steps
from tests.support.dealt_parties import run_dealt
from tests.support.sharing_parties import Pair, assert_uniform

N = 24_000


@pytest.mark.parametrize("nonnegative", [False, True])
@pytest.mark.parametrize("protocol", [narrow_bits, narrow_numbers])
@pytest.mark.parametrize("dealt", [False, True])
def test_what_is_seen(dealt: bool, protocol: object, nonnegative: bool) -> None:
    x = np.zeros(N, np.uint32)

    def run(party: SharingParty) -> Steps[Array]:
        return protocol(party, x, Narrow(5, nonnegative))  # type: ignore[no-any-return, operator]

    outcome = run_dealt(Pair(), run)[0] if dealt else Pair().run(run)
    for heard in outcome.heard:
        assert_uniform(heard)
