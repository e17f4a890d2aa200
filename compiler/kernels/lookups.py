"""Lookups of a public table at a shared index, for one word of the entries.

The table has n = 2^k entries of ℓ bits. The index is x = x₀ + x₁ modulo n: the sender rotates the
table by its share x₀, and the receiver chooses entry x₁ by a 1-of-n OT, made of k 1-of-2 OTs
[NP99]. Message number j is masked by the exclusive or of k pads: by element j of the pad of version
(bit i of j) of each OT number i. For j ≠ x₁ at least one of the pads is unknown to the receiver,
and no element of a pad masks two messages.

- `lookup_sender{ℓ}(start*, first, blocks*, delta*, table*, shifts*, masks*, message*, n, ots,
  bytes, count)`: message number j is table[(j + shift) mod n] − mask, of which the low `bytes`
  bytes are sent. The table is given twice, [2n].
- `lookup_receiver{ℓ}(start*, first, blocks*, digits*, message*, out*, n, ots, bytes, count)`.
- `rotated_sums{ℓ}(vectors*, table*, offsets*, out*, n, words, count)`: out[i][w] = Σ_j
  vectors[i][j] · table[w][j + offset i], for public offsets below n; the table is [words][2n].

Shifts, digits and offsets are of 16 bits, masks and results of ℓ. Blocks are [count][k].

A message consists of planes: of the bytes that are sent of each entry, first 8, 4, 2 and 1 at a
time, as the binary digits of `bytes` say, lowest bytes first; each plane has all entries in order.

Pads. Block c of a pad is H at σ(q) ⊕ c (see `pads.py`), under a key that serves 64 blocks of one
OT, as in `matrices.py`; so there is a window of keys for every `CHUNK_BYTES` of entries. The
receiver makes the block that it needs of every chunk, and reads all messages. The sender rotates
the table in k steps, each of which moves all entries or none. So no address depends on a share.
"""

from __future__ import annotations

from typing import Any, Final

from llvmlite import ir

from .abi import I32, I64, POINTER
from .build import BLOCK, VOID, Kernel, Value, vector
from .cipher import WINDOW_BYTES, WINDOW_KEYS, Cipher
from .hash import orthomorphism

I16: Final[Any] = ir.IntType(16)

CHUNK_BYTES: Final = 1 << 10
"""The bytes of entries that a window of keys serves: 64 blocks."""

_REGISTERS: Final = 4
"""The registers of entries that are masked at a time."""

_LANES: Final = 16
_MOST_ENTRIES: Final = 512
_SLACK: Final = 512
"""Bytes past the end of a table that may be read and written."""

_PLANES: Final = (8, 4, 2, 1)


class _Pads:
    """The windows of keys of successive chunks, and the hash under one of their keys."""

    def __init__(self, k: Kernel, cipher: Cipher) -> None:
        self.k = k
        self.cipher = cipher
        self.key = k.variable(k["first"])
        self.register_bytes = 16 * cipher.lanes
        self._window = k.bytes_slot(WINDOW_BYTES)
        self._room = k.bytes_slot(cipher.schedule_bytes)
        self._start = k.load(k["start"], BLOCK)

    def next_window(self) -> None:
        """Expand the keys of the next chunk."""
        self.cipher.window(self.k, self._start, self.key.get(), self._window)
        self.key.set(self.key.get() + WINDOW_KEYS)

    def key_of(self, ot: Value) -> Value:
        """Return the key of an OT in this chunk."""
        return self.cipher.stream_key(self.k, self._window, ot, self._room)

    def point(self, block: Value) -> Value:
        """Return σ of a block in all lanes."""
        return orthomorphism(block.shuffle([0, 1] * self.cipher.lanes))

    def counters(self, first: Value, *, step: int) -> Value:
        """Return block numbers in a register: `first`, `first` + `step`, …"""
        lanes = self.cipher.lanes
        type = vector(I64, 2 * lanes)
        base = self.k.splat(first, 2 * lanes) & self.k.constant(type, [-1, 0] * lanes)
        return base + self.k.constant(type, [n for i in range(lanes) for n in (i * step, 0)])

    def hashed(self, points: list[Value], key: Value) -> list[Value]:
        """Return the hash of points under a key."""
        (encrypted,) = self.cipher.encrypt_keyed(self.k, [points], [key])
        return [e ^ x for e, x in zip(encrypted, points, strict=True)]


class _Entries:
    """The entries of a table in registers of `lanes` elements."""

    def __init__(self, k: Kernel, bits: int, register_bytes: int) -> None:
        self.k = k
        self.size = bits // 8
        self.lanes = register_bytes // self.size
        self.element = ir.IntType(bits)
        self.type = vector(self.element, self.lanes)

    def load(self, row: Value, at: Value) -> Value:
        """Read the register at a byte."""
        return self.k.load(row.at(at), self.type)

    def store(self, value: Value, row: Value, at: Value) -> None:
        """Write the register at a byte."""
        self.k.store(value, row.at(at))

    def splat(self, value: Value) -> Value:
        """Return a 64-bit number, truncated, in all elements."""
        return self.k.splat(value.to(self.element), self.lanes)

    def odd_in(self, ot: Value) -> Value:
        """Return ones in the elements whose number has bit `ot`, for registers of 2^(ot + 1) …"""
        numbers = self.k.constant(self.type, list(range(self.lanes)))
        return -((numbers >> self.splat(ot)) & 1)


