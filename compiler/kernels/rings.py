"""Steps of Gilboa's multiplication [Gil99] on rows of up to 128 lanes: the arithmetic.

Bit i of the receiver's factor is the choice of OT number i; the sender's factor is x. With pads P₀,
P₁ modulo 2^ℓ the sender sends d = P₀ − P₁ + x and adds −P₀·2^i to its share; the receiver adds (P_r
+ r·d)·2^i to its own: together r·x·2^i. Only ℓ − i bits of d matter. So bits i and ℓ − i share a
word of ℓ bits, with ℓ − i low bits and i high bits; bit 0 has a word of its own, and bit ℓ/2 half a
word. In all, a product takes ℓ(ℓ + 1)/2 bits.

`first` steps process bits 0 and ℓ/2, `pair` steps bits i and ℓ − i for 0 < i < ℓ/2. Rows of
messages are written one after the other in ascending order, so whatever a row's last vector writes
beyond its end is overwritten, or lies in the padding that the driver leaves.

In the bitwise form the sender's factor for bit i is −2·(bit i of x), which turns the sum of bits
into their exclusive or: x ⊕ y = x + y − 2·Σ 2^i x_i y_i [DSZ15].
"""

from __future__ import annotations

from typing import Any, Final

from llvmlite import ir

from .abi import I8, I64, POINTER
from .build import VOID, Kernel, Value, vector
from .pads import PADS, ROW, truncate

WIDTHS: Final = (8, 16, 32, 64)


class Lanes:
    """Generates code on rows of elements of ℓ bits, sixteen lanes at a time."""

    def __init__(self, k: Kernel, bits: int) -> None:
        self.k = k
        self.bits = bits
        self.bytes = bits // 8
        self.type = vector(ir.IntType(bits), ROW)

    def load(self, row: Value, at: Value) -> Value:
        """Read the lanes from element `at` on."""
        return self.k.load(row.at(at * self.bytes), self.type)

    def store(self, value: Value, row: Value, at: Value) -> None:
        """Write the lanes from element `at` on."""
        self.k.store(value, row.at(at * self.bytes))

    def splat(self, value: Value) -> Value:
        """Return a 64-bit number, truncated to the width, in all lanes."""
        return truncate(self.k.splat(value, ROW), self.bits)

    def ones(self) -> Value:
        """Return lanes of ones."""
        return self.k.constant(self.type, -1)

    def mask(self, choices: Value, at: Value) -> Value:
        """Return lanes of all ones where the choice byte is 1, zeros where it is 0."""
        bytes = -self.k.load(choices.at(at), vector(I8, ROW))
        return bytes if self.bits == 8 else bytes.signed_to(self.type)


def _kernel(module: Any, name: str, pointers: str, *, step: bool) -> Kernel:
    parameters = [(p, POINTER) for p in pointers.split()] + [("count", I64)]
    if step:
        parameters.append(("bit", I64))
    return Kernel(module, name, parameters, result=VOID, internal=True)


def _factor(lanes: Lanes, x: Value, bit: Value, *, bitwise: bool) -> Value:
    """Return the sender's factor for bit `bit` of the receiver's factor."""
    if not bitwise:
        return x
    return -(((x >> lanes.splat(bit)) & 1) << 1)


