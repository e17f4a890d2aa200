"""Preprocessing that the parties make themselves, from OTs."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from ...ir.dtypes import word_dtype
from ..arithmetic.convolution import convolved, output_images, patches
from ..arithmetic.products import halved_products
from ..core.party import BitTriples, DaBits, MatrixTriple, OtBox, Squares, Triples
from ..core.steps import Array, Bytes, Steps
from ..dealt.demands import ConvolutionTriple


class OtPreprocessing:
    """Correlated randomness from OTs (`party.Preprocessing`). Nothing of it is opened.

    Seen: messages of OTs, masked by pads that are used once.
    """

    def __init__(self, index: int, random: Callable[[int], Bytes], ots: OtBox) -> None:
        self._index = index
        self._random = random
        self._ots = ots

    def bit_triples(self, count: int) -> Steps[BitTriples]:
        """An OT a triple in each direction, no bytes, no rounds [ALSZ13]."""
        return self._ots.bit_products(count, 1)

    def bit_pairs(self, count: int) -> Steps[BitTriples]:
        """An OT a pair in each direction, no bytes, no rounds [ALSZ13, RRK+20]."""
        return self._ots.bit_products(count, 2)

    def triples(self, count: int, bits: int) -> Steps[Triples]:
        """Products with random choices [Gil99, DSZ15].

        Cost: ℓ·n OTs in each direction, M(ℓ, n) bytes each way; a batch of 2^16 OTs is a round.
        """
        dtype = word_dtype(bits)
        b = self._random(count * dtype.itemsize).view(dtype)
        a, cross = yield from self._ots.random_products(b)
        return Triples(a=a, b=b, c=a * b + cross)

    def squares(self, count: int, bits: int) -> Steps[Squares]:
        """Random numbers and their squares: one cross term. Cost: that of `arithmetic.square`."""
        dtype = word_dtype(bits)
        a = self._random(count * dtype.itemsize).view(dtype)
        cross = yield from halved_products(self._ots, self._index, a)
        return Squares(a=a, c=a * a + 2 * cross)

    def matrix_triples(self, count: int, m: int, k: int, n: int, bits: int) -> Steps[MatrixTriple]:
        """Random matrices and their products, by the cross terms of `matrices.py`."""
        dtype = word_dtype(bits)
        a, b = (
            self._random(prod(shape) * dtype.itemsize).view(dtype).reshape(shape)
            for shape in ((count, m, k), (count, k, n))
        )
        one, other = yield from self._ots.matrices(a, b, (count, m, k, n))
        return MatrixTriple(a=a, b=b, c=a @ b + one + other)

    def convolution_triple(self, kind: ConvolutionTriple) -> Steps[MatrixTriple]:
        """Random images, random filters and their convolution, by the cross terms of patches."""
        dtype = word_dtype(kind.bits)
        x_shape, y_shape, _ = kind.shapes
        a, b = (
            self._random(prod(shape) * dtype.itemsize).view(dtype).reshape(shape)
            for shape in (x_shape, y_shape)
        )
        columns = patches(a, kind.size, kind.stride)
        rows = b.reshape(kind.filters, -1)
        shape = (*rows.shape, columns.shape[1])
        one, other = yield from self._ots.matrices(rows, columns, shape)
        cross = output_images(one + other, a, kind.size, kind.stride)
        return MatrixTriple(a=a, b=b, c=convolved(a, b, kind.stride) + cross)

    def da_bits(self, count: int, bits: int) -> Steps[DaBits]:
        """Random bits r₀ ⊕ r₁ = r₀ + r₁ − 2·r₀r₁ [DSZ15].

        Cost: an additive OT a bit, with party 0 as sender of the first half; two rounds.
        """
        packed = self._random(-(-count // 8))
        own = np.unpackbits(packed, count=count, bitorder="little")
        product = yield from halved_bit_products(self._ots, self._index, own, bits)
        numbers = own.astype(word_dtype(bits)) + product
        return DaBits(bits=np.packbits(own, bitorder="little"), numbers=numbers)


def halved_bit_products(ots: OtBox, index: int, own: Bytes, bits: int) -> Steps[Array]:
    """Return shares modulo 2^ℓ of −2·x₀x₁ for bits, a byte each, by OTs in both directions.

    Of n bits, party 0 is the sender of the first ceil(n/2). `lengths.additive_batches`.
    """
    middle = -(-own.size // 2)
    first, second = own[:middle], own[middle:]
    if index == 1:
        first, second = second, first
    dtype = word_dtype(bits)
    shares = yield from ots.additive(first.astype(dtype) * dtype.type((1 << bits) - 2), second)
    return np.concatenate(shares if index == 0 else (shares[1], shares[0]))
