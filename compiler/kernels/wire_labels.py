"""Conversions between clear values or shares and labels: `yao_share_…`, `yao_colors`, `yao_reveal`.

- Public values: the active label is 0, so W⁰ = b·Δ. No bytes.
- The garbler's values: both parties expand the active label L from a shared seed (AES-CTR, each
  block used once); the garbler sets W⁰ = L ⊕ x·Δ. L is independent of x. No bytes.
- The evaluator's values: each bit takes a correlated OT (q; t = q ⊕ r·Δ) with a random choice r.
  The evaluator sends d = x ⊕ r, which r hides, and takes t as its active label; the garbler sets W⁰
  = q ⊕ d·Δ, so that t = W⁰ ⊕ x·Δ. 1 bit each, in addition to the OT.
- The exclusive or of both parties' values: the evaluator's x, as above, and then the garbler's y by
  W⁰ = q ⊕ (d ⊕ y)·Δ: t = W⁰ ⊕ (x ⊕ y)·Δ. The evaluator sees the same as for x alone.
- Colors: the lowest bit of W⁰ is the permute bit p, that of the active label p ⊕ x, as Δ's is 1. So
  they are shares of x by exclusive or, and p is uniform and known only to the garbler [DSZ15].
- Reveal: an active label's color is p ⊕ x for the permute bit p of its wire. The party that is to
  learn x receives the other's half: the garbler's p, or the evaluator's color. 1 bit in each
  direction that is asked for. For both, all of the garbler's bits go first, then the evaluator's:
  one round trip.

Bits are packed 8 a byte, least significant first, element by element, in blocks of as many elements
as the buffer holds (a multiple of 8 elements, so that only the last block is padded, with zeros).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .abi import FUNCTIONS, I8, I64, POINTER, TO_EVALUATOR, TO_GARBLER
from .build import BLOCK, VOID, Kernel, Value, Variable
from .context import ContextAccess
from .gate_generators import GateGenerator, block_mask

_BITS: Final = 8


def _kernel(module: Any, name: str, *names: str) -> Kernel:
    return Kernel(module, name, tuple(zip(("context", *names), FUNCTIONS[name], strict=True)))


def element_bytes(width: Value) -> Value:
    """Return the bytes of a clear element: ceil(width / 8)."""
    return (width + 7) >> 3


def _bit_at(k: Kernel, data: Value, index: Value) -> Value:
    """Return bit `index` of packed bits, as an i8 of 0 or 1; the index is public."""
    return (k.load(data.at(index >> 3), I8) >> (index & 7).to(I8)) & 1


class _ElementCursor:
    """Iterates over the bits of clear elements."""

    def __init__(self, k: Kernel, width: Value) -> None:
        self._k = k
        self._width = width
        self._size = element_bytes(width)
        self._offset = k.variable(k.i64(0))
        self._bit = k.variable(k.i64(0))

    def read(self, data: Value) -> Value:
        """Return the current bit."""
        return _bit_at(self._k, data.at(self._offset.get()), self._bit.get())

    def step(self) -> None:
        """Advance to the next bit."""
        k, following = self._k, self._bit.get() + 1
        ends = following.equals(self._width)
        self._bit.set(k.select(ends, k.i64(0), following))
        self._offset.set(self._offset.get() + k.select(ends, self._size, k.i64(0)))


def write_shares(module: Any, role: GateGenerator, prg: Kernel) -> None:
    """Write the functions that convert clear values to labels, and labels to shares."""
    _write_share_public(module, role)
    _write_share_garbler(module, role, prg)
    _write_share_evaluator(module, role, both=False)
    _write_share_evaluator(module, role, both=True)
    _write_colors(module)


def _write_share_public(module: Any, role: GateGenerator) -> None:
    k = _kernel(module, "yao_share_public", "clear", "out", "n", "width")
    context = ContextAccess(k, k["context"])
    width = k["width"].to(I64)
    cursor = _ElementCursor(k, width)
    with k.loop(0, k["n"] * width) as i:
        mask = block_mask(k, cursor.read(k["clear"]))
        k.store(role.known(context, mask), k["out"].at(i << 4))
        cursor.step()
    k.finish()


def _write_share_garbler(module: Any, role: GateGenerator, prg: Kernel) -> None:
    k = _kernel(module, "yao_share_garbler", "clear", "out", "n", "width")
    context = ContextAccess(k, k["context"])
    width = k["width"].to(I64)
    bits = k["n"] * width
    counter = context.get("label_counter")
    k.call(prg, context.address("label_schedule"), counter, k["out"], bits)
    context.set("label_counter", counter + bits)
    if role.is_garbler:
        cursor = _ElementCursor(k, width)
        with k.loop(0, bits) as i:
            target = k["out"].at(i << 4)
            mask = block_mask(k, cursor.read(k["clear"]))
            k.store(k.load(target, BLOCK) ^ (context.block("delta") & mask), target)
            cursor.step()
    k.finish()


def _write_share_evaluator(module: Any, role: GateGenerator, *, both: bool) -> None:
    name = "yao_share_both" if both else "yao_share_evaluator"
    k = _kernel(module, name, "clear", "out", "n", "width")
    context = ContextAccess(k, k["context"])
    width = k["width"].to(I64)
    bits = k["n"] * width
    role.stream.flush(k, context)
    cursor = _ElementCursor(k, width)
    done = k.variable(k.i64(0))
    with k.repeat(lambda: done.get() < bits):
        left = bits - done.get()
        with k.when(context.get("cot_next").equals(context.get("cot_end"))):
            context.callback("refill", left)
        first = context.get("cot_next")
        count = k.minimum(left, context.get("cot_end") - first)
        count = k.minimum(count, context.get("buffer_capacity") << 3)
        context.set("cot_next", first + count)
        cots, target = context.get("cots").at(first << 4), k["out"].at(done.get() << 4)
        if role.is_garbler:
            _take_corrections(k, role, context, cots, target, count, cursor if both else None)
        else:
            _give_corrections(k, role, context, cursor, first, count)
            k.copy(target, cots, count << 4)
        done.set(done.get() + count)
    k.finish()


def _take_corrections(
    k: Kernel,
    role: GateGenerator,
    context: ContextAccess,
    cots: Value,
    target: Value,
    count: Value,
    own: _ElementCursor | None,
) -> None:
    """W⁰ = q ⊕ d·Δ, or q ⊕ (d ⊕ y)·Δ with own bits y."""
    buffer = context.get("buffer")
    role.stream.receive(k, context, buffer, (count + 7) >> 3)
    with k.loop(0, count) as i:
        bit = _bit_at(k, buffer, i)
        if own is not None:
            bit = bit ^ own.read(k["clear"])
            own.step()
        delta = context.block("delta") & block_mask(k, bit)
        k.store(k.load(cots.at(i << 4), BLOCK) ^ delta, target.at(i << 4))


def _give_corrections(
    k: Kernel,
    role: GateGenerator,
    context: ContextAccess,
    cursor: _ElementCursor,
    first: Value,
    count: Value,
) -> None:
    """d = x ⊕ r, packed."""
    buffer = context.get("buffer")
    size = (count + 7) >> 3
    k.clear(buffer, size)
    with k.loop(0, count) as i:
        choice = _bit_at(k, context.get("cot_choices"), first + i)
        _put_bit(k, buffer, i, cursor.read(k["clear"]) ^ choice)
        cursor.step()
    role.stream.send(k, context, buffer, size)


def _put_bit(k: Kernel, data: Value, index: Value, bit: Value) -> None:
    """Set bit `index` of packed bits, which is zero so far."""
    target = data.at(index >> 3)
    k.store(k.load(target, I8) | (bit << (index & 7).to(I8)), target)


def _color(k: Kernel, labels: Value, index: Value) -> Value:
    return k.load(labels.at(index << 4), I8) & 1


def _write_pack(module: Any) -> Kernel:
    """Write `pack_colors(labels, bits, out)`."""
    parameters = (("labels", POINTER), ("bits", I64), ("out", POINTER))
    k = Kernel(module, "pack_colors", parameters, result=VOID, internal=True, inline="noinline")
    k.clear(k["out"], (k["bits"] + 7) >> 3)
    with k.loop(0, k["bits"]) as i:
        _put_bit(k, k["out"], i, _color(k, k["labels"], i))
    k.finish()
    return k


def _write_decode(module: Any) -> Kernel:
    """Write `decode(labels, bits, clear, n, width)`: elements of color ⊕ bit."""
    parameters = (
        ("labels", POINTER),
        ("bits", POINTER),
        ("clear", POINTER),
        ("n", I64),
        ("width", I64),
    )
    k = Kernel(module, "decode", parameters, result=VOID, internal=True, inline="noinline")

    def clear(index: Value) -> Value:
        return _color(k, k["labels"], index) ^ _bit_at(k, k["bits"], index)

    _store_elements(k, k["clear"], k["width"], clear)
    k.finish()
    return k


def _write_colors(module: Any) -> None:
    k = _kernel(module, "yao_colors", "labels", "out", "n", "width")
    _store_elements(k, k["out"], k["width"].to(I64), lambda i: _color(k, k["labels"], i))
    k.finish()


def _store_elements(
    k: Kernel, first: Value, width: Value, bit_at: Callable[[Value], Value]
) -> None:
    """Write n elements of `width` bits from `first` on; `bit_at` returns a bit by its number."""
    position = k.variable(k.i64(0))
    target = k.variable(first)
    with k.loop(0, k["n"]), k.loop(0, width, _BITS) as low:
        count = k.minimum(width - low, _BITS)
        byte = k.variable(k.constant(I8, 0))
        with k.loop(0, count) as bit:
            byte.set(byte.get() | (bit_at(position.get() + bit) << bit.to(I8)))
        k.store(byte.get(), target.get())
        target.set(target.get().at(1))
        position.set(position.get() + count)


def write_reveal(module: Any, role: GateGenerator) -> None:
    """Write `yao_reveal`: towards the evaluator first, then towards the garbler."""
    pack, decode = _write_pack(module), _write_decode(module)
    k = _kernel(module, "yao_reveal", "labels", "clear", "n", "width", "to")
    context = ContextAccess(k, k["context"])
    for direction in (TO_EVALUATOR, TO_GARBLER):
        with k.when((k["to"] & direction).differs(0)):
            sends = role.is_garbler == (direction == TO_EVALUATOR)
            _reveal_blocks(k, role, context, pack if sends else decode, sends)
    k.finish()


def _reveal_blocks(
    k: Kernel, role: GateGenerator, context: ContextAccess, helper: Kernel, sends: bool
) -> None:
    """Send the colors of all labels, or receive the other party's and decode."""
    width = k["width"].to(I64)
    buffer = context.get("buffer")
    a_block = (context.get("buffer_capacity") // width) << 3
    done: Variable = k.variable(k.i64(0))
    with k.repeat(lambda: done.get() < k["n"]):
        at = done.get()
        count = k.minimum(k["n"] - at, a_block)
        bits = count * width
        labels = k["labels"].at((at * width) << 4)
        if sends:
            k.call(helper, labels, bits, buffer)
            role.stream.send(k, context, buffer, (bits + 7) >> 3)
        else:
            role.stream.receive(k, context, buffer, (bits + 7) >> 3)
            clear = k["clear"].at(at * element_bytes(width))
            k.call(helper, labels, buffer, clear, count, width)
        done.set(at + count)
