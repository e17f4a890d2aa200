"""Quotients and remainders of additively shared numbers: exact, rounded toward zero.

Division by a constant d > 1. With 2^ℓ = L = L₁d + L₀ and each party dividing its own share, x₀ =
q₀d + r₀ and x₁ = q₁d + r₁, an unsigned x = x₀ + x₁ − wL is

    x = (q₀ + q₁ − wL₁)·d + t,    t = r₀ + r₁ − wL₀ [RRK+20],

where w is the wrap-around. −d < t < 2d, so ⌊t / d⌋ is −1, 0 or 1. The comparisons that decide which
are made on r₀ + r₁ for both values of w, in parallel with the comparison that yields w; one of the
two results is then selected. This takes fewer rounds than comparing t, and no ring has to hold t,
so that d may be any number.

A signed x is shared as x = x₀ + x₁ − wL with x₀ read as signed: w is the wrap-around of the shares
of x + L/2, and party 0 divides its signed share. Where x < 0, as the shared bit s indicates, t + d
− 1 replaces t, which rounds up. Both w and s are derived from the carry into the top bit. A
negative d negates the result.

Division by a secret number: circuits on bits [DSZ15]. Division by zero gives the results that the
language defines: a quotient with all bits set, and the dividend as the remainder.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ezlang.records import dataclass
from ezlang.types.types import ScalarType

from ...circuits import catalogue
from ...ir.tree import BinaryKind
from ..boolean.gates import and_bits, and_both, evaluate
from ..conversions.bits_and_numbers import bits_to_numbers, masks
from ..conversions.narrow import narrow_bits, narrow_numbers
from ..core.bits import pack, unpack
from ..core.party import SharingParty
from ..core.steps import Array, Bytes, Steps, together
from .comparison import millionaires, negate_bits, wraps
from .products import bits_of
from .truncation import truncate


def divide_by_constant(
    party: SharingParty, x: Array, divisor: int, *, signed: bool
) -> Steps[Array]:
    """Return x / d, rounded toward zero, for a public d. Nothing is sent for d = 0 or ±1.

    Cost per element, with b the length of |d|. Unsigned: a comparison of ℓ bits and three of b bits
    in parallel (two ANDs, one round), then three additive OTs; for powers of two, `truncate`.
    Signed: a comparison of ℓ − 1 bits and six of b bits, with one AND in parallel, then 5 + 3 ANDs
    in two rounds and four additive OTs; for powers of two, a comparison of ℓ − 1 bits, two of b
    bits, three ANDs and three additive OTs, in one round less. The parties see only the messages of
    these protocols.
    """
    own, size = x.reshape(-1), abs(divisor)
    if divisor == 0:
        ones = np.zeros_like(own)
        quotient = ~ones if party.adds_known else ones
    elif size == 1:
        quotient = own
    elif signed:
        quotient = yield from _signed(party, own, size)
    elif size & (size - 1) == 0:
        quotient = yield from truncate(party, own, size.bit_length() - 1, signed=False)
    else:
        quotient = yield from _unsigned(party, own, size)
    if divisor < 0:
        quotient = np.negative(quotient)
    return quotient.reshape(x.shape)


def remainder_by_constant(
    party: SharingParty, x: Array, divisor: int, *, signed: bool
) -> Steps[Array]:
    """Return x − (x / d)·d, which has the sign of x; x itself for d = 0. Cost: the quotient's."""
    if divisor == 0:
        return x
    own = x.reshape(-1)
    quotient = yield from divide_by_constant(party, own, divisor, signed=signed)
    factor = x.dtype.type(divisor % (1 << bits_of(x)))
    result: Array = own - quotient * factor
    return result.reshape(x.shape)


@dataclass(frozen=True, slots=True)
class Factor:
    """An operand of a division: shares, or the cleartext number if it is known."""

    value: Array
    known: bool


