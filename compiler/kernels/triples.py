"""Bits from correlated OTs: triples, chosen OTs, and the leaves of the millionaires' protocol.

- `triples_sender(start*, first, blocks*, delta*, v*, b*, n)` and `triples_receiver(start*, first,
  blocks*, u*, n)`: [ALSZ13] bit i of v is the low bit of P₀ of OT number i, of b that of P₀ ⊕ P₁,
  of u that of P_r; so u ⊕ v = r·b. Bits are packed, eight a byte, lowest first. For *pairs*
  (`pairs_sender`, `pairs_receiver`) v, b and u have a second vector, `stride` bytes after the
  first, from the pads' next bits: two products with the same r.
- `flip(blocks*, delta*, flips*, n)`: q ⊕ e·Δ, which turns a sender's OTs into OTs for the choice r
  ⊕ e. The e are packed.
- `leaves{2|1}_sender(start*, first, blocks*, delta*, digits*, masks*, message*, n)`,
  `leaves{1|2|4}_receiver(start*, first, blocks*, digits*, message*, out*, n)`: see below.
- `tables{1|2|4}_sender(start*, first, blocks*, delta*, tables*, message*, n)`: the same with given
  words of 16 messages of 1, 2 or 4 bits.

Leaves [RRK+20]: for a digit x of four bits at the sender and y at the receiver, shares of (x < y)
and (x = y) by a 1-of-16 OT, made of four 1-of-2 OTs [NP99]. With four pads P_j of one OT each,
message number k is masked by ⊕_j P_j[bit j of k], at position k of a word. For k ≠ y at least one
pad is unknown to the receiver, and no bit of a pad masks twice. So a leaf is a word of 16 fields of
two bits (less, equal), all masked at once; for equality alone, of one bit. The receiver's choices
are the bits of y. OTs come in chunks of 128 leaves, [4][m] in each, and so do windows of keys.
Digits and masks (the sender's shares, bit 0 less, bit 1 equal; for equality bit 0) are bytes, and
so is the receiver's output.
"""

from __future__ import annotations

from typing import Any, Final

from llvmlite import ir

from .abi import I8, I64, POINTER
from .build import BLOCK, PAIR, VOID, Kernel, Value, vector
from .pads import KEYS_A_CALL, PADS, ROW
from .rings import Lanes

DIGIT_BITS: Final = 4
TABLE_BITS: Final = (1, 2, 4)
"""The possible lengths of the messages of tables, in bits."""

_PACKED: Final = 32
_BYTES: Final = vector(I8, _PACKED)


def _store_bits(k: Kernel, bytes: Value, bit: int, out: Value) -> None:
    """Write bit number `bit` of 32 bytes, packed, lowest first."""
    found = (bytes & (1 << bit)).differs(0)
    k.store(found.cast(ir.IntType(_PACKED)), out)


def write_triples_sender(module: Any, pads: Kernel, copies: int) -> Kernel:
    """Write `triples_sender` or, for two copies, `pairs_sender`."""
    name = ("triples_sender", "pairs_sender")[copies - 1]
    pointers = [(p, POINTER) for p in ("blocks", "delta", "v", "b")]
    parameters = (("start", POINTER), ("first", I64), *pointers, ("n", I64), ("stride", I64))
    k = Kernel(module, name, parameters, result=VOID)
    key = k.variable(k["first"])
    zeros, ones = k.bytes_slot(PADS + ROW), k.bytes_slot(PADS + ROW)
    with k.loop(0, k["n"], PADS) as at:
        count = k.minimum(k["n"] - at, PADS)
        blocks = k["blocks"].at(at << 4)
        k.call(pads, k["start"], key.get(), blocks, k["delta"], zeros, ones, count)
        key.set(key.get() + KEYS_A_CALL)
        for lane in range(0, PADS, _PACKED):
            p0, p1 = (k.load(buffer.at(lane), _BYTES) for buffer in (zeros, ones))
            for copy in range(copies):
                place = (at >> 3) + lane // 8 + k["stride"] * copy
                _store_bits(k, p0, copy, k["v"].at(place))
                _store_bits(k, p0 ^ p1, copy, k["b"].at(place))
    k.finish()
    return k