def write_lookup_sender(module: Any, cipher: Cipher, bits: int) -> Kernel:
    """Write `lookup_sender{ℓ}`."""
    pointers = [(p, POINTER) for p in ("blocks", "delta", "table", "shifts", "masks", "message")]
    sizes = [(name, I64) for name in ("n", "ots", "bytes", "count")]
    parameters = (("start", POINTER), ("first", I64), *pointers, *sizes)
    k = Kernel(module, f"lookup_sender{bits}", parameters, result=VOID)
    pads = _Pads(k, cipher)
    entries = _Entries(k, bits, pads.register_bytes)
    buffer = k.bytes_slot(2 * _MOST_ENTRIES * entries.size + 2 * _SLACK)
    points = k.bytes_slot(2 * pads.register_bytes)
    message = k.variable(k["message"])
    delta = pads.point(k.load(k["delta"], BLOCK))
    with k.loop(0, k["count"]) as item:
        _rotate(k, entries, buffer, k.load(k["shifts"].at(item << 1), I16).to(I64))
        mask = k.splat(k.load(k["masks"].at(item * entries.size), entries.element), entries.lanes)
        total = k["n"] * entries.size
        with k.loop(0, total, pads.register_bytes) as at:
            entries.store(entries.load(buffer, at) - mask, buffer, at)
        with k.loop(0, total, CHUNK_BYTES) as chunk:
            pads.next_window()
            left = k.minimum(total - chunk, CHUNK_BYTES)
            with k.loop(0, k["ots"]) as ot:
                block = k.load(k["blocks"].at((item * k["ots"] + ot) << 4), BLOCK)
                first = pads.point(block)
                k.store(first, points)
                k.store(first ^ delta, points.at(pads.register_bytes))
                _mask_chunk(pads, entries, (buffer.at(chunk), points), (chunk, left), ot)
        _send_planes(k, entries, buffer, message)
    k.finish()
    return k


def _rotate(k: Kernel, entries: _Entries, buffer: Value, shift: Value) -> None:
    """Write the table, rotated by a secret shift, to the buffer: in steps of n/2, n/4, …, 1."""
    k.copy(buffer, k["table"], (k["n"] << 1) * entries.size)
    distance = k.variable(k["n"] >> 1)
    with k.repeat(lambda: distance.get() > 0):
        step = distance.get()
        moved = entries.splat(k.hide(-((shift & step).differs(0).to(I64))))
        far = step * entries.size
        with k.loop(0, (k["n"] + step) * entries.size, entries.lanes * entries.size) as at:
            near = entries.load(buffer, at)
            other = entries.load(buffer, at + far)
            entries.store(near ^ ((near ^ other) & moved), buffer, at)
        distance.set(step >> 1)


def _mask_chunk(
    pads: _Pads,
    entries: _Entries,
    places: tuple[Value, Value],
    part: tuple[Value, Value],
    ot: Value,
) -> None:
    """Mask `left` bytes of entries by the pads of an OT; `chunk` is the first byte's number.

    If neighbours differ in bit `ot`, both versions of the pads are made and mixed.
    """
    k, width = pads.k, pads.register_bytes
    (target, points), (chunk, left) = places, part
    key = pads.key_of(ot)
    alternates = (k.i64(entries.size) << ot) < width
    with k.loop(0, left, _REGISTERS * width) as at:
        places_here = [at + r * width for r in range(_REGISTERS)]
        counters = [pads.counters(place >> 4, step=1) for place in places_here]
        with k.either(alternates) as (mixed, whole):
            with mixed:
                both = [k.load(points.at(v * width), counters[0].type) for v in (0, 1)]
                made = pads.hashed([point ^ c for point in both for c in counters], key)
                odd = entries.odd_in(ot)
                for place, p0, p1 in zip(
                    places_here, made[:_REGISTERS], made[_REGISTERS:], strict=True
                ):
                    zero, one = p0.cast(entries.type), p1.cast(entries.type)
                    pad = zero ^ ((zero ^ one) & odd)
                    entries.store(entries.load(target, place) ^ pad, target, place)
            with whole:
                inputs = []
                for place, counter in zip(places_here, counters, strict=True):
                    number = (chunk + place) >> (entries.size.bit_length() - 1)
                    version = (number >> ot) & 1
                    inputs.append(k.load(points.at(version * width), counter.type) ^ counter)
                for place, pad in zip(places_here, pads.hashed(inputs, key), strict=True):
                    masked = entries.load(target, place) ^ pad.cast(entries.type)
                    entries.store(masked, target, place)


