"""Matrix products from correlated OTs with vector payloads.

The receiver's matrix X [rows][inner] provides the choice bits; the sender's factors are the rows of
Y [inner][columns], with at most 128 columns. One OT for each bit of X carries a whole row of Y, so
a product of matrices takes rows·inner·ℓ OTs for rows·inner·columns products. Its message is that of
as many products in `rings.py`, ℓ(ℓ + 1)/2 bits each.

In a batch of products, every `height` rows of X are multiplied by `inner` rows of Y of their own.
The sender's first `before` rows of a height are left out, because they were done earlier.

For every row and inner index, the ℓ OTs are ordered as the bits share words: 0, ℓ/2, 1, ℓ − 1, 2, ℓ
− 2, …; the message has the row of bit 0, the row of half words, then those of the pairs.

Pads. An OT's pads are as long as its row: block c is H at σ(q) ⊕ c, all under one key (see
`pads.py`; the points are distinct, and a key is used for at most 64 blocks of one OT). The second
OT of bits i and ℓ − i only gives i bits that matter. So its pads have elements of ℓ/2 bits, or of
ℓ/4 for i <= ℓ/4, but at least of 8 bits. This saves a quarter to a third of all blocks.

A *strip* is some registers of elements. Pads are used where they are made, in registers. Rows of
elements lie `stride` elements apart, a multiple of a strip (`strip_bytes`) that is at least
`columns`; messages have `STRIP_BYTES` of padding at their end.

Keys: one for each OT, in windows of 16; each inner index begins a new window.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final

from llvmlite import ir

from .abi import I8, I64, POINTER
from .build import BLOCK, VOID, Kernel, Value, vector
from .cipher import WINDOW_BYTES, WINDOW_KEYS, Cipher
from .hash import orthomorphism
from .pads import PADS

_SENT: Final = 4
_RECEIVED: Final = 8
"""The registers of a strip, enough for about twelve AES states in flight."""

STRIP_BYTES: Final = 512
"""The largest size of a strip: eight registers of 512 bits."""

_SIZES: Final = ("rows", "inner", "columns", "stride")
_HEIGHTS: Final = ("height", "before")


def strip_bytes(cipher: Cipher) -> int:
    """Return the size of a receiver's strip, a multiple of a sender's."""
    return _RECEIVED * 16 * cipher.lanes


def bit_order(bits: int) -> list[int]:
    """Return the order of the bits among an element's OTs."""
    order = [0, bits // 2]
    for bit in range(1, bits // 2):
        order += [bit, bits - bit]
    return order


def pad_bits(bits: int, bit: int) -> int:
    """Return the width of the elements of the pads of a bit's OT."""
    if bit < bits // 2:
        return bits
    narrow = bits // 4 if bits - bit <= bits // 4 else bits // 2
    return max(narrow, 8)


class _Product:
    """The loops over rows, inner indices and pairs of OTs; pads in registers."""

    def __init__(self, k: Kernel, cipher: Cipher, bits: int, registers: int) -> None:
        self.k = k
        self.cipher = cipher
        self.bits = bits
        self.bytes = bits // 8
        self.registers = registers
        self.strip = registers * 16 * cipher.lanes
        self.elements = vector(ir.IntType(bits), 16 * cipher.lanes // self.bytes)
        self.window = k.bytes_slot(WINDOW_BYTES)
        self._rooms = [k.bytes_slot(cipher.schedule_bytes) for _ in (0, 1)]
        self.key = k.variable(k["first"])
        self.blocks = k.variable(k["blocks"])
        self.message = k.variable(k["message"])
        count = k["columns"]
        self.row_bytes = count * self.bytes
        self.half_bytes = (count + 1) >> 1 if bits == 8 else count * (bits // 16)

    def run(self, step: Callable[[Value, Value, Value, int], None]) -> None:
        """Write the loops; `step(i, j, bit, second)` writes the work on a pair of OTs.

        These are the OTs of bits `bit` and ℓ − `bit`, or 0 and ℓ/2. `second` represents the pair's
        second bit: any bit with pads of the same width, but ℓ/2 only for itself.
        """
        k, half, quarter = self.k, self.bits // 2, self.bits // 4
        with k.loop(0, k["rows"]) as i, k.loop(0, k["inner"]) as j:
            for start, stop in ((0, 1), (1, quarter + 1), (quarter + 1, half)):
                with k.loop(start, k.i64(stop)) as bit:
                    with k.when((bit & (WINDOW_KEYS // 2 - 1)).equals(0)):
                        self._next_window()
                    step(i, j, bit, self.bits - start if start else half)
            self.blocks.set(self.blocks.get().at(16 * self.bits))

    def strips(self) -> AbstractContextManager[Value]:
        """Write the loop over the strips of a row; the index counts bytes."""
        return self.k.loop(0, self.row_bytes, self.strip)

    def _next_window(self) -> None:
        """Expand the next 16 keys."""
        k = self.k
        window = k.module.globals.get("matrix_window") or _write_window(k.module, self.cipher)
        k.call(window, k["start"], self.key.get(), self.window)
        self.key.set(self.key.get() + WINDOW_KEYS)

    def take(self, size: Value) -> Value:
        """Return the address of the message's next bytes, and advance past them."""
        address = self.message.get()
        self.message.set(address.at(size))
        return address

    def keys(self, bit: Value) -> list[Value]:
        """Return the keys of a pair of OTs."""
        number = (bit << 1) & (WINDOW_KEYS - 1)
        return [
            self.cipher.stream_key(self.k, self.window, number + ot, room)
            for ot, room in enumerate(self._rooms)
        ]

    def points(self, bit: Value, delta: Value | None) -> list[list[Value]]:
        """Return σ of a pair's blocks in all lanes and, with Δ, that of the other version."""
        points = []
        for ot in (0, 1):
            block = self.k.load(self.blocks.get().at((bit << 5) + 16 * ot), BLOCK)
            point = orthomorphism(block.shuffle([0, 1] * self.cipher.lanes))
            points.append([point] if delta is None else [point, point ^ delta])
        return points

    def delta(self) -> Value:
        """Return σ(Δ) in all lanes."""
        block = self.k.load(self.k["delta"], BLOCK)
        return orthomorphism(block.shuffle([0, 1] * self.cipher.lanes))

    def pads(
        self, at: Value, keys: list[Value], points: list[list[Value]], width: int
    ) -> list[list[list[Value]]]:
        """Return a strip of pads of both OTs: [OT][version][register of elements].

        The strip begins at byte `at` of a row. The second OT's pads have elements of `width` bits.
        """
        counts = [self.registers, self.registers * width // self.bits]
        shifts = [4, 4 + (self.bits // width).bit_length() - 1]
        inputs = []
        for versions, count, shift in zip(points, counts, shifts, strict=True):
            counters = self._counters(at >> shift, count)
            inputs.append([point ^ counter for point in versions for counter in counters])
        encrypted = self.cipher.encrypt_keyed(self.k, inputs, keys)
        pads = []
        for ot, count in enumerate(counts):
            hashed = [e ^ x for e, x in zip(encrypted[ot], inputs[ot], strict=True)]
            parts = [hashed[n : n + count] for n in range(0, len(hashed), count)]
            pads.append([self._widen(v, width if ot else self.bits) for v in parts])
        return pads

    def _counters(self, first: Value, count: int) -> list[Value]:
        """Return block numbers, in registers."""
        k, lanes = self.k, self.cipher.lanes
        type = vector(I64, 2 * lanes)
        base = k.splat(first, 2 * lanes) & k.constant(type, [-1, 0] * lanes)
        return [
            base + k.constant(type, [n for lane in range(lanes) for n in (r * lanes + lane, 0)])
            for r in range(count)
        ]

    def _widen(self, registers: list[Value], width: int) -> list[Value]:
        """Return the elements of registers, widened to ℓ bits each."""
        size = self.elements.count
        narrow = vector(ir.IntType(width), 16 * self.cipher.lanes * 8 // width)
        result = []
        for register in registers:
            elements = register.cast(narrow)
            for at in range(0, narrow.count, size):
                part = elements.shuffle(range(at, at + size)) if narrow.count > size else elements
                result.append(part if width == self.bits else _widen(part, self.bits))
        return result

    def load(self, row: Value, at: Value) -> list[Value]:
        """Read a strip."""
        size = self.strip // self.registers
        return [self.k.load(row.at(at).at(size * r), self.elements) for r in range(self.registers)]

    def store(self, values: list[Value], row: Value, at: Value) -> None:
        """Write a strip."""
        size = self.strip // self.registers
        for r, value in enumerate(values):
            self.k.store(value, row.at(at).at(size * r))

    def ones(self) -> Value:
        """Return a register of ones."""
        return self.k.constant(self.elements, -1)

    def splat(self, value: Value) -> Value:
        """Return a number, truncated to the width, in all elements of a register."""
        return self.k.splat(value.to(ir.IntType(self.bits)), self.elements.count)

    @property
    def half(self) -> Any:
        """The type of a register's elements truncated to half of their bits; bytes stay bytes."""
        return vector(ir.IntType(max(self.bits // 2, 8)), self.elements.count)

    def store_halves(self, values: list[Value], row: Value, at: Value) -> None:
        """Write the low halves of a strip's elements contiguously."""
        size = self.half.element.width // 8 * self.elements.count
        for r, value in enumerate(values):
            cut = (
                value
                if self.bits == 8
                else Value(self.k, self.k.builder.trunc(value.ir, self.half))
            )
            self.k.store(cut, row.at(self._half_place(at)).at(size * r))

    def load_halves(self, row: Value, at: Value) -> list[Value]:
        """Read them back."""
        size = self.half.element.width // 8 * self.elements.count
        places = [row.at(self._half_place(at)).at(size * r) for r in range(self.registers)]
        halves = [self.k.load(place, self.half) for place in places]
        return halves if self.bits == 8 else [_widen(half, self.bits) for half in halves]

    def _half_place(self, at: Value) -> Value:
        return at if self.bits == 8 else at >> 1


def _widen(value: Value, bits: int) -> Value:
    """Return elements widened to more bits."""
    type = vector(ir.IntType(bits), value.type.count)
    return Value(value.kernel, value.kernel.builder.zext(value.ir, type))


def _write_window(module: Any, cipher: Cipher) -> Any:
    """Write `matrix_window(start*, first, window*)`: the schedules of 16 keys."""
    parameters = (("start", POINTER), ("first", I64), ("window", POINTER))
    k = Kernel(module, "matrix_window", parameters, result=VOID, internal=True, inline="noinline")
    cipher.window(k, k.load(k["start"], BLOCK), k["first"], k["window"])
    k.finish()
    return k.function


def _pack_nibbles(k: Kernel, bytes: Value, out: Value) -> None:
    """Write a row of half bytes: the first ceil(n/2) in the low halves, the others in the high."""
    half = (k["columns"] + 1) >> 1
    # The partner of the last element, if their number is odd; its value is never used.
    k.store(k.constant(I8, 0), bytes.at(k["columns"]))
    lanes = vector(I8, 16)
    with k.loop(0, half, 16) as at:
        low, high = k.load(bytes.at(at), lanes), k.load(bytes.at(at + half), lanes)
        k.store((low & 15) | (high << 4), out.at(at))


def _unpack_nibbles(k: Kernel, packed: Value, out: Value) -> None:
    """Undo `_pack_nibbles`; the unused bits of the high half are arbitrary."""
    half = (k["columns"] + 1) >> 1
    lanes = vector(I8, 16)
    with k.loop(0, half, 16) as at:
        k.store(k.load(packed.at(at), lanes), out.at(at))
    with k.loop(0, half, 16) as at:
        k.store(k.load(packed.at(at), lanes) >> 4, out.at(at + half))


def write_matrix_sender(module: Any, cipher: Cipher, bits: int) -> Kernel:
    """Write `matrix_sender{ℓ}(start*, first, blocks*, delta*, y*, share*, message*, rows, …)`."""
    pointers = [(p, POINTER) for p in ("blocks", "delta", "y", "share", "message")]
    sizes = [(size, I64) for size in (*_SIZES, *_HEIGHTS)]
    parameters = (("start", POINTER), ("first", I64), *pointers, *sizes)
    k = Kernel(module, f"matrix_sender{bits}", parameters, result=VOID)
    product = _Product(k, cipher, bits, _SENT)
    delta = product.delta()
    buffer = k.bytes_slot(PADS * product.bytes + STRIP_BYTES)

    def step(i: Value, j: Value, bit: Value, second: int) -> None:
        stride = k["stride"] * product.bytes
        item = (k["before"] + i) // k["height"]
        y, share = k["y"].at((item * k["inner"] + j) * stride), k["share"].at(i * stride)
        keys, points = product.keys(bit), product.points(bit, delta)
        is_first = second == bits // 2
        high = k.i64(second) if is_first else k.i64(bits) - bit
        low_shift, high_shift = product.splat(bit), product.splat(high)
        kept = product.ones() >> low_shift
        row = product.take(product.row_bytes)
        with product.strips() as at:
            (a0, a1), (b0, b1) = product.pads(at, keys, points, pad_bits(bits, second))
            x, shares = product.load(y, at), product.load(share, at)
            first = [p - q + f for p, q, f in zip(a0, a1, x, strict=True)]
            other = [p - q + f for p, q, f in zip(b0, b1, x, strict=True)]
            if is_first:
                product.store_halves(other, buffer, at)
            else:
                pairs = zip(first, other, strict=True)
                first = [(d & kept) | (e << high_shift) for d, e in pairs]
            product.store(first, row, at)
            sums = zip(shares, a0, b0, strict=True)
            product.store([s - (a << low_shift) - (b << high_shift) for s, a, b in sums], share, at)
        if is_first:
            # Only now, since the last strip of the row has overwritten their place.
            place = product.take(product.half_bytes)
            if bits == 8:
                _pack_nibbles(k, buffer, place)
            else:
                k.copy(place, buffer, product.half_bytes)

    product.run(step)
    k.finish()
    return k


def write_matrix_receiver(module: Any, cipher: Cipher, bits: int) -> Kernel:
    """Write `matrix_receiver{ℓ}(start*, first, blocks*, choices*, message*, share*, rows, …)`."""
    pointers = [(p, POINTER) for p in ("blocks", "choices", "message", "share")]
    sizes = [(size, I64) for size in _SIZES]
    parameters = (("start", POINTER), ("first", I64), *pointers, *sizes)
    k = Kernel(module, f"matrix_receiver{bits}", parameters, result=VOID)
    product = _Product(k, cipher, bits, _RECEIVED)
    buffer = k.bytes_slot(PADS * product.bytes + STRIP_BYTES) if bits == 8 else None

    def step(i: Value, j: Value, bit: Value, second: int) -> None:
        share = k["share"].at(i * k["stride"] * product.bytes)
        choices = k["choices"].at((i * k["inner"] + j) * bits + (bit << 1))
        chosen = [product.splat(-k.load(choices.at(ot), I8).to(I64)) for ot in (0, 1)]
        keys, points = product.keys(bit), product.points(bit, None)
        is_first = second == bits // 2
        high = k.i64(second) if is_first else k.i64(bits) - bit
        low_shift, high_shift = product.splat(bit), product.splat(high)
        row = product.take(product.row_bytes)
        halves = product.take(product.half_bytes) if is_first else row
        if is_first and buffer is not None:
            _unpack_nibbles(k, halves, buffer)
            halves = buffer
        with product.strips() as at:
            (a,), (b,) = product.pads(at, keys, points, pad_bits(bits, second))
            sent, shares = product.load(row, at), product.load(share, at)
            above = [d >> high_shift for d in sent]
            other = product.load_halves(halves, at) if is_first else above
            sums = []
            for s, p, d, q, e in zip(shares, a, sent, b, other, strict=True):
                low, high_part = p + (d & chosen[0]), q + (e & chosen[1])
                sums.append(s + (low << low_shift) + (high_part << high_shift))
            product.store(sums, share, at)

    product.run(step)
    k.finish()
    return k
