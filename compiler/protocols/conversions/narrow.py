"""Conversions of numbers known to have fewer bits than their type."""

from __future__ import annotations

import numpy as np

from ...circuits.catalogue import Narrow
from ...circuits.sum_netlist import adder
from ..arithmetic.products import bits_of
from ..boolean.gates import evaluate
from ..core.bits import pack, unpack
from ..core.parts import Part
from ..core.party import SharingParty
from ..core.steps import Array, Bytes, Steps
from .bits_and_numbers import bits_to_numbers, tell_bits, to_bits, to_numbers


def narrow_bits(
    party: SharingParty, x: Array, narrow: Narrow | None, *, shallow: bool = True
) -> Steps[Bytes]:
    """Return packed bits [ℓ][N] of numbers [n]: `to_bits`, by an adder of only b bits.

    The other bits are zero or copies of the sign bit.
    """
    if narrow is None:
        planes = yield from to_bits(party, x, shallow=shallow)
        return planes
    own = party.planes.slice(x)[: narrow.bits]
    inputs = party.side.ordered(own, np.zeros_like(own))
    low = yield from evaluate(party, adder(narrow.bits, shallow=shallow), inputs, x.size)
    top = np.zeros_like(low[-1:]) if narrow.nonnegative else low[-1:]
    result = np.concatenate([low, *[top] * (bits_of(x) - narrow.bits)])
    tell_bits(party.witness, party.planes, x, result)
    return result


def narrow_numbers(party: SharingParty, x: Array, narrow: Narrow | None) -> Steps[Array]:
    """Return additive shares of XOR-shared integers [n]: `to_numbers`.

    For b bits with 2b <= ℓ, and always with a dealer: the sum of `bits_to_numbers` of only those
    bits.
    """
    if narrow is None:
        return to_numbers(party, x)
    return party.variants.numbers_of_narrow(party, x, narrow)


def narrow_numbers_by_ots(party: SharingParty, x: Array, narrow: Narrow) -> Steps[Array]:
    """`narrow_numbers`, by additive OTs where these are fewer."""
    few = 2 * narrow.bits <= bits_of(x)
    return narrow_numbers_by_bits(party, x, narrow) if few else to_numbers(party, x)


def narrow_numbers_by_bits(party: SharingParty, x: Array, narrow: Narrow) -> Steps[Array]:
    """`narrow_numbers`, bit by bit."""
    bits, n = bits_of(x), x.size
    planes = party.planes.slice(x)[: narrow.bits]
    rows = np.stack([unpack(plane, n) for plane in planes])
    made = yield from bits_to_numbers(party, pack(rows), rows.size, bits)
    total: Array = np.array(weights_of(bits, narrow), x.dtype) @ made.reshape(narrow.bits, n)
    party.tell(Part.WEIGHTED_BITS, x=x, z=total)
    return total


def weights_of(width: int, narrow: Narrow | None) -> list[int]:
    """Return the weights of the bits of a number modulo 2^width that is known to be narrow."""
    weights = [1 << i for i in range(width if narrow is None else narrow.bits)]
    if narrow is not None and not narrow.nonnegative:
        weights[-1] = (1 << width) - weights[-1]
    return weights
