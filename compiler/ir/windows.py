"""Windows: how filters move over images in a convolution, and convolutions of arrays.

Images [images][channels][height][width] are taken together with filters
[filters][channels/groups][rows][columns] to [images][filters][height'][width']. Channels and
filters are divided into `groups` of the same size; the filters of a group see its channels alone.
A *patch* is the K = channels/groups·rows·columns numbers that a filter covers at one position.
With the filters as rows and the patches as columns, a convolution is a matrix product [F][K]·[K][P]
for each group [CPS06].
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ezlang.records import dataclass, replace

Array = npt.NDArray[Any]
Shape = tuple[int, ...]

STRIP_BYTES: Final = 1 << 23
"""The number of bytes of patches that are laid out in memory at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How filters move over images.

    - `stride`: the steps from one position to the next, down and to the right.
    - `padding`: the rows or columns of zeros around an image: top, left, bottom, right.
    - `dilation`: the steps from one number of a filter to the next, down and to the right.
    - `groups`: the number of groups of channels.
    """

    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

    @property
    def is_valid(self) -> bool:
        """Whether there are as many numbers as there must be, and all are in range."""
        return (
            (len(self.stride), len(self.padding), len(self.dilation)) == (2, 4, 2)
            and min(*self.stride, *self.dilation, self.groups) > 0
            and min(self.padding) >= 0
        )

    def padded(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the height and width of images with padding."""
        top, left, bottom, right = self.padding
        return size[0] + top + bottom, size[1] + left + right

    def output(self, images: Shape, filters: Shape) -> Shape | None:
        """Return the shape of the convolution; None if these images and filters don't fit.

        No size may be zero.
        """
        if (len(images), len(filters)) != (4, 4) or images[1] != filters[1] * self.groups:
            return None
        if filters[0] % self.groups or not min(*images, *filters):
            return None
        rest = [
            size - step * (length - 1) - 1
            for size, step, length in zip(
                self.padded((images[2], images[3])), self.dilation, filters[2:], strict=True
            )
        ]
        if min(rest) < 0:
            return None
        height, width = (left // step + 1 for left, step in zip(rest, self.stride, strict=True))
        return images[0], filters[0], height, width

    def matrices(self, images: Shape, filters: Shape) -> tuple[int, int, int, int]:
        """Return groups, filters of a group, K and P: of the matrix product of valid operands."""
        count, _, height, width = self.output(images, filters) or (0, 0, 0, 0)
        rows = filters[0] // self.groups
        return self.groups, rows, prod(filters[1:]), count * height * width


def patches(images: Array, size: tuple[int, int], window: Window) -> Array:
    """Return the patches of all positions, [groups][K][P]: a copy only where one is necessary."""
    images, window = _padded(images, window)
    count, channels = images.shape[:2]
    each = channels // window.groups
    shape = window.output(images.shape, (window.groups, each, *size))
    if shape is None:
        raise ValueError(f"filters of {size} are larger than images {images.shape}")
    image, channel, row, column = images.strides
    (down, across), (step_down, step_across) = window.stride, window.dilation
    view = np.lib.stride_tricks.as_strided(
        images,
        (window.groups, each, *size, count, *shape[2:]),
        (
            *(each * channel, channel, step_down * row, step_across * column),
            *(image, down * row, across * column),
        ),
        writeable=False,
    )
    return view.reshape(window.groups, each * prod(size), count * prod(shape[2:]))


def _padded(images: Array, window: Window) -> tuple[Array, Window]:
    """Return images with their padding, and what is left of the window."""
    top, left, bottom, right = window.padding
    if not any(window.padding):
        return images, window
    edges = ((0, 0), (0, 0), (top, bottom), (left, right))
    return np.pad(images, edges), replace(window, padding=(0, 0, 0, 0))


def convolved(
    images: Array,
    filters: Array,
    window: Window,
    multiply: Callable[[Array, Array], Array] = np.matmul,
) -> Array:
    """Return the convolution of images and filters that fit, as sums of products that wrap.

    `multiply` multiplies batches of matrices. At most `STRIP_BYTES` of patches, or one of each
    group, are in memory at a time.
    """
    shape = window.output(images.shape, filters.shape)
    if shape is None:
        raise ValueError(f"filters {filters.shape} don't fit images {images.shape}")
    result = np.empty(shape, images.dtype)
    count, _, height, width = shape
    each = max(line_bytes(window, filters.shape, shape, 8 * images.itemsize) // width, 1)
    across = min(max(STRIP_BYTES // each, 1), width)
    lines = min(max(STRIP_BYTES // (each * width), 1), height)
    together = max(STRIP_BYTES // (each * width * height), 1)
    images, window = _padded(images, window)
    size = (filters.shape[2], filters.shape[3])
    rows = filters.reshape(window.groups, filters.shape[0] // window.groups, -1)
    for first in range(0, count, together):
        for line in range(0, height, lines):
            for column in range(0, width, across):
                ends = min(line + lines, height), min(column + across, width)
                down, along = (
                    slice(begin * step, (end - 1) * step + (length - 1) * apart + 1)
                    for begin, end, step, length, apart in zip(
                        (line, column), ends, window.stride, size, window.dilation, strict=True
                    )
                )
                part = images[first : first + together, :, down, along]
                product = multiply(rows, patches(part, size, window))
                made = by_image(product, (len(part), ends[0] - line, ends[1] - column))
                result[first : first + together, :, line : ends[0], column : ends[1]] = made
    return result


def line_bytes(window: Window, filters: Shape, result: Shape, bits: int) -> int:
    """Return the bytes of the patches of one row of the result, for one image."""
    return window.groups * prod(filters[1:]) * result[3] * bits // 8


def by_image(product: Array, positions: tuple[int, int, int]) -> Array:
    """Return products [groups][filters][P] as [images][all filters][height'][width'].

    `positions` are images, height' and width'.
    """
    count, height, width = positions
    groups, filters, _ = product.shape
    images = product.reshape(groups * filters, count, height, width)
    return np.swapaxes(images, 0, 1)
