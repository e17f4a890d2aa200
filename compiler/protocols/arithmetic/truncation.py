"""Right shifts, alone or of ReLUs, and width extension of additive shares: exact, never off by one.

With shares x₀ + x₁ = x + w·2^ℓ, wrap-around w, and carry c out of the lowest s bits,

    ⌊x / 2^s⌋ = ⌊x₀ / 2^s⌋ + ⌊x₁ / 2^s⌋ + c − w·2^(ℓ−s)    (modulo 2^ℓ) [RRK+20]

w = (2^ℓ − 1 − x₀ < x₁) and c is the analogous comparison of the lowest s bits, so one run of the
millionaires' protocol on digits split at bit s yields both [RRG+21]. Signed numbers are first
lifted by 2^(ℓ−1), or by less if they are known to be small.
"""

from __future__ import annotations

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ...ir.dtypes import word_dtype
from ..boolean.gates import and_bits
from ..conversions.bits_and_numbers import bits_to_numbers, select
from ..core.bits import pack
from ..core.party import SharingParty
from ..core.sizes import WIDTHS
from ..core.steps import Array, Bytes, Steps, together
from .comparison import compare_parts, millionaires, negate_bits
from .products import bits_of


def truncate(
    party: SharingParty, x: Array, shift: int, *, signed: bool = True, lift: int | None = None
) -> Steps[Array]:
    """Return ⌊x / 2^s⌋, 0 < s < ℓ.

    Cost: `comparison.compare_parts` for s and ℓ − s bits, an AND, and two additive OTs per element.
    A `lift`, a multiple of 2^s, promises that 0 <= x + lift < 2^(ℓ−1). Then shares of that sum
    modulo 2^(ℓ−1) suffice, to which the parties reduce theirs alone. The sum's top bit is 0, so the
    shares' top bits add up to the carry into it, the wrap-around modulo 2^(ℓ−1), and are its shares
    by exclusive or [RRG+21]. That leaves a comparison of s bits and two additive OTs.
    """
    bits = bits_of(x)
    if not 0 < shift < bits:
        raise CompilerBug(f"a truncation of {bits} bits by {shift}")
    number = x.dtype.type
    own = x.reshape(-1)
    added = (1 << (bits - 1)) * signed if lift is None else lift
    if party.adds_known:
        own = own + number(added)
    compared = ~own if party.is_first else own
    ring = bits
    if lift is not None:
        ring = bits - 1
        carry = yield from millionaires(party, compared & number((1 << shift) - 1), shift)
        wrap = pack((own >> number(ring)).astype(np.uint8))
        own = own & number((1 << ring) - 1)
    else:
        (carry, _), (less, same) = yield from compare_parts(party, compared, (0, shift, bits))
        if same is None:
            raise CompilerBug("the upper part of a comparison has an equality")
        both = yield from and_bits(party, same, carry)
        wrap = less ^ both
    corrections = yield from _corrections(party, carry, wrap, x, ring - shift)
    result: Array = (own >> number(shift)) + corrections
    if party.adds_known:
        result -= number(added >> shift)
    return result.reshape(x.shape)


def rectified_shift(party: SharingParty, x: Array, shift: int, top: int) -> Steps[Array]:
    """Return ⌊max(x, 0) / 2^s⌋ for signed x from −2^p to 2^p − 1, 0 < s < p = `top` < ℓ.

    One comparison of p bits, cut at bit s, yields the carry c out of the lowest s bits and the sign
    [RRG+21]. Where x isn't negative, the wrap-around modulo 2^(ℓ−1) is known as in `truncate`;
    elsewhere the shift yields something that isn't selected. Cost per element:
    `comparison.compare_parts` for s and p − s bits; an AND and two additive OTs in parallel;
    `select`.
    """
    bits = bits_of(x)
    if not 0 < shift < top < bits:
        raise CompilerBug(f"a rectified shift of {bits} bits by {shift}, up to bit {top}")
    number, own = x.dtype.type, x.reshape(-1)
    compared = ~own if party.is_first else own
    (carry, _), (less, same) = yield from compare_parts(party, compared, (0, shift, top))
    if same is None:
        raise CompilerBug("the upper part of a comparison has an equality")
    wrap = pack((own >> number(bits - 1)).astype(np.uint8))
    both, corrections = yield from together(
        [
            and_bits(party, same, carry),
            _corrections(party, carry, wrap, x, bits - 1 - shift),
        ]
    )
    own_top = pack((own >> number(top)).astype(np.uint8) & 1)
    negative = own_top ^ less ^ both
    below = own & number((1 << (bits - 1)) - 1)
    shifted = (below >> number(shift)) + corrections
    result: Array = yield from select(party, negate_bits(party, negative), shifted)
    return result.reshape(x.shape)


def _corrections(
    party: SharingParty, carry: Bytes, wrap: Bytes, x: Array, place: int
) -> Steps[Array]:
    """Return c − w·2^place modulo 2^ℓ for packed bits c and w, flat: two additive OTs per element.

    Of the number w, the lowest ℓ − place bits matter.
    """
    n, bits = x.size, bits_of(x)
    width = next(width for width in WIDTHS if width >= bits - place)
    c, w = yield from together(
        [bits_to_numbers(party, carry, n, bits), bits_to_numbers(party, wrap, n, width)]
    )
    result: Array = c - (w.astype(x.dtype) << x.dtype.type(place))
    return result


def extend(party: SharingParty, x: Array, bits: int, *, signed: bool = True) -> Steps[Array]:
    """Return the same numbers modulo a larger 2^ℓ' [RRG+21].

    Cost: a comparison of ℓ bits and an additive OT of ℓ' bits per element.
    """
    old = bits_of(x)
    if bits <= old:
        raise CompilerBug(f"an extension of {old} bits to {bits}")
    number, wide = x.dtype.type, word_dtype(bits)
    own = x.reshape(-1)
    if signed and party.adds_known:
        own = own + number(1 << (old - 1))
    wrap = yield from millionaires(party, ~own if party.is_first else own, old)
    w = yield from bits_to_numbers(party, wrap, own.size, bits)
    result: Array = own.astype(wide) - (w << wide.type(old))
    if signed and party.adds_known:
        result -= wide.type(1 << (old - 1))
    return result.reshape(x.shape)
