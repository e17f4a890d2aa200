"""Preprocessing: the units of input-independent correlated randomness, and their sources.

A *unit* is the smallest piece of correlated randomness that a protocol consumes: a triple, a
square, a bit in two forms. A party obtains its shares of units from a `Preprocessing`, which each
back end implements.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import prod
from typing import Any

from ezlang.records import dataclass

from ...ir.windows import Window, line_bytes
from .steps import Array, Bytes, Steps

# Units


@dataclass(frozen=True, slots=True, kw_only=True)
class BitTriple:
    """Bits a, b and c = a·b. They are generated and dealt in bytes, eight at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BitPair:
    """Two bit triples with a common a: a, b0, b1, c0 = a·b0, c1 = a·b1; eight at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingTriple:
    """Numbers a, b and c = a·b modulo 2^ℓ."""

    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RingSquare:
    """Numbers a and c = a² modulo 2^ℓ."""

    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixTriple:
    """Matrices a [rows][inner], b [inner][columns] and c = a·b modulo 2^ℓ."""

    bits: int
    rows: int
    inner: int
    columns: int

    @property
    def shapes(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """The shapes of a, b and c."""
        return (self.rows, self.inner), (self.inner, self.columns), (self.rows, self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvolutionTriple:
    """Images a, filters b and c = a ∗ b modulo 2^ℓ, for a window (ir/windows.py).

    a [images][channels][height][width], b [filters][channels/groups][rows][columns]; `images` and
    `filters` are these shapes.
    """

    bits: int
    images: tuple[int, ...]
    filters: tuple[int, ...]
    stride: tuple[int, int]
    padding: tuple[int, int, int, int]
    dilation: tuple[int, int]
    groups: int

    @property
    def window(self) -> Window:
        """How the filters move over the images."""
        return Window(
            stride=self.stride, padding=self.padding, dilation=self.dilation, groups=self.groups
        )

    @property
    def is_valid(self) -> bool:
        """Whether the filters fit the images."""
        return self.window.is_valid and self.window.output(self.images, self.filters) is not None

    @property
    def laid_out_bytes(self) -> int:
        """The most bytes of padded images, or of patches, that dealing a unit lays out at once."""
        count, channels, height, width = self.images
        padded = count * channels * prod(self.window.padded((height, width)))
        return max(padded * self.bits // 8, line_bytes(self.window, *self.shapes[1:], self.bits))

    @property
    def shapes(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """The shapes of a, b and c."""
        return self.images, self.filters, self.window.output(self.images, self.filters) or ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedTriple:
    """A triple of which either party has one factor: c = a·b of a `product`, whose b is its second.

    Party `owner` has the factor number `side`, 0 or 1, and the other party the other one. Only c is
    shared.
    """

    owner: int
    side: int
    product: MatrixTriple | ConvolutionTriple

    def side_of(self, party: int) -> int:
        """Return the number of the factor that a party has."""
        return self.side if party == self.owner else 1 - self.side


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """The mask of a value that `owner` knows, of which there is one in a run for each `number`."""

    bits: int
    size: int
    owner: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedTriple:
    """An `owned` triple whose owner has the mask with a `number` as its factor, in each of them."""

    number: int
    owned: OwnedTriple

    @property
    def mask(self) -> Mask:
        """The mask."""
        owned, product = self.owned, self.owned.product
        size = prod(product.shapes[owned.side])
        return Mask(bits=product.bits, size=size, owner=owned.owner, number=self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomBit:
    """A random bit shared by XOR and modulo 2^ℓ [RW19]."""

    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OneHot:
    """A random number r modulo n, and the vector [n] with a one at r and zeros elsewhere.

    n is `entries`, a power of two from 8 to 512. r is shared modulo n, the vector modulo 2^ℓ
    [IKM+13].
    """

    bits: int
    entries: int


Unit = (
    BitTriple
    | BitPair
    | RingTriple
    | RingSquare
    | MatrixTriple
    | ConvolutionTriple
    | OwnedTriple
    | Mask
    | MaskedTriple
    | RandomBit
    | OneHot
)

# Shares of units


@dataclass(frozen=True, slots=True, kw_only=True)
class BitTriples:
    """This party's shares of packed random bits a, b and c = a·b, as vectors of bytes.

    For pairs, b and c have two rows: c_i = a·b_i. Natively, kernels may read `sizes.PADDING` bytes
    past the end of each vector.
    """

    a: Bytes
    b: Bytes
    c: Bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Triples:
    """This party's shares of random a, b and c = a·b, element by element, vectors."""

    a: Array
    b: Array
    c: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Squares:
    """This party's shares of random a and c = a², element by element, vectors."""

    a: Array
    c: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixTriples:
    """This party's shares of random A [count][m][k], B [count][k][n] and C = A·B [count][m][n].

    For convolutions: images, filters and their convolutions, or one of each.
    """

    a: Array
    b: Array
    c: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedTriples:
    """This party's random factors [count][…], and its shares of their products [count][…].

    For masked triples, the owner gets no factors.
    """

    factor: Array | None
    c: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class DaBits:
    """This party's shares of n random bits, as packed XOR shares and as numbers modulo 2^ℓ."""

    bits: Bytes
    numbers: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class OneHots:
    """This party's shares of random places of 16 bits, [count], and of vectors [count][n]."""

    places: Array
    vectors: Array


