"""The kinds of unary and binary operations, with their properties.

Other modules look up the properties of a kind here. In addition, a kind has a circuit
(compiler/circuits/catalogue.py) and code for cleartext numbers (compiler/codegen/scalar.py).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass
from ezlang.typed.failures import Failure
from ezlang.types.types import Domain, ScalarType

from . import intervals
from .dtypes import word_dtype
from .intervals import FLAG, Interval
from .value import A, Sharing, TensorType

Array = npt.NDArray[Any]


class UnaryKind(Enum):
    """Unary operations: ABS and NEG wrap around, NOT applies to bools, the others to integers."""

    NEG = "neg"
    ABS = "abs"
    BITNOT = "bitnot"
    NOT = "not"
    COUNT_ONES = "count_ones"

    @property
    def traits(self) -> UnaryTraits:
        """The properties of the kind."""
        return UNARY[self]

    __hash__ = object.__hash__  # members are singletons; Enum's own hash hashes their names


class BinaryKind(Enum):
    """Binary operations, as in the typed tree."""

    ADD = "add"
    SUB = "sub"
    MUL = "mul"
    DIV = "div"
    MOD = "mod"
    SHL = "shl"
    SHR = "shr"
    AND = "and"
    OR = "or"
    XOR = "xor"
    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    MIN = "min"
    MAX = "max"

    @property
    def traits(self) -> BinaryTraits:
        """The properties of the kind."""
        return BINARY[self]

    __hash__ = object.__hash__  # members are singletons; Enum's own hash hashes their names


class Messages(Enum):
    """When the parties exchange messages for an operation on shares."""

    NEVER = "never"
    ALWAYS = "always"
    UNLESS_ONE_PUBLIC = "unless an operand is public"
    UNLESS_SECOND_PUBLIC = "unless the second operand is public"
    UNLESS_BOOLS = "unless the operands are bools"

    def needed(self, operands: Sequence[TensorType]) -> bool:
        """Return whether messages are needed for operands of the given types."""
        match self:
            case Messages.NEVER:
                return False
            case Messages.ALWAYS:
                return True
            case Messages.UNLESS_ONE_PUBLIC:
                return not any(type.label.is_public for type in operands)
            case Messages.UNLESS_SECOND_PUBLIC:
                return not operands[1].label.is_public
            case Messages.UNLESS_BOOLS:
                return operands[0].width > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTraits:
    """The properties of a kind of operation on shares: when it needs messages.

    `arithmetic` is None if the operation has no form on arithmetic shares.
    """

    arithmetic: Messages | None = None
    boolean: Messages

    def messages(self, sharing: Sharing) -> Messages:
        """Return when the operation needs messages on arithmetic or boolean shares."""
        found = self.arithmetic if sharing is A else self.boolean
        if found is None:
            raise CompilerBug(f"there is no form on {sharing.value} shares")
        return found

    @property
    def is_linear(self) -> bool:
        """Whether the operation is local on at least one kind of shares."""
        return Messages.NEVER in (self.arithmetic, self.boolean)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnaryTraits(KindTraits):
    """The properties of a kind of unary operation. Its result has the operand's type.

    `written`: the source syntax. `compute`: the semantics on arrays, with wraparound.
    `range`: the semantics on exact integers, as intervals, given the type.
    `is_involution`: applying the operation twice is the identity.
    """

    written: str
    on: Domain
    compute: Callable[[Array], Array]
    range: Callable[[Interval, TensorType], Interval]
    is_involution: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """How an associative and commutative kind reduces a sequence of elements.

    `identity`: the identity element for a type, which is the result of an empty reduction.
    """

    identity: Callable[[ScalarType], int]
    fold: np.ufunc


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryTraits(KindTraits):
    """The properties of a kind of binary operation.

    `compute` and `range` are as for unary operations. The operands and the result have the same
    type, with two exceptions: comparisons return bools (`gives_bool`), and shift amounts
    (`shifts`) are integers of any type, read as unsigned. `failure`: the failure that ends the run
    if a public right operand is out of range. `reduction`: how the kind reduces a sequence.
    `takes_owned`: on arithmetic shares, the operation is cheaper if one party owns an operand.
    `computed_on_bits`: arithmetic shares become bits for it, unless the right operand is a constant
    known to the compiler.
    """

    on: Domain = Domain.NUMBERS
    compute: Callable[[Array, Array], Array]
    range: Callable[[Interval, Interval, TensorType], Interval]
    gives_bool: bool = False
    shifts: bool = False
    failure: Failure | None = None
    reduction: Reduction | None = None
    takes_owned: bool = False
    computed_on_bits: bool = False

    @property
    def combining(self) -> Reduction:
        """The reduction of the kind, which must have one."""
        if self.reduction is None:
            raise CompilerBug("this is no reduction")
        return self.reduction


# Semantics on arrays where they differ from NumPy's


def unsigned(x: Array) -> Array:
    """Return integers reinterpreted as unsigned numbers of the same width."""
    return x.astype(word_dtype(8 * x.itemsize))


def _divided(x: Array, y: Array) -> Array:
    # Without the remainder, which has the sign of x, the quotient isn't rounded. It wraps around.
    quotient = (x - np.fmod(x, y)) // y
    return _unless_zero(y, quotient, x.dtype.type(~x.dtype.type(0)))


def _remainder(x: Array, y: Array) -> Array:
    return _unless_zero(y, np.fmod(x, y), x)


def _unless_zero(y: Array, result: Array, otherwise: Array) -> Array:
    """Return a result, except where y is zero."""
    if not result.shape:
        return result if y else otherwise
    return np.where(y == 0, otherwise, result)


def _shifted_left(x: Array, y: Array) -> Array:
    inside, amount = _amount(x, y)
    return np.where(inside, x << amount, x.dtype.type(0))


def _shifted_right(x: Array, y: Array) -> Array:
    inside, amount = _amount(x, y)
    if x.dtype.kind == "i":
        return np.asarray(x >> amount)
    return np.where(inside, x >> amount, x.dtype.type(0))


def _amount(x: Array, y: Array) -> tuple[Array, Array]:
    """Return where shift amounts are below the width, and amounts that NumPy can shift by."""
    width, amount = 8 * x.dtype.itemsize, unsigned(y)
    return np.asarray(amount < width), np.minimum(amount, width - 1).astype(x.dtype)


def _count_ones(x: Array) -> Array:
    return np.bitwise_count(unsigned(x)).astype(x.dtype)


def _ones(x: Interval, type: TensorType) -> Interval:
    if x.low < 0:
        return Interval(0, type.width)
    return Interval(min(x.low, 1), x.high.bit_length())


def _flag(*_: object) -> Interval:
    return FLAG


# The properties of all kinds


UNARY: Final[Mapping[UnaryKind, UnaryTraits]] = {
    UnaryKind.NEG: UnaryTraits(
        written="-x",
        on=Domain.NUMBERS,
        compute=lambda x: np.asarray(x.dtype.type(0) - x),
        range=lambda x, _: intervals.negative(x),
        arithmetic=Messages.NEVER,
        boolean=Messages.ALWAYS,
        is_involution=True,
    ),
    UnaryKind.ABS: UnaryTraits(
        written="abs(x)",
        on=Domain.NUMBERS,
        compute=np.abs,
        range=lambda x, _: intervals.absolute(x),
        arithmetic=Messages.ALWAYS,
        boolean=Messages.ALWAYS,
    ),
    UnaryKind.BITNOT: UnaryTraits(
        written="~x",
        on=Domain.INTEGERS,
        compute=np.invert,
        range=intervals.complement,
        arithmetic=Messages.NEVER,
        boolean=Messages.NEVER,
        is_involution=True,
    ),
    UnaryKind.NOT: UnaryTraits(
        written="!x",
        on=Domain.LOGICAL,
        compute=np.invert,
        range=_flag,
        boolean=Messages.NEVER,
        is_involution=True,
    ),
    UnaryKind.COUNT_ONES: UnaryTraits(
        written="count_ones(x)",
        on=Domain.INTEGERS,
        compute=_count_ones,
        range=_ones,
        boolean=Messages.ALWAYS,
    ),
}


def _extreme(
    fold: np.ufunc, end: Callable[[int, int], int], identity: Callable[[ScalarType], int]
) -> BinaryTraits:
    return BinaryTraits(
        compute=fold,
        range=lambda x, y, _: Interval(end(x.low, y.low), end(x.high, y.high)),
        arithmetic=Messages.ALWAYS,
        takes_owned=True,
        boolean=Messages.ALWAYS,
        reduction=Reduction(identity=identity, fold=fold),
    )


def _comparison(compute: Callable[[Array, Array], Array], *, bools: bool = False) -> BinaryTraits:
    return BinaryTraits(
        on=Domain.ANY if bools else Domain.NUMBERS,
        compute=compute,
        range=_flag,
        arithmetic=Messages.ALWAYS,
        boolean=Messages.UNLESS_BOOLS if bools else Messages.ALWAYS,
        gives_bool=True,
        takes_owned=not bools,
    )


def _bitwise(
    compute: Callable[[Array, Array], Array],
    fold: np.ufunc,
    range: Callable[[Interval, Interval], Interval],
    boolean: Messages,
    identity: Callable[[ScalarType], int],
) -> BinaryTraits:
    return BinaryTraits(
        on=Domain.BITS,
        compute=compute,
        range=lambda x, y, _: range(x, y),
        boolean=boolean,
        reduction=Reduction(identity=identity, fold=fold),
    )


BINARY: Final[Mapping[BinaryKind, BinaryTraits]] = {
    BinaryKind.ADD: BinaryTraits(
        compute=operator.add,
        range=lambda x, y, _: Interval(x.low + y.low, x.high + y.high),
        arithmetic=Messages.NEVER,
        boolean=Messages.ALWAYS,
        reduction=Reduction(identity=lambda type: 0, fold=np.add),
    ),
    BinaryKind.SUB: BinaryTraits(
        compute=operator.sub,
        range=lambda x, y, _: Interval(x.low - y.high, x.high - y.low),
        arithmetic=Messages.NEVER,
        boolean=Messages.ALWAYS,
    ),
    BinaryKind.MUL: BinaryTraits(
        compute=operator.mul,
        range=lambda x, y, _: intervals.multiplied(x, y),
        arithmetic=Messages.UNLESS_ONE_PUBLIC,
        takes_owned=True,
        boolean=Messages.ALWAYS,
        reduction=Reduction(identity=lambda type: 1, fold=np.multiply),
    ),
    BinaryKind.DIV: BinaryTraits(
        compute=_divided,
        range=intervals.quotient,
        computed_on_bits=True,
        arithmetic=Messages.ALWAYS,
        boolean=Messages.ALWAYS,
        failure=Failure.DIVISION,
    ),
    BinaryKind.MOD: BinaryTraits(
        compute=_remainder,
        range=lambda x, y, _: intervals.remainder(x, y),
        computed_on_bits=True,
        arithmetic=Messages.ALWAYS,
        boolean=Messages.ALWAYS,
        failure=Failure.DIVISION,
    ),
    BinaryKind.SHL: BinaryTraits(
        on=Domain.INTEGERS,
        compute=_shifted_left,
        range=intervals.shifted_left,
        arithmetic=Messages.UNLESS_SECOND_PUBLIC,
        boolean=Messages.UNLESS_SECOND_PUBLIC,
        shifts=True,
        failure=Failure.SHIFT,
    ),
    BinaryKind.SHR: BinaryTraits(
        on=Domain.INTEGERS,
        compute=_shifted_right,
        range=intervals.shifted_right,
        computed_on_bits=True,
        arithmetic=Messages.ALWAYS,
        boolean=Messages.UNLESS_SECOND_PUBLIC,
        shifts=True,
        failure=Failure.SHIFT,
    ),
    BinaryKind.AND: _bitwise(
        operator.and_,
        np.bitwise_and,
        intervals.conjunction,
        Messages.UNLESS_ONE_PUBLIC,
        lambda type: type.wrap(-1),
    ),
    BinaryKind.OR: _bitwise(
        operator.or_, np.bitwise_or, intervals.bitwise, Messages.UNLESS_ONE_PUBLIC, lambda type: 0
    ),
    BinaryKind.XOR: _bitwise(
        operator.xor, np.bitwise_xor, intervals.bitwise, Messages.NEVER, lambda type: 0
    ),
    BinaryKind.EQ: _comparison(operator.eq, bools=True),
    BinaryKind.NE: _comparison(operator.ne, bools=True),
    BinaryKind.LT: _comparison(operator.lt),
    BinaryKind.LE: _comparison(operator.le),
    BinaryKind.GT: _comparison(operator.gt),
    BinaryKind.GE: _comparison(operator.ge),
    BinaryKind.MIN: _extreme(np.minimum, min, lambda type: type.high),
    BinaryKind.MAX: _extreme(np.maximum, max, lambda type: type.low),
}
