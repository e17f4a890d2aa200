"""Making what a run of two parties demands, ahead of it: over their channel, or by a dealer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

import numpy as np

from ...ir.ots import OtKind, OtKinds
from ...ir.parties import COMPUTING, Side
from ...kernels.engine import Engine
from ..ahead.making import make_units
from ..core.channel import Channel
from ..core.steps import Array
from ..dealt.demands import CorrelatedOt, Demands, LabelOt
from ..dealt.expansion import DealtUnits, parts_of
from ..ot.directions import MadeEnds, cot_receiver, cot_sender, fresh_delta
from ..ot.source import CotParty, CotReceiverParty, CotSenderParty
from ..yao.session import YaoRole, label_source
from .calls import BLOCK_BYTES, Native
from .session import open_session

DELTAS: Final = 2 * BLOCK_BYTES
"""The bytes of Δ of this party's OTs for shares, and of those for labels."""


class Makes(Protocol):
    """Where the material of one run comes from at one party."""

    @property
    def deltas(self) -> bytes:
        """Δ of this party's OTs for shares, and of those for labels; zeros at the evaluator."""

    def parts(self, demands: Demands) -> Iterator[dict[str, Array]]:
        """Yield what is demanded, this party's fields part by part, as `parts_of` does."""

    def close(self) -> None:
        """Wipe seeds and what is left over."""


class Dealt:
    """What a dealer has dealt to this party."""

    def __init__(self, units: DealtUnits) -> None:
        self._units = units

    @property
    def deltas(self) -> bytes:
        """Δ of both kinds of OTs, from the party's seed."""
        units = self._units
        own = units.delta(CorrelatedOt(sender=units.party)).tobytes()
        garbles = units.party == COMPUTING.garbler
        return own + (units.delta(LabelOt()).tobytes() if garbles else bytes(BLOCK_BYTES))

    def parts(self, demands: Demands) -> Iterator[dict[str, Array]]:
        """Expand what is demanded."""
        for kind, part in parts_of(demands):
            yield self._units.take(kind, part.stop - part.start)

    def close(self) -> None:
        """Do nothing: the units are used up."""


class Maker:
    """One party's making of material for one run; each run has sessions and a Δ of its own."""

    def __init__(self, side: Side, channel: Channel, kinds: OtKinds) -> None:
        kind = kinds.shares
        sender = cot_sender(channel, Engine(), kind, fresh_delta(odd=kind is OtKind.SILENT))
        self._ends = MadeEnds(sender, cot_receiver(channel, Engine(), kind))
        self._session = open_session(side, channel, Native(), self._ends)
        self._labels: CotParty = label_source(kinds.yao)(YaoRole.of(side.own), channel, Engine())

    @property
    def deltas(self) -> bytes:
        """Δ of this party's OTs for shares, and of those for labels; zeros at the evaluator."""
        labels, sender = self._labels, self._ends.sender
        own = labels.delta.tobytes() if isinstance(labels, CotSenderParty) else bytes(BLOCK_BYTES)
        return sender.delta.tobytes() + own

    def parts(self, demands: Demands) -> Iterator[dict[str, Array]]:
        """Make what is demanded; yield this party's fields part by part, as `parts_of` does."""
        for kind, part in parts_of(demands):
            count = part.stop - part.start
            if isinstance(kind, LabelOt):
                yield self._label_ots(count)
            else:
                yield self._session.run(make_units(self._session.party, kind, count))

    def _label_ots(self, count: int) -> dict[str, Array]:
        labels = self._labels
        if isinstance(labels, CotSenderParty):
            return {"q": labels.take(count)}
        assert isinstance(labels, CotReceiverParty)
        bits, blocks = labels.take(count)
        return {"r": np.ascontiguousarray(bits), "t": blocks}

    def close(self) -> None:
        """Wipe seeds and what is left over."""
        self._ends.wipe()
        self._labels.wipe()
