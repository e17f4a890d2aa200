"""The session of all parties for protocols on arithmetic and boolean shares.

The protocols are those in compiler/protocols, which native code runs as well. The simulation
provides ideal OTs and homomorphic products, bit-slicing in NumPy and a driver of all parties.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ezlang.compiler.cost.ledger import Phase
from ezlang.compiler.ir.ots import OtKind
from ezlang.compiler.ir.parties import COMPUTING, Pair, Side, sides_of
from ezlang.compiler.ir.sharings import PAIRED
from ezlang.compiler.protocols.core.local_products import LocalProducts
from ezlang.compiler.protocols.core.parts import Witness
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.purposes import Purpose
from ezlang.compiler.protocols.core.steps import Bytes, Steps, T
from ezlang.compiler.protocols.dealt.backend import DEALT
from ezlang.compiler.protocols.homomorphic.keys import Keys
from ezlang.compiler.protocols.many.party import ManyParty
from ezlang.compiler.protocols.ot.backend import OT

from ..randomness import Randomness
from .dealer import Dealer, DealtUnits
from .drive import Driver
from .encryption import IdealEncryption
from .ots import Functionalities, IdealOts
from .planes import NumpyPlanes
from .watching import Watched
from .wire import Packet, Wire

AnyParty = SharingParty | ManyParty


def byte_source(randomness: Randomness) -> Callable[[int], Bytes]:
    """Return a function that draws a given number of random bytes."""

    def draw(count: int) -> Bytes:
        return np.frombuffer(bytearray(randomness.random.randbytes(count)), np.uint8)

    return draw


class SharingSession:
    """A session on shares of all parties, or of the given ones, which are two.

    `randomness` has one generator per party; `ideal` is that of the ideal boxes. With a `dealer`,
    units come from it; otherwise they are made in the run.
    """

    def __init__(
        self,
        wire: Wire,
        randomness: Sequence[Randomness],
        ideal: Randomness,
        kind: OtKind = OtKind.SOFTSPOKEN_2,
        pair: Pair = COMPUTING,
        dealer: Dealer | None = None,
    ) -> None:
        self.wire = wire
        self._watched: dict[tuple[int, ...], Watched] = {}
        count = len(randomness)
        numbers = tuple(pair) if count == PAIRED else tuple(range(count))
        backend = OT if dealer is None else DEALT
        boxes = Functionalities(byte_source(ideal))
        self.driver = Driver(wire, ideal, boxes, partial(backend.batches, kind), numbers)
        self.parties: tuple[AnyParty, ...] = (
            tuple(
                _of_pair(pair.side(one), own, dealer, self._witness(tuple(pair), one))
                for one, own in zip(pair, randomness, strict=True)
            )
            if count == PAIRED
            else tuple(self._of_many(number, own, numbers) for number, own in enumerate(randomness))
        )

    def begin(self, keys: Keys) -> None:
        """Exchange public keys of two parties, if any: with a dealer, nothing is encrypted."""
        noise = self.driver.noise.random
        first = self.parties[0]
        if keys.all and isinstance(first, SharingParty) and first.variants.encrypts:
            with self.wire.ledger.within(Phase.SET_UP):
                self.wire.exchange(
                    {
                        link: (Packet(size, Purpose.PUBLIC_KEYS, partial(noise.randbytes, size)),)
                        for link, size in keys.lengths(COMPUTING).items()
                    }
                )

    def run(self, protocol: Callable[[Any], Steps[T]]) -> list[T]:
        """Run a protocol at all parties; return their results."""
        return self.driver.run([protocol(party) for party in self.parties])

    def _of_many(self, number: int, own: Randomness, parties: tuple[int, ...]) -> ManyParty:
        pairs = {
            other: _of_pair(side, own, None, self._witness(tuple(sorted((number, other))), number))
            for other, side in sides_of(number, len(parties)).items()
        }
        return ManyParty(
            index=number,
            parties=len(parties),
            pairs=pairs,
            random=byte_source(own),
            planes=NumpyPlanes(number == 0),
            local=LocalProducts(),
            witness=self._witness(parties, number),
        )

    def _witness(self, together: tuple[int, ...], party: int) -> Witness | None:
        """Return a party's witness of what it computes with others, if the run is watched."""
        observer = self.wire.observer
        if observer is None or not observer.wants_parts:
            return None
        if together not in self._watched:
            self._watched[together] = Watched(observer, together)
        return self._watched[together].witness(party)


def _of_pair(
    side: Side, own: Randomness, dealer: Dealer | None, witness: Witness | None
) -> SharingParty:
    random, ots = byte_source(own), IdealOts(side.other)
    if dealer is None:
        backend, preprocessing = OT, OT.preprocessing(side, random, ots)
    else:
        backend, preprocessing = DEALT, DealtUnits(dealer, side.own)
    return SharingParty(
        side=side,
        random=random,
        ots=ots,
        planes=NumpyPlanes(side.is_first, witness),
        local=LocalProducts(),
        encryption=IdealEncryption(side.other, random),
        preprocessing=preprocessing,
        backend=backend,
        witness=witness,
    )
