"""Bit transposition against NumPy."""

from __future__ import annotations

import ctypes
import os

import numpy as np
import pytest

from ezlang.compiler.kernels import units
from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.kernels.memory import AlignedBytes
from ezlang.compiler.kernels.target import AesPath, available_paths, host_target


@pytest.mark.parametrize("n", [256, 512, 1280])
@pytest.mark.parametrize("path", available_paths()[:1], ids=lambda path: path.value)
def test_transpose(n: int, path: AesPath) -> None:
    engine = Engine(host_target(path))
    units.add_extension(engine, 1)
    columns, rows = AlignedBytes(16 * n), AlignedBytes(16 * n)
    columns.view[:] = os.urandom(16 * n)
    pointer = ctypes.c_void_p
    transpose = engine.function("transpose", pointer, pointer, ctypes.c_int64, result=None)
    transpose(columns.address, rows.address, n)
    matrix = np.frombuffer(columns.view, dtype=np.uint8).reshape(128, n // 8)
    bits = np.unpackbits(matrix, axis=1, bitorder="little")
    expected = np.packbits(bits.T, axis=1, bitorder="little")
    assert bytes(rows.view) == expected.tobytes()
