"""Numbers of 128 bits, in two arrays of words, and the bytes that are sent of them.

Everything is computed modulo 2^128, and shifts are by public amounts. Bytes are those of
little-endian numbers, one after the other. Each is read and written with 16 bytes, of which those
past its end are ignored, or overwritten by the next one: arrays of bytes are padded.
"""

from __future__ import annotations

from typing import Any, Final

from llvmlite import ir

from .abi import I64, POINTER
from .build import VOID, Kernel, Value

_WIDE: Final[Any] = ir.IntType(128)
_BITS: Final = 128


def _begin(module: Any, name: str, pointers: tuple[str, ...], numbers: tuple[str, ...]) -> Kernel:
    parameters = [(label, POINTER) for label in pointers]
    sizes = [(label, I64) for label in ("n", *numbers)]
    return Kernel(module, name, [*parameters, *sizes], result=VOID)


def _load(k: Kernel, at: Value) -> Value:
    """Return low[at] + 2^64·high[at]."""
    low, high = (k.load(k[name].at(at << 3), I64).to(_WIDE) for name in ("low", "high"))
    return low | high << 64


def _bits_without(k: Kernel, name: str) -> Value:
    """Return how many bits a number has beyond its upper bytes, whose number is a parameter."""
    return (k.i64(_BITS) - (k[name] << 3)).to(_WIDE)


def write_to_bytes(module: Any) -> Kernel:
    """Write `wide_to_bytes(out*, low*, high*, n, bytes)`: the upper bytes of numbers, rounded.

    `bytes` is less than 16.
    """
    k = _begin(module, "wide_to_bytes", ("out", "low", "high"), ("bytes",))
    rest = _bits_without(k, "bytes")
    half = k.constant(_WIDE, 1) << (rest - 1)
    with k.loop(0, k["n"]) as at:
        k.store((_load(k, at) + half) >> rest, k["out"].at(at * k["bytes"]))
    k.finish()
    return k


def write_from_bytes(module: Any) -> Kernel:
    """Write `wide_from_bytes(low*, high*, data*, n, bytes)`: signed integers of so many bytes."""
    k = _begin(module, "wide_from_bytes", ("low", "high", "data"), ("bytes",))
    rest = _bits_without(k, "bytes")
    with k.loop(0, k["n"]) as at:
        number = (k.load(k["data"].at(at * k["bytes"]), _WIDE) << rest).signed_shift(rest)
        k.store(number.to(I64), k["low"].at(at << 3))
        k.store((number >> 64).to(I64), k["high"].at(at << 3))
    k.finish()
    return k


def write_sum(module: Any) -> Kernel:
    """Write `wide_sum(out*, low*, high*, data*, n, bytes, data_bytes, bits)`.

    out[i] = ⌊2^ℓ·(x/2^(8·bytes) + y/2^(8·data_bytes))⌉ modulo 2^ℓ, in words, for the numbers x and
    the numbers y of `data_bytes` bytes; ℓ = `bits` is at most 64.
    """
    pointers = ("out", "low", "high", "data")
    k = _begin(module, "wide_sum", pointers, ("bytes", "data_bytes", "bits"))
    first, second = (_bits_without(k, name) for name in ("bytes", "data_bytes"))
    kept = (k.i64(_BITS) - k["bits"]).to(_WIDE)
    half = k.constant(_WIDE, 1) << (kept - 1)
    with k.loop(0, k["n"]) as at:
        other = k.load(k["data"].at(at * k["data_bytes"]), _WIDE)
        total = (_load(k, at) << first) + (other << second) + half
        k.store((total >> kept).to(I64), k["out"].at(at << 3))
    k.finish()
    return k
