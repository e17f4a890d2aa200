"""The products that a party computes alone, on its shares and on what both parties know."""

from __future__ import annotations

import numpy as np

from ...ir import windows
from ...ir.windows import Window
from .steps import Array


class LocalProducts:
    """Products of unsigned integers, wrapping, by NumPy. Native parties have kernels instead."""

    def multiply(self, x: Array, y: Array) -> Array:
        """Return the product of two matrices, or of a batch of them: [b][m][k], [b][k][n]."""
        return np.asarray(np.matmul(x, y))

    def patches(self, images: Array, size: tuple[int, int], window: Window) -> Array:
        """Return the patches of filters of a size: [groups][K][P]."""
        return windows.patches(images, size, window)

    def convolve(self, images: Array, filters: Array, window: Window) -> Array:
        """Return the convolution of images and filters that fit."""
        return windows.convolved(images, filters, window, self.multiply)
