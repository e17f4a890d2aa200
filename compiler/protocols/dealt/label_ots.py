"""Given correlated OTs for the input bits of Yao's evaluator: both sides' sources.

The sources implement the interfaces of `ot/source.py`. Cost: nothing is sent; one
`demands.LabelOt` per bit. A batch has exactly the requested size, so that all OTs that
exist are used.
"""

from __future__ import annotations

import ctypes
from typing import ClassVar

from ...kernels.engine import Engine
from ...kernels.memory import Blocks, with_room
from ..core.bits import pack
from ..core.channel import Channel
from ..ot.source import CotReceiverParty, CotSenderParty
from ..ot.stock import Made
from .backend import DealtBatches
from .demands import LabelOt
from .units import GivenUnits


class GivenLabelSender(CotSenderParty):
    """The garbler's side; its Δ exists as well and has lowest bit 1."""

    speaks: ClassVar[bool] = False

    def __init__(self, channel: Channel, engine: Engine, units: GivenUnits) -> None:
        super().__init__(channel, engine, units.delta(LabelOt()).tobytes(), DealtBatches())
        self._units = units

    def wipe(self) -> None:
        """Wipe the stock and Δ."""
        for memory in (self.stock, self._delta):
            memory.view[:] = bytes(memory.size)

    def _extend(self, batch: Made, place: int | None) -> None:
        q = self._units.take(LabelOt(), batch.count)["q"]
        _copy(q, self._place(batch.count, place))


class GivenLabelReceiver(CotReceiverParty):
    """The evaluator's side."""

    speaks: ClassVar[bool] = False

    def __init__(self, channel: Channel, engine: Engine, units: GivenUnits) -> None:
        super().__init__(channel, engine, DealtBatches())
        self._units = units

    def wipe(self) -> None:
        """Wipe the stock and the bits."""
        for memory in (self.stock, self.choices):
            memory.view[:] = bytes(memory.size)

    def _extend(self, batch: Made, place: int | None) -> None:
        found = self._units.take(LabelOt(), batch.count)
        packed = pack(found["r"])
        self.choices = with_room(self.choices, packed.size)
        self.choices.view[: packed.size] = packed.data
        _copy(found["t"], self._place(batch.count, place))


def _copy(blocks: Blocks, address: int) -> None:
    ctypes.memmove(address, blocks.ctypes.data, blocks.nbytes)