def divide(
    party: SharingParty,
    kind: BinaryKind,
    x: Factor,
    y: Factor,
    element: ScalarType,
    narrow: catalogue.Narrow | None = None,
    *,
    shallow: bool = True,
) -> Steps[Array]:
    """Return x / y or x % y (`kind`), defined even where y is zero.

    Cost: `to_bits` of the shared operands in parallel, the circuit by `gates.evaluate`, and
    `to_numbers`. The circuit has 402 layers of ANDs for a signed quotient of 64 bits. Without
    `shallow` it has 2268, but a fifth as many ANDs. With `narrow`, a promise on all three numbers,
    everything is done on fewer bits. The parties see only the messages of these protocols.
    """
    n = x.value.size
    flat = [factor.value.reshape(-1) for factor in (x, y)]
    wanted = [f for f, factor in zip(flat, (x, y), strict=True) if not factor.known]
    made = iter(
        (yield from together([narrow_bits(party, f, narrow, shallow=shallow) for f in wanted]))
    )
    ports = [f if factor.known else next(made) for f, factor in zip(flat, (x, y), strict=True)]
    roles = [catalogue.PUBLIC if f.known else catalogue.SECRET for f in (x, y)]
    netlist = catalogue.binary(kind, element, *roles, narrow=narrow, shallow=shallow)
    planes = yield from evaluate(party, netlist, ports, n)
    words = party.planes.words(planes, n)
    result = yield from narrow_numbers(party, words, narrow)
    return result.reshape(x.value.shape)


def _unsigned(party: SharingParty, x: Array, d: int) -> Steps[Array]:
    """Return x / d for d > 1 that isn't a power of two."""
    n, bits = x.size, bits_of(x)
    whole, rest = divmod(1 << bits, d)
    number = x.dtype.type
    quotients, remainders = _by(x, d)
    wrap, reached = yield from together(
        [wraps(party, x), _reach(party, remainders, d, (d, rest, d + rest))]
    )
    w = unpack(wrap, n)
    at_d, at_rest, at_both = reached
    # ⌊t / d⌋: [r >= d] where w is 0, [r >= L₀] + [r >= d + L₀] − 1 where it is 1.
    (one, two) = yield from _chosen(party, w, (at_d, np.zeros_like(w)), (at_rest, at_both))
    numbers = yield from _numbers(party, (w, one, two), bits)
    result: Array = quotients + numbers[1] + numbers[2] - numbers[0] * number(whole + 1)
    return result


def _signed(party: SharingParty, x: Array, d: int) -> Steps[Array]:
    """Return x / d for a signed x and 1 < d <= 2^(ℓ−1)."""
    bits = bits_of(x)
    whole, rest = divmod(1 << bits, d)
    power = rest == 0
    quotients, remainders = _divided(party, x, d)
    limits = (d, d + 1) if power else (d, d + 1, rest, rest + 1, d + rest, d + rest + 1)
    (wrap_of, s), nonzero, reached = yield from together(
        [
            _carry_and_sign(party, x),
            _any(party, remainders != 0),
            _reach(party, remainders, d, limits),
        ]
    )
    zero = np.zeros_like(s)
    low = ((reached[0], zero), (nonzero, reached[1]))
    if power:
        # t doesn't depend on w; only the quotients need w.
        wrapped, (one, two) = yield from together([_and(party, *wrap_of), _chosen(party, s, *low)])
        w = wrapped ^ wrap_of[2]
        rows = [w, one, two]
    else:
        high = ((reached[2], reached[4]), (reached[3], reached[5]))
        wrapped, first, second = yield from together(
            [_and(party, *wrap_of), _chosen(party, s, *low), _chosen(party, s, *high)]
        )
        w = wrapped ^ wrap_of[2]
        # Where w is 1 and s is 0, the quotient is one less.
        not_s = s ^ np.uint8(party.adds_known)
        one, two, below = yield from _chosen(party, w, (*first, zero), (*second, not_s))
        rows = [w, one, two, below]
    numbers = yield from _numbers(party, rows, bits)
    minus = zero.astype(x.dtype) if power else numbers[3]
    correction = numbers[1] + numbers[2] - minus - numbers[0] * x.dtype.type(whole)
    result: Array = quotients + correction
    return result


def _divided(party: SharingParty, x: Array, d: int) -> tuple[Array, Array]:
    """Return a share's quotient, rounded down, and remainder; the first party's share is signed."""
    if not party.is_first:
        return _by(x, d)
    number = x.dtype.type
    signs: Array = np.negative(x >> number(bits_of(x) - 1))
    # A negative share is −1 − y for the complement y: ⌊(−1 − y) / d⌋ = −1 − ⌊y / d⌋, and the
    # remainder is d − 1 − (y mod d).
    quotients, remainders = _by(x ^ signs, d)
    return quotients ^ signs, (remainders ^ signs) + (signs & number(d))


