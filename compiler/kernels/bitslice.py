"""AES-128 without tables or AES instructions: bit-sliced, eight blocks at a time.

A state of eight blocks is eight *planes* of 16 bytes [KS09]: bit s of byte p of plane b is bit b of
byte p of block s. SubBytes is then the straight-line program of Boyar and Peralta [BP12] on planes
(113 AND and XOR operations and four complements). ShiftRows and MixColumns are fixed permutations
of the bytes of a plane. The key schedule works likewise on eight keys at a time. Every block may
have a key of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from .abi import I8, I64, POINTER
from .build import BLOCK, VOID, Kernel, Value, joined, vector
from .cipher import RCON, ROUNDS, WINDOW_KEYS, Cipher

PLANE: Final = vector(I8, 16)
SLOTS: Final = 8
_ROUND_BYTES: Final = SLOTS * 16
_SCHEDULE_BYTES: Final = _ROUND_BYTES * (ROUNDS + 1)

_SBOX: Final = """
y14=x3^x5 y13=x0^x6 y9=x0^x3 y8=x0^x5 t0=x1^x2 y1=t0^x7 y4=y1^x3 y12=y13^y14 y2=y1^x0 y5=y1^x6
y3=y5^y8 t1=x4^y12 y15=t1^x5 y20=t1^x1 y6=y15^x7 y10=y15^t0 y11=y20^y9 y7=x7^y11 y17=y10^y11
y19=y10^y8 y16=t0^y11 y21=y13^y16 y18=x0^y16
t2=y12&y15 t3=y3&y6 t4=t3^t2 t5=y4&x7 t6=t5^t2 t7=y13&y16 t8=y5&y1 t9=t8^t7 t10=y2&y7 t11=t10^t7
t12=y9&y11 t13=y14&y17 t14=t13^t12 t15=y8&y10 t16=t15^t12 t17=t4^t14 t18=t6^t16 t19=t9^t14
t20=t11^t16 t21=t17^y20 t22=t18^y19 t23=t19^y21 t24=t20^y18
t25=t21^t22 t26=t21&t23 t27=t24^t26 t28=t25&t27 t29=t28^t22 t30=t23^t24 t31=t22^t26 t32=t31&t30
t33=t32^t24 t34=t23^t33 t35=t27^t33 t36=t24&t35 t37=t36^t34 t38=t27^t36 t39=t29&t38 t40=t25^t39
t41=t40^t37 t42=t29^t33 t43=t29^t40 t44=t33^t37 t45=t42^t41
z0=t44&y15 z1=t37&y6 z2=t33&x7 z3=t43&y16 z4=t40&y1 z5=t29&y7 z6=t42&y11 z7=t45&y17 z8=t41&y10
z9=t44&y12 z10=t37&y3 z11=t33&y4 z12=t43&y13 z13=t40&y5 z14=t29&y2 z15=t42&y9 z16=t45&y14 z17=t41&y8
t46=z15^z16 t47=z10^z11 t48=z5^z13 t49=z9^z10 t50=z2^z12 t51=z2^z5 t52=z7^z8 t53=z0^z3 t54=z6^z7
t55=z16^z17 t56=z12^t48 t57=t50^t53 t58=z4^t46 t59=z3^t54 t60=t46^t57 t61=z14^t57 t62=t52^t58
t63=t49^t58 t64=z4^t59 t65=t61^t62 t66=z1^t63 s0=t59^t63 u6=t56^t62 u7=t48^t60 t67=t64^t65
s3=t53^t66 s4=t51^t66 s5=t47^t65 u1=t64^s3 u2=t55^t67
"""
"""x0 … x7 and s0 … s7: most significant bit first; s6, s7, s1, s2 are the complements of u…"""

_SHIFT_ROWS: Final = tuple(4 * ((c + r) % 4) + r for c in range(4) for r in range(4))


def substitute(planes: Sequence[Value]) -> list[Value]:
    """SubBytes on planes, least significant bit first."""
    names = {f"x{i}": planes[7 - i] for i in range(8)}
    for step in _SBOX.split():
        target, expression = step.split("=")
        if "&" in expression:
            a, b = expression.split("&")
            names[target] = names[a] & names[b]
        else:
            a, b = expression.split("^")
            names[target] = names[a] ^ names[b]
    for i in (1, 2, 6, 7):
        names[f"s{i}"] = ~names[f"u{i}"]
    return [names[f"s{7 - i}"] for i in range(8)]


def _rotated_column(plane: Value, rows: int) -> Value:
    """Move byte r of each column to row r + `rows` of the same column."""
    return plane.shuffle([4 * c + (r + rows) % 4 for c in range(4) for r in range(4)])


def mix_columns(planes: Sequence[Value]) -> list[Value]:
    """MixColumns: 2a₀ + 3a₁ + a₂ + a₃ = 2(a₀ + a₁) + a₁ + (a₂ + a₃); a₁ … are the rows below."""
    below = [_rotated_column(p, 1) for p in planes]
    sums = [p ^ b for p, b in zip(planes, below, strict=True)]
    carry = sums[7]
    doubled = [carry, sums[0] ^ carry, sums[1], sums[2] ^ carry, sums[3] ^ carry, *sums[4:7]]
    return [d ^ b ^ _rotated_column(s, 2) for d, b, s in zip(doubled, below, sums, strict=True)]


def _swap(k: Kernel, x: list[Value], i: int, j: int, shift: int, mask: int) -> None:
    """Exchange the bits of x[i] at `mask << shift` with those of x[j] at `mask`, in each byte."""
    words = vector(I64, 2)
    wide = k.constant(words, int.from_bytes(bytes([mask]) * 8, "little"))
    a, b = x[i].cast(words), x[j].cast(words)
    t = ((a >> shift) ^ b) & wide
    x[i], x[j] = (a ^ (t << shift)).cast(PLANE), (b ^ t).cast(PLANE)


def to_planes(k: Kernel, blocks: Sequence[Value]) -> list[Value]:
    """Transpose eight blocks into planes, or back: eight 8 × 8 bit matrices, one at each byte."""
    x = [block.cast(PLANE) for block in blocks]
    for shift, mask in ((1, 0x55), (2, 0x33), (4, 0x0F)):
        for i in range(SLOTS):
            if not i & shift:
                _swap(k, x, i, i + shift, shift, mask)
    return x


def _load_round(k: Kernel, keys: Value, round: int) -> list[Value]:
    return [k.load(keys.at(_ROUND_BYTES * round + 16 * b), PLANE, align=16) for b in range(8)]


def _expand(k: Kernel, planes: Sequence[Value], keys: Value) -> None:
    """Write the round keys of eight keys, as planes."""
    state = list(planes)
    zero = k.constant(PLANE, 0)
    for round in range(ROUNDS + 1):
        if round:
            last = [13, 14, 15, 12]
            words = [s.shuffle(last * 4) for s in substitute(state)]
            for b in range(8):
                key = state[b]
                for columns in (1, 2):
                    shifted = [i - 4 * columns if i >= 4 * columns else 16 for i in range(16)]
                    key = key ^ key.shuffle(shifted, zero)
                constant = 0xFF if RCON[round - 1] >> b & 1 else 0
                state[b] = key ^ words[b] ^ k.constant(PLANE, [constant, 0, 0, 0] * 4)
        for b in range(8):
            k.store(state[b], keys.at(_ROUND_BYTES * round + 16 * b), align=16)


def _shared(k: Kernel, name: str, body: Callable[[Kernel, Value, Value], None]) -> Any:
    """Return the module's function `name(buffer, keys)`, written at the first request."""
    existing = k.module.globals.get(name)
    if existing is not None:
        return existing
    parameters = (("buffer", POINTER), ("keys", POINTER))
    inner = Kernel(k.module, name, parameters, result=VOID, internal=True, inline="noinline")
    body(inner, inner["buffer"], inner["keys"])
    inner.finish()
    return inner.function