class Preprocessing(ABC):
    """A party's source of units: each call returns fresh ones.

    Both parties make the same calls in the same order. The costs depend on the back end.
    """

    @abstractmethod
    def make(self, unit: Unit, count: int) -> Steps[Any]:
        """Return this party's shares of `count` units, in the form of the methods below."""

    def bit_triples(self, count: int) -> Steps[BitTriples]:
        """`count` (a multiple of 8) triples of bits."""
        return self.make(BitTriple(), count)

    def bit_pairs(self, count: int) -> Steps[BitTriples]:
        """`count` (a multiple of 8) pairs of triples with the same a."""
        return self.make(BitPair(), count)

    def triples(self, count: int, bits: int) -> Steps[Triples]:
        """`count` triples modulo 2^ℓ."""
        return self.make(RingTriple(bits=bits), count)

    def squares(self, count: int, bits: int) -> Steps[Squares]:
        """`count` numbers and their squares modulo 2^ℓ."""
        return self.make(RingSquare(bits=bits), count)

    def matrix_triples(self, count: int, m: int, k: int, n: int, bits: int) -> Steps[MatrixTriples]:
        """`count` triples of matrices modulo 2^ℓ: A [count][m][k], B [count][k][n]."""
        return self.make(MatrixTriple(bits=bits, rows=m, inner=k, columns=n), count)

    def convolution_triple(self, unit: ConvolutionTriple) -> Steps[MatrixTriples]:
        """A triple of images, filters and their convolution modulo 2^ℓ."""
        made = yield from self.make(unit, 1)
        return MatrixTriples(a=made.a[0], b=made.b[0], c=made.c[0])

    def owned_triples(self, unit: OwnedTriple | MaskedTriple, count: int) -> Steps[OwnedTriples]:
        """`count` triples of which either party has one factor."""
        return self.make(unit, count)

    def mask(self, unit: Mask) -> Steps[Array | None]:
        """The mask, at its owner; it may be taken once."""
        return self.make(unit, 1)

    def da_bits(self, count: int, bits: int) -> Steps[DaBits]:
        """`count` random bits in both forms."""
        return self.make(RandomBit(bits=bits), count)

    def one_hots(self, count: int, entries: int, bits: int) -> Steps[OneHots]:
        """`count` random places among `entries`, and the vectors modulo 2^ℓ with a one there."""
        return self.make(OneHot(bits=bits, entries=entries), count)
