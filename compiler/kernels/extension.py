"""OT extension by small fields, SoftSpoken [Roy22]; with k = 1 it is IKNP [IKNP03].

The 128 columns come in groups of k. For each group the receiver has 2^k seeds, the sender all of
them except number δ, its k bits of Δ. With r_x the AES-CTR stream of seed x
(`protocols/ot/softspoken.py`):

    receiver:  u = ⊕_x r_x        v_j = ⊕_{x: bit j of x} r_x        sends d = u ⊕ choices
    sender:    w_j = ⊕_{x: bit j of x ⊕ δ} r_x        q_j = w_j ⊕ δ_j·d

Since w_j = v_j ⊕ δ_j·u, q_j = v_j ⊕ δ_j·choices. The sender indexes its seeds by y = x ⊕ δ, so that
its code is the same for every Δ; the missing seed would be y = 0, which occurs in no w_j.

The choices are to be random, so they are the first group's u, and d is sent only for the other
groups.

The sums by bits take two XORs for each stream: the streams with the lowest bit set are summed, then
neighbours are added, which leaves half as many streams with one bit less. Chunks of columns stay in
the cache until they are transposed; the corrections of a chunk are contiguous, ordered by group.
"""

from __future__ import annotations

from typing import Any, Final

from .abi import I64, POINTER
from .build import VOID, Kernel, Value, vector
from .cipher import ONE_KEY_BLOCKS, Cipher
from .gate_generators import block_mask
from .primitives import counter_registers

COLUMNS: Final = 128
BATCH_MULTIPLE: Final = 128 * ONE_KEY_BLOCKS
"""The number of OTs is a multiple of this."""

_UNROLLED_BITS: Final = 4
"""Sums over up to 2^4 streams are unrolled; larger ones are loops over such sums."""

_Stream = list[Value]


def chunk_blocks(bits: int) -> int:
    """Return the blocks of a column in a chunk: more where reading the schedules costs more."""
    return ONE_KEY_BLOCKS if bits <= _UNROLLED_BITS else 4 * ONE_KEY_BLOCKS


def _add(a: _Stream | None, b: _Stream) -> _Stream:
    return b if a is None else [x ^ y for x, y in zip(a, b, strict=True)]


def _fold(streams: list[_Stream | None]) -> tuple[_Stream | None, list[_Stream]]:
    """Return the sum of the streams and their sums by bit of the number; 0 may be missing."""
    by_bit = []
    while len(streams) > 1:
        total: _Stream | None = None
        halves: list[_Stream | None] = []
        for even, odd in zip(streams[::2], streams[1::2], strict=True):
            assert odd is not None
            total = _add(total, odd)
            halves.append(_add(even, odd))
        assert total is not None
        by_bit.append(total)
        # Number 0 may lack stream 0, but it enters no sum by bit.
        streams = halves
    return streams[0], by_bit


