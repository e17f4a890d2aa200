"""The order of shared numbers of all values, and single bits of them, by wrap-arounds.

Shares x₀ + x₁ = x + w·2^ℓ have a wrap-around w = (2^ℓ − 1 − x₀ < x₁), a comparison of a number of
each party's. Let d = x − y modulo 2^ℓ, c = (x < y) the borrow of that, and bᵢ = (xᵢ < yᵢ) those of
the shares, which each party knows of its own. Adding up what wraps around on both sides,

    w_d = w_x − w_y + b₀ + b₁ − c,    so    c = w_x ⊕ w_y ⊕ w_d ⊕ b₀ ⊕ b₁.

So an order costs three comparisons side by side, and no AND after them; a number that everyone
knows has no wrap-around, which leaves two. Signed numbers are moved up by 2^(ℓ−1) before.
"""

from __future__ import annotations

import numpy as np

from .arithmetic import bits_of
from .comparison import millionaires
from .conversions import unpack
from .party import SharingParty
from .steps import Array, Bytes, Steps


def pack(bits: Array) -> Bytes:
    """Return bits, a byte each, packed."""
    return np.packbits(bits.reshape(-1), bitorder="little")


def wraps(party: SharingParty, x: Array) -> Steps[Bytes]:
    """Return packed shares of x₀ + x₁ >= 2^ℓ: the cost of a comparison of ℓ bits."""
    own = x.reshape(-1)
    return (yield from millionaires(party, ~own if party.index == 0 else own, bits_of(x)))


def less_than(
    party: SharingParty,
    x: Array,
    y: Array,
    *,
    signed: bool,
    known: tuple[bool, bool] = (False, False),
) -> Steps[Bytes]:
    """Return packed shares of x < y for numbers of all values.

    What is `known` is given by party 0 as it is and by party 1 as zeros. Cost: that of 3n
    comparisons of ℓ bits, less n for what is known; as many rounds as one takes.
    """
    x, y = x.reshape(-1), y.reshape(-1)
    n = x.size
    if signed and party.index == 0:
        top = x.dtype.type(1 << (bits_of(x) - 1))
        x, y = x + top, y + top
    rows = [row for row, skip in ((x, known[0]), (y, known[1]), (x - y, False)) if not skip]
    found = yield from wraps(party, np.concatenate(rows))
    wrapped = unpack(found, n * len(rows)).reshape(len(rows), n)
    return pack(np.bitwise_xor.reduce(wrapped, axis=0) ^ (x < y))


def bit(party: SharingParty, x: Array, position: int) -> Steps[Bytes]:
    """Return packed shares of bit p: the shares' own, and the carry into it.

    Cost: a comparison of p bits; for p = 0 nothing.
    """
    flat = x.reshape(-1)
    own = pack((flat >> x.dtype.type(position)).astype(np.uint8) & 1)
    if position == 0:
        return own
    below = x.dtype.type((1 << position) - 1)
    rest = flat & below
    carry = yield from millionaires(party, below - rest if party.index == 0 else rest, position)
    return own ^ carry
