"""Integers modulo 2^128 in two vectors of words: low and high. Shifts are by public amounts."""

from __future__ import annotations

import numpy as np

from ..core.steps import Bytes
from .calls import Array

Wide = tuple[Array, Array]
_WORD = 64
_BYTES = 16


def add(x: Wide, y: Wide) -> Wide:
    """Return x + y."""
    low = x[0] + y[0]
    return low, x[1] + y[1] + (low < y[0]).astype(np.uint64)


def up(x: Wide, bits: int) -> Wide:
    """Return x·2^bits, 0 < bits < 128."""
    low, high = x
    if bits >= _WORD:
        return np.zeros_like(low), low << np.uint64(bits - _WORD)
    return low << np.uint64(bits), high << np.uint64(bits) | low >> np.uint64(_WORD - bits)


def down(x: Wide, bits: int) -> Wide:
    """Return ⌊x/2^bits⌋ of x as a signed integer, 0 < bits < 128."""
    low, high = x[0], x[1].view(np.int64)
    if bits >= _WORD:
        kept = high >> np.int64(bits - _WORD)
        return kept.view(np.uint64), (high >> np.int64(_WORD - 1)).view(np.uint64)
    kept = low >> np.uint64(bits) | x[1] << np.uint64(_WORD - bits)
    return kept, (high >> np.int64(bits)).view(np.uint64)


def rounded(x: Wide, bits: int) -> Wide:
    """Return x rounded to its upper `bits` bits; the others are arbitrary."""
    half = 2 * _WORD - 1 - bits
    words = [np.uint64(1 << half & (1 << _WORD) - 1), np.uint64(1 << half >> _WORD)]
    return add(x, (np.full_like(x[0], words[0]), np.full_like(x[1], words[1])))


def top_bytes(x: Wide, count: int) -> Bytes:
    """Return the upper `count` bytes of x rounded to them: [n][count]."""
    both = np.stack(rounded(x, 8 * count), axis=-1)
    return np.ascontiguousarray(both.view(np.uint8)[:, _BYTES - count :])


def from_top_bytes(data: Bytes) -> Wide:
    """Return integers with the given upper bytes [n][count]; the others are 0."""
    whole = np.zeros((len(data), _BYTES), np.uint8)
    whole[:, _BYTES - data.shape[1] :] = data
    words = whole.view(np.uint64)
    return words[:, 0].copy(), words[:, 1].copy()
