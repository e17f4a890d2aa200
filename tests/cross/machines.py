"""One script of calls on two machines: this one, by the engine, and AArch64, emulated.

A `Script` has buffers, pointers between them, and calls. `run_here` runs it with this processor's
kernels, `Emulated.run` with those for AArch64, cross-compiled and linked with `harness.c`.
"""

from __future__ import annotations

import ctypes
import struct
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import llvmlite.binding as llvm

from ezlang.compiler.kernels.engine import Engine, compile_object
from ezlang.compiler.kernels.memory import AlignedBytes
from ezlang.compiler.kernels.target import AesPath, Target
from tests.support.patience import PATIENCE

COMPILER = "aarch64-linux-gnu-gcc"
EMULATOR = "qemu-aarch64"
PADDING = 1024
TARGETS = {
    "armv8": Target("aarch64-unknown-linux-gnu", "generic", "+aes,+neon", AesPath.ARMV8),
    "portable": Target("aarch64-unknown-linux-gnu", "generic", "+neon", AesPath.PORTABLE),
}


@dataclass(frozen=True)
class At:
    """A place in a buffer."""

    buffer: int
    offset: int = 0


@dataclass
class Script:
    """A call: the function and its arguments."""

    buffers: list[bytes] = field(default_factory=list)
    pointers: list[tuple[At, At]] = field(default_factory=list)
    calls: list[tuple[str, tuple[At | int, ...]]] = field(default_factory=list)

    def buffer(self, content: bytes | int) -> At:
        """Add a buffer with a content, or with a number of zeros."""
        self.buffers.append(bytes(content))
        return At(len(self.buffers) - 1)

    def call(self, symbol: str, *arguments: At | int) -> None:
        """Add a call."""
        self.calls.append((symbol, arguments))


def run_here(script: Script, engine: Engine) -> list[bytes]:
    """Return the buffers after all calls, on this machine."""
    memory = [AlignedBytes(len(content) + PADDING) for content in script.buffers]
    for place, content in zip(memory, script.buffers, strict=True):
        place.view[: len(content)] = content

    def address(at: At) -> int:
        return memory[at.buffer].address + at.offset

    for pointer, target in script.pointers:
        ctypes.c_uint64.from_address(address(pointer)).value = address(target)
    for symbol, arguments in script.calls:
        values = [address(a) if isinstance(a, At) else a for a in arguments]
        engine.function(symbol, *[ctypes.c_int64] * len(values), result=None)(*values)
    return [
        bytes(place.view[: len(content)])
        for place, content in zip(memory, script.buffers, strict=True)
    ]


class Emulated:
    """A unit for AArch64 as a program that the emulator runs."""

    def __init__(
        self,
        folder: Path,
        name: str,
        build: Callable[[Target], str],
        symbols: Sequence[str],
        target: Target,
    ) -> None:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        self._symbols = list(symbols)
        self._program = folder / name
        image = folder / f"{name}.o"
        image.write_bytes(compile_object(build(target), target))
        functions = " ".join(f"NAME({symbol})" for symbol in symbols)
        source = Path(__file__).with_name("harness.c")
        options = ["-O1", "-static", "-std=c11", f"-DFUNCTIONS={functions}"]
        subprocess.run(
            [COMPILER, *options, "-o", self._program, source, image], check=True, timeout=PATIENCE
        )

    def run(self, script: Script) -> list[bytes]:
        """Return the buffers after all calls."""
        words: list[bytes] = [struct.pack("=Q", len(script.buffers))]
        for content in script.buffers:
            words += [struct.pack("=Q", len(content)), content]
        words.append(struct.pack("=Q", len(script.pointers)))
        for place, target in script.pointers:
            four = place.buffer, place.offset, target.buffer, target.offset
            words.append(struct.pack("=4Q", *four))
        words.append(struct.pack("=Q", len(script.calls)))
        for symbol, arguments in script.calls:
            words.append(struct.pack("=2Q", self._symbols.index(symbol), len(arguments)))
            for a in arguments:
                three = (1, a.buffer, a.offset) if isinstance(a, At) else (0, a % 2**64, 0)
                words.append(struct.pack("=3Q", *three))
        done = subprocess.run(
            [EMULATOR, self._program],
            input=b"".join(words),
            capture_output=True,
            check=True,
            timeout=PATIENCE,
        )
        buffers, at = [], 0
        for content in script.buffers:
            buffers.append(done.stdout[at : at + len(content)])
            at += len(content)
        assert at == len(done.stdout)
        return buffers
