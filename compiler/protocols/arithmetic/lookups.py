"""Lookups of public tables at shared indices: n = 2^k entries of some words.

The index is x = x₀ + x₁, of which only the low k bits count: reducing additive shares modulo 2^k is
local.

Without a dealer, one party rotates the table by its share x₀ and masks it, and the other one
receives the entry at its share x₁ by a 1-of-n OT, made of k 1-of-2 OTs [NP99]: the mask and the
masked word are shares of the result. The first party is the sender of the first half of all lookups
and the second party of the others. Cost of m lookups of words of s bytes: k·m OTs, k·m bits of
differences and m·n·Σs bytes of messages, in both directions together; two rounds.

Of a word known to lie in a range, only the b bits that its differences from the lowest number need
are looked up, modulo 2^β for β = 8·s > b. Its highest bit is known to be 0, so the shares' highest
bits add up to the carry into it, and are shares of it by exclusive or. So
v = (v₀ mod 2^(β−1)) + (v₁ mod 2^(β−1)) − carry·2^(β−1) extends the shares to the ring [RRG+21]:
`bits_to_numbers` of a bit a word.

With a dealer, a lookup takes a random place r and the vector with a one at r, both in shares
[IKM+13]. The parties open d = x − r, which is uniform because r is; the sums of the vector times
the table, rotated by d, are then local. One or two bytes each way, one round. The ring of the
vectors is the smallest that has more bits than all words need; the sums are then extended.

An index may be out of range: its comparison with n, and a selection of each word, follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ...ir.dtypes import word_dtype
from ..conversions.bits_and_numbers import bits_to_numbers, select
from ..core.bits import pack, unpack
from ..core.lookups import Column, Sent, Table
from ..core.party import SharingParty
from ..core.purposes import Purpose
from ..core.sizes import WIDTHS
from ..core.steps import Array, Bytes, Steps, together
from .comparison import less_than, msb, negate_bits
from .products import bits_of

_EXTENSION: Final = 32
"""Bytes that narrower words have to save: about what their extension takes."""


def lookup(
    party: SharingParty, table: Table, x: Array, *, signed: bool, inside: bool
) -> Steps[Array]:
    """Return the entries [m][words] at indices x [m]; zeros for those that aren't below n.

    `inside`: no index is out of range. The indices have at least k bits.
    """
    finding = party.variants.lookup(party, table, x)
    if inside or (not signed and table.entries == 1 << bits_of(x)):
        return (yield from finding)
    found, within = yield from together([finding, _below(party, x, table.entries, signed=signed)])
    count = found.shape[1]
    repeated = np.repeat(unpack(within, x.size), count)
    chosen: Array = yield from select(party, pack(repeated), found)
    return chosen


def _below(party: SharingParty, x: Array, limit: int, *, signed: bool) -> Steps[Bytes]:
    """Return shares of 0 <= x < limit; a negative number is past the end as an unsigned one."""
    if signed and limit >= 1 << (bits_of(x) - 1):
        negative = yield from msb(party, x)
        return negate_bits(party, negative)
    end = np.full_like(x, limit if party.adds_known else 0)
    whole = (None, party.adds_known)
    result: Bytes = yield from less_than(party, x, end, signed=False, whole=whole)
    return result


def lookup_by_ots(party: SharingParty, table: Table, x: Array) -> Steps[Array]:
    """`lookup` of indices in range, by OTs."""
    ring = bits_of(table.words)
    sizes = []
    for low, bits in _needed(table):
        size = bits // 8 + 1
        worth = table.entries * (ring // 8 - size) >= _EXTENSION
        sizes.append((low, size) if worth else (0, ring // 8))
    columns = [
        Column(words=_from(words, low, _width(8 * size)), size=size)
        for words, (low, size) in zip(table.words, sizes, strict=True)
    ]
    digits = (x & x.dtype.type(table.entries - 1)).astype(np.uint16)
    middle = -(-x.size // 2)
    shifts, chosen = party.side.ordered(digits[:middle], digits[middle:])
    masks = [
        party.random(shifts.size * column.words.itemsize).view(column.words.dtype)
        for column in columns
    ]
    received = yield from party.ots.lookups(columns, Sent(shifts=shifts, masks=masks), chosen)
    shares = [
        np.concatenate(party.side.ordered(mask, word))
        for mask, word in zip(masks, received, strict=True)
    ]
    return (yield from _extended(party, shares, [(low, 8 * size) for low, size in sizes], ring))


def lookup_opened(party: SharingParty, table: Table, x: Array) -> Steps[Array]:
    """`lookup` of indices in range, by dealt vectors."""
    ring, last = bits_of(table.words), np.uint16(table.entries - 1)
    needed = _needed(table)
    width = _width(max(bits for _, bits in needed) + 1)
    if width < ring:
        parts = [(low, width) for low, _ in needed]
    else:
        width, parts = ring, [(0, ring)] * len(needed)
    words = np.stack(
        [_from(word, low, width) for word, (low, _) in zip(table.words, parts, strict=True)]
    )
    made = yield from party.preprocessing.one_hots(x.size, table.entries, width)
    own = (x & x.dtype.type(last)).astype(np.uint16) - made.places & last
    sent = own.astype(np.uint8 if table.entries <= 256 else np.uint16)
    theirs = yield from party.swap(sent, Purpose.MASKED_INDICES)
    offsets = sent.astype(np.uint16) + theirs.view(sent.dtype) & last
    sums = party.planes.rotated_sums(made.vectors, words, offsets)
    return (yield from _extended(party, list(sums.T), parts, ring))


def _needed(table: Table) -> list[tuple[int, int]]:
    """Return the lowest number of each word, and the bits of the differences from it."""
    ring = bits_of(table.words)
    bounds = table.bounds or ((0, (1 << ring) - 1),) * len(table.words)
    return [(low, (high - low).bit_length()) for low, high in bounds]


def _width(bits: int) -> int:
    """Return the number of bits of the ring for numbers of so many bits, at most 64."""
    return next((width for width in WIDTHS if width >= bits), WIDTHS[-1])


def _from(words: Array, low: int, width: int) -> Array:
    """Return the differences of words from the lowest number, modulo 2^width."""
    moved: Array = words - words.dtype.type(low % (1 << bits_of(words)))
    return moved.astype(word_dtype(width))


def _extended(
    party: SharingParty, shares: Sequence[Array], parts: Sequence[tuple[int, int]], ring: int
) -> Steps[Array]:
    """Return words [m][words] modulo 2^ℓ, given shares modulo 2^β of their differences.

    `parts` has the lowest number of each word, and its β. If β < ℓ, bit β − 1 is known to be 0.
    """
    number = word_dtype(ring).type
    words = [share.astype(word_dtype(ring)) for share in shares]
    tops = {i: bits - 1 for i, (_, bits) in enumerate(parts) if bits < ring}
    if tops:
        count = words[0].size
        flags = [(words[i] >> number(top)).astype(np.uint8) & 1 for i, top in tops.items()]
        carries = yield from bits_to_numbers(
            party, pack(np.concatenate(flags)), count * len(tops), ring
        )
        for carry, (i, top) in zip(carries.reshape(-1, count), tops.items(), strict=True):
            words[i] = (words[i] & number((1 << top) - 1)) - (carry << number(top))
    if party.adds_known:
        words = [w + number(low % (1 << ring)) for w, (low, _) in zip(words, parts, strict=True)]
    return np.stack(words).T
