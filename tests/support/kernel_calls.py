"""Kernels of the unit `primitives`, called from Python, and independent references."""

from __future__ import annotations

import ctypes
from typing import Any

import llvmlite.binding as llvm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ezlang.compiler.kernels import units
from ezlang.compiler.kernels.context import SCHEDULE_BYTES
from ezlang.compiler.kernels.engine import Engine, optimise
from ezlang.compiler.kernels.memory import AlignedBytes
from ezlang.compiler.kernels.target import AesPath, Target, host_target

POINTER, LONG = ctypes.c_void_p, ctypes.c_int64


def aes(key: bytes, blocks: bytes) -> bytes:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(blocks)


def aes_ctr(key: bytes, first: int, blocks: int) -> bytes:
    mode = modes.CTR(first.to_bytes(16, "big"))
    return Cipher(algorithms.AES(key), mode).encryptor().update(bytes(16 * blocks))


def reference_hash(start: bytes, label: bytes, tweak: int) -> bytes:
    """H(x, i) = E(S ⊕ i, σ(x)) ⊕ σ(x), in Python integers."""
    x = int.from_bytes(label, "little")
    high, low = x >> 64, x & (1 << 64) - 1
    sigma = ((high ^ low) << 64 | high).to_bytes(16, "little")
    key = (int.from_bytes(start, "little") ^ tweak).to_bytes(16, "little")
    return bytes(a ^ b for a, b in zip(aes(key, sigma), sigma, strict=True))


class Primitives:
    """The unit on one path."""

    def __init__(self, path: AesPath | None = None) -> None:
        self.engine = Engine(host_target(path))
        units.add_primitives(self.engine)

    def call(self, symbol: str, *arguments: Any) -> None:
        types = [LONG if isinstance(a, int) else POINTER for a in arguments]
        values = [a.address if isinstance(a, AlignedBytes) else a for a in arguments]
        self.engine.function(symbol, *types, result=None)(*values)

    def schedule(self, key: bytes) -> AlignedBytes:
        schedule = AlignedBytes(SCHEDULE_BYTES)
        self.call("aes_schedule", key, schedule)
        return schedule

    def encrypt(self, key: bytes, blocks: bytes) -> bytes:
        out = ctypes.create_string_buffer(len(blocks))
        self.call("aes_encrypt", self.schedule(key), blocks, out, len(blocks) // 16)
        return out.raw

    def prg(self, key: bytes, first: int, blocks: int) -> bytes:
        out = ctypes.create_string_buffer(16 * blocks + 16)
        self.call("prg_fill", self.schedule(key), first, out, blocks)
        assert out.raw[16 * blocks :] == bytes(16)
        return out.raw[: 16 * blocks]

    def hash_pairs(self, start: bytes, gate: int, pairs: bytes) -> bytes:
        out = ctypes.create_string_buffer(len(pairs))
        self.call("hash_pairs", start, gate, pairs, out, len(pairs) // 32)
        return out.raw


def compile_assembly(ir_text: str, target: Target) -> str:
    """Compile a module to assembly, for any target that LLVM knows."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    module, machine = optimise(ir_text, target)
    return str(machine.emit_assembly(module))
