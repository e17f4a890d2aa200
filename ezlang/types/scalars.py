"""Scalar types: each class defines the properties of its type for the compiler.

A value has two forms. Internally, it is represented by an integer from `low` to `high`: in
constants, in the IR, in the clear executor and in flat inputs and outputs (Python's bools are the
integers 0 and 1). Externally, it is *data*: the parties' inputs and outputs, as represented in JSON
and Python. `encode` and `decode` convert between the two.

A new scalar type is a subclass of `Scalar` in this file, a member of `ScalarType` and an entry of
`SCALARS`. Types name their NumPy types and import neither NumPy nor llvmlite, so that the front end
runs where these are not installed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Final

EXACT: Final = 1 << 53
"""The bound up to which a whole float represents a unique integer."""


class MisfitError(ValueError):
    """An error for data that isn't a value of a type.

    `why` continues a sentence that begins with the data ("300" "does not fit int8"); `help` says
    what to write instead.
    """

    def __init__(self, why: str, help: str) -> None:
        super().__init__(why)
        self.why = why
        self.help = help


@dataclass(frozen=True, slots=True)
class Scalar:
    """The properties of a scalar type; the defaults are those of plain integers."""

    width: int
    """Bits of a value: wires in a circuit, labels in Yao's protocol."""

    signed: bool
    """Whether the highest bit is a sign, in two's complement."""

    is_logical: ClassVar[bool] = False
    """Whether values are truth values: a cast to the type tests whether a number is not 0."""

    is_number: ClassVar[bool] = False
    """Whether values are added, multiplied and ordered."""

    is_integer: ClassVar[bool] = False
    """Whether values serve as indices, bounds and shift amounts, and have accessible bits."""

    example: ClassVar[str] = "0"
    """A value as JSON and programs write it, for messages."""

    # Range

    @property
    def low(self) -> int:
        """The smallest value."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """The largest value."""
        return (1 << (self.width - 1)) - 1 if self.signed else (1 << self.width) - 1

    @property
    def values(self) -> str:
        """The range, as a message names it."""
        return f"{self.format(self.low)} to {self.format(self.high)}"

    def contains(self, value: int) -> bool:
        """Return whether a number written in a program is a value of the type; no bool is."""
        return not isinstance(value, bool) and self.low <= value <= self.high

    def wrap(self, value: int) -> int:
        """Return the value of the type that is congruent to an integer modulo 2^width."""
        value &= (1 << self.width) - 1
        return value - (1 << self.width) if self.signed and value >> (self.width - 1) else value

    def wrapping(self) -> Callable[[int], int]:
        """Return `wrap` as a function that is fast to call repeatedly."""
        mask = (1 << self.width) - 1
        if not self.signed:
            return lambda x: x & mask
        half = 1 << (self.width - 1)
        return lambda x: ((x + half) & mask) - half

    def widens_to(self, other: ScalarType) -> bool:
        """Return whether a value converts to `other` where that is expected, without a cast."""
        return self == other

    # In memory and between parties

    @property
    def bytes(self) -> int:
        """Bytes of an element in memory, in the clear or as a share: a power of two."""
        return max(1 << (self.width - 1).bit_length() >> 3, 1)

    @property
    def ring(self) -> int | None:
        """Bits k of the ring Z/2^k of arithmetic shares; None if there is no such sharing."""
        return self.width

    @property
    def numpy(self) -> str:
        """The name of the NumPy type of clear elements."""
        return f"{'int' if self.signed else 'uint'}{8 * self.bytes}"

    @property
    def numpy_share(self) -> str:
        """The name of the NumPy type of an element's share."""
        return f"uint{8 * self.bytes}"

    # In the language

    def conversion(self, source: ScalarType | None) -> Callable[[int], int]:
        """Return the cast of values of `source`; None stands for literals in programs."""
        raise NotImplementedError

    # Data

    def accept(self, data: Any) -> Any:
        """Return data in the type's form. Raises MisfitError if it isn't a value of the type."""
        raise NotImplementedError

    def are_plain(self, data: Sequence[Any]) -> bool:
        """Return whether `accept` would return all items as they are; faster than calling it."""
        low, high = self.low, self.high
        return all(type(item) is int and low <= item <= high for item in data)

    def parse(self, text: str) -> Any:
        """Return the data that a user's text represents. Raises MisfitError."""
        raise NotImplementedError

    def encode(self, data: Any) -> int:
        """Return the integer that represents data that the type accepts."""
        return int(data)

    def decode(self, value: int) -> Any:
        """Return the data that an integer (of any kind that `int()` takes) represents."""
        return int(value)

    def format(self, value: int) -> str:
        """Return the text of a value."""
        return str(self.decode(value))