class _Group:
    """One group's streams, eight blocks at a time."""

    def __init__(self, k: Kernel, cipher: Cipher, bits: int, group: Value) -> None:
        self._k = k
        self._cipher = cipher
        self.bits = bits
        self._schedules = k["schedules"].at(group * (cipher.schedule_bytes << bits))

    def sums(self, at: Value, *, complete: bool) -> tuple[_Stream | None, list[_Stream]]:
        """Return the sum of all streams, if it is `complete`, and the sums by bit of the number."""
        registers = counter_registers(self._k, self._k["counter"] + at, self._cipher.lanes)
        if self.bits <= _UNROLLED_BITS:
            return _fold(self._streams(registers, self._schedules, self.bits, 0 if complete else 1))
        return self._looped(registers)

    def _streams(
        self, registers: _Stream, schedules: Value, bits: int, first: int
    ) -> list[_Stream | None]:
        """Return the 2^`bits` streams of the seeds at `schedules`, without those before `first`."""
        streams: list[_Stream | None] = [None] * first
        numbers = range(first, 1 << bits)
        step = self._cipher.streams_at_once
        for low in range(0, len(numbers), step):
            places = [
                schedules.at(self._cipher.schedule_bytes * x) for x in numbers[low : low + step]
            ]
            streams += self._cipher.encrypt_streams(self._k, registers, places)
        return streams

    def _looped(self, registers: _Stream) -> tuple[_Stream, list[_Stream]]:
        """Sum in two stages. The sender's seed 0 is zero and enters no sum that it uses."""
        k, low = self._k, _UNROLLED_BITS
        high = self.bits - low
        size = 16 * ONE_KEY_BLOCKS
        type, step = registers[0].type, 16 * self._cipher.lanes
        totals = k.bytes_slot(size << high)
        lows = k.bytes_slot(size * low)
        k.clear(lows, k.i64(size * low))
        with k.loop(0, k.i64(1 << high)) as x:
            schedules = self._schedules.at(x * (self._cipher.schedule_bytes << low))
            total, by_bit = _fold(self._streams(registers, schedules, low, 0))
            assert total is not None
            for i, value in enumerate(total):
                k.store(value, totals.at(x * size).at(step * i), align=step)
            for j, stream in enumerate(by_bit):
                for i, value in enumerate(stream):
                    place = lows.at(size * j + step * i)
                    k.store(k.load(place, type, align=step) ^ value, place, align=step)

        def load(base: Value, number: int) -> _Stream:
            places = [base.at(size * number + step * i) for i in range(len(registers))]
            return [k.load(place, type, align=step) for place in places]

        total, highs = _fold([load(totals, x) for x in range(1 << high)])
        assert total is not None
        return total, [load(lows, j) for j in range(low)] + highs


def _kernel(module: Any, name: str, choices: str) -> Kernel:
    pointers = tuple((label, POINTER) for label in (choices, "corrections", "out"))
    parameters = (("schedules", POINTER), ("counter", I64), *pointers, ("blocks", I64))
    return Kernel(module, name, parameters, result=VOID)


class _Chunks:
    """Iterates over a batch chunk by chunk."""

    def __init__(self, k: Kernel, bits: int, transpose: Kernel) -> None:
        self.k = k
        self.groups = COLUMNS // bits
        self._transpose = transpose
        self._most = chunk_blocks(bits)
        self._columns = k.bytes_slot(16 * COLUMNS * self._most)

    def write(self, body: Any) -> None:
        """Write the loops; `body(first, size, columns)` fills the columns of a chunk."""
        k = self.k
        with k.loop(0, k["blocks"], self._most) as first:
            size = k.minimum(k["blocks"] - first, self._most)
            body(first, size, self._columns)
            k.call(self._transpose, self._columns, k["out"].at(first << 11), size << 7)

    def corrections(self, first: Value, size: Value, group: Value) -> Value:
        """Return the address of a group's corrections of a chunk; the first group has none."""
        base = self.k["corrections"].at(first * (16 * (self.groups - 1)))
        return base.at((group - 1) * size << 4)


def write_receiver(module: Any, cipher: Cipher, bits: int, transpose: Kernel) -> Kernel:
    """Write `cot_receiver(schedules*, counter, choices*, corrections*, out*, blocks)`.

    Schedules [128/k][2^k]; choices: blocks·128 bits, written; corrections, in chunks:
    (128/k − 1)·blocks blocks; out: blocks·128 OTs of a block each. `blocks` is a multiple of 8.
    """
    k = _kernel(module, "cot_receiver", "choices")
    chunks = _Chunks(k, bits, transpose)
    step = 16 * cipher.lanes

    def columns(first: Value, size: Value, columns: Value) -> None:
        def group(g: Value, put: Any) -> None:
            group = _Group(k, cipher, bits, g)
            base = columns.at(g * bits * (size << 4))
            with k.loop(0, size, ONE_KEY_BLOCKS) as at:
                total, by_bit = group.sums(first + at, complete=True)
                assert total is not None
                for i, value in enumerate(total):
                    put(value, (at << 4) + step * i)
                _store_columns(k, by_bit, base, size, at, step)

        choices = k["choices"].at(first << 4)
        group(k.i64(0), lambda value, offset: k.store(value, choices.at(offset)))
        with k.loop(1, k.i64(chunks.groups)) as g:
            corrections = chunks.corrections(first, size, g)

            def correct(value: Value, offset: Value) -> None:
                choice = k.load(choices.at(offset), value.type)
                k.store(value ^ choice, corrections.at(offset))

            group(g, correct)

    chunks.write(columns)
    k.finish()
    return k


