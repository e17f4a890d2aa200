"""Comparisons of shared numbers, by the millionaires' protocol of [RRK+20].

The first party has a and the second has b, both of t bits; they obtain shares of (a < b). Numbers
are split into D = ceil(t/4) digits. For each digit, a 1-of-16 OT gives shares of (less, equal)
(`kernels/triples.py`). It takes 4 OTs, 4 bits to the sender and 32 bits back. Of all D·n digits,
the first party is the sender for the first half, and the second party, with complemented digits,
for the rest. A tree of depth ceil(log2 D) follows: less = less_high ⊕ equal_high·less_low and equal
= equal_high·equal_low, two products with a common factor; the equality of the lowest group isn't
needed.

Cost of n comparisons, with L(D) = ⌈log2 D⌉ levels, N = ceil(n/8), for both directions together: 4Dn
+ 2·8N·(D − 1) OTs; 36Dn/8 bytes for the leaves (each part rounded up to bytes); each way, 2N bytes
for each of the L(D) products at the bottom and 3N for each of the D − 1 − L(D) others; 2 + L(D)
rounds. Every message is masked by pads, by random choices, or by triples.

With a dealer, digits are single bits: (less, equal) = (¬a·b, ¬a ⊕ b), where the product takes a bit
triple, 2N bytes each way and one round. The tree is the same. In total this takes t + (t − 1)
triples and pairs and 1 + L(t) rounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import numpy as np

from ..boolean.comparison_tree import levels
from ..boolean.gates import and_all, and_bits
from ..conversions.bits_and_numbers import select
from ..core.bits import pack, pack_rows, unpack
from ..core.party import SharingParty
from ..core.preprocessing import BitTriples
from ..core.purposes import Purpose
from ..core.sizes import DIGIT_BITS
from ..core.steps import Array, Bytes, Steps, together
from .products import bits_of

_DIGIT: Final = np.uint8((1 << DIGIT_BITS) - 1)
_AT_A_TIME: Final = 4096


@lru_cache(maxsize=512)
def _cuts(edges: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """Return the shifts and the masks of the digits of parts, as columns."""
    shifts, masks = [], []
    for low, high in pairwise(edges):
        for at in range(low, high, DIGIT_BITS):
            shifts.append(at)
            masks.append((1 << min(DIGIT_BITS, high - at)) - 1)
    return np.array(shifts, dtype)[:, None], np.array(masks, np.uint8)[:, None]


def digits_of(x: Array, edges: Sequence[int]) -> Bytes:
    """Return the digits [D][n] of parts of numbers [n], lowest digit of the first part first.

    Part i has bits edges[i] … edges[i + 1] − 1 and is split into digits on its own.
    """
    shifts, masks = _cuts(tuple(edges), x.dtype)
    digits: Bytes = np.empty((len(shifts), len(x)), np.uint8)
    # A few numbers at a time, whose shifted values stay in the cache.
    for at in range(0, len(x), _AT_A_TIME):
        part = slice(at, at + _AT_A_TIME)
        np.bitwise_and((x[part] >> shifts).astype(np.uint8), masks, out=digits[:, part])
    return digits


def leaves(party: SharingParty, digits: Bytes, fields: int) -> Steps[Bytes]:
    """Return shares of (less, equal) in bits 0 and 1, or of equal in bit 0 for one field."""
    middle = -(-digits.size // 2)
    first, second = digits[:middle], digits[middle:]
    # a < b if and only if 15 − b < 15 − a: the OT tests whether the sender's digit is less.
    sent, received = party.side.ordered(first, second ^ _DIGIT)
    masks: Bytes = party.random(sent.size) & np.uint8((1 << fields) - 1)
    out = yield from party.ots.leaves(sent, masks, received, fields)
    return np.concatenate(party.side.ordered(masks, out))


def digit_rows(party: SharingParty, x: Array, edges: Sequence[int]) -> Steps[Bytes]:
    """Return shares of less and of equal of all digits as packed bits [2D][N]."""
    digits = digits_of(x, edges)
    found = yield from leaves(party, digits.reshape(-1), 2)
    both = np.empty((2, *digits.shape), np.uint8)
    np.bitwise_and(found.reshape(digits.shape), 1, out=both[0])
    np.right_shift(found.reshape(digits.shape), 1, out=both[1])
    rows: Bytes = pack_rows(both)
    return rows.reshape(2 * len(digits), -1)


def bit_rows(party: SharingParty, x: Array, edges: Sequence[int]) -> Steps[Bytes]:
    """Return the rows of `digit_rows` for single bits: ¬a·b and ¬a ⊕ b."""
    own = party.planes.slice(x)[edges[0] : edges[-1]]
    if party.is_first:
        own = ~own
    less = yield from and_bits(party, *party.side.ordered(own, np.zeros_like(own)))
    return np.concatenate((less, own))


def compare_parts(
    party: SharingParty, x: Array, edges: Sequence[int]
) -> Steps[list[tuple[Bytes, Bytes | None]]]:
    """Compare parts of the first party's numbers with the same parts of the second's, in parallel.

    Part i has bits edges[i] … edges[i + 1] − 1. Returns packed shares of (a < b) and, except for
    the first part, of (a = b). The cost is that given above for the digits of all parts together.
    The number of levels is that of the part with the most digits. In all parts except the first,
    the products at the bottom are pairs as well.
    """
    flat = x.reshape(-1)
    size = -(-flat.size // 8)
    counts = digit_counts(party, edges)
    pairs = 8 * size * (sum(counts) - len(counts))
    state, made = yield from together(
        [party.variants.digit_rows(party, flat, edges), party.preprocessing.bit_pairs(pairs)]
    )
    return (yield from combine(party, state, counts, made))


def digit_counts(party: SharingParty, edges: Sequence[int]) -> tuple[int, ...]:
    """Return the number of digits of each part."""
    return tuple(-(-(b - a) // party.variants.digit_bits) for a, b in pairwise(edges))


def combine(
    party: SharingParty, state: Bytes, counts: tuple[int, ...], made: BitTriples
) -> Steps[list[tuple[Bytes, Bytes | None]]]:
    """Combine the rows of the digits of parts, by pairs that are `made`, as `compare_parts`."""
    plan, ends = levels(counts)
    if state.size and plan:
        tree = party.planes.tree(state, plan, made)
        for level in plan:
            theirs = yield from party.swap(tree.open(level), Purpose.MASKED_BITS)
            tree.close(level, theirs)
        state = tree.rows
    equal = len(state) // 2
    return [(state[row], state[equal + row] if i else None) for i, row in enumerate(ends)]


def millionaires(party: SharingParty, own: Array, bits: int) -> Steps[Bytes]:
    """Return packed shares of (a < b) for the first party's a and the second's b, of t bits."""
    ((less, _),) = yield from compare_parts(party, own, (0, bits))
    return less


def msb(party: SharingParty, x: Array) -> Steps[Bytes]:
    """Return packed shares of the top bits [RRK+20]: `bit`, at the cost of comparing ℓ − 1 bits."""
    return bit(party, x, bits_of(x) - 1)


def bit(party: SharingParty, x: Array, position: int) -> Steps[Bytes]:
    """Return packed shares of bit p: the XOR of the shares' bits p and the carry into bit p.

    Cost: a comparison of p bits; for p = 0 nothing.
    """
    flat = x.reshape(-1)
    own = pack((flat >> x.dtype.type(position)).astype(np.uint8) & 1)
    if position == 0:
        return own
    below = x.dtype.type((1 << position) - 1)
    rest = flat & below
    carry = yield from millionaires(party, below - rest if party.is_first else rest, position)
    return own ^ carry


def wraps(party: SharingParty, x: Array) -> Steps[Bytes]:
    """Return packed shares of x₀ + x₁ >= 2^ℓ: the cost of a comparison of ℓ bits."""
    own = x.reshape(-1)
    return millionaires(party, ~own if party.is_first else own, bits_of(x))


def negate_bits(party: SharingParty, x: Bytes) -> Bytes:
    """Return the complement of packed bits. Local."""
    return ~x if party.adds_known else x


def less_than(
    party: SharingParty,
    x: Array,
    y: Array,
    *,
    signed: bool = True,
    near: bool = False,
    whole: tuple[bool | None, bool | None] = (None, None),
) -> Steps[Bytes]:
    """Return packed shares of x < y.

    If |x − y| < 2^(ℓ−1), as `near` promises, the result is the top bit of x − y, at the cost of
    `msb`. Otherwise x < y (unsigned) is the borrow c of d = x − y. With w the wrap-around of the
    shares, x₀ + x₁ = x + w·2^ℓ, and bᵢ = (xᵢ < yᵢ) the borrow of each party's own shares, w_d = w_x
    − w_y + b₀ + b₁ − c, so that c = w_x ⊕ w_y ⊕ w_d ⊕ b₀ ⊕ b₁: three comparisons of ℓ bits per
    element in parallel, and nothing after them. Signed numbers are first shifted by 2^(ℓ−1).

    One party may hold the whole of an operand, and the other one zeros: `whole` says whether this
    party does, or is None. Such an operand doesn't wrap around, which saves a comparison. If each
    party holds one of the operands, the only one left compares them.
    """
    x, y = x.reshape(-1), y.reshape(-1)
    n = x.size
    if near:
        result: Bytes = yield from msb(party, x - y)
        return result
    if signed:
        top = x.dtype.type(1 << (bits_of(x) - 1))
        adds = [party.adds_known if holds is None else holds for holds in whole]
        x, y = (row + top if mine else row for row, mine in zip((x, y), adds, strict=True))
    rows = [row for row, holds in zip((x, y, x - y), (*whole, None), strict=True) if holds is None]
    found = yield from wraps(party, np.concatenate(rows))
    wrapped = unpack(found, n * len(rows)).reshape(len(rows), n)
    return pack(np.bitwise_xor.reduce(wrapped, axis=0) ^ (x < y))


def equal(party: SharingParty, x: Array, y: Array) -> Steps[Bytes]:
    """Return packed shares of x = y: the first party's x₀ − y₀ against the second's y₁ − x₁
    [RRK+20].

    There are D = ℓ/4 digits. Cost for both directions together: 4Dn + 2·8N(D − 1) OTs; 20Dn/8 bytes
    for the leaves, and 2N(D − 1) each way. 2 + log2 D rounds. With a dealer, the equalities of
    single bits are local: 8N(ℓ − 1) bit triples, 2N(ℓ − 1) bytes each way and log2 ℓ rounds.
    """
    own = x - y if party.is_first else y - x
    return party.variants.equality(party, own.reshape(-1))


def equal_by_digits(party: SharingParty, own: Array) -> Steps[Bytes]:
    """Return packed shares of whether both parties hold the same numbers, by digits of 4 bits."""
    digits = digits_of(own, (0, bits_of(own)))
    needed = 8 * -(-own.size // 8) * (len(digits) - 1)
    found, triples = yield from together(
        [leaves(party, digits.reshape(-1), 1), party.preprocessing.bit_triples(needed)]
    )
    rows = pack_rows(found.reshape(digits.shape))
    result: Bytes = yield from and_all(party, rows, triples)
    return result


def equal_by_bits(party: SharingParty, own: Array) -> Steps[Bytes]:
    """Return the shares of `equal_by_digits`, bit by bit."""
    planes = party.planes.slice(own)
    rows = negate_bits(party, planes)
    needed = 8 * -(-own.size // 8) * (bits_of(own) - 1)
    triples = yield from party.preprocessing.bit_triples(needed)
    result: Bytes = yield from and_all(party, rows, triples)
    return result


def relu(party: SharingParty, x: Array) -> Steps[Array]:
    """Return x where it isn't negative, 0 elsewhere: `msb` and `select`."""
    negative = yield from msb(party, x)
    result: Array = yield from select(party, negate_bits(party, negative), x)
    return result
