"""Conversions between XOR-shared bits and additively shared numbers, and selection by a secret bit.

Conversions from and to wire labels have the same form as those of bits. The garbler's share of a
bit is the lowest bit of its label, and the evaluator's that of the active label [DSZ15], so
labels become packed bits without a message. In the other direction, each party inputs its share to
the circuit, whose first gates are the XORs that combine them.

In an additive OT, the sender has a number z and the receiver a bit c; both obtain shares of c·z.
Cost: one OT, one bit to the sender, ℓ bits back, two rounds. With a
dealer, bits are converted to numbers by daBits: one bit each way and one round.
"""

from __future__ import annotations

import numpy as np

from ...circuits.sum_netlist import adder
from ...ir.dtypes import word_dtype
from ..arithmetic.products import bits_of, halved_products, product
from ..boolean.gates import evaluate, open_bits
from ..core.bits import unpack
from ..core.parts import Part, Witness
from ..core.party import Planes, SharingParty
from ..core.steps import Array, Bytes, Steps
from ..ot.preprocessing import halved_bit_products


def masks(condition: Array, x: Array) -> Array:
    """Expand bits to elements of x's type: all bits set, or none; of bools, only bit 0 counts."""
    result: Array = np.negative(condition.astype(x.dtype))
    return result


def bits_to_numbers(party: SharingParty, x: Bytes, n: int, bits: int) -> Steps[Array]:
    """Return shares modulo 2^ℓ of n XOR-shared bits: x₀ + x₁ − 2·x₀x₁ [DSZ15].

    The packed bits may be rows [R][N], whose n = 8RN bits are converted in order.
    Cost: one additive OT per bit, with the first party as sender for the first ceil(n/2) bits and
    the second for the rest. With a dealer: one daBit r per bit, N bytes each way, one round. The
    parties open x ⊕ r, which is uniform because r is; x = (x ⊕ r) + r − 2·(x ⊕ r)·r is then local
    [RW19].
    """
    return party.variants.numbers_of_bits(party, x, n, bits)


def bits_to_numbers_by_ots(party: SharingParty, x: Bytes, n: int, bits: int) -> Steps[Array]:
    """`bits_to_numbers`, by additive OTs."""
    own = unpack(x, n)
    shares = yield from halved_bit_products(party.ots, party.side, own, bits)
    result: Array = own.astype(word_dtype(bits)) + shares
    party.tell(Part.BIT_TO_NUMBER, x=own, p=shares, z=result)
    return result


def bits_to_numbers_opened(party: SharingParty, x: Bytes, n: int, bits: int) -> Steps[Array]:
    """`bits_to_numbers`, by daBits."""
    dtype = word_dtype(bits)
    if not n:
        return np.empty(0, dtype)
    made = yield from party.preprocessing.da_bits(n, bits)
    opened = yield from open_bits(party, x.reshape(-1) ^ made.bits)
    known = unpack(opened, n).astype(dtype)
    number = made.numbers - 2 * known * made.numbers
    result: Array = number + known if party.adds_known else number
    if party.witness is not None:
        own, r = unpack(x, n), unpack(made.bits, n)
        numbers = {"x": own, "r": r, "o": known, "n": made.numbers, "z": result}
        step = 1 if x.ndim == 1 else 8 * x.shape[1]  # of rows, the first bit of each
        party.tell(Part.BIT_OPENED, **{name: one[::step] for name, one in numbers.items()})
    return result


def select(party: SharingParty, condition: Bytes, x: Array) -> Steps[Array]:
    """Return c·x for n packed bits c and numbers x, of any shape [RRK+20, 2-COT multiplexer].

    c·x₀ = c₀x₀ + c₁·(1 − 2c₀)x₀, where c₁ is the other party's choice bit; x₁ likewise. Cost: one
    additive OT per element in each direction: ceil(n/8) bytes and n elements each way. With a
    dealer: `bits_to_numbers` and a product.
    """
    return party.variants.selection(party, condition, x)


def select_by_ots(party: SharingParty, condition: Bytes, x: Array) -> Steps[Array]:
    """`select`, by additive OTs in both directions."""
    own = unpack(condition, x.size)
    flat = x.reshape(-1)
    selected = flat * own
    sent, received = yield from party.ots.additive(flat - 2 * selected, own)
    result: Array = (selected + sent + received).reshape(x.shape)
    return result


def select_by_product(party: SharingParty, condition: Bytes, x: Array) -> Steps[Array]:
    """`select`, with the bits converted to numbers."""
    number = yield from bits_to_numbers(party, condition, x.size, bits_of(x))
    result: Array = yield from product(party, number.reshape(x.shape), x)
    return result


def to_numbers(party: SharingParty, x: Array) -> Steps[Array]:
    """Return additive shares of XOR-shared integers [DSZ15].

    x₀ + x₁ − 2·Σ 2^i x₀ᵢx₁ᵢ. Cost: that of `products.square`, ℓ OTs and ℓ(ℓ + 1)/2 + ℓ bits per
    element. With a dealer: `bits_to_numbers` of all bits, ℓN bytes each way, one round.
    """
    return party.variants.numbers_of_words(party, x)


def to_numbers_by_ots(party: SharingParty, x: Array) -> Steps[Array]:
    """`to_numbers`, by bitwise products."""
    bits_of(x)
    cross = yield from halved_products(party.ots, party.side, x, bitwise=True)
    result: Array = x + cross
    party.tell(Part.BITS_TO_NUMBER, x=x, p=cross, z=result)
    return result


def to_numbers_by_bits(party: SharingParty, x: Array) -> Steps[Array]:
    """`to_numbers`, bit by bit."""
    bits = bits_of(x)
    if not x.size:
        return x
    planes = party.planes.slice(x.reshape(-1))
    size = planes.shape[1]
    numbers = yield from bits_to_numbers(party, planes, 8 * planes.size, bits)
    places = np.arange(bits, dtype=x.dtype)[:, None]
    weighted = numbers.reshape(bits, 8 * size)[:, : x.size] << places
    result: Array = weighted.sum(axis=0, dtype=x.dtype).reshape(x.shape)
    party.tell(Part.WEIGHTED_BITS, x=x, z=result)
    return result


def to_bits(party: SharingParty, x: Array, *, shallow: bool = True) -> Steps[Bytes]:
    """Return packed bits [ℓ][N] of numbers [n]: an adder of the two shares [DSZ15].

    Cost: that of the adder, by `gates.evaluate`: for ℓ = 64, 7 rounds with `shallow`, otherwise 63
    ANDs per element in 63 rounds.
    """
    inputs = party.side.ordered(x, np.zeros_like(x))
    planes = yield from evaluate(party, adder(bits_of(x), shallow=shallow), inputs, x.size)
    tell_bits(party.witness, party.planes, x, planes)
    return planes


def tell_bits(witness: Witness | None, planes: Planes, x: Array, bits: Bytes) -> None:
    """Tell the witness, if there is one, of numbers that became bits."""
    if witness is not None and x.size:
        witness.told(Part.NUMBER_TO_BITS, {"x": x, "z": planes.words(bits, x.size)})


def to_xor_shares(party: SharingParty, x: Array, *, shallow: bool = True) -> Steps[Array]:
    """Return XOR-shared integers; otherwise like `to_bits`."""
    planes = yield from to_bits(party, x, shallow=shallow)
    return party.planes.words(planes, x.size)
