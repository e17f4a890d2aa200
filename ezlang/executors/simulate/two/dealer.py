"""A dealer of units to two simulated parties, as `protocols/dealt` has it for native ones.

The fields of a unit are those that a real dealer deals, and the dealer computes the same of them.
Only their source differs: a generator instead of seeds that are expanded by AES. Units are drawn
when the first party takes them, which has the same distribution as dealing them before the run.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import field
from typing import Any

import numpy as np

from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.protocols.core.local_products import LocalProducts
from ezlang.compiler.protocols.core.preprocessing import (
    Mask,
    MaskedTriple,
    Preprocessing,
    Unit,
)
from ezlang.compiler.protocols.core.steps import Array, Bytes, Steps
from ezlang.compiler.protocols.dealt.demands import (
    CORRECTED,
    Field,
    Kind,
    LabelOt,
    demanded,
    layout,
    name_of,
)
from ezlang.compiler.protocols.dealt.units import corrected, corrected_ots, shares_of
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ..dealer import Dealt
from ..observer import Observer
from ..randomness import Randomness

Fields = dict[str, Array]
Both = tuple[Fields, Fields]


@dataclass(slots=True)
class Dealer:
    """A dealer to two parties; `dealt` counts its units, of bits in groups of eight."""

    randomness: Randomness
    observer: Observer | None = None
    dealt: Counter[Kind] = field(default_factory=Counter)
    _masks: dict[Mask, Array] = field(default_factory=dict)
    _waiting: dict[Unit, deque[tuple[int, int, Fields]]] = field(
        default_factory=lambda: defaultdict(deque)
    )

    def take(self, party: int, unit: Unit, count: int) -> Any:
        """Return a party's shares of the next `count` units, in the form of `Preprocessing`.

        Both parties take the same units in the same order.
        """
        waiting = self._waiting[unit]
        if waiting and waiting[0][0] == party:
            _, drawn, fields = waiting.popleft()
            if drawn != count:
                raise CompilerBug("the parties take different numbers of units")
            return shares_of(unit, fields, _bytes)
        both = self._deal(unit, demanded(unit, count))
        other = COMPUTING.other(party)
        waiting.append((other, count, both[other]))
        if self.observer is not None and count:
            parts = [shares_of(unit, fields, _bytes) for fields in both]
            self.observer.dealt(name_of(unit), parts)
        return shares_of(unit, both[party], _bytes)

    def labels(self, count: int, delta: Array) -> tuple[Bytes, Array]:
        """Return the evaluator's bits r and blocks t = q ⊕ r·Δ of OTs of the garbler's Δ."""
        kind = LabelOt()
        self.dealt[kind] += count
        zero, one = (self._drawn(kind, party, count) for party in COMPUTING)
        found = one | corrected_ots(zero, one, delta, sends=False)
        if self.observer is not None and count:
            self.observer.dealt(name_of(kind), [zero, found])
        return found["r"], found["t"]

    def units(self) -> dict[Dealt, int]:
        """Return how many units of each kind were dealt, all of which both parties took."""
        if any(self._waiting.values()):
            raise CompilerBug("one party took units that the other one didn't take")
        return {kind: count for kind, count in self.dealt.items() if count}

    def _deal(self, unit: Unit, count: int) -> Both:
        self.dealt[unit] += count
        zero, one = (self._drawn(unit, party, count) for party in COMPUTING)
        both = zero, one
        if isinstance(unit, Mask):
            self._masks[unit] = both[unit.owner]["mask"]
            return both
        given: Both = (dict(zero), dict(one))
        if isinstance(unit, MaskedTriple):
            owned = unit.owned
            shape = owned.product.shapes[owned.side]
            mask = self._masks[unit.mask].reshape(shape)
            given[owned.owner]["factor"] = np.broadcast_to(mask, (count, *shape))
        made = corrected(unit, *given, LocalProducts())
        both[CORRECTED].update(made)
        return both

    def _drawn(self, kind: Kind, party: int, count: int) -> Fields:
        """Return a party's fields that aren't corrections, of `count` units."""
        return {
            part.name: self._field(part, count) for part in layout(kind, party) if not part.dealt
        }

    def _field(self, part: Field, count: int) -> Array:
        data = self.randomness.array(part.dtype, (count, *part.shape)).copy()
        return data & data.dtype.type(1) if part.bits else data


class DealtUnits(Preprocessing):
    """A party's preprocessing, which comes from a dealer: no messages, no OTs."""

    def __init__(self, dealer: Dealer, party: int) -> None:
        self._dealer = dealer
        self._party = party

    def make(self, unit: Unit, count: int) -> Steps[Any]:
        """Return the next units."""
        yield from ()
        return self._dealer.take(self._party, unit, count)


def _bytes(count: int) -> Bytes:
    return np.empty(count, np.uint8)
