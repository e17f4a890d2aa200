"""Two-dimensional convolutions of shared images and filters (ir/windows.py).

By OTs, a convolution is a product of the filters [F][K] and the patches [K][P], for each group
[RRK+20]. The bits of the smaller matrix choose among rows of the other: one OT per bit of a filter
(for every 128 patches) instead of one per product.

With a dealer, a convolution triple is used instead [KVH+21]. The opened values are then as large as
the images and the filters, while patches repeat a number as often as filters cover it.
"""

from __future__ import annotations

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ...ir.windows import Window, by_image
from ..core.party import SharingParty
from ..core.preprocessing import ConvolutionTriple, OwnedTriple
from ..core.purposes import Purpose
from ..core.steps import Array, Steps
from .matrices import matrix_multiply, matrix_multiply_known, turned
from .owned import Masked, multiply_owned
from .products import bits_of


def convolve(party: SharingParty, x: Array, y: Array, window: Window) -> Steps[Array]:
    """Return shares of the convolution of shared images and filters.

    Cost: that of `matrix_multiply` for a batch of (F, K, P): C(F, K, P) OTs for each group in each
    direction, one bit per OT and M(F, K, P) bytes each way, two rounds. With a dealer, the cost of
    `convolve_opened`. Each party sees choices masked by random bits and messages masked by pads.
    """
    _check(x, y, window)
    return (yield from party.variants.convolution(party, x, y, window))


def convolve_known(
    party: SharingParty,
    x: Array,
    y: Array,
    owner: int,
    window: Window,
    *,
    images: bool = False,
    masked: Masked | None = None,
) -> Steps[Array]:
    """Return the convolution of shared images with filters that party `owner` knows.

    Or of images that the owner knows with shared filters, if `images` is set. What is known may
    have been `masked` (owned.py). The other party passes an array of the right shape whose values
    are ignored. Cost: one cross term, as in `matrix_multiply_known` for (P, K, F). With a dealer,
    what is known goes from the owner and what is shared to it, in one round (owned.py).
    """
    _check(x, y, window)
    return (yield from party.variants.known_convolution(party, x, y, owner, window, images, masked))


def convolve_by_matrices(party: SharingParty, x: Array, y: Array, window: Window) -> Steps[Array]:
    """`convolve`, as a matrix product."""
    rows, columns = _matrices(party, x, y, window)
    product = yield from matrix_multiply(party, rows, columns)
    return _images(product, x, y, window)


def convolve_known_by_matrices(
    party: SharingParty,
    x: Array,
    y: Array,
    owner: int,
    window: Window,
    images: bool,
    masked: Masked | None,
) -> Steps[Array]:
    """`convolve_known`, as a matrix product."""
    rows, columns = _matrices(party, x, y, window)
    if images:
        product = yield from matrix_multiply_known(party, rows, columns, owner)
    else:
        made = yield from matrix_multiply_known(party, turned(columns), turned(rows), owner)
        product = turned(made)
    return _images(product, x, y, window)


def convolve_opened(party: SharingParty, x: Array, y: Array, window: Window) -> Steps[Array]:
    """`convolve`, by a convolution triple a ∗ b = c [Bea91].

    Cost: the triple, then the elements of x and of y each way in one round. The parties open x − a
    and y − b, which are uniform because a and b are.
    """
    triple = yield from party.preprocessing.convolution_triple(triple_for(x, y, window))
    opened = np.concatenate(((x - triple.a).reshape(-1), (y - triple.b).reshape(-1)))
    theirs = yield from party.swap(opened, Purpose.MASKED_IMAGES)
    opened += theirs.view(x.dtype)
    d, e = opened[: x.size].reshape(x.shape), opened[x.size :].reshape(y.shape)
    right = triple.b + e if party.adds_known else triple.b
    convolve = party.local.convolve
    result: Array = triple.c + convolve(d, right, window) + convolve(triple.a, e, window)
    return result


def convolve_known_opened(
    party: SharingParty,
    x: Array,
    y: Array,
    owner: int,
    window: Window,
    images: bool,
    masked: Masked | None,
) -> Steps[Array]:
    """`convolve_known`, by a triple of which either party has one factor."""
    unit = OwnedTriple(owner=owner, side=0 if images else 1, product=triple_for(x, y, window))

    def convolve(x: Array, y: Array) -> Array:
        return party.local.convolve(x, y, window)

    return multiply_owned(party, (x, y), unit, convolve, Purpose.MASKED_IMAGES, masked=masked)


def triple_for(x: Array, y: Array, window: Window) -> ConvolutionTriple:
    """Return the kind of triple that `convolve_opened` uses for these shapes."""
    return ConvolutionTriple(
        bits=bits_of(x),
        images=x.shape,
        filters=y.shape,
        stride=window.stride,
        padding=window.padding,
        dilation=window.dilation,
        groups=window.groups,
    )


def _check(x: Array, y: Array, window: Window) -> None:
    if window.output(x.shape, y.shape) is None:
        raise CompilerBug(f"filters {y.shape} don't fit images {x.shape}")


def _matrices(party: SharingParty, x: Array, y: Array, window: Window) -> tuple[Array, Array]:
    """Return the filters [groups][F][K] and the patches [groups][K][P]; no groups if one."""
    groups, rows, inner, _ = window.matrices(x.shape, y.shape)
    columns = party.local.patches(x, (y.shape[2], y.shape[3]), window)
    if groups == 1:
        return y.reshape(rows, inner), columns[0]
    return y.reshape(groups, rows, inner), columns


def _images(product: Array, x: Array, y: Array, window: Window) -> Array:
    """Return a product of `_matrices` as images."""
    groups, rows, _, places = window.matrices(x.shape, y.shape)
    shape = window.output(x.shape, y.shape)
    if shape is None:
        raise CompilerBug("the filters don't fit the images")
    count, _, height, width = shape
    return by_image(product.reshape(groups, rows, places), (count, height, width))