def _by(x: Array, d: int) -> tuple[Array, Array]:
    """Return quotients and remainders of a share.

    NumPy divides by a scalar with multiplications and shifts. It computes remainders with the
    processor's division instruction, whose running time may depend on the share.
    """
    number = x.dtype.type(d)
    quotients: Array = x // number
    return quotients, x - quotients * number


def _carry_and_sign(
    party: SharingParty, x: Array
) -> Steps[tuple[tuple[Bytes, Bytes, Bytes], Bytes]]:
    """Return (p, q, c) with w = p·q ⊕ c, and s, all shares of bits, one per byte.

    u = x + 2^(ℓ−1) is shared by (u₀, x₁). With c the carry into the top bit, the carry out of it is
    the majority of both shares' top bits and c, and x is negative where the top bit of u is 0.
    """
    number, bits = x.dtype.type, bits_of(x)
    below = number((1 << (bits - 1)) - 1)
    low = x & below
    carry = yield from millionaires(party, below - low if party.is_first else low, bits - 1)
    c = unpack(carry, x.size)
    top = (x >> number(bits - 1)).astype(np.uint8)
    sign = top ^ c
    if party.is_first:
        top = top ^ 1  # of u
    p, q = party.side.ordered(top, np.zeros_like(top))
    return (p ^ c, q ^ c, c), sign


def _reach(party: SharingParty, r: Array, d: int, limits: Sequence[int]) -> Steps[list[Bytes]]:
    """Return shares of r₀ + r₁ >= c for each limit 0 < c <= 2d, where both rᵢ < d; bytes.

    The comparison is c − r₀ < r₁ + 1 with the left side clamped to 0 … d, so it has the length of
    d.
    """
    number = r.dtype.type
    if not party.is_first:
        rows = [r + number(1)] * len(limits)
    else:
        rows = []
        for limit in limits:
            over = max(limit - d, 0)
            cut = number(limit - over)
            moved = masks(r >= number(over), r) & (r - number(over))
            rows.append(masks(moved < cut, r) & (cut - moved))
    found = yield from millionaires(party, np.concatenate(rows), d.bit_length())
    return list(unpack(found, r.size * len(limits)).reshape(len(limits), -1))


def _any(party: SharingParty, own: Array) -> Steps[Bytes]:
    """Return shares of the OR of one bit of each party: one AND of the complements."""
    mine = pack(~own)
    both = yield from and_bits(party, *party.side.ordered(mine, np.zeros_like(mine)))
    return unpack(negate_bits(party, both), own.size)


def _and(party: SharingParty, p: Bytes, q: Bytes, _: Bytes) -> Steps[Bytes]:
    """Return the AND of bits, one per byte."""
    product = yield from and_bits(party, pack(p), pack(q))
    return unpack(product, p.size)


def _chosen(
    party: SharingParty, condition: Bytes, otherwise: Sequence[Bytes], then: Sequence[Bytes]
) -> Steps[list[Bytes]]:
    """Select between rows of bits, one per byte: a pair of triples per two rows, one round."""
    n = condition.size
    changes = [pack(p ^ q) for p, q in zip(otherwise, then, strict=True)]
    factor = pack(condition)
    pairs = [
        and_both(party, factor, *changes[i : i + 2])
        if len(changes[i : i + 2]) == 2
        else and_bits(party, factor, changes[i])
        for i in range(0, len(changes), 2)
    ]
    made = yield from together(pairs)
    products = [row for part in made for row in (part if isinstance(part, tuple) else (part,))]
    return [unpack(row, n) ^ old for row, old in zip(products, otherwise, strict=True)]


def _numbers(party: SharingParty, rows: Sequence[Bytes], bits: int) -> Steps[Array]:
    """Convert rows of bits, one per byte, to rows of numbers: one additive OT per bit."""
    n = rows[0].size
    made = yield from bits_to_numbers(party, pack(np.concatenate(rows)), n * len(rows), bits)
    result: Array = made.reshape(len(rows), n)
    return result
