"""The stock of correlated OTs in one direction: which messages are sent for it, and when.

compiler/protocols/ot/stock.py determines how many OTs are made at a time. The messages contain
noise here, as the OTs come from an ideal box.
"""

from __future__ import annotations

from dataclasses import field

from ezlang.compiler.cost.ledger import Phase
from ezlang.compiler.ir.ots import OtKind
from ezlang.compiler.ir.parties import Link
from ezlang.compiler.protocols.core.purposes import Purpose
from ezlang.compiler.protocols.ot.stock import Made, Stock, batches_of
from ezlang.records import dataclass

from ..randomness import Randomness
from .wire import Packet, Wire


@dataclass(slots=True)
class OtStock:
    """OTs of a kind from the sender of a link to its receiver."""

    wire: Wire
    noise: Randomness
    link: Link
    kind: OtKind
    ready: bool = False
    _stock: Stock = field(init=False)

    def __post_init__(self) -> None:
        self._stock = Stock(batches_of(self.kind))

    @property
    def made_over(self) -> Link:
        """The link that carries the messages that make batches."""
        return self.link if self._stock.batches.sender_speaks else self.link.back

    @property
    def sender_speaks(self) -> bool:
        """Whether the OTs' sender sends to generate them."""
        return self._stock.batches.sender_speaks

    def take(self, wanted: int) -> int:
        """Take up to `wanted` OTs of one batch; return how many were taken."""
        part = self._stock.part(wanted)
        if part.made:
            packet = self._packet(part.made)
            with self.wire.ledger.within(Phase.PREPROCESSING):
                self.wire.send(self.made_over, packet)
        return part.count

    def take_all(self, count: int) -> list[Packet]:
        """Take `count` OTs; return the packets for the batches that must be made."""
        return [self._packet(part.made) for part in self._stock.parts(count) if part.made]

    def _packet(self, made: Made) -> Packet:
        if not self.ready:
            self.ready = True
            with self.wire.ledger.within(Phase.SET_UP):
                for message in self._stock.batches.set_up():
                    link = self.link if message.by_sender else self.link.back
                    self.wire.send(link, self._noise(message.bytes, Purpose.BASE_OTS))
        return self._noise(made.bytes, Purpose.OT_EXTENSION)

    def _noise(self, size: int, purpose: Purpose) -> Packet:
        return Packet(size, purpose, lambda: self.noise.random.randbytes(size))
