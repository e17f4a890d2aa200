"""Products from correlated OTs: kernels that run whole batches.

Elements are little-endian integers of ℓ = 8, 16, 32 or 64 bits. Pads, order and packing are those
of `pads.py` and `rings.py`. Products come in chunks of 128, and a last chunk of the remaining m; a
chunk's OTs are ordered by bit, then by product: [ℓ][m]. Its message has ℓ/2 + ½ rows of m words:
bit 0, the halves of bit ℓ/2 (for ℓ = 8 two in a byte, ceil(m/2) bytes), then the pairs. Arrays of
elements, choices and messages have 16 elements of padding after their end, which kernels may read
and write; blocks of OTs need none.

Keys: chunk number c uses windows cℓ … cℓ + ℓ − 1 from `first` on.
"""

from __future__ import annotations

from typing import Any, Final

from .abi import I8, I64, POINTER
from .build import VOID, Kernel, Value, vector
from .pads import KEYS_A_CALL, PADS, ROW
from .rings import Lanes

_PAD_BYTES: Final = 8 * (PADS + ROW)


class _Chunks:
    """The loop over chunks of products, with the addresses of their OTs, elements and messages."""

    def __init__(self, k: Kernel, bits: int, pads: Kernel, outputs: int) -> None:
        self.k = k
        self.bits = bits
        self.pads = pads
        self.buffers = [k.bytes_slot(_PAD_BYTES) for _ in range(2 * outputs)]
        self.key = k.variable(k["first"])
        self.blocks = k.variable(k["blocks"])
        self.message = k.variable(k["message"])

    def make_pads(self, bit: Value, count: Value, half: int) -> list[Value]:
        """Make the pads of a bit's OTs in the buffers of one half; return these."""
        k = self.k
        outputs = len(self.buffers) // 2
        buffers = self.buffers[half * outputs : (half + 1) * outputs]
        blocks = self.blocks.get().at(bit * count << 4)
        delta = (k["delta"],) if outputs == 2 else ()
        key = self.key.get() + bit * KEYS_A_CALL
        k.call(self.pads, k["start"], key, blocks, *delta, *buffers, count)
        return buffers

    def advance(self, count: Value) -> None:
        """Go on to the next chunk."""
        self.blocks.set(self.blocks.get().at(count * self.bits << 4))
        self.key.set(self.key.get() + KEYS_A_CALL * self.bits)

    def take_row(self, size: Value) -> Value:
        """Return the address of the message's next `size` bytes, and advance past them."""
        address = self.message.get()
        self.message.set(address.at(size))
        return address


