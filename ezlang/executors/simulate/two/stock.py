"""The stock of correlated OTs in one direction: which messages are sent for it, and when.

compiler/protocols/ot/stock.py determines how many OTs are made at a time. The messages contain
noise here, as the OTs come from an ideal box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.compiler.cost.ledger import Phase
from ezlang.compiler.ir.parties import Link
from ezlang.compiler.protocols.core.purposes import Purpose
from ezlang.compiler.protocols.ot.stock import Batches, Made, Stock, set_up_lengths
from ezlang.records import dataclass

from ..randomness import Randomness
from .wire import Packet, Wire


@dataclass(slots=True)
class OtStock:
    """OTs from the sender of a link to its receiver, which are made in these batches."""

    wire: Wire
    noise: Randomness
    link: Link
    batches: Batches
    ready: bool = False
    _stock: Stock = field(init=False)

    def __post_init__(self) -> None:
        self._stock = Stock(self.batches)

    @property
    def made_over(self) -> Link:
        """The link that carries the messages that make batches."""
        return self.link if self.batches.sender_speaks else self.link.back

    @property
    def sender_speaks(self) -> bool:
        """Whether the OTs' sender sends to generate them."""
        return self.batches.sender_speaks

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

    def noise_packet(self, size: int, purpose: Purpose) -> Packet:
        """Return a packet of noise."""
        return Packet(size, purpose, lambda: self.noise.random.randbytes(size))

    def _packet(self, made: Made) -> Packet:
        if not self.ready:
            set_up([self])
        return self.noise_packet(made.bytes, Purpose.OT_EXTENSION)


def set_up(stocks: Sequence[OtStock], start: int = 0) -> None:
    """Set up stocks over a wire at once; see `set_up_lengths`."""
    one = stocks[0]
    for stock in stocks:
        stock.ready = True
    with one.wire.ledger.within(Phase.SET_UP):
        for lengths in set_up_lengths({stock.link: stock.batches for stock in stocks}, start):
            packets = {
                link: (one.noise_packet(size, Purpose.BASE_OTS),) for link, size in lengths.items()
            }
            one.wire.exchange(packets)