@dataclass(frozen=True, slots=True)
class BoolType(Scalar):
    """`bool`: one bit, which has no arithmetic."""

    width: int = field(default=1, init=False, repr=False)
    signed: bool = field(default=False, init=False, repr=False)

    is_logical: ClassVar[bool] = True
    example: ClassVar[str] = "true"

    @property
    def values(self) -> str:
        """Both values, as a message names them."""
        return "`true` or `false`"

    @property
    def ring(self) -> None:
        """None: bits are XOR-shared, or shared as wire labels."""
        return None

    @property
    def numpy(self) -> str:
        """NumPy's bools."""
        return "bool"

    def contains(self, value: int) -> bool:
        """Return whether a literal in a program is `true` or `false`."""
        return isinstance(value, bool)

    def wrap(self, value: int) -> bool:
        """Return the lowest bit."""
        return bool(value & 1)

    def wrapping(self) -> Callable[[int], int]:
        """Return `wrap`."""
        return self.wrap

    def conversion(self, source: ScalarType | None) -> Callable[[int], int]:
        """Return the comparison with 0."""
        return bool

    def accept(self, data: Any) -> bool:
        """Return a bool. Raises MisfitError."""
        if isinstance(data, bool):
            return data
        raise MisfitError("is not a bool", "write true or false")

    def are_plain(self, data: Sequence[Any]) -> bool:
        """Return whether all items are bools."""
        return all(type(item) is bool for item in data)

    def parse(self, text: str) -> bool:
        """Return the bool of `true` or `false`. Raises MisfitError."""
        if text in ("true", "false"):
            return text == "true"
        raise MisfitError("is not a bool", "write true or false")

    def decode(self, value: int) -> bool:
        """Return whether an integer is not 0."""
        return bool(value)

    def format(self, value: int) -> str:
        """Return `true` or `false`."""
        return "true" if value else "false"

    def __str__(self) -> str:
        return "bool"


@dataclass(frozen=True, slots=True)
class IntType(Scalar):
    """`int8` … `int64` (two's complement) and `uint8` … `uint64`; arithmetic wraps at `width`."""

    is_number: ClassVar[bool] = True
    is_integer: ClassVar[bool] = True

    @property
    def unsigned(self) -> IntType:
        """The type of the same bits without a sign."""
        return IntType(self.width, signed=False)

    def widens_to(self, other: ScalarType) -> bool:
        """Return whether every value is one of another integer type."""
        return other.is_integer and other.low <= self.low and self.high <= other.high

    def conversion(self, source: ScalarType | None) -> Callable[[int], int]:
        """Return the reduction modulo 2^width; a bool becomes 0 or 1."""
        return int if source is not None and source.is_logical else self.wrapping()

    def accept(self, data: Any) -> int:
        """Return an int in range; whole floats up to 2^53 are accepted. Raises MisfitError."""
        if isinstance(data, bool):
            raise MisfitError("is not a number", "write 1 for true and 0 for false")
        if isinstance(data, float) and data.is_integer() and abs(data) <= EXACT:
            data = int(data)
        if isinstance(data, float):
            advice = "numbers of Ez are integers: scale fractions up, for example to cents"
            raise MisfitError("is not an integer", advice)
        if not isinstance(data, int):
            raise MisfitError("is not an integer", f"write a number from {self.values}")
        if not self.contains(data):
            raise MisfitError(f"does not fit {self}", f"{self} ranges from {self.values}")
        return data

    def parse(self, text: str) -> int:
        """Return a number in range, in any notation that programs have. Raises MisfitError."""
        try:
            number = int(text, 0)
        except ValueError:
            raise MisfitError("is not an integer", f"write a number from {self.values}") from None
        return self.accept(number)

    def __str__(self) -> str:
        return f"{'int' if self.signed else 'uint'}{self.width}"


ScalarType = BoolType | IntType
"""All scalar types, as a closed union: for behaviour that a description cannot carry."""


class Domain(Enum):
    """The scalar types that an operator supports, by their capabilities."""

    LOGICAL = "logical"
    NUMBERS = "numbers"
    SIGNED = "numbers with a sign"
    INTEGERS = "integers"
    BITS = "integers and truth values"
    ANY = "any"

    def has(self, type: ScalarType) -> bool:
        """Return whether the domain contains a type."""
        match self:
            case Domain.LOGICAL:
                return type.is_logical
            case Domain.NUMBERS:
                return type.is_number
            case Domain.SIGNED:
                return type.is_number and type.signed
            case Domain.INTEGERS:
                return type.is_integer
            case Domain.BITS:
                return type.is_integer or type.is_logical
            case Domain.ANY:
                return True


BOOL: Final = BoolType()
INT8, INT16, INT32, INT64 = (IntType(w, True) for w in (8, 16, 32, 64))
UINT8, UINT16, UINT32, UINT64 = (IntType(w, False) for w in (8, 16, 32, 64))
SCALARS: Final[dict[str, ScalarType]] = {
    str(t): t for t in (BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64)
}
"""The scalar types by their names in programs."""
