"""The definition of convolutions, number by number."""

from __future__ import annotations

from typing import Any

import numpy as np

from ezlang.compiler.ir.windows import Window

Array = np.ndarray[Any, Any]


def convolution(images: Array, filters: Array, window: Window) -> Array:
    """The sum, for each place of the result, over a filter's channels, rows and columns."""
    shape = window.output(images.shape, filters.shape)
    assert shape is not None
    each, per_group = filters.shape[1], filters.shape[0] // window.groups
    result = np.zeros(shape, images.dtype)
    for f in range(shape[1]):
        first = f // per_group * each
        for i, j, u, v in np.ndindex(*shape[2:], *filters.shape[2:]):
            row = i * window.stride[0] + u * window.dilation[0] - window.padding[0]
            column = j * window.stride[1] + v * window.dilation[1] - window.padding[1]
            if 0 <= row < images.shape[2] and 0 <= column < images.shape[3]:
                part = images[:, first : first + each, row, column] * filters[f, :, u, v]
                result[:, f, i, j] += part.sum(axis=1, dtype=images.dtype)
    return result


CASES: dict[str, tuple[tuple[int, ...], tuple[int, ...], Window]] = {
    "one number": ((1, 1, 3, 3), (1, 1, 1, 1), Window()),
    "a batch of images": ((2, 3, 6, 5), (4, 3, 3, 3), Window()),
    "strides": ((1, 2, 9, 8), (3, 2, 3, 2), Window(stride=(2, 3))),
    "padding": ((2, 2, 5, 4), (3, 2, 3, 3), Window(padding=(1, 2, 0, 1))),
    "stride and padding": ((1, 2, 7, 8), (3, 2, 3, 3), Window(stride=(2, 2), padding=(1, 1, 1, 1))),
    "dilation": ((2, 2, 8, 9), (2, 2, 3, 2), Window(dilation=(2, 3))),
    "groups": ((2, 4, 5, 5), (6, 2, 2, 3), Window(groups=2, padding=(0, 1, 1, 0))),
    "each channel": ((1, 5, 6, 6), (5, 1, 3, 3), Window(groups=5, padding=(1, 1, 1, 1))),
    "one row": ((3, 2, 1, 12), (4, 2, 1, 5), Window(stride=(1, 2), dilation=(1, 2))),
    "many filters": ((1, 2, 4, 4), (150, 2, 4, 4), Window()),
    "many positions": ((1, 1, 14, 14), (2, 1, 3, 3), Window(padding=(1, 1, 1, 1))),
}
"""Shapes of images and of filters, and the window."""