def write_triples_receiver(module: Any, pads: Kernel, copies: int) -> Kernel:
    """Write `triples_receiver` or, for two copies, `pairs_receiver`."""
    name = ("triples_receiver", "pairs_receiver")[copies - 1]
    pointers = [(p, POINTER) for p in ("blocks", "u")]
    parameters = (("start", POINTER), ("first", I64), *pointers, ("n", I64), ("stride", I64))
    k = Kernel(module, name, parameters, result=VOID)
    key = k.variable(k["first"])
    buffer = k.bytes_slot(PADS + ROW)
    with k.loop(0, k["n"], PADS) as at:
        count = k.minimum(k["n"] - at, PADS)
        k.call(pads, k["start"], key.get(), k["blocks"].at(at << 4), buffer, count)
        key.set(key.get() + KEYS_A_CALL)
        for lane in range(0, PADS, _PACKED):
            pad = k.load(buffer.at(lane), _BYTES)
            for copy in range(copies):
                place = (at >> 3) + lane // 8 + k["stride"] * copy
                _store_bits(k, pad, copy, k["u"].at(place))
    k.finish()
    return k


def write_flip(module: Any) -> Kernel:
    """Write `flip`; `flips` are packed bits."""
    parameters = (("blocks", POINTER), ("delta", POINTER), ("flips", POINTER), ("n", I64))
    k = Kernel(module, "flip", parameters, result=VOID)
    delta = k.load(k["delta"], BLOCK)
    deltas, whole = delta.shuffle((0, 1, 0, 1)), k["n"] & -8
    with k.loop(0, whole, 8) as at:
        bits = k.splat(k.load(k["flips"].at(at >> 3), I8).to(I64), PAIR.count)
        for first in range(0, 8, 2):
            place = k["blocks"].at(at << 4).at(16 * first)
            own = [1 << (first + ot) for ot in (0, 0, 1, 1)]
            mask = (bits & k.constant(PAIR, own)).differs(0).signed_to(PAIR)
            k.store(k.load(place, PAIR) ^ (deltas & mask), place)
    with k.loop(whole, k["n"]) as i:
        place = k["blocks"].at(i << 4)
        bit = k.load(k["flips"].at(i >> 3), I8).to(I64) >> (i & 7)
        mask = k.splat(-(bit & 1), 2)
        k.store(k.load(place, BLOCK) ^ (delta & mask), place)
    k.finish()
    return k


def _repeated(pattern: int, size: int) -> int:
    """Return `pattern` of `size` bits repeated over 32 bits."""
    return sum(pattern << at for at in range(0, 32, size))


def _choice_mask(bit: int, fields: int) -> int:
    """Return ones in the fields whose number has bit `bit` set."""
    ones = (1 << fields) - 1
    return sum(ones << (fields * k) for k in range(16) if k >> bit & 1)


def _constant(lanes: Lanes, value: int) -> Value:
    """Return an unsigned constant in all lanes."""
    return lanes.k.constant(
        lanes.type, value - (1 << lanes.bits) if value >> (lanes.bits - 1) else value
    )


def _wide(lanes: Lanes, bytes: Value) -> Value:
    return Value(bytes.kernel, bytes.kernel.builder.zext(bytes.ir, lanes.type))


def _table(lanes: Lanes, digit: Value, mask: Value, fields: int) -> Value:
    """Return all 16 messages: (x < k) and (x = k), or (x = k) alone, masked by the shares."""
    if fields == 1:
        return (_constant(lanes, 1) << digit) ^ -(mask & 1)
    places = digit << 1
    less = (_constant(lanes, _repeated(1, 2)) << places) << 2
    equal = _constant(lanes, 2) << places
    shares = (-(mask & 1) & _constant(lanes, _repeated(1, 2))) | (
        -(mask >> 1) & _constant(lanes, _repeated(2, 2))
    )
    return (less | equal) ^ shares