def _expand_buffer(k: Kernel, buffer: Value, keys: Value) -> None:
    """Write the schedules of the eight keys in the buffer."""
    _expand(k, to_planes(k, [k.load(buffer.at(16 * i), BLOCK) for i in range(SLOTS)]), keys)


def _encrypt_buffer(k: Kernel, buffer: Value, keys: Value) -> None:
    """Encrypt the eight blocks in the buffer, each under the key in its slot."""

    def add(state: Sequence[Value], round: int) -> list[Value]:
        return [s ^ r for s, r in zip(state, _load_round(k, keys, round), strict=True)]

    state = add(to_planes(k, [k.load(buffer.at(16 * i), BLOCK) for i in range(SLOTS)]), 0)
    for round in range(1, ROUNDS + 1):
        state = [s.shuffle(_SHIFT_ROWS) for s in substitute(state)]
        state = add(state if round == ROUNDS else mix_columns(state), round)
    for i, plane in enumerate(to_planes(k, state)):
        k.store(plane.cast(BLOCK), buffer.at(16 * i))


class BitslicedCipher(Cipher):
    """AES for any processor, in constant time."""

    schedule_bytes = _SCHEDULE_BYTES
    pairs_at_once = SLOTS
    lanes = 1
    streams_at_once = 1

    def schedule(self, k: Kernel, key: Value, schedule: Value) -> None:
        """Expand one key in all slots."""
        self._expand_blocks(k, [k.load(key, BLOCK)] * SLOTS, schedule)

    def encrypt_one_key(self, k: Kernel, blocks: Sequence[Value], schedule: Value) -> list[Value]:
        """Encrypt eight blocks."""
        return self._encrypt_slots(k, blocks, schedule, k.i64(0))

    def encrypt_streams(
        self, k: Kernel, registers: Sequence[Value], schedules: Sequence[Value]
    ) -> list[list[Value]]:
        """Encrypt eight blocks for each key."""
        return [self.encrypt_one_key(k, registers, schedule) for schedule in schedules]

    def stream_key(self, k: Kernel, window: Value, number: Value, room: Value) -> Value:
        """Write the schedule with the key in all slots: each of its bits, eight times."""
        group = window.at((number >> 3) * _SCHEDULE_BYTES)
        bit = k.splat((k.i64(1) << (number & (SLOTS - 1))).to(I8), PLANE.count)
        with k.loop(0, k.i64(_SCHEDULE_BYTES), 16) as at:
            found = (k.load(group.at(at), PLANE, align=16) & bit).equals(bit)
            k.store(found.signed_to(PLANE), room.at(at), align=16)
        return room

    def encrypt_keyed(
        self, k: Kernel, streams: Sequence[Sequence[Value]], keys: Sequence[Value]
    ) -> list[list[Value]]:
        """Encrypt eight blocks of a stream at a time."""
        return [
            [
                block
                for at in range(0, len(stream), SLOTS)
                for block in self._encrypt_slots(k, stream[at : at + SLOTS], key, k.i64(0))
            ]
            for stream, key in zip(streams, keys, strict=True)
        ]

    def encrypt_rows(self, k: Kernel, rows: Sequence[Value], key: Value) -> list[Value]:
        """Encrypt eight blocks at a time."""
        type = rows[0].type
        per = type.count // 2
        blocks = [row.shuffle((2 * i, 2 * i + 1)) for row in rows for i in range(per)]
        [found] = self.encrypt_keyed(k, [blocks], [key])
        return [joined(found[at : at + per]) for at in range(0, len(found), per)]

    def window(self, k: Kernel, start: Value, first: Value, window: Value) -> None:
        """Expand the keys, eight at a time."""
        tweaks = k.splat(first, 2) & k.constant(BLOCK, [-1, 0])
        for group in range(WINDOW_KEYS // SLOTS):
            keys = [
                start ^ (tweaks | k.constant(BLOCK, [SLOTS * group + slot, 0]))
                for slot in range(SLOTS)
            ]
            self._expand_blocks(k, keys, window.at(_SCHEDULE_BYTES * group))

    def encrypt_gates(
        self, k: Kernel, gates: Sequence[Sequence[Value]], window: Value, gate: Value
    ) -> list[list[Value]]:
        """Encrypt; four gates fill the slots once for each of their pairs."""
        group_gates = SLOTS // 2
        results: list[list[Value]] = []
        for at in range(0, len(gates), group_gates):
            part = gates[at : at + group_gates]
            keys = window.at(((gate + at) >> 2) * _SCHEDULE_BYTES)
            first = (gate & (group_gates - 1)) << 5
            copies = [
                self._encrypt_slots(k, [pairs[copy] for pairs in part], keys, first)
                for copy in range(len(part[0]))
            ]
            results += [[copy[g] for copy in copies] for g in range(len(part))]
        return results

    def _expand_blocks(self, k: Kernel, keys: Sequence[Value], schedule: Value) -> None:
        buffer = k.bytes_slot(SLOTS * 16)
        for i, key in enumerate(keys):
            k.store(key, buffer.at(16 * i))
        k.call(_shared(k, "aes_bitsliced_expand", _expand_buffer), buffer, schedule)

    def _encrypt_slots(
        self, k: Kernel, values: Sequence[Value], keys: Value, first: Value
    ) -> list[Value]:
        """Encrypt blocks or pairs in the slots from byte `first` on; other slots are zero."""
        type = values[0].type
        size = 8 * type.count
        buffer = k.bytes_slot(SLOTS * 16)
        if size * len(values) < SLOTS * 16:
            k.clear(buffer, k.i64(SLOTS * 16))
        for i, value in enumerate(values):
            k.store(value, buffer.at(first).at(size * i))
        k.call(_shared(k, "aes_bitsliced_encrypt", _encrypt_buffer), buffer, keys)
        return [k.load(buffer.at(first).at(size * i), type) for i in range(len(values))]
