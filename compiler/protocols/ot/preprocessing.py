"""Preprocessing that the parties generate themselves, from OTs."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, assert_never

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ...ir.dtypes import word_dtype
from ...ir.parties import Side
from ...ir.windows import by_image, convolved, patches
from ..arithmetic.matrices import cross_products
from ..arithmetic.products import halved_products
from ..core.bits import pack, unpack
from ..core.lookups import Column, Sent
from ..core.party import OtProtocols
from ..core.preprocessing import (
    BitPair,
    BitTriple,
    ConvolutionTriple,
    DaBits,
    Mask,
    MaskedTriple,
    MatrixTriple,
    MatrixTriples,
    OneHot,
    OneHots,
    OwnedTriple,
    OwnedTriples,
    Preprocessing,
    RandomBit,
    RingSquare,
    RingTriple,
    Squares,
    Triples,
    Unit,
)
from ..core.steps import Array, Bytes, Steps


class OtPreprocessing(Preprocessing):
    """Correlated randomness from OTs. None of it is opened.

    Bit triples and pairs [ALSZ13, RRK+20]: one OT each in each direction, no bytes, no rounds. Each
    party sees only OT messages, masked by pads that are used only once.
    """

    def __init__(self, side: Side, random: Callable[[int], Bytes], ots: OtProtocols) -> None:
        self._side = side
        self._random = random
        self._ots = ots

    def make(self, unit: Unit, count: int) -> Steps[Any]:
        """Generate units by the protocol for their kind."""
        match unit:
            case BitTriple():
                return self._ots.bit_products(count, 1)
            case BitPair():
                return self._ots.bit_products(count, 2)
            case RingTriple(bits=bits):
                return self._triples(count, bits)
            case RingSquare(bits=bits):
                return self._squares(count, bits)
            case MatrixTriple():
                return self._matrix_triples(unit, count)
            case ConvolutionTriple():
                return self._convolution_triple(unit, count)
            case OwnedTriple():
                return self._owned_triples(unit, count)
            case Mask() | MaskedTriple():
                raise CompilerBug("only a dealer knows the masks of a run")
            case RandomBit(bits=bits):
                return self._random_bits(count, bits)
            case OneHot():
                return self._one_hots(unit, count)
            case _:
                assert_never(unit)

    def _triples(self, count: int, bits: int) -> Steps[Triples]:
        """Products with random choices [Gil99, DSZ15].

        Cost: ℓ·n OTs in each direction, M(ℓ, n) bytes each way; one round.
        """
        dtype = word_dtype(bits)
        b = self._random(count * dtype.itemsize).view(dtype)
        a, cross = yield from self._ots.random_products(b)
        return Triples(a=a, b=b, c=a * b + cross)

    def _squares(self, count: int, bits: int) -> Steps[Squares]:
        """Random numbers and their squares: one cross term. Cost: that of `products.square`."""
        dtype = word_dtype(bits)
        a = self._random(count * dtype.itemsize).view(dtype)
        cross = yield from halved_products(self._ots, self._side, a)
        return Squares(a=a, c=a * a + 2 * cross)

    def _matrix_triples(self, unit: MatrixTriple, count: int) -> Steps[MatrixTriples]:
        """Random matrices and their products, by the cross terms of `arithmetic/matrices.py`."""
        m, k, n, dtype = unit.rows, unit.inner, unit.columns, word_dtype(unit.bits)
        a, b = (
            self._random(prod(shape) * dtype.itemsize).view(dtype).reshape(shape)
            for shape in ((count, m, k), (count, k, n))
        )
        one, other = yield from cross_products(self._ots, a, b, (count, m, k, n))
        return MatrixTriples(a=a, b=b, c=a @ b + one + other)

    def _convolution_triple(self, kind: ConvolutionTriple, count: int) -> Steps[MatrixTriples]:
        """Random images, random filters and their convolution, by the cross terms of patches."""
        if count != 1:
            raise CompilerBug("triples of convolutions are made one by one")
        dtype = word_dtype(kind.bits)
        x_shape, y_shape, c_shape = kind.shapes
        a, b = (
            self._random(prod(shape) * dtype.itemsize).view(dtype).reshape(shape)
            for shape in (x_shape, y_shape)
        )
        groups, rows, inner, places = kind.window.matrices(kind.images, kind.filters)
        columns = patches(a, (kind.filters[2], kind.filters[3]), kind.window)
        choosing = b.reshape(groups, rows, inner)
        one, other = yield from self._ots.matrices(choosing, columns, (*choosing.shape, places))
        count, _, height, width = c_shape
        cross = by_image(one + other, (count, height, width))
        c = convolved(a, b, kind.window) + cross
        return MatrixTriples(a=a[None], b=b[None], c=c[None])

    def _owned_triples(self, unit: OwnedTriple, count: int) -> Steps[OwnedTriples]:
        """Random factors, one of each party, and their products: one cross term."""
        product, side = unit.product, unit.side_of(self._side.own)
        shape = (count, *product.shapes[side])
        dtype = word_dtype(product.bits)
        factor = self._random(prod(shape) * dtype.itemsize).view(dtype).reshape(shape)
        if isinstance(product, MatrixTriple):
            sizes = (count, product.rows, product.inner, product.columns)
            chooses, matrix = side == 0, factor
        else:
            if count != 1:
                raise CompilerBug("triples of convolutions are made one by one")
            window, size = product.window, (product.filters[2], product.filters[3])
            sizes = window.matrices(product.images, product.filters)
            chooses = side == 1
            whole = factor[0]
            matrix = whole.reshape(sizes[:3]) if chooses else patches(whole, size, window)
        choosing, carried = (matrix, None) if chooses else (None, matrix)
        sent, received = yield from cross_products(self._ots, choosing, carried, sizes)
        c = received if chooses else sent
        if isinstance(product, ConvolutionTriple):
            images, _, height, width = product.shapes[2]
            c = by_image(c, (images, height, width))[None]
        return OwnedTriples(factor=factor, c=c)

    def _random_bits(self, count: int, bits: int) -> Steps[DaBits]:
        """Random bits r₀ ⊕ r₁ = r₀ + r₁ − 2·r₀r₁ [DSZ15].

        Cost: one additive OT per bit, with the first party as sender for the first half; two
        rounds.
        """
        packed = self._random(-(-count // 8))
        own = unpack(packed, count)
        product = yield from halved_bit_products(self._ots, self._side, own, bits)
        numbers = own.astype(word_dtype(bits)) + product
        return DaBits(bits=pack(own), numbers=numbers)

    def _one_hots(self, unit: OneHot, count: int) -> Steps[OneHots]:
        """Random places, and the rows of the identity matrix there: lookups with n words an entry.

        Lookups by OTs don't need them.
        """
        places = self._random(2 * count).view(np.uint16) & np.uint16(unit.entries - 1)
        size = unit.bits // 8
        columns = [
            Column(words=words, size=size) for words in np.eye(unit.entries, dtype=f"u{size}")
        ]
        middle = -(-count // 2)
        shifts, chosen = self._side.ordered(places[:middle], places[middle:])
        masks = [self._random(shifts.size * size).view(f"u{size}") for _ in columns]
        found = yield from self._ots.lookups(columns, Sent(shifts=shifts, masks=masks), chosen)
        both = self._side.ordered(np.stack(masks, axis=-1), np.stack(found, axis=-1))
        return OneHots(places=places, vectors=np.concatenate(both))


def halved_bit_products(ots: OtProtocols, side: Side, own: Bytes, bits: int) -> Steps[Array]:
    """Return shares modulo 2^ℓ of −2·x₀x₁ for bits, one per byte, by OTs in both directions.

    The first party is the sender for the first ceil(n/2) of n bits. `lengths.additive_batches`.
    """
    middle = -(-own.size // 2)
    sent, chosen = side.ordered(own[:middle], own[middle:])
    dtype = word_dtype(bits)
    shares = yield from ots.additive(sent.astype(dtype) * dtype.type((1 << bits) - 2), chosen)
    return np.concatenate(side.ordered(*shares))
