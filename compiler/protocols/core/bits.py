"""Packed bits, eight a byte with the lowest first, and bits in bytes of their own.

NumPy unpacks bits by a table, at addresses that depend on them. These functions are arithmetic on
words of 64 bits, whose instructions and addresses depend on the number of bits alone.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .steps import Array, Bytes

_WORD: Final = np.dtype("<u8")
_ONES: Final = np.uint64(0x0101_0101_0101_0101)
_GATHER: Final = np.uint64(0x0102_0408_1020_4080)
"""Times a word with bit 0 of each byte, it has the bit of byte i at place 56 + i."""
_DIAGONAL: Final = np.uint64(0x8040_2010_0804_0201)
"""Bit i of byte i."""
_CARRY: Final = np.uint64(0x0040_6070_787C_7E7F)
"""128 − 2^i in byte i: added to bit i of the byte, it carries that bit to bit 7."""


def pack(bits: Array) -> Bytes:
    """Pack bits of any shape, one after the other: bit 0 of each byte or bool."""
    return pack_rows(bits.reshape(-1))


def pack_rows(bits: Array) -> Bytes:
    """Pack bits along the last axis: [..., n] to [..., ceil(n/8)]."""
    missing = -bits.shape[-1] % 8
    if missing:
        padding = np.zeros((*bits.shape[:-1], missing), bits.dtype)
        bits = np.concatenate((bits, padding), axis=-1)
    words = bits.astype(np.uint8, order="C", copy=False).view(_WORD) & _ONES
    words *= _GATHER
    words >>= np.uint64(56)
    return words.astype(np.uint8)


def unpack(packed: Bytes, count: int) -> Bytes:
    """Return the first `count` of packed bits of any shape, in a byte each: [count]."""
    words = packed.reshape(-1).astype(_WORD)
    words *= _ONES
    words &= _DIAGONAL
    words += _CARRY
    words >>= np.uint64(7)
    words &= _ONES
    bits: Bytes = words.view(np.uint8)[:count]
    return bits
