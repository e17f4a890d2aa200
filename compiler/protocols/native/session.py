"""A session of native protocols on shares at one party."""

from __future__ import annotations

import os

from ezlang.records import dataclass

from ...ir.parties import COMPUTING, Side
from ...kernels import sharing as units
from ..core.backend import Backend
from ..core.channel import Channel
from ..core.party import SharingParty
from ..core.phases import Phase
from ..core.preprocessing import Preprocessing
from ..core.steps import Steps, T
from ..dealt.expansion import GivenOtReceiver, GivenOtSender, GivenPreprocessing
from ..dealt.units import GivenUnits
from ..homomorphic.keys import NO_KEYS, Keys
from ..ot.backend import OT
from ..ot.directions import Ends, Generator
from .batches import KernelSession
from .calls import BLOCK_BYTES, Native
from .drive import Driver
from .homomorphic import NativeEncryption
from .ots import NativeOts
from .planes import NativePlanes
from .products import NativeProducts


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeSession:
    """A party, the driver of its protocols, and its OTs."""

    party: SharingParty
    driver: Driver
    ots: NativeOts

    def run(self, steps: Steps[T]) -> T:
        """Run a protocol of this party."""
        return self.driver.run(steps)


def open_session(
    side: Side,
    channel: Channel,
    native: Native,
    ends: Ends,
    *,
    backend: Backend = OT,
    given: Preprocessing | None = None,
    keys: Keys = NO_KEYS,
) -> NativeSession:
    """Begin a session at one party, with its ends of the OT sessions in both directions.

    Public `keys` are exchanged in one round, if there are any; nothing else is sent before the
    first OT is taken. `given` is preprocessing that exists before the run.
    """
    driver = Driver(side.own, {side.other: channel}, {side.other: ends})
    random = Generator(native, os.urandom(BLOCK_BYTES)).bytes
    native.load(units.add_bits)
    ots = NativeOts(side.other, KernelSession(native, ends))
    encryption = NativeEncryption(side, native, random)
    if keys.all:
        with channel.within(Phase.SET_UP):
            driver.run(encryption.begin(keys))
    party = SharingParty(
        side=side,
        random=random,
        ots=ots,
        planes=NativePlanes(native, adds_known=side.is_first),
        local=NativeProducts(native),
        encryption=encryption,
        preprocessing=backend.preprocessing(side, random, ots) if given is None else given,
        backend=backend,
    )
    return NativeSession(party=party, driver=driver, ots=ots)


def open_given_session(
    channel: Channel, native: Native, units: GivenUnits, backend: Backend, keys: Keys = NO_KEYS
) -> NativeSession:
    """Begin a session with units that exist before the run; `keys` as for `open_session`."""
    side = COMPUTING.side(units.party)
    ends = Ends(GivenOtSender(units), GivenOtReceiver(units))
    given = GivenPreprocessing(units)
    keys = keys if backend.variants.encrypts else NO_KEYS
    return open_session(side, channel, native, ends, backend=backend, given=given, keys=keys)
