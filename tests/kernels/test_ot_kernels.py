"""The units of oblivious transfer compile for every kind of processor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from llvmlite import ir

from ezlang.compiler.kernels import extension, silent
from ezlang.compiler.kernels.aes import cipher_for
from ezlang.compiler.kernels.target import AesPath, Target
from ezlang.compiler.kernels.transpose import write_transpose
from tests.support.kernel_calls import compile_assembly

TARGETS = [
    (Target("x86_64-unknown-linux-gnu", "znver5", "", AesPath.VAES512), "%zmm"),
    (Target("x86_64-unknown-linux-gnu", "x86-64-v2", "+aes", AesPath.AESNI), "aesenc"),
    (Target("aarch64-unknown-linux-gnu", "generic", "+aes,+neon", AesPath.ARMV8), "aese"),
]


def write_extension(module: Any, cipher: Any) -> None:
    transpose = write_transpose(module)
    extension.write_receiver(module, cipher, 4, transpose)
    extension.write_sender(module, cipher, 8, transpose)


def write_silent(module: Any, cipher: Any) -> None:
    silent.write_receiver(module, cipher, 10, 17)


@pytest.mark.parametrize("write", [write_extension, write_silent])
@pytest.mark.parametrize(("target", "sign"), TARGETS, ids=[t.path.value for t, _ in TARGETS])
def test_units_compile_for(target: Target, sign: str, write: Callable[[Any, Any], None]) -> None:
    module = ir.Module("unit")
    write(module, cipher_for(target.path))
    assert sign in compile_assembly(str(module), target)
