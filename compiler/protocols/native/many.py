"""A session of native protocols on shares at one of any number of parties.

There is an OT session with each of the other parties, in both directions and with a Δ of its own;
all are set up at once when the first OT is taken.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from ezlang.records import dataclass

from ...ir.ots import OtKind
from ...ir.parties import Side, sides_of
from ...kernels import sharing as units
from ...kernels.engine import Engine
from ..core.channel import Channel
from ..core.party import SharingParty
from ..core.steps import Steps, T
from ..many.party import ManyParty
from ..ot.backend import OT
from ..ot.directions import Generator, MadeEnds, cot_receiver, cot_sender, fresh_delta
from .batches import KernelSession
from .calls import BLOCK_BYTES, Native
from .drive import Driver
from .homomorphic import NativeEncryption
from .ots import NativeOts
from .planes import NativePlanes
from .products import NativeProducts


@dataclass(frozen=True, slots=True, kw_only=True)
class ManySession:
    """A party, the driver of its protocols, and its ends of the OT sessions, by peer."""

    party: ManyParty
    driver: Driver
    ends: Mapping[int, MadeEnds]

    def run(self, steps: Steps[T]) -> T:
        """Run a protocol of this party."""
        return self.driver.run(steps)

    def close(self) -> None:
        """Wipe the OTs."""
        for one in self.ends.values():
            one.wipe()


def open_many(own: int, channels: Mapping[int, Channel], kind: OtKind) -> ManySession:
    """Begin a session at one party, given its channels to all others; nothing is sent yet."""
    native = Native()
    native.load(units.add_bits)
    ends = {
        peer: MadeEnds(
            cot_sender(channel, Engine(), kind, fresh_delta(odd=False)),
            cot_receiver(channel, Engine(), kind),
        )
        for peer, channel in channels.items()
    }
    random = Generator(native, os.urandom(BLOCK_BYTES)).bytes
    parties = len(channels) + 1

    def pair(side: Side) -> SharingParty:
        ots = NativeOts(side.other, KernelSession(native, ends[side.other]))
        return SharingParty(
            side=side,
            random=random,
            ots=ots,
            planes=NativePlanes(native, adds_known=side.is_first),
            local=NativeProducts(native),
            encryption=NativeEncryption(side, native, random),
            preprocessing=OT.preprocessing(side, random, ots),
            backend=OT,
        )

    party = ManyParty(
        index=own,
        parties=parties,
        pairs={other: pair(side) for other, side in sides_of(own, parties).items()},
        random=random,
        planes=NativePlanes(native, adds_known=own == 0),
        local=NativeProducts(native),
    )
    return ManySession(party=party, driver=Driver(own, channels, ends), ends=ends)
