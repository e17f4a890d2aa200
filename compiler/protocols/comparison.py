"""Comparisons of shared numbers, by the millionaires' protocol of [RRK+20].

Party 0 has a, party 1 has b, of t bits; they get shares of (a < b). Numbers are cut into D =
ceil(t/4) digits. For each, a 1-of-16 OT gives shares of (less, equal) (`kernels/triples.py`): 4
OTs, 4 bits to the sender, 32 bits back; of all D·n, party 0 is the sender of the first half, party
1, with complemented digits, of the rest. Then a tree of depth ceil(log2 D): less = less_high ⊕
equal_high·less_low and equal = equal_high·equal_low, two products with one factor in common; the
lowest group's equality isn't needed.

Cost of n comparisons, with L(D) = ⌈log2 D⌉ levels, N = ceil(n/8), on both directions together:
4Dn + 2·8N·(D − 1) OTs; 36Dn/8 bytes for leaves (each part rounded up to bytes), and each way 2N for
each of the L(D) products at the bottom, 3N for each of the D − 1 − L(D) others. 2 + L(D) rounds.
Everything seen is masked by pads, by random choices, or by triples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..kernels.pads import PADS
from ..kernels.triples import DIGIT_BITS
from .arithmetic import bits_of
from .boolean import BitStock, and_bits, and_mixed
from .conversions import select
from .correlated import Bytes
from .cot import Blocks
from .native import Array, empty, padded
from .sharing import BATCH_OTS, Hash, SendJob, SharingParty, slices
from .tables import receive_digits

_LEAVES: Final = BATCH_OTS // DIGIT_BITS
_DIGIT: Final = (1 << DIGIT_BITS) - 1


def digits_of(x: Array, low: int, high: int) -> list[Bytes]:
    """Return bits `low` … `high` − 1 of numbers as digits, lowest first."""
    mask = x.dtype.type
    result = []
    for at in range(low, high, DIGIT_BITS):
        kept = (1 << min(DIGIT_BITS, high - at)) - 1
        result.append(((x >> mask(at)) & mask(kept)).astype(np.uint8))
    return result


def leaves(party: SharingParty, digits: Bytes, fields: int) -> Bytes:
    """Return shares of (less, equal) in bits 0 and 1, or of equal in bit 0 for one field."""
    middle = -(-digits.size // 2)
    first, second = digits[:middle], digits[middle:]
    if party.index == 1:
        # a < b just when 15 − b < 15 − a: the sender's digit is the one that is to be less.
        sent, received = _DIGIT - second, first
    else:
        sent, received = first, _DIGIT - second
    sent, received = padded(sent), padded(received)
    masks = padded(party.random(sent.size) & ((1 << fields) - 1))
    out: Bytes = empty(received.size, np.uint8)
    party.exchange(
        (
            _send(party, sent[p], masks[p], fields) if p.start < sent.size else None,
            receive_digits(party, received[p], out[p], fields) if p.start < received.size else None,
        )
        for p in slices(max(sent.size, received.size), _LEAVES)
    )
    parts = (out, masks) if party.index == 1 else (masks, out)
    return np.concatenate(parts)


def _send(party: SharingParty, digits: Bytes, masks: Bytes, fields: int) -> SendJob:
    count = len(digits)

    def run(hash: Hash, blocks: Blocks, message: Bytes) -> None:
        arguments = (hash.start, hash.first, blocks, party.delta, digits, masks, message, count)
        party.native.call(f"leaves{fields}_sender", *arguments)

    return SendJob(
        ots=DIGIT_BITS * count,
        windows=DIGIT_BITS * -(-count // PADS),
        message_bytes=2 * fields * count,
        chosen=True,
        run=run,
    )


@dataclass(slots=True)
class _Number:
    """Digits that are being joined: rows of packed bits, lowest first."""

    less: list[Bytes]
    equal: list[Bytes]
    wants_equal: bool


def compare_parts(
    party: SharingParty, x: Array, edges: Sequence[int]
) -> list[tuple[Bytes, Bytes | None]]:
    """Compare parts of party 0's numbers with the same parts of party 1's, all at once.

    Part i has bits edges[i] … edges[i + 1] − 1. Returns shares of (a < b) and, but for the first
    part, of (a = b), packed. Cost as above, with the parts' digits together; the levels are those
    of the part with most digits, and in all parts but the first the bottom's products are pairs,
    too.
    """
    n = x.size
    parts = [digits_of(x.reshape(-1), *edges[i : i + 2]) for i in range(len(edges) - 1)]
    digits = np.stack([digit for part in parts for digit in part])
    rows = leaves(party, digits.reshape(-1), 2).reshape(len(digits), n)
    less = list(np.packbits(rows & 1, axis=-1, bitorder="little"))
    equal = list(np.packbits(rows >> 1, axis=-1, bitorder="little"))
    numbers = []
    for i, part in enumerate(parts):
        count = len(part)
        numbers.append(_Number(less[:count], equal[:count], wants_equal=i > 0))
        less, equal = less[count:], equal[count:]
    size = -(-n // 8)
    singles = sum((len(part) - 1).bit_length() for part in parts[:1])
    stock = BitStock(party, size * singles, size * (len(digits) - len(parts) - singles))
    while any(len(number.less) > 1 for number in numbers):
        _join_level(party, numbers, stock)
    return [(x.less[0], x.equal[0] if x.wants_equal else None) for x in numbers]


def _join_level(party: SharingParty, numbers: Sequence[_Number], stock: BitStock) -> None:
    """Join neighbouring digits of all numbers, in one round."""
    single: list[tuple[Bytes, ...]] = []
    double: list[tuple[Bytes, ...]] = []
    for number in numbers:
        for i in range(0, len(number.less) - 1, 2):
            if i or number.wants_equal:
                double.append((number.equal[i + 1], number.less[i], number.equal[i]))
            else:
                single.append((number.equal[i + 1], number.less[i]))
    size = numbers[0].less[0].size
    x, y = (_stack([s[i] for s in single], size) for i in range(2))
    u, v, w = (_stack([d[i] for d in double], size) for i in range(3))
    products, below, both = and_mixed(party, (x, y), (u, v, w), stock)
    singles, doubles = iter(products), zip(below, both, strict=True)
    for number in numbers:
        less, equal = [], []
        for i in range(0, len(number.less) - 1, 2):
            if i or number.wants_equal:
                low, same = next(doubles)
            else:
                low = same = next(singles)
            less.append(number.less[i + 1] ^ low)
            equal.append(same)
        odd = len(number.less) % 2
        number.less = less + number.less[len(number.less) - odd :]
        number.equal = equal + number.equal[len(number.equal) - odd :]


def _stack(rows: Sequence[Bytes], size: int) -> Bytes:
    return np.stack(rows) if rows else np.empty((0, size), np.uint8)


def millionaires(party: SharingParty, own: Array, bits: int) -> Bytes:
    """Return packed shares of (a < b) for party 0's numbers a and party 1's b, of t bits."""
    ((less, _),) = compare_parts(party, own, (0, bits))
    return less


def msb(party: SharingParty, x: Array) -> Bytes:
    """Return packed shares of the top bits [RRK+20]: the shares' own and the carry into it.

    Cost: a comparison of ℓ − 1 bits.
    """
    bits = bits_of(x)
    flat = x.reshape(-1)
    top = x.dtype.type(bits - 1)
    rest = flat & x.dtype.type((1 << (bits - 1)) - 1)
    if party.index == 0:
        rest = x.dtype.type((1 << (bits - 1)) - 1) - rest
    carry = millionaires(party, rest, bits - 1)
    return np.packbits((flat >> top).astype(np.uint8), bitorder="little") ^ carry


def negate_bits(party: SharingParty, x: Bytes) -> Bytes:
    """Return the complement of packed bits. Local."""
    return ~x if party.index == 0 else x


def less_than(
    party: SharingParty, x: Array, y: Array, *, signed: bool = True, near: bool = False
) -> Bytes:
    """Return packed shares of x < y.

    The top bit of x − y tells if |x − y| < 2^(ℓ−1), as `near` promises: the cost of `msb`.
    Otherwise x < y (unsigned) is the borrow of x − y, the majority of ¬x, y and x − y in the top
    bit: three times the cost of `msb`, and an AND and a round more. Signed numbers have their top
    bits complemented.
    """
    difference = (x - y).reshape(-1)
    if near:
        return msb(party, difference)
    n = x.size
    size = -(-n // 8)
    columns = np.zeros((3, 8 * size), x.dtype)
    for row, values in zip(columns, (x.reshape(-1), y.reshape(-1), difference), strict=True):
        row[:n] = values
    a, b, c = msb(party, columns).reshape(3, size)
    if signed:
        b = negate_bits(party, b)
    else:
        a = negate_bits(party, a)
    return and_bits(party, a ^ c, b ^ c) ^ c


def equal(party: SharingParty, x: Array, y: Array) -> Bytes:
    """Return packed shares of x = y: party 0's x₀ − y₀ against party 1's y₁ − x₁ [RRK+20].

    There are D = ℓ/4 digits. Cost on both directions together: 4Dn + 2·8N(D − 1) OTs; 20Dn/8 bytes
    for leaves, and 2N(D − 1) each way. 2 + log2 D rounds.
    """
    own = (x - y if party.index == 0 else y - x).reshape(-1)
    digits = np.stack(digits_of(own, 0, bits_of(x)))
    found = leaves(party, digits.reshape(-1), 1).reshape(len(digits), own.size)
    rows = np.packbits(found, axis=-1, bitorder="little")
    while len(rows) > 1:
        rows = and_bits(party, rows[::2], rows[1::2])
    same: Bytes = rows[0]
    return same


def relu(party: SharingParty, x: Array) -> Array:
    """Return x where it isn't negative, 0 elsewhere: `msb` and `select`."""
    return select(party, negate_bits(party, msb(party, x)), x)


def maximum(
    party: SharingParty, x: Array, y: Array, *, signed: bool = True, near: bool = False
) -> Array:
    """Return the greater of two numbers, element by element: `less_than` and `select`."""
    less = less_than(party, x, y, signed=signed, near=near)
    result: Array = x + select(party, less, y - x)
    return result
