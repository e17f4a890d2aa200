"""Pools: the largest numbers and the means of windows."""

from __future__ import annotations

from typing import Final

from ..problems import RefusedError
from .layer import Emit, Layer, shaped
from .windows import Windows, windows


def _pool(layer: Layer, function: str, found: Windows) -> str:
    """The text for a pool of rows, images or volumes."""
    count = len(found.sizes)
    if count > 3 or {*found.dilations} != {1}:
        raise RefusedError(f"its windows are {found.sizes}, its dilations {found.dilations}")
    ends = [a + e for a, e in zip(found.after, found.excess, strict=True)]
    is_even = count == 2 and len({*found.sizes}) == len({*found.strides}) == 1
    if is_even and not any((*found.before, *ends)):
        short = "max_pool" if function == "max" else "average_pool"
        return f"tensors.{short}::<{found.sizes[0]}, {found.strides[0]}>({layer.x})"
    given = ", ".join(map(str, (*found.sizes, *found.strides, *found.before, *ends)))
    return f"pooling.{function}{count}d::<{given}>({layer.x})"


def max_pool(layer: Layer) -> str:
    """The largest numbers of windows."""
    return _pool(layer, "max", windows(layer, tuple(layer.attribute("kernel_shape"))))


def average_pool(layer: Layer) -> str:
    """The means of windows."""
    found = windows(layer, tuple(layer.attribute("kernel_shape")))
    if not layer.attribute("count_include_pad", 0):
        return _pool(layer, "average_inside", found)
    if any(found.excess):
        raise RefusedError("it counts its border, and its last window reaches beyond it")
    return _pool(layer, "average", found)


def _whole(function: str) -> Emit:
    def emit(layer: Layer) -> str:
        text = f"pooling.global_{function}({layer.x})"
        return text if len(layer.out.shape) == 2 else shaped(text, layer.out.shape)

    return emit


OPERATORS: Final[dict[str, Emit]] = {
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "GlobalAveragePool": _whole("average"),
    "GlobalMaxPool": _whole("max"),
}
