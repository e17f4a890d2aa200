"""The session of two parties for protocols on arithmetic and boolean shares.

The protocols are those in compiler/protocols, which native code runs as well. The simulation
provides ideal OTs and homomorphic products, bit-slicing in NumPy and a driver of both parties.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ezlang.compiler.cost.ledger import Phase
from ezlang.compiler.ir.ots import OtKind
from ezlang.compiler.ir.parties import COMPUTING, Pair, Side
from ezlang.compiler.protocols.core.local_products import LocalProducts
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.purposes import Purpose
from ezlang.compiler.protocols.core.steps import Bytes, Steps, T
from ezlang.compiler.protocols.dealt.backend import DEALT
from ezlang.compiler.protocols.homomorphic.keys import Keys
from ezlang.compiler.protocols.ot.backend import OT

from ..randomness import Randomness
from .dealer import Dealer, DealtUnits
from .drive import Driver
from .encryption import IdealEncryption
from .ots import Functionalities, IdealOts
from .planes import NumpyPlanes
from .wire import Packet, Wire


def byte_source(randomness: Randomness) -> Callable[[int], Bytes]:
    """Return a function that draws a given number of random bytes."""

    def draw(count: int) -> Bytes:
        return np.frombuffer(bytearray(randomness.random.randbytes(count)), np.uint8)

    return draw


class SharingSession:
    """A session of a pair of parties on shares.

    `randomness` has one generator per party; `ideal` is that of the ideal boxes. With a `dealer`,
    units come from it; otherwise they are made in the run.
    """

    def __init__(
        self,
        wire: Wire,
        randomness: tuple[Randomness, Randomness],
        ideal: Randomness,
        kind: OtKind = OtKind.SOFTSPOKEN_2,
        pair: Pair = COMPUTING,
        dealer: Dealer | None = None,
    ) -> None:
        self.wire = wire
        backend = OT if dealer is None else DEALT
        boxes = Functionalities(byte_source(ideal))
        self.driver = Driver(wire, ideal, boxes, partial(backend.batches, kind), pair)
        self.parties = tuple(
            _party(pair.side(party), own, dealer)
            for party, own in zip(pair, randomness, strict=True)
        )

    def begin(self, keys: Keys) -> None:
        """Exchange public keys, if there are any: with a dealer, nothing is encrypted."""
        noise = self.driver.noise.random
        if keys.all and self.parties[0].variants.encrypts:
            with self.wire.ledger.within(Phase.SET_UP):
                self.wire.exchange(
                    {
                        link: (Packet(size, Purpose.PUBLIC_KEYS, partial(noise.randbytes, size)),)
                        for link, size in keys.lengths(self.driver.pair).items()
                    }
                )

    def run(self, protocol: Callable[[SharingParty], Steps[T]]) -> tuple[T, T]:
        """Run a protocol at both parties; return both results."""
        first, second = (protocol(party) for party in self.parties)
        return self.driver.run(first, second)


def _party(side: Side, own: Randomness, dealer: Dealer | None) -> SharingParty:
    random, ots = byte_source(own), IdealOts(side.other)
    if dealer is None:
        backend, preprocessing = OT, OT.preprocessing(side, random, ots)
    else:
        backend, preprocessing = DEALT, DealtUnits(dealer, side.own)
    return SharingParty(
        side=side,
        random=random,
        ots=ots,
        planes=NumpyPlanes(side.is_first),
        local=LocalProducts(),
        encryption=IdealEncryption(side.other, random),
        preprocessing=preprocessing,
        backend=backend,
    )
