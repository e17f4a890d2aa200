"""The base of all scalar types: the properties that the compiler asks a type for.

A value has two forms. Internally, it is represented by an integer from `low` to `high`: in
constants, in the IR, in the clear executor and in flat inputs and outputs (Python's bools are the
integers 0 and 1). Externally, it is *data*: the inputs and outputs of a party, as represented in
JSON and Python. `encode` and `decode` convert between the two forms.

Types name their NumPy types but import neither NumPy nor llvmlite, so the front end runs where
these are not installed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from math import floor
from typing import Any, ClassVar

from ezlang.records import dataclass

Number = int | Fraction
"""The value of a literal in a program: Fraction if it is written with a point or an exponent."""


Setting = bool | int | float
"""The value of a param that is set at launch."""


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

    is_fixed: ClassVar[bool] = False
    """Whether values are numbers with a fixed number of bits after the binary point."""

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

    def contains(self, value: Number) -> bool:
        """Return whether a literal in a program is a value of the type; a bool literal is not."""
        return type(value) is int and self.low <= value <= self.high

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

    def widens_to(self, other: Scalar) -> bool:
        """Return whether values convert implicitly to the type `other`."""
        return self == other

    @property
    def fraction_bits(self) -> int:
        """The f of values x that are represented by the integers x·2^f."""
        return 0

    # In memory and between parties

    @property
    @abstractmethod
    def representation(self) -> Scalar:
        """The type of the integers or bools that represent values in the IR."""

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
    def conversion(self, source: Scalar | None) -> Callable[[Any], int]:
        """Return the conversion that a cast applies to values of `source` (None for literals).

        It takes and returns the integers that represent values, but takes the Number of a literal.
        """

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


def nearest(value: Number) -> int:
    """Return a number rounded to the nearest integer; a half is rounded up."""
    return value if isinstance(value, int) else floor(value + _HALF)


_HALF = Fraction(1, 2)
