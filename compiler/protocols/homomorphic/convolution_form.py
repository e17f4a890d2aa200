"""Images and filters as polynomials whose product has their convolution as coefficients [HLHD22].

An image is cut into tiles, the padded region H × W that t × u outputs see, and its channels into
blocks of C; filters are taken F at a time, with F·C·H·W <= N. For the offsets δ·l and δ'·l' of a
filter's numbers, and O = H·W·(F·C − 1) + δ·(p − 1)·W + δ'·(q − 1),

    x = Σ T[c][i][j]·X^(c·H·W + i·W + j),
    y = Σ K[f][c][l][l']·X^(O − f·C·H·W − c·H·W − δ·l·W − δ'·l'),

coefficient O − f·C·H·W + s·i·W + s'·j of x·y modulo X^N + 1 is the output (i, j) of filter f, with
strides s and s'. The digits c, i and j of all other products differ from its own, and what reaches
N comes back below all outputs.

Groups are items; row blocks are the tiles of all images.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from functools import lru_cache
from math import prod

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass, replace

from ...ir.windows import Window, convolved
from ..core.lengths import up
from ..core.steps import Array
from .form import Form, Shape, block_sizes, cheapest
from .parameters import Parameters, rings

_TILES = (1, 2, 3, 4, 6, 8)
"""Into how many tiles an image is cut, downwards and to the right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvolutionShape(Shape):
    """The convolution modulo 2^`bits` of images with filters that a party knows."""

    images: tuple[int, ...]
    filters: tuple[int, ...]
    window: Window
    output: tuple[int, ...] = field(init=False)
    """[images][filters][height'][width']."""

    def __post_init__(self) -> None:
        found = self.window.output(self.images, self.filters)
        if found is None:
            raise CompilerBug(f"filters {self.filters} don't fit images {self.images}")
        object.__setattr__(self, "output", found)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvolutionForm(Form):
    """The form of a convolution: tiles of t × u outputs, C `channels` and F `filters` at a time."""

    shape: ConvolutionShape
    parameters: Parameters
    tile: tuple[int, int]
    channels: int
    filters: int

    @property
    def items(self) -> int:
        """The number of groups."""
        return self.shape.window.groups

    @property
    def tiles(self) -> tuple[int, int]:
        """The numbers of tiles of an image, downwards and to the right."""
        height, width = self.shape.output[2:]
        return up(height, self.tile[0]), up(width, self.tile[1])

    @property
    def row_blocks(self) -> int:
        """The tiles of all images."""
        return self.shape.images[0] * prod(self.tiles)

    @property
    def inner_blocks(self) -> int:
        """The blocks of a group's channels."""
        return up(self.shape.filters[1], self.channels)

    @property
    def column_blocks(self) -> int:
        """The blocks of a group's filters."""
        return up(self._filters_of_group, self.filters)

    @property
    def terms(self) -> int:
        """The numbers of a block of filters."""
        return self.filters * self.channels * prod(self.shape.filters[2:])

    @property
    def extracted(self) -> int:
        """The outputs of a tile, of all filters of a block."""
        return self.filters * prod(self.tile)

    @property
    def product(self) -> tuple[int, ...]:
        """The shape of the convolution."""
        return self.shape.output

    @property
    def region(self) -> tuple[int, int]:
        """H and W."""
        high, wide = (
            (count - 1) * step + reach
            for count, step, reach in zip(
                self.tile, self.shape.window.stride, self._reach, strict=True
            )
        )
        return high, wide

    @property
    def size(self) -> int:
        """F·C·H·W."""
        return self.filters * self.channels * prod(self.region)

    @property
    def places(self) -> Array:
        """The coefficients [c] of a result that are extracted."""
        high, wide = self.region
        down, across = self.shape.window.stride
        f, i, j = np.ogrid[: self.filters, : self.tile[0], : self.tile[1]]
        rest = i * (down * wide) + j * across - f * (self.channels * high * wide)
        found: Array = (self._last + rest).reshape(-1)
        return found

    def pack(self, x: Array) -> Array:
        """Return images as polynomials."""
        window, (high, wide) = self.shape.window, self.region
        (rows, columns), groups = self.tiles, self.items
        steps = [t * s for t, s in zip(self.tile, window.stride, strict=True)]
        count, each = x.shape[0], self.shape.filters[1]
        top, left = window.padding[:2]
        # Windows reach at most as far as the last tile does.
        area = (rows - 1) * steps[0] + high, (columns - 1) * steps[1] + wide
        full = np.zeros((count, groups, self.inner_blocks * self.channels, *area), x.dtype)
        kept = [min(n, a - e) for n, a, e in zip(x.shape[2:], area, (top, left), strict=True)]
        inside = x[:, :, : kept[0], : kept[1]].reshape(count, groups, each, *kept)
        full[:, :, :each, top : top + kept[0], left : left + kept[1]] = inside
        shape = groups, count, rows, columns, self.inner_blocks, self.parameters.size
        result = np.zeros(shape, x.dtype)
        used = self.channels * high * wide
        for i in range(rows):
            for j in range(columns):
                place = np.s_[..., i * steps[0] :, j * steps[1] :]
                part = full[place][..., :high, :wide].swapaxes(0, 1)
                blocks = part.reshape(groups, count, self.inner_blocks, used)
                result[:, :, i, j, :, :used] = blocks
        return result.reshape(groups, self.row_blocks, self.inner_blocks, -1)

    def pack_known(self, y: Array, item: int, column: int) -> Array:
        """Return filters as polynomials."""
        first = item * self._filters_of_group + column * self.filters
        last = min(first + self.filters, (item + 1) * self._filters_of_group)
        part = y[first:last]
        full = np.zeros((self.filters, self.inner_blocks * self.channels, *y.shape[2:]), y.dtype)
        full[: len(part), : part.shape[1]] = part
        blocks = full.reshape(self.filters, self.inner_blocks, self.channels, *y.shape[2:])
        high, wide = self.region
        down, across = self.shape.window.dilation
        f, c, i, j = np.ogrid[: self.filters, : self.channels, : y.shape[2], : y.shape[3]]
        rest = (f * self.channels + c) * (high * wide) + i * (down * wide) + j * across
        result = np.zeros((self.inner_blocks, self.parameters.size), y.dtype)
        result[:, (self._last - rest).reshape(-1)] = blocks.swapaxes(0, 1).reshape(
            self.inner_blocks, -1
        )
        return result

    def unpack(self, results: Array) -> Array:
        """Return the convolution."""
        count, _, height, width = self.shape.output
        (rows, columns), (high, wide) = self.tiles, self.tile
        grid = self.items, count, rows, columns, self.column_blocks, self.filters, high, wide
        whole = results.reshape(grid).transpose(1, 0, 4, 5, 2, 6, 3, 7)
        filters = self.column_blocks * self.filters
        whole = whole.reshape(count, self.items, filters, rows * high, columns * wide)
        kept = whole[:, :, : self._filters_of_group, :height, :width]
        return np.ascontiguousarray(kept).reshape(self.shape.output)

    def multiply(self, x: Array, y: Array) -> Array:
        """Return the convolution of images and filters."""
        return convolved(x, y, self.shape.window)

    @property
    def _filters_of_group(self) -> int:
        return self.shape.filters[0] // self.items

    @property
    def _reach(self) -> tuple[int, int]:
        """The height and width that a filter spans."""
        p, q = (
            (length - 1) * step + 1
            for length, step in zip(self.shape.filters[2:], self.shape.window.dilation, strict=True)
        )
        return p, q

    @property
    def _last(self) -> int:
        """O."""
        (high, wide), (p, q) = self.region, self._reach
        return high * wide * (self.filters * self.channels - 1) + (p - 1) * wide + q - 1


@lru_cache(maxsize=1024)
def convolution_form(shape: ConvolutionShape) -> ConvolutionForm | None:
    """Return the cheapest sound form of a shape, or None if there is none."""
    return cheapest(form for one in rings() for form in _forms(shape, one))


def _forms(shape: ConvolutionShape, parameters: Parameters) -> Iterator[ConvolutionForm]:
    """Yield forms with tiles and blocks of several sizes."""
    height, width = shape.output[2:]
    each = shape.filters[0] // shape.window.groups
    for down in _TILES:
        for across in {1, down}:
            tile = up(height, min(down, height)), up(width, min(across, width))
            least = ConvolutionForm(
                shape=shape, parameters=parameters, tile=tile, channels=1, filters=1
            )
            if parameters.enlarged(least.least_modulus) is None:
                # It has the least noise of those with the tile, and extracts the fewest numbers.
                continue
            for channels in block_sizes(shape.filters[1], parameters.size // least.size):
                most = parameters.size // (least.size * channels)
                filters = up(each, up(each, most))
                yield replace(least, channels=channels, filters=filters)