def _store_columns(
    k: Kernel, by_bit: list[_Stream], base: Value, size: Value, at: Value, step: int
) -> None:
    for j, column in enumerate(by_bit):
        for i, value in enumerate(column):
            k.store(value, base.at((size * j + at << 4) + step * i), align=step)


def write_sender(module: Any, cipher: Cipher, bits: int, transpose: Kernel) -> Kernel:
    """Write `cot_sender(schedules*, counter, delta*, corrections*, out*, blocks)`.

    The parameters are as above; schedules are indexed by y = x ⊕ δ, and those at y = 0 are ignored.
    """
    k = _kernel(module, "cot_sender", "delta")
    chunks = _Chunks(k, bits, transpose)
    step = 16 * cipher.lanes
    type = vector(I64, 2 * cipher.lanes)

    def columns(first: Value, size: Value, columns: Value) -> None:
        def group(g: Value, corrections: Value | None) -> None:
            group = _Group(k, cipher, bits, g)
            base = columns.at(g * bits * (size << 4))
            word = k.load(k["delta"].at((g * bits) >> 6 << 3), I64)
            with k.loop(0, size, ONE_KEY_BLOCKS) as at:
                _, by_bit = group.sums(first + at, complete=False)
                if corrections is not None:
                    places = [corrections.at((at << 4) + step * i) for i in range(len(by_bit[0]))]
                    sent = [k.load(place, type) for place in places]
                    for j, column in enumerate(by_bit):
                        bit = (word >> (((g * bits) + j) & 63)) & 1
                        mask = block_mask(k, bit).shuffle([0, 1] * cipher.lanes)
                        by_bit[j] = [q ^ (d & mask) for q, d in zip(column, sent, strict=True)]
                _store_columns(k, by_bit, base, size, at, step)

        group(k.i64(0), None)
        with k.loop(1, k.i64(chunks.groups)) as g:
            group(g, chunks.corrections(first, size, g))

    chunks.write(columns)
    k.finish()
    return k


def write_double(module: Any, schedule: Kernel, prg: Kernel, cipher: Cipher) -> Kernel:
    """Write `double(nodes*, out*, count)`: each node's two children, one after the other.

    The children are the AES encryptions of 0 and of 1 under the node as key.
    """
    parameters = (("nodes", POINTER), ("out", POINTER), ("count", I64))
    k = Kernel(module, "double", parameters, result=VOID)
    expanded = k.bytes_slot(cipher.schedule_bytes)
    with k.loop(0, k["count"]) as i:
        k.call(schedule, k["nodes"].at(i << 4), expanded)
        k.call(prg, expanded, k.i64(0), k["out"].at(i << 5), k.i64(2))
    k.finish()
    return k


def write_expand_keys(module: Any, schedule: Kernel, cipher: Cipher) -> Kernel:
    """Write `expand_keys(keys*, schedules*, count)`."""
    parameters = (("keys", POINTER), ("schedules", POINTER), ("count", I64))
    k = Kernel(module, "expand_keys", parameters, result=VOID)
    with k.loop(0, k["count"]) as i:
        k.call(schedule, k["keys"].at(i << 4), k["schedules"].at(i * cipher.schedule_bytes))
    k.finish()
    return k


SYMBOLS: Final = ("cot_receiver", "cot_sender", "double", "expand_keys", "transpose")
