"""The unit `primitives`: ciphers, generator and hash on their own, and the parts of OT extension.

- `aes_schedule(key*, schedule*)`
- `aes_encrypt(schedule*, in*, out*, i64 blocks)`: one key, any number of blocks (ECB).
- `aes_window(start*, i64 first, window*)`, for tests: the schedules of keys start ^ (first + i).
- `prg_fill(schedule*, i64 counter, out*, i64 blocks)`: AES-CTR [SP800-38A] from block `counter` of
  the key stream whose initial counter block is zero.
- `hash_pairs(start*, i64 gate, pairs*, out*, i64 gates)`: H(a, 2j) and H(b, 2j + 1) of the pairs
  (a, b) of gates j = gate, gate + 1, …; see `hash.py`.
"""

from __future__ import annotations

from typing import Any, Final

from .abi import I64, POINTER
from .build import BLOCK, VOID, Kernel, Value, vector
from .cipher import ONE_KEY_BLOCKS, Cipher


def counter_blocks(k: Kernel, counter: Value) -> list[Value]:
    """Return the counter blocks from number `counter` on: 128-bit big-endian integers."""
    base = k.splat(counter, 2)
    blocks = []
    for i in range(ONE_KEY_BLOCKS):
        numbers = (base + i) & k.constant(BLOCK, [0, -1])
        blocks.append(k.intrinsic("llvm.bswap.v2i64", BLOCK, numbers))
    return blocks


def counter_registers(k: Kernel, counter: Value, lanes: int) -> list[Value]:
    """Return the same blocks in registers of `lanes` blocks."""
    type = vector(I64, 2 * lanes)
    base = k.splat(counter, 2 * lanes)
    registers = []
    for first in range(0, ONE_KEY_BLOCKS, lanes):
        offsets = [n for i in range(first, first + lanes) for n in (0, i)]
        numbers = (base & k.constant(type, [0, -1] * lanes)) + k.constant(type, offsets)
        registers.append(k.intrinsic(f"llvm.bswap.v{2 * lanes}i64", type, numbers))
    return registers


def write_schedule(module: Any, cipher: Cipher, *, internal: bool = False) -> Kernel:
    """Write `aes_schedule`."""
    parameters = (("key", POINTER), ("schedule", POINTER))
    k = Kernel(module, "aes_schedule", parameters, result=VOID, internal=internal)
    cipher.schedule(k, k["key"], k["schedule"])
    k.finish()
    return k


def write_encrypt(module: Any, cipher: Cipher) -> Kernel:
    """Write `aes_encrypt`; the last blocks go through a buffer."""
    parameters = (("schedule", POINTER), ("in", POINTER), ("out", POINTER), ("blocks", I64))
    k = Kernel(module, "aes_encrypt", parameters, result=VOID)
    buffer = k.bytes_slot(16 * ONE_KEY_BLOCKS)
    with k.loop(0, k["blocks"], ONE_KEY_BLOCKS) as at:
        size = k.minimum(k["blocks"] - at, ONE_KEY_BLOCKS) << 4
        k.copy(buffer, k["in"].at(at << 4), size)
        blocks = [k.load(buffer.at(16 * i), BLOCK) for i in range(ONE_KEY_BLOCKS)]
        for i, block in enumerate(cipher.encrypt_one_key(k, blocks, k["schedule"])):
            k.store(block, buffer.at(16 * i))
        k.copy(k["out"].at(at << 4), buffer, size)
    k.finish()
    return k


def write_prg(module: Any, cipher: Cipher, *, internal: bool = False) -> Kernel:
    """Write `prg_fill`."""
    parameters = (("schedule", POINTER), ("counter", I64), ("out", POINTER), ("blocks", I64))
    k = Kernel(module, "prg_fill", parameters, result=VOID, internal=internal)
    count = k["blocks"]
    whole = count & -ONE_KEY_BLOCKS

    def stream(at: Value) -> list[Value]:
        return cipher.encrypt_one_key(k, counter_blocks(k, k["counter"] + at), k["schedule"])

    with k.loop(0, whole, ONE_KEY_BLOCKS) as at:
        for i, block in enumerate(stream(at)):
            k.store(block, k["out"].at(at << 4).at(16 * i))
    with k.when(whole < count):
        buffer = k.bytes_slot(16 * ONE_KEY_BLOCKS)
        for i, block in enumerate(stream(whole)):
            k.store(block, buffer.at(16 * i))
        k.copy(k["out"].at(whole << 4), buffer, (count - whole) << 4)
    k.finish()
    return k


SYMBOLS: Final = ("aes_schedule", "aes_encrypt", "prg_fill", "hash_pairs", "aes_window")
