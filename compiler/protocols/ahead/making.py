"""The protocol by which two parties make units and correlated OTs ahead of a run.

It is that of `ot/preprocessing.py`, on parts of what a run demands (`dealt/demands.py`), one after
the other, so that memory is bounded. Correlated OTs are taken as they are. Semi-honest security;
the cost is that of the OTs, and of the messages of the units' own protocols.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ..core.lengths import Batch, Half
from ..core.party import SharingParty
from ..core.preprocessing import BitPair, BitTriple, ConvolutionTriple, OwnedTriple
from ..core.steps import Array, Bytes, Steps, Transfer, together, transfer
from ..dealt.demands import CorrelatedOt, Kind, LabelOt
from ..dealt.units import fields_of
from ..ot.stock import LARGEST_BATCH

_NOTHING: Final[Bytes] = np.empty(0, np.uint8)


def make_units(party: SharingParty, kind: Kind, count: int) -> Steps[dict[str, Array]]:
    """Return this party's fields of `count` units: name → [count][shape], see `demands.layout`.

    OTs for labels belong to another session, and aren't made here.
    """
    match kind:
        case CorrelatedOt(sender=sender):
            return (yield from _correlated(party, count, sends=sender == party.index))
        case LabelOt():
            raise CompilerBug("OTs for labels are made in a session of their own")
        case ConvolutionTriple() | OwnedTriple(product=ConvolutionTriple()):
            # They are made one by one, at the same time.
            units = [party.preprocessing.make(kind, 1) for _ in range(count)]
            found = [fields_of(kind, made, party.index) for made in (yield from together(units))]
            return {name: np.concatenate([one[name] for one in found]) for name in found[0]}
        case BitTriple() | BitPair():
            made = yield from party.preprocessing.make(kind, 8 * count)
        case _:
            made = yield from party.preprocessing.make(kind, count)
    return fields_of(kind, made, party.index)


def _correlated(party: SharingParty, count: int, *, sends: bool) -> Steps[dict[str, Array]]:
    """Return correlated OTs in one direction, by a transfer that carries no messages."""
    kept = _Kept()
    batches = tuple(_batches(count, sends=sends))
    yield from transfer(Transfer(peer=party.side.other, batches=batches, work=kept))
    blocks = np.concatenate([*kept.blocks, np.empty((0, 2), np.uint64)])
    if sends:
        return {"q": blocks}
    return {"r": np.concatenate([*kept.choices, _NOTHING]), "t": blocks}


def _batches(count: int, *, sends: bool) -> Iterator[Batch]:
    for start in range(0, count, LARGEST_BATCH):
        stop = min(start + LARGEST_BATCH, count)
        ots = stop - start
        half = Half(start=start, stop=stop, ots=ots, windows=0, message=0, chosen=False)
        yield Batch(sent=half if sends else None, received=None if sends else half)


class _Kept:
    """Work on a transfer (`core/steps.py`): OTs are kept as they are, in order."""

    def __init__(self) -> None:
        self.blocks: list[Array] = []
        self.choices: list[Bytes] = []

    def begin(self) -> None:
        """Do nothing: there are no keys to count."""

    def choose(self, number: int, choices: Bytes, blocks: Array) -> Bytes:
        """Keep r and t."""
        self.choices.append(choices)
        self.blocks.append(blocks)
        return _NOTHING

    def answer(self, number: int, blocks: Array, differences: Bytes) -> Bytes:
        """Keep q."""
        self.blocks.append(blocks)
        return _NOTHING

    def finish(self, number: int, message: Bytes) -> None:
        """Do nothing: there is no message."""
