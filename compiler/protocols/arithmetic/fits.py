"""The sign of a number, and whether it fits in fewer bits, out of one comparison.

Let x = x₀ + x₁ be from −2^p to 2^p − 1. Its sign is bit p: the exclusive or of the shares' bits p
and of the carry into them. It fits into k bits and a sign, −2^k <= x < 2^k, where bits k … p − 1
are all equal to the sign. With the shares' bits h₀ and h₁ at these m = p − k places, the carry c
out of the lowest k bits, and sums modulo 2^m:

- bits k … p − 1 of x are all 0 if h₀ + h₁ is 0 and c = 0, or h₀ + h₁ is −1 and c = 1;
- they are all 1 if h₀ + h₁ is −1 and c = 0, or h₀ + h₁ is −2 and c = 1.

For the comparison of ¬h₀ with h₁ the millionaires' protocol already has less, the carry out of
h₀ + h₁, and equal, which tells that h₀ + h₁ = −1 [RRK+20]. With E for equal, Z for h₀ + h₁ = 0 and
T for h₀ + h₁ = −2, and s for the sign without c, that is for the bits p of the shares ⊕ less:

    the sign is s ⊕ c·E;   x fits if s·(E ⊕ Z) ⊕ Z ⊕ c·(s·(T ⊕ Z) ⊕ Z)

since c changes the sign only where E holds, and E, Z and T exclude one another, but for Z and T
where m = 1. c is of the same comparison, cut at bit k [RRG+21].

Z and T are equalities as well: of h₁ with ¬h₀ + 1, and with ¬h₀ − 1. The sender of the OT for a
digit knows the digits of both numbers, so one 1-of-16 OT yields shares of all four: its messages
have a bit each for less, E, Z and T. Trees of ANDs follow, as for equality [RRK+20].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ..boolean.gates import and_all, and_both
from ..core.bits import pack, pack_rows
from ..core.party import SharingParty
from ..core.sizes import DIGIT_BITS
from ..core.steps import Array, Bytes, Steps, together
from .comparison import bit_rows, combine, digit_counts, digits_of, leaves

_FIELDS: Final = 4
_LAST: Final = np.uint8((1 << DIGIT_BITS) - 1)
_ONES: Final = np.uint64(0x1111111111111111)
"""A one in each of 16 fields of four bits."""


def sign_and_fit(party: SharingParty, x: Array, size: int, top: int) -> Steps[tuple[Bytes, Bytes]]:
    """Return packed shares of x < 0 and of −2^k <= x < 2^k, for x from −2^p to 2^p − 1.

    0 < k = `size` < p = `top` < ℓ. Cost of n numbers with N = ceil(n/8) and D₀ and D₁ digits of the
    lower k and the upper p − k bits: `comparison.compare_parts` for both parts, where a leaf of the
    upper part takes 64 bits of message instead of 32; 8N·2(D₁ − 1) triples and 4N(D₁ − 1) bytes
    each way at the same time; then twice 8N pairs and 3N bytes each way. 4 + log2 max(D₀, D₁)
    rounds. With a dealer, digits are single bits, and the first step takes a round less.
    """
    if not 0 < size < top < 8 * x.itemsize:
        raise CompilerBug(f"numbers of {top} bits and a sign that may fit in {size}")
    flat, edges = x.reshape(-1), (0, size, top)
    counts = digit_counts(party, edges)
    instances = 8 * -(-flat.size // 8)
    (rows, near), pairs, triples = yield from together(
        [
            party.variants.near_rows(party, ~flat if party.is_first else flat, edges),
            party.preprocessing.bit_pairs(instances * (sum(counts) - 2)),
            party.preprocessing.bit_triples(2 * instances * (counts[1] - 1)),
        ]
    )
    parts, sums = yield from together(
        [combine(party, rows, counts, pairs), and_all(party, near, triples)]
    )
    (carry, _), (less, same) = parts
    zero, two = sums.reshape(2, -1)
    sign = pack((flat >> x.dtype.type(top)).astype(np.uint8) & 1) ^ less
    now, carried = yield from and_both(party, sign, same ^ zero, two ^ zero)
    changed, other = yield from and_both(party, carry, same, carried ^ zero)
    return sign ^ changed, now ^ zero ^ other


def near_digit_rows(
    party: SharingParty, x: Array, edges: Sequence[int]
) -> Steps[tuple[Bytes, Bytes]]:
    """Return the rows of `comparison.digit_rows` of two parts, and those of near numbers [D₁][2N].

    For the upper parts a and b of the compared numbers, these are shares of whether the digits of
    a + 1, and in the second half those of a − 1, are b's.
    """
    upper = edges[1:]
    step = x.dtype.type(1 << edges[1])
    # Who sends a digit is who moves its number.
    moved = (x + step, x - step) if party.is_first else (x - step, x + step)
    digits = np.stack([digits_of(one, upper).reshape(-1) for one in (x, *moved)])
    lower = digits_of(x, edges[:2])
    low, high = yield from together(
        [leaves(party, lower.reshape(-1), 2), _near_leaves(party, digits)]
    )
    low, high = low.reshape(lower.shape), high.reshape(-1, x.size)
    both = np.concatenate((low, high))
    less, same, zero, two = (
        pack_rows(one >> np.uint8(bit)) for bit, one in enumerate((both, both, high, high))
    )
    return np.concatenate((less, same)), np.concatenate((zero, two), axis=1)


def _near_leaves(party: SharingParty, digits: Bytes) -> Steps[Bytes]:
    """Return shares of less, equal, and equal to either near number in bits 0 to 3.

    `digits` [3][n] are those of this party's number and of both near ones.
    """
    middle = -(-digits.shape[1] // 2)
    # As in `comparison.leaves`.
    sent, received = party.side.ordered(digits[:, :middle], digits[:, middle:] ^ _LAST)
    masks: Bytes = party.random(sent.shape[1]) & _LAST
    places = sent.astype(np.uint64) << np.uint64(2)
    words = masks.astype(np.uint64) * _ONES ^ (_ONES << places[0]) << np.uint64(_FIELDS)
    for field, place in enumerate(places, 1):
        words ^= np.uint64(1 << field) << place
    out = yield from party.ots.tables(words, np.ascontiguousarray(received[0]), _FIELDS)
    if out is None:
        raise CompilerBug("entries were asked for")
    return np.concatenate(party.side.ordered(masks, out))


def near_bit_rows(
    party: SharingParty, x: Array, edges: Sequence[int]
) -> Steps[tuple[Bytes, Bytes]]:
    """Return the rows of `near_digit_rows` for single bits, of which those of near numbers are
    local."""
    rows = yield from bit_rows(party, x, edges)
    step = x.dtype.type(1 << edges[1])
    moved = (x + step, x - step) if party.is_first else (x, x)
    planes = [party.planes.slice(one)[edges[1] : edges[2]] for one in moved]
    near = np.concatenate(planes, axis=1)
    return rows, ~near if party.is_first else near
