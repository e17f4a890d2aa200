"""A party of any number n that compute on shares, and what it does with each of the others.

Shares are XOR shares of bits and additive shares modulo 2^ℓ among all parties: x = x₀ ⊕ … ⊕ xₙ₋₁
or x = x₀ + … + xₙ₋₁. Semi-honest security, κ = 128, against up to n − 1 parties that collude: every
share on its own, and any n − 1 of them together, are uniform.

A product of sums is a sum of products: Σxᵢ · Σyᵢ = Σ_{i<j} (xᵢ + xⱼ)(yᵢ + yⱼ) − (n − 2)·Σ xᵢyᵢ. The
first sum is one two-party product for each pair, the second one is local [GMW87, Gil99]. So each
pair runs the protocols of `arithmetic/` and `boolean/` as if it were alone, with OTs, triples and
masks of its own, and the results are added up. What a party sees of a pair that it isn't part of is
nothing, and of its own pairs it sees what the two-party protocol shows: masked values, whose masks
are independent between pairs.

All parties run the same generators in the same order with the same steps. A party that takes no
part in a step of the others yields a step without requests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ezlang.records import dataclass

from ..core.backend import Random
from ..core.local_products import LocalProducts
from ..core.parts import Part, Witness
from ..core.party import Planes, SharingParty
from ..core.steps import Array, Elsewhere, Steps, T, together


@dataclass(slots=True, kw_only=True)
class ManyParty:
    """One of `parties` parties: its number, its sides of pairs, and what it does alone.

    `pairs`: the number of another party → this party as one of the two. In a pair, the party with
    the lower number is the first. Only runs that are watched have a `witness`.
    """

    index: int
    parties: int
    pairs: Mapping[int, SharingParty]
    random: Random
    planes: Planes
    local: LocalProducts
    witness: Witness | None = None

    @property
    def adds_known(self) -> bool:
        """Whether this party adds public values to its share."""
        return self.index == 0

    def tell(self, part: Part, **numbers: Array) -> None:
        """Tell the witness, if there is one, this party's numbers in a part of a protocol."""
        if self.witness is not None:
            self.witness.told(part, numbers)

    def with_all(self, protocol: Callable[[SharingParty], Steps[T]]) -> Steps[list[T]]:
        """Run a two-party protocol with each of the other parties at the same time."""
        return together([protocol(pair) for pair in self.pairs.values()])


def idle() -> Steps[None]:
    """Wait while others run a transfer, with messages, in which this party has no part."""
    yield (Elsewhere(),)
    yield ()


def bilinear(
    party: ManyParty, own: Array, protocol: Callable[[SharingParty], Steps[Any]]
) -> Steps[Array]:
    """Return this party's share of f(x) for a quadratic form f, such as a product of two values.

    `protocol` returns shares of f of the sum of a pair's shares; `own` is f of this party's shares.
    Cost: that of the protocol with each of the other parties, at the same time.
    """
    less = (2 - party.parties) % (1 << 8 * own.dtype.itemsize)
    total: Array = own * own.dtype.type(less)
    for share in (yield from party.with_all(protocol)):
        total = total + share.reshape(own.shape)
    return total
