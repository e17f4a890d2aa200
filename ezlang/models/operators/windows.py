"""Windows of convolutions and pools: strides, dilations and padding, as ONNX gives them."""

from __future__ import annotations

from ezlang.records import dataclass

from ..problems import RefusedError
from .layer import Layer
from .moves import bordered


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Where the windows of a layer stand: one number for each dimension of space.

    `before` and `after` are the sizes of the border. `excess`: how far the last window reaches
    beyond it, which `ceil_mode` allows.
    """

    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    excess: tuple[int, ...]


def windows(layer: Layer, sizes: tuple[int, ...]) -> Windows:
    """Return where the windows of the given sizes stand, from the attributes of a layer."""
    count = len(sizes)
    strides = tuple(layer.attribute("strides", [1] * count))
    dilations = tuple(layer.attribute("dilations", [1] * count))
    pads = layer.attribute("pads", [0] * (2 * count))
    before, after = tuple(pads[:count]), tuple(pads[count:])
    extents = tuple((k - 1) * d + 1 for k, d in zip(sizes, dilations, strict=True))
    images, results = layer.shape()[2:], layer.out.shape[2:]
    auto = layer.attribute("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        totals = [
            max((r - 1) * s + e - n, 0)
            for r, s, e, n in zip(results, strides, extents, images, strict=True)
        ]
        small, large = tuple(t // 2 for t in totals), tuple(t - t // 2 for t in totals)
        before, after = (small, large) if auto == "SAME_UPPER" else (large, small)
    elif auto == "VALID":
        before = after = (0,) * count
    elif auto != "NOTSET":
        raise RefusedError(f"its auto_pad is {auto}")
    if min(*before, *after) < 0:
        raise RefusedError("it has a negative border")
    reached = [(r - 1) * s + e for r, s, e in zip(results, strides, extents, strict=True)]
    spaces = [n + b + a for n, b, a in zip(images, before, after, strict=True)]
    return Windows(
        sizes=sizes,
        strides=strides,
        dilations=dilations,
        before=before,
        after=after,
        excess=tuple(max(r - s, 0) for r, s in zip(reached, spaces, strict=True)),
    )


def padded(layer: Layer, found: Windows) -> str:
    """Return the text for images or the like with their border of zeros."""
    sides = (*found.before, *found.after)
    if len(found.sizes) == 2 and any(sides):
        if len({*sides}) == 1:
            return f"tensors.pad::<{sides[0]}>({layer.x})"
        return f"moves.pad_images::<{', '.join(map(str, sides))}>({layer.x})"
    text, shape = layer.x, layer.shape()
    for axis, (before, after) in enumerate(zip(found.before, found.after, strict=True), 2):
        text, shape = bordered(text, shape, axis, before, after, 0.0)
    return text
