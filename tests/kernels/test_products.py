"""Products of matrices by kernels, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.kernels.products import DEPTH, Tile
from ezlang.compiler.kernels.rings import WIDTHS
from ezlang.compiler.kernels.target import AesPath, available_paths, host_target
from ezlang.compiler.protocols.native.calls import Native
from ezlang.compiler.protocols.native.products import NativeProducts

Array = np.ndarray[Any, Any]
PATHS = {path: Native(Engine(host_target(path))) for path in available_paths()}


def numbers(shape: tuple[int, ...], bits: int, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    size = int(np.prod(shape)) * bits // 8
    return rng.integers(0, 256, size, np.uint8).view(f"u{bits // 8}").reshape(shape)


def borders(block: int) -> list[int]:
    """Sizes around multiples of a block."""
    return [1, block - 1, block, block + 1, 2 * block - 1, 2 * block, 2 * block + 1]


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.value)
def test_sizes_around_blocks(path: AesPath, bits: int) -> None:
    local = NativeProducts(PATHS[path])
    tile = Tile(bits, host_target(path).vector_bytes)
    for m in borders(tile.rows):
        for n in borders(tile.columns):
            x, y = numbers((m, 5), bits, m), numbers((5, n), bits, n)
            assert np.array_equal(local.multiply(x, y), x @ y), (m, n)
    for k in borders(DEPTH):
        for n in (tile.columns, tile.columns + 1):
            x, y = numbers((tile.rows + 1, k), bits, k), numbers((k, n), bits, n)
            assert np.array_equal(local.multiply(x, y), x @ y), (k, n)


@pytest.mark.parametrize("shape", [(0, 3, 8), (3, 0, 8), (3, 4, 0), (3, 4, 1), (1, 1, 4)], ids=str)
def test_few_elements(shape: tuple[int, int, int]) -> None:
    m, k, n = shape
    x, y = numbers((m, k), 64, 1), numbers((k, n), 64, 2)
    for path in PATHS:
        made = NativeProducts(PATHS[path]).multiply(x, y)
        assert made.shape == (m, n)
        assert np.array_equal(made, x @ y)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.value)
def test_elements_that_lie_apart(path: AesPath) -> None:
    """Transposed matrices, every other column, a row that is repeated, and batches of them."""
    local = NativeProducts(PATHS[path])
    x, y = numbers((3, 9, 11), 64, 1), numbers((3, 9, 30), 64, 2)
    turned = np.swapaxes(x, -2, -1)
    assert np.array_equal(local.multiply(turned, y), turned @ y)
    assert np.array_equal(local.multiply(turned[0], y[0]), turned[0] @ y[0])
    columns = np.swapaxes(numbers((3, 30, 9), 64, 3), -2, -1)
    assert np.array_equal(local.multiply(turned, columns), turned @ columns)
    some = y[:, :, ::2]
    assert np.array_equal(local.multiply(turned, some), turned @ some)
    repeated = np.broadcast_to(y[0, 0], (3, 9, 30))
    assert np.array_equal(local.multiply(turned, repeated), turned @ repeated)
