"""Two-dimensional convolutions of shared images and filters, as matrix products.

Images x [images][channels][height][width] and filters y [filters][channels][size][size] give
[images][filters][height'][width'], height' = ⌊(height + 2·padding − size) / stride⌋ + 1. A *patch*
is the K = channels·size² numbers that a filter covers at one position. With the F filters as rows
and the P patches as columns, the convolution is a matrix product [F][K]·[K][P] [RRK+20]. The bits
of the smaller matrix choose among rows of the other: one OT per bit of a filter (for every 128
patches) instead of one per product.

With a dealer, a convolution triple is used instead [KVH+21]. The opened values are then as large as
the images and the filters, while patches repeat a number up to size² times.
"""

from __future__ import annotations

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ..core.party import SharingParty
from ..core.preprocessing import ConvolutionTriple
from ..core.purposes import Purpose
from ..core.steps import Array, Steps
from .matrices import matrix_multiply, matrix_multiply_known
from .products import bits_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How filters move over images: by `stride`, over images surrounded by `padding` zeros."""

    stride: int = 1
    padding: int = 0


def patches(images: Array, size: int, stride: int) -> Array:
    """Return the patches: [K][images·height'·width']. Local."""
    windows = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(-2, -1))
    windows = windows[:, :, ::stride, ::stride]
    rows = windows.transpose(1, 4, 5, 0, 2, 3)
    result: Array = np.ascontiguousarray(rows).reshape(images.shape[1] * size * size, -1)
    return result


def convolved(images: Array, filters: Array, stride: int) -> Array:
    """Return the convolution of cleartext numbers, without padding."""
    size = filters.shape[-1]
    product = filters.reshape(len(filters), -1) @ patches(images, size, stride)
    return output_images(product, images, size, stride)


def convolve(party: SharingParty, x: Array, y: Array, window: Window | None = None) -> Steps[Array]:
    """Return shares of the convolution of shared images and filters.

    Cost: that of `matrix_multiply` for (F, K, P): C(F, K, P) OTs in each direction, one bit per OT
    and M(F, K, P) bytes each way, two rounds. With a dealer, the cost
    of `convolve_opened`. Each party sees choices masked by random bits and messages masked by pads.
    """
    x, window = _prepared(x, y, window)
    return (yield from party.variants.convolution(party, x, y, window.stride))


def convolve_by_matrices(party: SharingParty, x: Array, y: Array, stride: int) -> Steps[Array]:
    """Return the convolution, without padding, as a matrix product."""
    size = y.shape[-1]
    rows = y.reshape(len(y), -1)
    product = yield from matrix_multiply(party, rows, patches(x, size, stride))
    return output_images(product, x, size, stride)


def convolve_known(
    party: SharingParty, x: Array, known: Array | None, owner: int, window: Window | None = None
) -> Steps[Array]:
    """Return the convolution of shared images with filters that party `owner` knows.

    The other party passes an array of the filters' shape whose values are ignored. Cost: one cross
    term, as in `matrix_multiply_known` for [P][K]·[K][F].
    """
    if known is None:
        raise CompilerBug("known filters are needed, at who doesn't own them for their shape")
    x, window = _prepared(x, known, window)
    size = known.shape[-1]
    rows = np.ascontiguousarray(patches(x, size, window.stride).T)
    columns = np.ascontiguousarray(known.reshape(len(known), -1).T)
    product = yield from matrix_multiply_known(party, rows, columns, owner)
    return output_images(np.ascontiguousarray(product.T), x, size, window.stride)


def convolve_opened(party: SharingParty, x: Array, y: Array, stride: int) -> Steps[Array]:
    """Return the convolution, without padding, by a convolution triple a ∗ b = c [Bea91].

    Cost: the triple, then the elements of x and of y each way in one round. The parties open x − a
    and y − b, which are uniform because a and b are.
    """
    triple = yield from party.preprocessing.convolution_triple(triple_for(x, y, stride))
    opened = np.concatenate(((x - triple.a).reshape(-1), (y - triple.b).reshape(-1)))
    theirs = yield from party.swap(opened, Purpose.MASKED_IMAGES)
    opened += theirs.view(x.dtype)
    d, e = opened[: x.size].reshape(x.shape), opened[x.size :].reshape(y.shape)
    right = triple.b + e if party.adds_known else triple.b
    result: Array = triple.c + convolved(d, right, stride) + convolved(triple.a, e, stride)
    return result


def triple_for(x: Array, y: Array, stride: int) -> ConvolutionTriple:
    """Return the kind of triple that `convolve_opened` uses for these shapes."""
    images, channels, height, width = x.shape
    return ConvolutionTriple(
        bits=bits_of(x),
        images=images,
        channels=channels,
        height=height,
        width=width,
        filters=len(y),
        size=y.shape[-1],
        stride=stride,
    )


def _prepared(x: Array, y: Array, window: Window | None) -> tuple[Array, Window]:
    """Pad images with zeros and check that the filters fit; zeros are shares of zero."""
    window = window or Window()
    if x.ndim != 4 or y.ndim != 4 or x.shape[1] != y.shape[1] or y.shape[2] != y.shape[3]:
        raise CompilerBug(f"filters {y.shape} don't fit images {x.shape}")
    edge = (window.padding, window.padding)
    if window.padding:
        x = np.pad(x, ((0, 0), (0, 0), edge, edge))
    if y.shape[-1] > min(x.shape[2:]):
        raise CompilerBug(f"filters {y.shape} are larger than images {x.shape}")
    return x, window


def output_images(product: Array, x: Array, size: int, stride: int) -> Array:
    """Return [F][images·height'·width'] as images."""
    height, width = ((n - size) // stride + 1 for n in x.shape[2:])
    shape = (product.shape[0], x.shape[0], height, width)
    return np.ascontiguousarray(product.reshape(shape).swapaxes(0, 1))