def write_leaves_sender(module: Any, pads: Kernel, fields: int, *, tables: bool) -> Kernel:
    """Write `leaves2_sender`, `leaves1_sender` for equality alone, or `tables{fields}_sender`."""
    content = ("tables",) if tables else ("digits", "masks")
    pointers = [(p, POINTER) for p in ("blocks", "delta", *content, "message")]
    parameters = (("start", POINTER), ("first", I64), *pointers, ("n", I64))
    name = f"{'tables' if tables else 'leaves'}{fields}_sender"
    k = Kernel(module, name, parameters, result=VOID)
    lanes, key = Lanes(k, 16 * fields), k.variable(k["first"])
    size = lanes.bytes * (PADS + ROW)
    buffers = [(k.bytes_slot(size), k.bytes_slot(size)) for _ in range(DIGIT_BITS)]
    byte = vector(I8, ROW)
    with k.loop(0, k["n"], PADS) as at:
        count = k.minimum(k["n"] - at, PADS)
        blocks = k["blocks"].at(at * DIGIT_BITS << 4)
        for bit, (zeros, ones) in enumerate(buffers):
            place = blocks.at(count * bit << 4)
            k.call(pads, k["start"], key.get(), place, k["delta"], zeros, ones, count)
            key.set(key.get() + KEYS_A_CALL)
        with k.loop(0, count, ROW) as lane:
            if tables:
                word = lanes.load(k["tables"], at + lane)
            else:
                digit = _wide(lanes, k.load(k["digits"].at(at + lane), byte))
                mask = _wide(lanes, k.load(k["masks"].at(at + lane), byte))
                word = _table(lanes, digit, mask, fields)
            for bit, (zeros, ones) in enumerate(buffers):
                p0, p1 = lanes.load(zeros, lane), lanes.load(ones, lane)
                chosen = _constant(lanes, _choice_mask(bit, fields))
                word = word ^ p0 ^ ((p0 ^ p1) & chosen)
            lanes.store(word, k["message"], at + lane)
    k.finish()
    return k


def write_leaves_receiver(module: Any, pads: Kernel, fields: int) -> Kernel:
    """Write `leaves{fields}_receiver`, which also receives tables."""
    pointers = [(p, POINTER) for p in ("blocks", "digits", "message", "out")]
    parameters = (("start", POINTER), ("first", I64), *pointers, ("n", I64))
    k = Kernel(module, f"leaves{fields}_receiver", parameters, result=VOID)
    lanes, key = Lanes(k, 16 * fields), k.variable(k["first"])
    buffers = [k.bytes_slot(lanes.bytes * (PADS + ROW)) for _ in range(DIGIT_BITS)]
    byte = vector(I8, ROW)
    with k.loop(0, k["n"], PADS) as at:
        count = k.minimum(k["n"] - at, PADS)
        blocks = k["blocks"].at(at * DIGIT_BITS << 4)
        for bit, buffer in enumerate(buffers):
            k.call(pads, k["start"], key.get(), blocks.at(count * bit << 4), buffer, count)
            key.set(key.get() + KEYS_A_CALL)
        with k.loop(0, count, ROW) as lane:
            digit = _wide(lanes, k.load(k["digits"].at(at + lane), byte))
            word = lanes.load(k["message"], at + lane)
            for buffer in buffers:
                word = word ^ lanes.load(buffer, lane)
            place = digit << (fields.bit_length() - 1)
            field = (word >> place) & ((1 << fields) - 1)
            k.store(Value(k, k.builder.trunc(field.ir, byte)), k["out"].at(at + lane))
    k.finish()
    return k
