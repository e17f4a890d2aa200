"""Layers of the library: their meaning, and the operations that the compiler makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ezlang import api
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.windows import Window, convolved
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import run_passes
from ezlang.values.data import Inputs

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]

LAYERS: dict[str, tuple[str, Shape, Shape, Window]] = {
    "conv2d": ("conv2d::<2>(x, y)", (2, 3, 7, 8), (4, 3, 3, 3), Window(stride=(2, 2))),
    "padded": (
        *("conv2d::<1>(tensors.pad::<1>(x), y)", (2, 2, 5, 4), (3, 2, 3, 3)),
        Window(padding=(1, 1, 1, 1)),
    ),
    "dilated": (
        *("conv2d_dilated::<1, 2>(x, y)", (1, 2, 8, 7), (3, 2, 3, 2)),
        Window(dilation=(2, 2)),
    ),
    "grouped": ("conv2d_grouped::<1, 2>(x, y)", (1, 4, 5, 5), (6, 2, 3, 2), Window(groups=2)),
    "depthwise": (
        "conv2d_depthwise::<2>(x, y)",
        (2, 3, 7, 7),
        (3, 3, 3),
        Window(stride=(2, 2), groups=3),
    ),
    "conv1d": ("conv1d::<2>(x, y)", (2, 3, 9), (4, 3, 3), Window(stride=(1, 2))),
}
"""Calls, shapes of x and y, and the window."""


def as_images(x: Shape, y: Shape) -> tuple[Shape, Shape]:
    """The shapes of images and filters: rows are images of one line, and a filter has channels."""
    if len(x) == 3:
        return (*x[:2], 1, x[2]), (*y[:2], 1, y[2])
    return x, (y[0], 1, *y[1:]) if len(y) == 3 else y


def numbers(shape: Shape, seed: int) -> Array:
    """Numbers of a few bits after the binary point."""
    return np.random.default_rng(seed).integers(-900, 900, shape)


def rounded(product: Array) -> Array:
    """Products of numbers with 8 bits after the point, as such numbers."""
    return (product + (1 << 7)) >> 8


@pytest.mark.parametrize("name", LAYERS)
def test_convolutions(name: str) -> None:
    call, x_shape, y_shape, window = LAYERS[name]
    images, filters = as_images(x_shape, y_shape)
    shape = window.output(images, filters)
    assert shape is not None
    x_type, y_type = ("".join(f"[{n}]" for n in one) for one in (x_shape, y_shape))
    text = f"""
    import tensors;
    party alice, bob;
    fn main() {{
        secret fixed<8>{x_type} x = input(alice, "x");
        secret fixed<8>{y_type} y = input(bob, "y");
        output(all, tensors.{call}, "z");
    }}
    """
    program = api.checked(api.check_text(text))
    compiled = run_passes(lower(program), "shared")
    found = [one for one in ir.walk(compiled.main.body) if isinstance(one, ir.Product)]
    (product,) = found
    assert isinstance(product, ir.Convolution)
    assert product.result.type.size == np.prod(shape)
    assert product.window == window
    assert not any(isinstance(one, ir.For) for one in ir.walk(compiled.main.body))
    x, y = numbers(x_shape, 1), numbers(y_shape, 2)
    inputs: Inputs = {
        "alice": {"x": (x / 256).tolist()},
        "bob": {"y": (y / 256).tolist()},
    }
    outputs = api.run_clear(program, inputs).outputs["alice"]
    expected = rounded(convolved(x.reshape(images), y.reshape(filters), window)) / 256
    assert np.array_equal(np.array(outputs["z"], float).reshape(shape), expected)
