"""Expansion of convolutions into matrix products of patches, for what has no form of them."""

from __future__ import annotations

from collections.abc import Callable

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import replace

from ...ir import tree as ir
from ...ir.build import Builder, meet_of
from ...ir.windows import Window
from ...kernels.layout import LABEL_BYTES
from ..analyses.strided_views import StridedView, paces
from ..rewriting.parts import in_strips, part_of, written

Multiply = Callable[[ir.Value, ir.Value], ir.Value]
"""Emits a product of (batches of) matrices."""


def convolution_by_matrices(
    build: Builder, operation: ir.Convolution, budget: int, multiply: Multiply
) -> ir.Value:
    """Emit a convolution as the matrix product of its filters and patches (ir/windows.py).

    If the patches take more than `budget` bytes, counted as labels, they are made in strips: of
    images, and of rows of the result.
    """
    images, filters = operation.operands
    images, window = _padded(build, images, operation.window)
    return _product(build, images, filters, window, budget, multiply)


def _padded(build: Builder, images: ir.Value, window: Window) -> tuple[ir.Value, Window]:
    """Emit the images with their padding, as a copy; return what is left of the window."""
    if not any(window.padding):
        return images, window
    top, left, _, _ = window.padding
    count, channels, height, width = images.type.shape
    shape = (count, channels, *window.padded((height, width)))
    zeros = build.zeros(replace(images.type, shape=shape))
    rows = [
        (offset, *(int(d == k) for k in range(4))) for d, offset in enumerate((0, 0, top, left))
    ]
    return build.affine_write(zeros, images, rows), replace(window, padding=(0, 0, 0, 0))


def _product(
    build: Builder,
    images: ir.Value,
    filters: ir.Value,
    window: Window,
    budget: int,
    multiply: Multiply,
) -> ir.Value:
    """Emit the convolution of images without padding: whole, or in strips."""
    shape = _output(window, images, filters)
    groups, _, inner, places = window.matrices(images.type.shape, filters.type.shape)
    count, _, height, _ = shape
    each = groups * inner * places * images.type.width * LABEL_BYTES
    if each <= budget or (count, height) == (1, 1):
        return _whole(build, images, filters, window, multiply)
    along = 0 if count > 1 else 2
    size = shape[along]
    length = min(size, max(1, budget * size // each))
    label, sharing = meet_of((images, filters)), images.type.sharing or filters.type.sharing
    type = ir.TensorType(images.type.element, shape, label, sharing)
    step, reach = window.stride[0], window.dilation[0] * (filters.type.shape[2] - 1) + 1

    def strip(total: ir.Value, start: ir.Value, lines: int) -> ir.Value:
        if along == 0:
            part = part_of(build, images, 0, start, lines)
        else:
            first = build.binary(ir.BinaryKind.MUL, start, build.index(step))
            part = part_of(build, images, 2, first, (lines - 1) * step + reach)
        made = _product(build, part, filters, window, budget, multiply)
        return written(build, total, made, along, start)

    return in_strips(build, build.zeros(type), size, length, strip)


def _whole(
    build: Builder, images: ir.Value, filters: ir.Value, window: Window, multiply: Multiply
) -> ir.Value:
    """Emit the convolution of images without padding as one matrix product."""
    count, all_filters, height, width = _output(window, images, filters)
    groups, rows, inner, places = window.matrices(images.type.shape, filters.type.shape)
    image, channel, line, pixel = paces(images.type.shape)
    channels, size = images.type.shape[1] // groups, filters.type.shape[2:]
    (down, across), (step_down, step_across) = window.stride, window.dilation
    shape = (groups, channels, *size, count, height, width)
    strides = (
        *(channels * channel, channel, step_down * line, step_across * pixel),
        *(image, down * line, across * pixel),
    )
    used = tuple(s if n > 1 else 0 for n, s in zip(shape, strides, strict=True))
    items = (groups,) if groups > 1 else ()
    columns = StridedView(images, 0, shape, used).emit(build)
    product = multiply(
        build.reshape(filters, (*items, rows, inner)),
        build.reshape(columns, (*items, inner, places)),
    )
    if count == 1:
        return build.reshape(product, (1, all_filters, height, width))
    turned = paces((all_filters, count, height, width))
    shape = (count, all_filters, height, width)
    return StridedView(product, 0, shape, (turned[1], turned[0], *turned[2:])).emit(build)


def _output(window: Window, images: ir.Value, filters: ir.Value) -> tuple[int, int, int, int]:
    shape = window.output(images.type.shape, filters.type.shape)
    if shape is None:
        raise CompilerBug(f"filters {filters.type} don't fit images {images.type}")
    count, all_filters, height, width = shape
    return count, all_filters, height, width
