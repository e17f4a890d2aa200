"""OT extension by small fields, SoftSpoken [Roy22]; with k = 1 it is IKNP [IKNP03].

The 128 columns come in groups of k. For a group the receiver has 2^k seeds, the sender all of them
but number δ, its k bits of Δ. With r_x the AES-CTR stream of seed x (see `protocols/cot.py`):

    receiver:  u = ⊕_x r_x        v_j = ⊕_{x: bit j of x} r_x        sends d = u ⊕ choices
    sender:    w_j = ⊕_{x: bit j of x ⊕ δ} r_x        q_j = w_j ⊕ δ_j·d

Since w_j = v_j ⊕ δ_j·u, q_j = v_j ⊕ δ_j·choices. The sender keeps its seeds by y = x ⊕ δ, so that
its code is the same for every Δ; the one it lacks would be y = 0, which is in no w_j.
"""

from __future__ import annotations

from typing import Any, Final

from .abi import I64, POINTER
from .aes import ONE_KEY_BLOCKS, Cipher
from .build import BLOCK, VOID, Kernel, Value
from .primitives import counter_blocks
from .roles import block_mask

COLUMNS: Final = 128
BATCH_MULTIPLE: Final = 128 * ONE_KEY_BLOCKS
"""OTs come in multiples of this many."""


class _Group:
    """One group's streams, eight blocks at a time."""

    def __init__(self, k: Kernel, cipher: Cipher, bits: int, group: Value) -> None:
        self._k = k
        self._cipher = cipher
        self.bits = bits
        self._schedules = k["schedules"].at(group * (cipher.schedule_bytes << bits))

    def sums(self, at: Value, first: int) -> list[list[Value]]:
        """Return the sum of all streams from seed `first` on, then those by bit of the number."""
        k = self._k
        counters = counter_blocks(k, k["counter"] + at)
        totals = [[k.constant(BLOCK, 0)] * ONE_KEY_BLOCKS for _ in range(self.bits + 1)]
        for x in range(first, 1 << self.bits):
            schedule = self._schedules.at(self._cipher.schedule_bytes * x)
            stream = self._cipher.encrypt_one_key(k, counters, schedule)
            for j in range(self.bits + 1):
                if j == 0 or x >> (j - 1) & 1:
                    totals[j] = [a ^ b for a, b in zip(totals[j], stream, strict=True)]
        return totals


def _parameters(*names: str) -> tuple[tuple[str, Any], ...]:
    pointers = tuple((name, POINTER) for name in names)
    return (("schedules", POINTER), ("counter", I64), *pointers, ("blocks", I64))


def write_receiver(module: Any, cipher: Cipher, bits: int) -> Kernel:
    """Write `cot_receiver(schedules*, counter, choices*, columns*, corrections*, blocks)`.

    Schedules [128/k][2^k]; choices: blocks·128 bits; columns [128][blocks] and corrections
    [128/k][blocks] blocks. `blocks` is a multiple of 8.
    """
    parameters = _parameters("choices", "columns", "corrections")
    k = Kernel(module, "cot_receiver", parameters, result=VOID)
    column_bytes = k["blocks"] << 4
    with k.loop(0, k.i64(COLUMNS // bits)) as g:
        group = _Group(k, cipher, bits, g)
        columns = k["columns"].at(g * bits * column_bytes)
        corrections = k["corrections"].at(g * column_bytes)
        with k.loop(0, k["blocks"], ONE_KEY_BLOCKS) as at:
            total, *by_bit = group.sums(at, 0)
            for i in range(ONE_KEY_BLOCKS):
                offset = (at << 4) + 16 * i
                choice = k.load(k["choices"].at(offset), BLOCK)
                k.store(total[i] ^ choice, corrections.at(offset))
                for j, column in enumerate(by_bit):
                    k.store(column[i], columns.at(column_bytes * j + offset))
    k.finish()
    return k


def write_sender(module: Any, cipher: Cipher, bits: int) -> Kernel:
    """Write `cot_sender(schedules*, counter, delta*, columns*, corrections*, blocks)`.

    As above; schedules by y = x ⊕ δ, those at y = 0 unused.
    """
    parameters = _parameters("delta", "columns", "corrections")
    k = Kernel(module, "cot_sender", parameters, result=VOID)
    column_bytes = k["blocks"] << 4
    with k.loop(0, k.i64(COLUMNS // bits)) as g:
        group = _Group(k, cipher, bits, g)
        columns = k["columns"].at(g * bits * column_bytes)
        corrections = k["corrections"].at(g * column_bytes)
        word = k.load(k["delta"].at((g * bits) >> 6 << 3), I64)
        masks = [block_mask(k, (word >> (((g * bits) + j) & 63)) & 1) for j in range(bits)]
        with k.loop(0, k["blocks"], ONE_KEY_BLOCKS) as at:
            _, *by_bit = group.sums(at, 1)
            for i in range(ONE_KEY_BLOCKS):
                offset = (at << 4) + 16 * i
                correction = k.load(corrections.at(offset), BLOCK)
                for j, column in enumerate(by_bit):
                    target = columns.at(column_bytes * j + offset)
                    k.store(column[i] ^ (correction & masks[j]), target)
    k.finish()
    return k


SYMBOLS: Final = ("cot_receiver", "cot_sender", "transpose")
