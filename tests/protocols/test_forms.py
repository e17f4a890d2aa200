"""Matrices and images as polynomials: in every form, the product has the right coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ezlang.compiler.ir.windows import Window, convolved
from ezlang.compiler.protocols.homomorphic import convolution_form, matrix_form
from ezlang.compiler.protocols.homomorphic.convolution_form import ConvolutionShape
from ezlang.compiler.protocols.homomorphic.form import Form
from ezlang.compiler.protocols.homomorphic.matrix_form import MatrixShape
from ezlang.compiler.protocols.homomorphic.parameters import Parameters

Array = np.ndarray[Any, Any]
RNG = np.random.default_rng(8)
SMALL = Parameters(size=4096, limbs=2)


def numbers(*shape: int) -> Array:
    return RNG.integers(0, 1 << 64, shape, np.uint64)


def negacyclic(a: Array, b: Array) -> Array:
    """Return a·b modulo X^N + 1 and 2^64, for a b with few coefficients."""
    total = np.zeros_like(a)
    for place in np.flatnonzero(b):
        turned = np.concatenate((-a[a.size - place :], a[: a.size - place]))
        total += turned * b[place]
    return total


def product(form: Form, x: Array, y: Array) -> Array:
    """Return what both parties compute, without encryption."""
    packed, results = form.pack(x), np.zeros((*form.grid, form.extracted), x.dtype)
    for item, row, column in np.ndindex(*form.grid):
        known = form.pack_known(y, item, column)
        assert max(map(np.count_nonzero, known)) <= form.terms
        total = sum(negacyclic(a, b) for a, b in zip(packed[item, row], known, strict=True))
        assert isinstance(total, np.ndarray)
        results[item, row, column] = total[form.places]
    return form.unpack(results)


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (2, 3, 20, 5), (1, 17, 6, 9), (1, 1, 70, 33)])
def test_matrices(sizes: tuple[int, int, int, int]) -> None:
    items, m, k, n = sizes
    shape = MatrixShape(bits=64, known_bits=8, items=items, rows=m, inner=k, columns=n)
    x, y = numbers(items, m, k), numbers(items, k, n)
    forms = list(matrix_form._forms(shape, SMALL))
    for form in forms[:: max(len(forms) // 12, 1)]:
        assert np.array_equal(product(form, x, y), x @ y)


CONVOLUTIONS: dict[str, tuple[tuple[int, ...], tuple[int, ...], Window]] = {
    "one number": ((1, 1, 1, 1), (1, 1, 1, 1), Window()),
    "padding": ((2, 3, 7, 6), (4, 3, 3, 3), Window(padding=(1, 1, 1, 1))),
    "stride": ((1, 5, 11, 9), (3, 5, 3, 2), Window(stride=(2, 3), padding=(1, 0, 0, 2))),
    "stride that leaves rows out": ((1, 2, 10, 10), (2, 2, 3, 3), Window(stride=(4, 4))),
    "dilation": ((1, 2, 12, 10), (3, 2, 3, 3), Window(dilation=(2, 3), padding=(2, 3, 2, 3))),
    "groups": ((2, 6, 5, 5), (4, 3, 2, 2), Window(groups=2)),
    "depthwise": ((1, 4, 6, 6), (4, 1, 3, 3), Window(groups=4, padding=(1, 1, 1, 1))),
    "points": ((1, 9, 4, 4), (7, 9, 1, 1), Window(stride=(2, 2))),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions(name: str) -> None:
    images, filters, window = CONVOLUTIONS[name]
    shape = ConvolutionShape(bits=64, known_bits=8, images=images, filters=filters, window=window)
    x, y = numbers(*images), numbers(*filters)
    forms = list(convolution_form._forms(shape, SMALL))
    for form in forms[:: max(len(forms) // 16, 1)]:
        assert form.size <= SMALL.size
        assert np.array_equal(product(form, x, y), convolved(x, y, window))


def test_a_layer_sends_its_image_once() -> None:
    """A layer of 56 × 56 with 64 channels: two channels of half an image a ciphertext.

    As a matrix product of patches, it takes 80 MB.
    """
    shape = ConvolutionShape(
        bits=64,
        known_bits=16,
        images=(1, 64, 56, 56),
        filters=(64, 64, 3, 3),
        window=Window(padding=(1, 1, 1, 1)),
    )
    form = convolution_form.convolution_form(shape)
    assert form is not None
    assert form.is_sound
    assert (form.tile, form.channels, form.filters) == ((28, 56), 2, 2)
    assert (form.ciphertexts, form.results) == (64, 64)
    assert form.request_bytes == 16 + 64 * 8192 * 5 * 4
    assert form.reply_bytes == 64 * (8192 * 10 + 2 * 28 * 56 * 9)
