"""One party's side of a session of native protocols on shares."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ..core.channel import Channel
from ..core.party import SharingParty
from ..core.preprocessing import Preprocessing
from ..core.steps import Steps, T
from ..dealt.expansion import DealtOtReceiver, DealtOtSender, DealtPreprocessing, DealtUnits
from ..ot.directions import CotReceiverSource, CotSenderSource, Generator
from ..ot.preprocessing import OtPreprocessing
from .calls import BLOCK_BYTES, Native
from .drive import Driver
from .ots import NativeOts, start
from .planes import NativePlanes


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeSession:
    """A party, what drives its protocols, and its OTs."""

    party: SharingParty
    driver: Driver
    ots: NativeOts

    def run(self, steps: Steps[T]) -> T:
        """Run a protocol of this party."""
        return self.driver.run(steps)


def open_session(
    index: int,
    channel: Channel,
    native: Native,
    sender: CotSenderSource,
    receiver: CotReceiverSource,
    *,
    dealt: Preprocessing | None = None,
) -> NativeSession:
    """Begin a session at party `index`, with its ends of the sessions of OT in both directions.

    Costs a round of 16 bytes each way. With `dealt`, preprocessing is a dealer's.
    """
    driver = Driver(channel, sender, receiver)
    random = Generator(native, os.urandom(BLOCK_BYTES)).bytes
    ots = driver.run(start(native, sender.delta))
    party = SharingParty(
        index=index,
        random=random,
        ots=ots,
        planes=NativePlanes(native, index),
        preprocessing=OtPreprocessing(index, random, ots) if dealt is None else dealt,
        dealt=dealt is not None,
    )
    return NativeSession(party=party, driver=driver, ots=ots)


def open_dealt_session(channel: Channel, native: Native, units: DealtUnits) -> NativeSession:
    """Begin a session with what a dealer has dealt; costs a round of 16 bytes each way."""
    ends = DealtOtSender(units), DealtOtReceiver(units)
    return open_session(units.party, channel, native, *ends, dealt=DealtPreprocessing(units))
