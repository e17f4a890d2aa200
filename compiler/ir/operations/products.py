"""Operations that sum products of the elements of two tensors: the linear layers of networks."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ezlang.records import dataclass

from ..errors import need
from ..intervals import Interval, fitted
from ..kinds import BinaryKind
from ..value import A, Sharing, TensorType
from ..windows import Shape, Window
from .moves import Types
from .node import Computation, alike


class Product(Computation):
    """(x, y) -> sums of products of elements of x and of y: integers of one type, wrapping.

    If `encrypted` isn't 0, shares are multiplied homomorphically where no dealer deals triples, and
    elements of an owned operand, or of shares, have so many bits with their sign
    (passes/sharings/encrypted.py).

    With the number of a `mask`, there is a third operand: the factor that one party knows, in any
    shape, relabelled with that mask.
    """

    __slots__ = ()
    mask: int | None
    encrypted: int

    @property
    def terms(self) -> int:
        """The number of products of which each element of the result is the sum, at most."""
        raise self._unanswered("how many products it sums")

    @property
    def takes_owned(self) -> bool:
        """Whether an operand may be owned: a product with it is cheaper."""
        return True

    @property
    def known(self) -> int | None:
        """The factor of which protocols use that one party knows it: the second one if possible."""
        return next((n for n in (1, 0) if self.operands[n].type.label.is_owned), None)

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check that the shapes fit."""
        need(len(types) == (2 if self.mask is None else 3), "the number of operands is wrong")
        shape = self.shape_of(types[0].shape, types[1].shape)
        need(shape is not None, "the shapes don't fit")
        need(result.shape == shape, "wrong shape")
        need(types[0].element == types[1].element == result.element, "types differ")
        need(result.is_number, "wrong element type")
        need(0 <= self.encrypted <= result.width, "no such number of bits")
        if self.mask is not None:
            known = types[self.known or 0]
            need(known.label.is_owned, "a mask is for a product with a known factor")
            fits = (known.element, known.size) == (types[2].element, types[2].size)
            need(fits and types[2].label.is_secret, "the third operand isn't the masked factor")

    def shape_of(self, x: Shape, y: Shape) -> Shape | None:
        """Return the shape of the product of operands of given shapes; None if they don't fit."""
        raise self._unanswered("the shape of its result")

    def required(self, sharing: Sharing) -> tuple[Sharing, ...] | None:
        """Operands and result have the same sharing."""
        return alike(self, sharing)

    def exchanges(self, sharing: Sharing) -> bool:
        """Products take messages, except for those of arithmetic shares and a public operand."""
        return sharing is not A or not any(type.label.is_public for type in self.types)

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range of a sum of as many products as there are terms."""
        one = BinaryKind.MUL.traits.range(x[0], x[1], self.result.type)
        found = Interval(self.terms * min(one.low, 0), self.terms * max(one.high, 0))
        return fitted(found, self.result.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixProduct(Product):
    """(x [m, k], y [k, n]) -> the matrix product [m, n].

    Or (x [b, m, k], y [b, k, n]) -> [b, m, n]: a batch of products, item by item.

    If each party owns a factor, the owner of factor `multiplier` multiplies where it is encrypted.
    """

    encrypted: int = 0
    multiplier: int = 1
    mask: int | None = None

    @property
    def terms(self) -> int:
        """The inner dimension."""
        return self.operands[0].type.shape[-1]

    def shape_of(self, x: Shape, y: Shape) -> Shape | None:
        """Return the shape of a (batched) matrix product."""
        if len(x) != len(y) or len(x) not in (2, 3) or x[:-2] != y[:-2] or x[-1] != y[-2]:
            return None
        return (*x[:-1], y[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Convolution(Product):
    """(images [n, c, h, w], filters [f, c/groups, p, q]) -> [n, f, h', w'], see ir/windows.py.

    Element [n, f, i, j] is the sum over a channel c of the filter's group, u and v of filter
    [f, c, u, v] times image [n, c, i·stride + u·dilation − top, j·stride + v·dilation − left], in
    both directions. Numbers outside of an image are zeros.
    """

    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    encrypted: int = 0
    mask: int | None = None

    @property
    def window(self) -> Window:
        """How the filters move over the images."""
        return Window(
            stride=self.stride, padding=self.padding, dilation=self.dilation, groups=self.groups
        )

    @property
    def terms(self) -> int:
        """The size of a filter."""
        return prod(self.operands[1].type.shape[1:])

    def shape_of(self, x: Shape, y: Shape) -> Shape | None:
        """Return the shape of the convolution of images and filters."""
        need(self.window.is_valid, "this is no window")
        return self.window.output(x, y)
