"""Layers that are sums of products: convolutions and matrix products."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from ..graph import Array
from ..problems import RefusedError
from .axes import Shape
from .layer import Emit, Layer, decimal, shaped
from .moves import bordered, repeated
from .windows import padded, windows


def conv(layer: Layer) -> str:
    """A convolution of rows, images or volumes, with its bias."""
    count = len(layer.shape()) - 2
    if count > 3:
        raise RefusedError(f"it is a convolution in {count} dimensions")
    found = windows(layer, layer.shape(1)[2:])
    x, filters, groups = padded(layer, found), layer.factors(1), layer.attribute("group", 1)
    (stride, *others), (dilation, *beside) = found.strides, found.dilations
    is_even = count == 2 and others == [stride] and beside == [dilation]
    if is_even and groups == 1 and dilation == 1:
        convolved = f"tensors.conv2d::<{stride}>({x}, {filters})"
    elif is_even and groups == 1:
        convolved = f"tensors.conv2d_dilated::<{stride}, {dilation}>({x}, {filters})"
    elif is_even and dilation == 1:
        convolved = f"tensors.conv2d_grouped::<{stride}, {groups}>({x}, {filters})"
    else:
        given = ", ".join(map(str, (*found.strides, *found.dilations, groups)))
        convolved = f"convolutions.{_SPACES[count]}::<{given}>({x}, {filters})"
    return with_bias(layer, convolved)


def with_bias(layer: Layer, convolved: str) -> str:
    """The text for a convolution with a number added to each channel."""
    if not layer.has(2):
        return convolved
    if len(layer.shape()) == 4:
        return f"tensors.add_channels({convolved}, {layer.operand(2)})"
    ones = [1] * (len(layer.shape()) - 2)
    return f"{convolved} + {shaped(layer.operand(2), (*layer.shape(2), *ones))}"


def conv_transpose(layer: Layer) -> str:
    """A transposed convolution of rows, images or volumes, with its bias."""
    shape, groups = layer.shape(), layer.attribute("group", 1)
    count = len(shape) - 2
    strides = layer.attribute("strides", [1] * count)
    dilations = layer.attribute("dilations", [1] * count)
    if count > 3:
        raise RefusedError(f"it is a convolution in {count} dimensions")
    filters = layer.shape(1)
    sizes = [(k - 1) * d + 1 for k, d in zip(filters[2:], dilations, strict=True)]
    before = [_cut(layer, axis, strides[axis], sizes[axis]) for axis in range(count)]
    whole = [(n - 1) * s + k for n, s, k in zip(shape[2:], strides, sizes, strict=True)]
    after = [w - r - b for w, r, b in zip(whole, layer.out.shape[2:], before, strict=True)]
    cut = [max(one, 0) for one in (*before, *after)]
    if count == 3:
        text = _transposed_volumes(layer, sizes, strides, dilations)
        found: Shape = (shape[0], groups * filters[1], *whole)
        for axis in range(3):
            text, found = bordered(text, found, axis + 2, -cut[axis], -cut[axis + 3], 0.0)
    else:
        given = ", ".join(map(str, (*strides, *cut, groups)))
        name = "transposed_rows" if count == 1 else "transposed_images"
        weights = layer.factors(1)
        if {*dilations} != {1}:
            weights = layer.given("filters", layer.value(1), _spread(layer, sizes, dilations))
        text = f"convolutions.{name}::<{given}>({layer.x}, {weights})"
    if min(*before, *after) < 0:
        # Beyond the last pixel that a filter reaches, there are zeros.
        found = (
            shape[0],
            groups * filters[1],
            *(
                n + min(b, 0) + min(a, 0)
                for n, b, a in zip(layer.out.shape[2:], before, after, strict=True)
            ),
        )
        for axis in range(count):
            text, found = bordered(
                text, found, axis + 2, max(-before[axis], 0), max(-after[axis], 0), 0.0
            )
    return with_bias(layer, text)


def _spread(layer: Layer, sizes: Sequence[int], dilations: Sequence[int]) -> Array:
    """Return filters with the zeros between their numbers that dilations leave."""
    given = layer.constant(1)
    if given is None:
        raise RefusedError("its filters depend on the model's inputs")
    found = np.zeros((*given.shape[:2], *sizes))
    steps = tuple(slice(None, None, step) for step in (1, 1, *dilations))
    found[steps] = given
    return found


def _transposed_volumes(
    layer: Layer, sizes: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> str:
    """The text for volumes with zeros between their numbers, convolved with turned filters."""
    groups, (channels, each) = layer.attribute("group", 1), layer.shape(1)[:2]
    grouped = _spread(layer, sizes, dilations).reshape(groups, channels // groups, each, *sizes)
    turned = np.flip(grouped.swapaxes(1, 2), (3, 4, 5))
    filters = turned.reshape(groups * each, channels // groups, *sizes)
    text, shape = layer.x, layer.shape()
    for axis, (stride, size) in enumerate(zip(strides, sizes, strict=True), 2):
        if stride > 1:
            split = (*shape[: axis + 1], 1, *shape[axis + 1 :])
            text, split = bordered(shaped(text, split), split, axis + 1, 0, stride - 1, 0.0)
            shape = (*shape[:axis], shape[axis] * stride, *shape[axis + 1 :])
            text = shaped(text, shape)
        text, shape = bordered(text, shape, axis, size - 1, size - stride, 0.0)
    return (
        f"convolutions.volumes::<1, 1, 1, 1, 1, 1, {groups}>({text}, "
        f"{layer.given('filters', layer.value(1), filters)})"
    )


def _cut(layer: Layer, axis: int, stride: int, size: int) -> int:
    """Return how many pixels the attributes cut off before the result."""
    auto = layer.attribute("auto_pad", "NOTSET")
    if auto == "VALID":
        return 0
    if auto == "NOTSET" and layer.attribute("output_shape") is None:
        return int((layer.attribute("pads") or [0] * 6)[axis])
    added = (layer.attribute("output_padding") or [0] * 3)[axis]
    whole = stride * (layer.shape()[axis + 2] - 1) + added + size
    whole -= layer.out.shape[axis + 2]
    return int(whole // 2 if auto == "SAME_UPPER" else whole - whole // 2)


_SPACES: Final = {1: "rows", 2: "images", 3: "volumes"}


def gemm(layer: Layer) -> str:
    """`alpha` times a matrix product, plus `beta` times a matrix or a row."""
    alpha, beta = layer.attribute("alpha", 1.0), layer.attribute("beta", 1.0)
    x = f"tensors.transpose({layer.x})" if layer.attribute("transA", 0) else layer.x
    product = _product(layer, x, transposed=bool(layer.attribute("transB", 0)), factor=alpha)
    if not layer.has(2) or beta == 0:
        return product
    added = layer.constant(2)
    if beta == 1:
        return f"{product} + {layer.wide(2)}"
    if added is None:
        return f"{product} + {layer.operand(2)} * {decimal(beta)}"
    return f"{product} + {layer.weight('bias', beta * added)}"


def _product(layer: Layer, x: str, *, transposed: bool, factor: float = 1.0) -> str:
    """The product of `x` and the second operand, which may be stored as its transpose."""
    weights = layer.constant(1)
    if weights is not None and (not transposed or factor != 1):
        rows = weights if transposed else weights.T
        return f"tensors.linear({x}, {layer.made_factors('weights', factor * rows)})"
    y = layer.factors(1)
    product = f"tensors.linear({x}, {y})" if transposed else f"tensors.matmul({x}, {y})"
    return product if factor == 1 else f"{product} * {decimal(factor)}"


def matmul(layer: Layer) -> str:
    """A product of matrices, or of batches of them."""
    left, right, out = layer.shape(0), layer.shape(1), layer.out.shape
    # A vector is a matrix of one row, or of one column.
    rows = left if len(left) > 1 else (1, *left)
    columns = right if len(right) > 1 else (*right, 1)
    inner, many = columns[-2:]
    if math.prod(columns[:-2]) == 1:
        x = shaped(layer.x, (math.prod(rows[:-1]), inner)) if len(left) != 2 else layer.x
        weights = layer.constant(1)
        if weights is not None:
            own = layer.made_factors("weights", weights.reshape(inner, many).T)
            product = f"tensors.linear({x}, {own})"
        else:
            y = layer.operand(1) if len(right) == 2 else shaped(layer.operand(1), (inner, many))
            product = f"tensors.matmul({x}, {y})"
        return product if len(out) == 2 else shaped(product, out)
    batch = np.broadcast_shapes(rows[:-2], columns[:-2])
    x = _batch(layer.operand(0), rows, batch)
    y = _batch(layer.operand(1), columns, batch)
    product = f"tensors.batch_matmul({x}, {y})"
    return product if len(out) == 3 else shaped(product, out)


def _batch(text: str, shape: Shape, batch: Shape) -> str:
    """The text for matrices in one list, which are repeated to the sizes of a batch."""
    if shape[:-2] != batch:
        shape = (*[1] * (len(batch) + 2 - len(shape)), *shape)
        text = repeated(shaped(text, shape), shape, [*np.divide(batch, shape[:-2]).astype(int)])
    elif len(shape) == 3:
        return text
    return shaped(text, (math.prod(batch), *shape[-2:]))


OPERATORS: Final[dict[str, Emit]] = {
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "Gemm": gemm,
    "MatMul": matmul,
}
