"""Local products by kernels (kernels/products.py)."""

from __future__ import annotations

from typing import Final

import numpy as np

from ...kernels.products import add_products
from ..core.local_products import LocalProducts
from ..core.steps import Array
from .calls import Native

FEWEST: Final = 4
"""The number of columns below which NumPy is as fast: kernels compute on whole registers."""


class NativeProducts(LocalProducts):
    """Products of unsigned integers, wrapping."""

    def __init__(self, native: Native) -> None:
        self._native = native

    def multiply(self, x: Array, y: Array) -> Array:
        """Return the product of two matrices, or of a batch of them: [b][m][k], [b][k][n]."""
        *items, m, k = x.shape
        n = y.shape[-1]
        if not k or n < FEWEST:
            return np.asarray(np.matmul(x, y))
        bits = 8 * x.itemsize
        self._native.load(add_products, bits)
        result = np.empty((*items, m, n), x.dtype)
        steps = [stride // x.itemsize for one in (x, y) for stride in one.strides[-2:]]
        for item in np.ndindex(*items):
            sizes = (m, k, n, *steps, n)
            self._native.call(f"multiply{bits}", x[item], y[item], result[item], *sizes)
        return result