def write_send_first(module: Any, bits: int, *, bitwise: bool) -> Kernel:
    """Write `send_first(a0*, a1*, b0*, b1*, x*, share*, row*, half*, count)`: bits 0 and ℓ/2."""
    pointers = "a0 a1 b0 b1 x share row half"
    k = _kernel(module, f"send_first{bits}{'b' * bitwise}", pointers, step=False)
    lanes, middle = Lanes(k, bits), k.i64(bits // 2)
    halves = k.bytes_slot(lanes.bytes * (PADS + ROW))
    with k.loop(0, k["count"], ROW) as at:
        x = lanes.load(k["x"], at)
        a0, a1 = lanes.load(k["a0"], at), lanes.load(k["a1"], at)
        b0, b1 = lanes.load(k["b0"], at), lanes.load(k["b1"], at)
        lanes.store(a0 - a1 + _factor(lanes, x, k.i64(0), bitwise=bitwise), k["row"], at)
        lanes.store(b0 - b1 + _factor(lanes, x, middle, bitwise=bitwise), halves, at)
        share = lanes.load(k["share"], at) - a0 - (b0 << (bits // 2))
        lanes.store(share, k["share"], at)
    # Only now, since the last vector of the row has overwritten the halves' place.
    if bits == 8:
        half = (k["count"] + 1) >> 1
        # The partner of the last element, if their number is odd; its value is never used.
        k.store(k.constant(I8, 0), halves.at(k["count"]))
        with k.loop(0, half, ROW) as at:
            low, high = lanes.load(halves, at), lanes.load(halves, at + half)
            lanes.store((low & 15) | (high << 4), k["half"], at)
    else:
        with k.loop(0, k["count"], ROW) as at:
            d = _narrow(lanes.load(halves, at), bits // 2)
            k.store(d, k["half"].at(at * (bits // 16)))
    k.finish()
    return k


def write_receive_first(module: Any, bits: int) -> Kernel:
    """Write `receive_first(a*, b*, chosen_a*, chosen_b*, row*, half*, share*, count)`."""
    pointers = "a b chosen_a chosen_b row half share"
    k = _kernel(module, f"receive_first{bits}", pointers, step=False)
    lanes = Lanes(k, bits)
    nibbles = k.bytes_slot(PADS + 2 * ROW) if bits == 8 else None
    if nibbles is not None:
        half = (k["count"] + 1) >> 1
        with k.loop(0, half, ROW) as at:
            lanes.store(lanes.load(k["half"], at), nibbles, at)
        with k.loop(0, half, ROW) as at:
            lanes.store(lanes.load(k["half"], at) >> 4, nibbles, at + half)
    with k.loop(0, k["count"], ROW) as at:
        row = lanes.load(k["row"], at)
        if nibbles is not None:
            d = lanes.load(nibbles, at)
        else:
            narrow = vector(ir.IntType(bits // 2), ROW)
            d = _widen(k.load(k["half"].at(at * (bits // 16)), narrow), bits)
        a = lanes.load(k["a"], at) + (row & lanes.mask(k["chosen_a"], at))
        b = lanes.load(k["b"], at) + (d & lanes.mask(k["chosen_b"], at))
        lanes.store(lanes.load(k["share"], at) + a + (b << (bits // 2)), k["share"], at)
    k.finish()
    return k


def write_send_pair(module: Any, bits: int, *, bitwise: bool) -> Kernel:
    """Write `send_pair(a0*, a1*, b0*, b1*, x*, share*, row*, count, bit)`: bits i and ℓ − i."""
    name = f"send_pair{bits}{'b' * bitwise}"
    k = _kernel(module, name, "a0 a1 b0 b1 x share row", step=True)
    lanes = Lanes(k, bits)
    low, high = lanes.splat(k["bit"]), lanes.splat(-k["bit"] + bits)
    kept = lanes.ones() >> low
    with k.loop(0, k["count"], ROW) as at:
        x = lanes.load(k["x"], at)
        a0, a1 = lanes.load(k["a0"], at), lanes.load(k["a1"], at)
        b0, b1 = lanes.load(k["b0"], at), lanes.load(k["b1"], at)
        first = a0 - a1 + _factor(lanes, x, k["bit"], bitwise=bitwise)
        second = b0 - b1 + _factor(lanes, x, -k["bit"] + bits, bitwise=bitwise)
        lanes.store((first & kept) | (second << high), k["row"], at)
        share = lanes.load(k["share"], at) - (a0 << low) - (b0 << high)
        lanes.store(share, k["share"], at)
    k.finish()
    return k


def write_receive_pair(module: Any, bits: int) -> Kernel:
    """Write `receive_pair(a*, b*, chosen_a*, chosen_b*, row*, share*, count, bit)`."""
    k = _kernel(module, f"receive_pair{bits}", "a b chosen_a chosen_b row share", step=True)
    lanes = Lanes(k, bits)
    low, high = lanes.splat(k["bit"]), lanes.splat(-k["bit"] + bits)
    with k.loop(0, k["count"], ROW) as at:
        row = lanes.load(k["row"], at)
        a = lanes.load(k["a"], at) + (row & lanes.mask(k["chosen_a"], at))
        b = lanes.load(k["b"], at) + ((row >> high) & lanes.mask(k["chosen_b"], at))
        share = lanes.load(k["share"], at) + (a << low) + (b << high)
        lanes.store(share, k["share"], at)
    k.finish()
    return k


def _narrow(value: Value, bits: int) -> Value:
    type = vector(ir.IntType(bits), value.type.count)
    return Value(value.kernel, value.kernel.builder.trunc(value.ir, type))


def _widen(value: Value, bits: int) -> Value:
    type = vector(ir.IntType(bits), value.type.count)
    return Value(value.kernel, value.kernel.builder.zext(value.ir, type))
