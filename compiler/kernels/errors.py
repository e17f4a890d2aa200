"""Errors and secrets of ring-LWE from random words, without tables of secret addresses."""

from __future__ import annotations

from typing import Any

from .abi import I64, POINTER
from .build import VOID, Kernel, Value
from .modular import DOUBLES
from .pads import truncate


def write_errors(module: Any) -> Kernel:
    """Write `ring_errors(out*, words*, n, bits)`.

    out[i] is the sum of the lowest `bits` bits of a word less that of the next `bits` bits, as a
    signed 64-bit integer; n is a multiple of 8.
    """
    parameters = (("out", POINTER), ("words", POINTER), ("n", I64), ("bits", I64))
    k = Kernel(module, "ring_errors", parameters, result=VOID)
    shift = k.splat(k["bits"], DOUBLES.count)
    mask = (k.constant(DOUBLES, 1) << shift) - 1

    def ones(word: Value) -> Value:
        return k.intrinsic(f"llvm.ctpop.v{DOUBLES.count}i64", DOUBLES, word & mask)

    with k.loop(0, k["n"], DOUBLES.count) as at:
        words = k.load(k["words"].at(at << 3), DOUBLES)
        k.store(ones(words) - ones(words >> shift), k["out"].at(at << 3))
    k.finish()
    return k


def write_ternary(module: Any) -> Kernel:
    """Write `ring_ternary(out*, words*, n)`: out[i] = ⌊3r/2^64⌋ − 1, as a signed 32-bit integer.

    r is a word of 64 bits, and n a multiple of 8.
    """
    parameters = (("out", POINTER), ("words", POINTER), ("n", I64))
    k = Kernel(module, "ring_ternary", parameters, result=VOID)
    with k.loop(0, k["n"], DOUBLES.count) as at:
        r = k.load(k["words"].at(at << 3), DOUBLES)
        low, high = r & 0xFFFFFFFF, r >> 32
        drawn = (high * 3 + (low * 3 >> 32)) >> 32
        k.store(truncate(drawn, 32) - 1, k["out"].at(at << 2))
    k.finish()
    return k