def _half_bytes(count: Value, bits: int) -> Value:
    """Return the size of a row of half words."""
    return (count + 1) >> 1 if bits == 8 else count * (bits // 16)


def write_gilboa_sender(
    module: Any, bits: int, pads: Kernel, first: Kernel, pair: Kernel, *, bitwise: bool
) -> Kernel:
    """Write `gilboa_sender{ℓ}(start*, first, blocks*, delta*, x*, share*, message*, n)`.

    The sender's share is added to `share`; blocks [OTs], x [n]; `bitwise_sender{ℓ}` likewise.
    """
    name = f"{'bitwise' if bitwise else 'gilboa'}_sender{bits}"
    pointers = [(p, POINTER) for p in ("blocks", "delta", "x", "share", "message")]
    k = Kernel(
        module, name, (("start", POINTER), ("first", I64), *pointers, ("n", I64)), result=VOID
    )
    chunks = _Chunks(k, bits, pads, outputs=2)
    with k.loop(0, k["n"], PADS) as at:
        count = k.minimum(k["n"] - at, PADS)
        x, share = (k[name].at(at * (bits // 8)) for name in ("x", "share"))
        a = chunks.make_pads(k.i64(0), count, 0)
        b = chunks.make_pads(k.i64(bits // 2), count, 1)
        row = chunks.take_row(count * (bits // 8))
        half = chunks.take_row(_half_bytes(count, bits))
        k.call(first, *a, *b, x, share, row, half, count)
        with k.loop(1, k.i64(bits // 2)) as bit:
            a = chunks.make_pads(bit, count, 0)
            b = chunks.make_pads(k.i64(bits) - bit, count, 1)
            row = chunks.take_row(count * (bits // 8))
            k.call(pair, *a, *b, x, share, row, count, bit)
        chunks.advance(count)
    k.finish()
    return k


def write_gilboa_receiver(
    module: Any, bits: int, pads: Kernel, first: Kernel, pair: Kernel
) -> Kernel:
    """Write `gilboa_receiver{ℓ}(start*, first, blocks*, choices*, message*, share*, n)`.

    choices are bytes, [OTs], 0 or 1.
    """
    pointers = [(p, POINTER) for p in ("blocks", "choices", "message", "share")]
    parameters = (("start", POINTER), ("first", I64), *pointers, ("n", I64))
    k = Kernel(module, f"gilboa_receiver{bits}", parameters, result=VOID)
    chunks = _Chunks(k, bits, pads, outputs=1)
    with k.loop(0, k["n"], PADS) as at:
        count = k.minimum(k["n"] - at, PADS)
        share = k["share"].at(at * (bits // 8))
        choices = k["choices"].at(at * bits)
        (a,) = chunks.make_pads(k.i64(0), count, 0)
        (b,) = chunks.make_pads(k.i64(bits // 2), count, 1)
        row = chunks.take_row(count * (bits // 8))
        half = chunks.take_row(_half_bytes(count, bits))
        k.call(first, a, b, choices, choices.at(count * (bits // 2)), row, half, share, count)
        with k.loop(1, k.i64(bits // 2)) as bit:
            other = k.i64(bits) - bit
            (a,) = chunks.make_pads(bit, count, 0)
            (b,) = chunks.make_pads(other, count, 1)
            row = chunks.take_row(count * (bits // 8))
            chosen = (choices.at(bit * count), choices.at(other * count))
            k.call(pair, a, b, *chosen, row, share, count, bit)
        chunks.advance(count)
    k.finish()
    return k


def write_spread(module: Any, bits: int, used: int) -> Kernel:
    """Write `spread{ℓ}(x*, choices*, n)`: the bits of factors as choice bytes in the OTs' order.

    If only the low `used` bits are needed, it is `spread_digits`, for the millionaires' protocol.
    """
    name = f"spread{bits}" if used == bits else "spread_digits"
    k = Kernel(module, name, _bit_parameters(), result=VOID)
    lanes = Lanes(k, bits)
    with k.loop(0, k["n"], PADS) as at:
        count = k.minimum(k["n"] - at, PADS)
        out = k.variable(k["choices"].at(at * used))
        with k.loop(0, k.i64(used)) as bit:
            with k.loop(0, count, ROW) as lane:
                x = lanes.load(k["x"], at + lane)
                k.store(_byte((x >> lanes.splat(bit)) & 1), out.get().at(lane))
            out.set(out.get().at(count))
    k.finish()
    return k


def write_collect(module: Any, bits: int) -> Kernel:
    """Write `collect{ℓ}(x*, choices*, n)`: add the factors that choice bytes represent to x."""
    k = Kernel(module, f"collect{bits}", _bit_parameters(), result=VOID)
    lanes = Lanes(k, bits)
    with k.loop(0, k["n"], PADS) as at:
        count = k.minimum(k["n"] - at, PADS)
        source = k.variable(k["choices"].at(at * bits))
        with k.loop(0, k.i64(bits)) as bit:
            weight = lanes.splat(k.i64(1) << bit)
            with k.loop(0, count, ROW) as lane:
                x = lanes.load(k["x"], at + lane)
                lanes.store(x + (lanes.mask(source.get(), lane) & weight), k["x"], at + lane)
            source.set(source.get().at(count))
    k.finish()
    return k


def _bit_parameters() -> tuple[tuple[str, Any], ...]:
    return (("x", POINTER), ("choices", POINTER), ("n", I64))


def _byte(value: Value) -> Value:
    """Truncate lanes to bytes."""
    type = vector(I8, ROW)
    if value.type == type:
        return value
    return Value(value.kernel, value.kernel.builder.trunc(value.ir, type))


def write_additive_sender(module: Any, bits: int, pads: Kernel) -> Kernel:
    """Write `additive_sender{ℓ}(start*, first, blocks*, delta*, x*, share*, message*, n)`.

    One OT for each element, with the additive correlation x: d = P₀ − P₁ + x, share −P₀.
    """
    pointers = [(p, POINTER) for p in ("blocks", "delta", "x", "share", "message")]
    parameters = (("start", POINTER), ("first", I64), *pointers, ("n", I64))
    k = Kernel(module, f"additive_sender{bits}", parameters, result=VOID)
    lanes, key = Lanes(k, bits), k.variable(k["first"])
    zeros, ones = k.bytes_slot(_PAD_BYTES), k.bytes_slot(_PAD_BYTES)
    with k.loop(0, k["n"], PADS) as at:
        count = k.minimum(k["n"] - at, PADS)
        blocks = k["blocks"].at(at << 4)
        k.call(pads, k["start"], key.get(), blocks, k["delta"], zeros, ones, count)
        with k.loop(0, count, ROW) as lane:
            p0 = lanes.load(zeros, lane)
            d = p0 - lanes.load(ones, lane) + lanes.load(k["x"], at + lane)
            lanes.store(d, k["message"], at + lane)
            lanes.store(-p0, k["share"], at + lane)
        key.set(key.get() + KEYS_A_CALL)
    k.finish()
    return k


def write_additive_receiver(module: Any, bits: int, pads: Kernel) -> Kernel:
    """Write `additive_receiver{ℓ}(start*, first, blocks*, choices*, message*, share*, n)`."""
    pointers = [(p, POINTER) for p in ("blocks", "choices", "message", "share")]
    parameters = (("start", POINTER), ("first", I64), *pointers, ("n", I64))
    k = Kernel(module, f"additive_receiver{bits}", parameters, result=VOID)
    lanes, key = Lanes(k, bits), k.variable(k["first"])
    pad = k.bytes_slot(_PAD_BYTES)
    with k.loop(0, k["n"], PADS) as at:
        count = k.minimum(k["n"] - at, PADS)
        k.call(pads, k["start"], key.get(), k["blocks"].at(at << 4), pad, count)
        with k.loop(0, count, ROW) as lane:
            d = lanes.load(k["message"], at + lane) & lanes.mask(k["choices"], at + lane)
            lanes.store(lanes.load(pad, lane) + d, k["share"], at + lane)
        key.set(key.get() + KEYS_A_CALL)
    k.finish()
    return k
