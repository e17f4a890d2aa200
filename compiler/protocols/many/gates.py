"""AND gates and netlists on bits that all parties share by exclusive or [GMW87].

Packed bits, as in `boolean/gates.py`. For each AND, each pair opens the operands of both parties'
shares under a bit triple of the pair [Bea91]: 2 bits to each other party, and one round.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ezlang.records import dataclass

from ...circuits.netlist import Netlist
from ..boolean.gates import closed, evaluated, part_of, tell_ands
from ..core.parts import Part
from ..core.party import Registers
from ..core.preprocessing import BitTriples
from ..core.purposes import Purpose
from ..core.sizes import PADDING
from ..core.steps import Array, Bytes, Round, Steps
from .party import ManyParty

Triples = Sequence[BitTriples]
"""Bit triples of a party with each of the others, in the order of its pairs."""


def bit_triples(party: ManyParty, count: int) -> Steps[Triples]:
    """Generate `count` triples, a multiple of 8, with each of the other parties."""
    return party.with_all(lambda pair: pair.preprocessing.bit_triples(count))


def and_bits(party: ManyParty, x: Bytes, y: Bytes) -> Steps[Bytes]:
    """Return the AND of two packed vectors of N bytes, of any shape.

    Cost: 8N triples with each other party, 2N bytes to it, one round.
    """
    triples = yield from bit_triples(party, 8 * x.size)
    return (yield from _and(party, x, y, triples))


def evaluate(party: ManyParty, netlist: Netlist, inputs: Sequence[Array], n: int) -> Steps[Bytes]:
    """Run a netlist on n instances; inputs and result are as for `boolean/gates.py`.

    Cost: an AND of N bytes of instances takes that of `and_bits`; a group of ANDs is one round.
    """

    return evaluated(party.planes, _OfMany(party), netlist, inputs, n)


def _and(party: ManyParty, x: Bytes, y: Bytes, triples: Triples) -> Steps[Bytes]:
    """Return x·y = Σ_{i<j} (xᵢ ⊕ xⱼ)(yᵢ ⊕ yⱼ) ⊕ (n mod 2)·Σ xᵢyᵢ."""
    shape = x.shape
    masked = [np.stack([x.reshape(-1) ^ one.a, y.reshape(-1) ^ one.b]) for one in triples]
    replies = yield tuple(
        Round(peer=peer, send=(mine,), receive=mine.nbytes, purpose=Purpose.MASKED_BITS)
        for peer, mine in zip(party.pairs, masked, strict=True)
    )
    product: Bytes = x & y if party.parties % 2 else np.zeros_like(x)
    for pair, made, mine, theirs in zip(
        party.pairs.values(), triples, masked, replies, strict=True
    ):
        d, e = mine ^ theirs.reshape(mine.shape)
        share = closed(pair, made.c, d, made.b, e, made.a)
        product = product ^ share.reshape(shape)
        if pair.witness is not None:
            tell_ands(pair.witness, x, y, (made.a, made.b, made.c, d, e, share))
    if party.witness is not None:
        party.witness.told_bits(Part.AND_OF_ALL, {"x": x, "y": y, "z": product})
    return product


@dataclass(frozen=True, slots=True)
class _OfMany:
    """The ANDs of many parties."""

    party: ManyParty

    def make(self, count: int) -> Steps[Triples]:
        return bit_triples(self.party, count)

    def part(self, made: Triples, start: int, stop: int) -> Triples:
        return [part_of(one, start, stop) for one in made]

    def ands(
        self, registers: Registers, start: int, end: int, size: int, triples: Triples
    ) -> Steps[None]:
        # Without masks, the operands themselves are read, and the product itself is written.
        nothing = _zeros(size)
        own = registers.open(start, end, BitTriples(a=nothing, b=nothing, c=nothing))
        product = _zeros(size)
        x, y = own.reshape(2, end - start, -1)
        product[:] = (yield from _and(self.party, x, y, triples)).reshape(-1)
        result = BitTriples(a=nothing, b=nothing, c=product)
        opened = _zeros(2 * size)
        registers.close(start, end, result, opened, opened)


def _zeros(size: int) -> Bytes:
    """Return zeros with the padding that native code may touch."""
    made: Bytes = np.zeros(size + PADDING, np.uint8)[:size]
    return made