def _send_planes(k: Kernel, entries: _Entries, buffer: Value, message: Any) -> None:
    """Write the planes of a message, in order: what is written past an end is overwritten."""
    shift = k.variable(k.i64(0))
    for size in _PLANES:
        if size > entries.size:
            continue
        with k.when((k["bytes"] & size).differs(0)):
            amount = entries.splat(shift.get())
            with k.loop(0, k["n"], entries.lanes) as at:
                value = entries.load(buffer, at * entries.size)
                if size < entries.size:
                    part = vector(ir.IntType(8 * size), entries.lanes)
                    value = Value(k, k.builder.trunc((value >> amount).ir, part))
                k.store(value, message.get().at(at * size))
            message.set(message.get().at(k["n"] * size))
            shift.set(shift.get() + 8 * size)


def write_lookup_receiver(module: Any, cipher: Cipher, bits: int) -> Kernel:
    """Write `lookup_receiver{ℓ}`."""
    pointers = [(p, POINTER) for p in ("blocks", "digits", "message", "out")]
    sizes = [(name, I64) for name in ("n", "ots", "bytes", "count")]
    parameters = (("start", POINTER), ("first", I64), *pointers, *sizes)
    k = Kernel(module, f"lookup_receiver{bits}", parameters, result=VOID)
    pads = _Pads(k, cipher)
    size = bits // 8
    message = k.variable(k["message"])
    with k.loop(0, k["count"]) as item:
        digit = k.load(k["digits"].at(item << 1), I16).to(I64)
        pad = _own_pad(pads, item, digit * size, k["n"] * size)
        word = pad ^ _own_message(k, message, digit, size)
        kept = k.i64(-1) >> (k.i64(64) - (k["bytes"] << 3))
        k.store((word & kept).to(ir.IntType(bits)), k["out"].at(item * size))
    k.finish()
    return k


def _own_pad(pads: _Pads, item: Value, place: Value, total: Value) -> Value:
    """Return the pad at a secret byte `place`: that of one chunk, out of those of all chunks."""
    k = pads.k
    counter = pads.counters((place & (CHUNK_BYTES - 1)) >> 4, step=0)
    found = k.variable(k.constant(BLOCK, 0))
    with k.loop(0, total, CHUNK_BYTES) as chunk:
        pads.next_window()
        block = k.variable(k.constant(BLOCK, 0))
        with k.loop(0, k["ots"]) as ot:
            point = pads.point(k.load(k["blocks"].at((item * k["ots"] + ot) << 4), BLOCK))
            (made,) = pads.hashed([point ^ counter], pads.key_of(ot))
            block.set(block.get() ^ made.shuffle([0, 1]))
        here = (place & -CHUNK_BYTES).equals(chunk).to(I64)
        found.set(found.get() ^ (block.get() & k.splat(k.hide(-here), 2)))
    low, high = found.get().element(0), found.get().element(1)
    word = low ^ ((low ^ high) & k.hide(-((place >> 3) & 1)))
    return word >> ((place & 7) << 3)


def _own_message(k: Kernel, message: Any, digit: Value, size: int) -> Value:
    """Return the message of a secret number; all messages are read."""
    total, shift = k.variable(k.i64(0)), k.variable(k.i64(0))
    numbers = vector(I32, _LANES)
    wanted = k.splat(digit.to(I32), _LANES)
    for plane in _PLANES:
        if plane > size:
            continue
        element = ir.IntType(8 * plane)
        type = vector(element, _LANES)
        with k.when((k["bytes"] & plane).differs(0)):
            found = k.variable(k.constant(type, 0))
            with k.loop(0, k["n"], _LANES) as at:
                here = k.splat(at.to(I32), _LANES) + k.constant(numbers, list(range(_LANES)))
                chosen = here.equals(wanted).signed_to(type)
                found.set(found.get() | (k.load(message.get().at(at * plane), type) & chosen))
            name = f"llvm.vector.reduce.or.v{_LANES}i{8 * plane}"
            word = k.intrinsic(name, element, found.get()).to(I64)
            total.set(total.get() | (word << shift.get()))
            message.set(message.get().at(k["n"] * plane))
            shift.set(shift.get() + 8 * plane)
    return total.get()


def write_rotated_sums(module: Any, bits: int) -> Kernel:
    """Write `rotated_sums{ℓ}`; n is a multiple of 8."""
    pointers = [(p, POINTER) for p in ("vectors", "table", "offsets", "out")]
    parameters = (*pointers, *((name, I64) for name in ("n", "words", "count")))
    k = Kernel(module, f"rotated_sums{bits}", parameters, result=VOID)
    size, lanes = bits // 8, 8
    element = ir.IntType(bits)
    type = vector(element, lanes)
    row = k["n"] * size
    with k.loop(0, k["count"]) as item:
        offset = k.load(k["offsets"].at(item << 1), I16).to(I64)
        with k.loop(0, k["words"]) as word:
            total = k.variable(k.constant(type, 0))
            source = k["vectors"].at(item * row)
            table = k["table"].at(((word << 1) * k["n"] + offset) * size)
            with k.loop(0, row, lanes * size) as at:
                term = k.load(source.at(at), type) * k.load(table.at(at), type)
                total.set(total.get() + term)
            name = f"llvm.vector.reduce.add.v{lanes}i{bits}"
            sum = k.intrinsic(name, element, total.get())
            k.store(sum, k["out"].at((item * k["words"] + word) * size))
    k.finish()
    return k
