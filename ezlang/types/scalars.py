"""Scalar types: one class per kind of type, with all properties that the compiler needs.

A value has two forms. Internally, it is represented by an integer from `low` to `high`: in
constants, in the IR, in the clear executor and in flat inputs and outputs (Python's bools are the
integers 0 and 1). Externally, it is *data*: the inputs and outputs of a party, as represented in
JSON and Python. `encode` and `decode` convert between the two forms.

A new scalar type is a subclass of `Scalar` in this file, a member of `ScalarType` and an entry of
`SCALARS`. Types name their NumPy types but import neither NumPy nor llvmlite, so the front end runs
where these are not installed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from enum import Enum
from typing import Any, ClassVar, Final

from ezlang.records import dataclass

EXACT: Final = 1 << 53
"""Up to this magnitude, each integral float represents exactly one integer."""


class MisfitError(ValueError):
    """An error for data that is not a value of a type.

    `why` continues a sentence that begins with the data ("300" "does not fit int8"). `help` says
    what to write instead.
    """

    def __init__(self, why: str, help: str) -> None:
        super().__init__(why)
        self.why = why
        self.help = help


@dataclass(frozen=True, slots=True)
class Scalar(ABC):
    """The properties of a scalar type; the defaults are those of plain integers."""

    width: int
    """The bits of a value, each of which is a wire in circuits and a label in Yao's protocol."""

    signed: bool
    """Whether the highest bit is the sign bit of two's complement."""

    is_logical: ClassVar[bool] = False
    """Whether values are truth values; a cast to the type then tests whether a number is not 0."""

    is_number: ClassVar[bool] = False
    """Whether values can be added, multiplied and ordered."""

    is_integer: ClassVar[bool] = False
    """Whether values can be indices, bounds and shift amounts, and their bits can be extracted."""

    example: ClassVar[str] = "0"
    """An example of a value in the notation of JSON and programs, for messages."""

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
        """The range in the wording of messages."""
        return f"{self.format(self.low)} to {self.format(self.high)}"

    def contains(self, value: int) -> bool:
        """Return whether a literal in a program is a value of the type; a bool literal is not."""
        return not isinstance(value, bool) and self.low <= value <= self.high

    def wrap(self, value: int) -> int:
        """Return the value of the type that is congruent to an integer modulo 2^width."""
        value &= (1 << self.width) - 1
        return value - (1 << self.width) if self.signed and value >> (self.width - 1) else value

    def wrapping(self) -> Callable[[int], int]:
        """Return `wrap` as a function that is faster for repeated calls."""
        mask = (1 << self.width) - 1
        if not self.signed:
            return lambda x: x & mask
        half = 1 << (self.width - 1)
        return lambda x: ((x + half) & mask) - half

    def widens_to(self, other: ScalarType) -> bool:
        """Return whether values convert implicitly to the type `other`."""
        return self == other

    # In memory and between parties

    @property
    def bytes(self) -> int:
        """The number of bytes of an element in memory, clear or as a share; a power of two."""
        return max(1 << (self.width - 1).bit_length() >> 3, 1)

    @property
    def ring(self) -> int | None:
        """The bits k of the ring Z/2^k of arithmetic shares; None if there is no such sharing."""
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

    @abstractmethod
    def conversion(self, source: ScalarType | None) -> Callable[[int], int]:
        """Return the conversion that a cast applies to values of `source` (None for literals)."""

    # Data

    @abstractmethod
    def accept(self, data: Any) -> Any:
        """Return data in the type's canonical form. Raises MisfitError if it is not a value."""

    def are_plain(self, data: Sequence[Any]) -> bool:
        """Return whether `accept` would return all items unchanged; faster than calling it."""
        if set(map(type, data)) - {int}:
            return False
        return not data or (self.low <= min(data) and max(data) <= self.high)

    @abstractmethod
    def parse(self, text: str) -> Any:
        """Return the data denoted by a text that a user has typed. Raises MisfitError."""

    def encode(self, data: Any) -> int:
        """Return the integer that represents data; the data must be accepted by the type."""
        return int(data)

    def decode(self, value: int) -> Any:
        """Return the data represented by an integer (of any kind that `int()` accepts)."""
        return int(value)

    def encode_all(self, data: Sequence[Any]) -> Iterable[int]:
        """Return `encode` of all items."""
        return map(self.encode, data)

    def decode_all(self, values: Sequence[int]) -> list[Any]:
        """Return `decode` of all values."""
        return list(map(self.decode, values))

    def format(self, value: int) -> str:
        """Return a value as text."""
        return str(self.decode(value))


@dataclass(frozen=True, slots=True)
class BoolType(Scalar):
    """`bool`: one bit, without arithmetic."""

    width: int = field(default=1, init=False, repr=False)
    signed: bool = field(default=False, init=False, repr=False)

    is_logical: ClassVar[bool] = True
    example: ClassVar[str] = "true"

    @property
    def values(self) -> str:
        """Both values in the wording of messages."""
        return "`true` or `false`"

    @property
    def ring(self) -> None:
        """None, as bools are shared only with XOR or as wire labels."""
        return None

    @property
    def numpy(self) -> str:
        """The name of NumPy's bool type."""
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
        """Return a bool unchanged. Raises MisfitError for other data."""
        if isinstance(data, bool):
            return data
        raise MisfitError("is not a bool", "write true or false")

    def are_plain(self, data: Sequence[Any]) -> bool:
        """Return whether all items are bools."""
        return all(type(item) is bool for item in data)

    def parse(self, text: str) -> bool:
        """Return the bool denoted by `true` or `false`. Raises MisfitError for other text."""
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

    def encode_all(self, data: Sequence[Any]) -> Iterable[int]:
        """Return the items, which are integers."""
        return data

    def decode_all(self, values: Sequence[int]) -> list[Any]:
        """Return the values as Python's integers."""
        return list(map(int, values))

    @property
    def unsigned(self) -> IntType:
        """The unsigned type of the same width."""
        return IntType(self.width, signed=False)

    def widens_to(self, other: ScalarType) -> bool:
        """Return whether every value is also a value of another integer type."""
        return other.is_integer and other.low <= self.low and self.high <= other.high

    def conversion(self, source: ScalarType | None) -> Callable[[int], int]:
        """Return the reduction modulo 2^width; a bool becomes 0 or 1."""
        return int if source is not None and source.is_logical else self.wrapping()

    def accept(self, data: Any) -> int:
        """Return an int in range; integral floats up to ±2^53 are accepted. Raises MisfitError."""
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
        """Return a number in range, in any notation of integer literals. Raises MisfitError."""
        try:
            number = int(text, 0)
        except ValueError:
            raise MisfitError("is not an integer", f"write a number from {self.values}") from None
        return self.accept(number)

    def __str__(self) -> str:
        return f"{'int' if self.signed else 'uint'}{self.width}"


ScalarType = BoolType | IntType
"""All scalar types, as a closed union, for behaviour that is not a method of the classes."""


class Domain(Enum):
    """The sets of scalar types to which operators apply, by the types' properties."""

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
