"""One party's side of a session of native protocols on shares."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ..core.backend import Backend
from ..core.channel import Channel
from ..core.party import SharingParty
from ..core.preprocessing import Preprocessing
from ..core.steps import Steps, T
from ..dealt.backend import DEALT
from ..dealt.expansion import DealtOtReceiver, DealtOtSender, DealtPreprocessing, DealtUnits
from ..ot.backend import OT
from ..ot.directions import CotReceiverSource, CotSenderSource, Generator
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
    backend: Backend = OT,
    given: Preprocessing | None = None,
) -> NativeSession:
    """Begin a session at party `index`, with its ends of the sessions of OT in both directions.

    Costs a round of 16 bytes each way. `given` is preprocessing that is there before the run.
    """
    driver = Driver(channel, sender, receiver)
    random = Generator(native, os.urandom(BLOCK_BYTES)).bytes
    ots = driver.run(start(native, sender.delta))
    party = SharingParty(
        index=index,
        random=random,
        ots=ots,
        planes=NativePlanes(native, index),
        preprocessing=backend.preprocessing(index, random, ots) if given is None else given,
        backend=backend,
    )
    return NativeSession(party=party, driver=driver, ots=ots)


def open_dealt_session(channel: Channel, native: Native, units: DealtUnits) -> NativeSession:
    """Begin a session with what a dealer has dealt; costs a round of 16 bytes each way."""
    ends = DealtOtSender(units), DealtOtReceiver(units)
    given = DealtPreprocessing(units)
    return open_session(units.party, channel, native, *ends, backend=DEALT, given=given)
