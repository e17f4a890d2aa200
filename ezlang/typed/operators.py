"""The operators of typed expressions, and the types that each of them takes."""

from __future__ import annotations

from enum import Enum

from ezlang.types.types import Domain


class UnaryOp(Enum):
    """Operators on one operand, and built-in functions that do the same with every element.

    The result has the operand's type. `abs` of the smallest value is itself; `count_ones` counts
    the bits that are set.
    """

    NEG = "-"
    BITNOT = "~"
    NOT = "!"
    ABS = "abs"
    COUNT_ONES = "count_ones"

    @property
    def domain(self) -> Domain:
        """The types of what it takes."""
        return _UNARY_DOMAINS.get(self, Domain.NUMBERS)

    @property
    def is_function(self) -> bool:
        """Whether it is written as a call."""
        return self.value.isidentifier()


_UNARY_DOMAINS = {
    UnaryOp.BITNOT: Domain.INTEGERS,
    UnaryOp.NOT: Domain.LOGICAL,
    UnaryOp.ABS: Domain.SIGNED,
    UnaryOp.COUNT_ONES: Domain.INTEGERS,
}


class BinaryOp(Enum):
    """Binary operators, element-wise on arrays of equal shape.

    ADD … MOD take integers; BITAND, BITOR, BITXOR integers and bool; LOGAND, LOGOR bool (both sides
    are evaluated: the short-circuiting form is `ShortCircuit`); EQ, NE integers and bool, LT … GE
    integers, all with bool results. On fixed-point numbers, products and quotients are rounded to
    nearest; products with an integer are exact. SHL, SHR take any integer type on the right, read
    as unsigned at its own width; SHR is arithmetic on signed types. MIN, MAX, MULHI come from the
    built-in functions; MULHI takes integers, and is the upper half of their exact product.
    """

    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "/"
    MOD = "%"
    SHL = "<<"
    SHR = ">>"
    BITAND = "&"
    BITOR = "|"
    BITXOR = "^"
    LOGAND = "&&"
    LOGOR = "||"
    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    MIN = "min"
    MAX = "max"
    MULHI = "mulhi"

    @property
    def domain(self) -> Domain:
        """The types of its left operand; the right one's is the same, or any integer's."""
        return _BINARY_DOMAINS.get(self, Domain.NUMBERS)

    @property
    def is_function(self) -> bool:
        """Whether it is written as a call."""
        return self.value.isidentifier()


_BINARY_DOMAINS = {
    BinaryOp.SHL: Domain.INTEGERS,
    BinaryOp.SHR: Domain.INTEGERS,
    BinaryOp.MULHI: Domain.INTEGERS,
    BinaryOp.BITAND: Domain.BITS,
    BinaryOp.BITOR: Domain.BITS,
    BinaryOp.BITXOR: Domain.BITS,
    BinaryOp.LOGAND: Domain.LOGICAL,
    BinaryOp.LOGOR: Domain.LOGICAL,
    BinaryOp.EQ: Domain.ANY,
    BinaryOp.NE: Domain.ANY,
}


def products_of_power(exponent: int) -> tuple[tuple[int, int], ...]:
    """Return the products that make a power, for an exponent of at least 1.

    Value 0 is the base. Each product makes the next value from two earlier ones, and the last value
    is the power. The squares x², x⁴, … that the bits of the exponent stand for are multiplied from
    the lowest on, so that a square and a product are taken at once.
    """
    products: list[tuple[int, int]] = []
    square, result = 0, -1
    while True:
        if exponent & 1:
            if result >= 0:
                products.append((result, square))
            result = square if result < 0 else len(products)
        exponent >>= 1
        if not exponent:
            return tuple(products)
        products.append((square, square))
        square = len(products)


COMPARISONS = frozenset(
    {BinaryOp.EQ, BinaryOp.NE, BinaryOp.LT, BinaryOp.LE, BinaryOp.GT, BinaryOp.GE}
)
