"""The scalar types: one class per kind of type, with all properties that the compiler needs.

A new scalar type is a subclass of `Scalar` (`scalar.py`) in this file, a member of `ScalarType` and
an entry of `SCALARS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from enum import Enum
from math import floor, isfinite, ldexp
from typing import Any, ClassVar, Final

from ezlang.records import dataclass

from .scalar import MisfitError as MisfitError
from .scalar import Number as Number
from .scalar import Scalar as Scalar
from .scalar import Setting as Setting
from .scalar import nearest as nearest

RING: Final = 64
"""The bits of the integers that represent fixed-point numbers."""

EXACT: Final = 1 << 53
"""Up to this magnitude, each integral float represents exactly one integer."""


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
    def representation(self) -> BoolType:
        """The type itself."""
        return self

    @property
    def ring(self) -> None:
        """None, as bools are shared only with XOR or as wire labels."""
        return None

    @property
    def numpy(self) -> str:
        """The name of NumPy's bool type."""
        return "bool"

    def contains(self, value: Number) -> bool:
        """Return whether a literal in a program is `true` or `false`."""
        return isinstance(value, bool)

    def wrap(self, value: int) -> bool:
        """Return the lowest bit."""
        return bool(value & 1)

    def wrapping(self) -> Callable[[int], int]:
        """Return `wrap`."""
        return self.wrap

    def conversion(self, source: Scalar | None) -> Callable[[Any], int]:
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

    def decode_all(self, values: Sequence[int]) -> list[Any]:
        """Return `decode` of all values."""
        return list(map(bool, values))

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
    def representation(self) -> IntType:
        """The type itself."""
        return self

    @property
    def unsigned(self) -> IntType:
        """The unsigned type of the same width."""
        return IntType(self.width, signed=False)

    def widens_to(self, other: Scalar) -> bool:
        """Return whether every value is also a value of another type of numbers."""
        f = other.fraction_bits
        return other.is_number and other.low <= self.low << f and self.high << f <= other.high

    def conversion(self, source: Scalar | None) -> Callable[[Any], int]:
        """Return the reduction modulo 2^width of the nearest integer; a bool becomes 0 or 1."""
        if source is None:
            return lambda x: self.wrap(nearest(x))
        if source.is_logical:
            return int
        return _shifted_right(source.fraction_bits, self.wrapping())

    def accept(self, data: Any) -> int:
        """Return an int in range; integral floats up to ±2^53 are accepted. Raises MisfitError."""
        if isinstance(data, bool):
            raise MisfitError("is not a number", "write 1 for true and 0 for false")
        if isinstance(data, float) and data.is_integer() and abs(data) <= EXACT:
            data = int(data)
        if isinstance(data, float):
            advice = "round it, or declare the input `fixed` to keep fractions"
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


def _shifted_right(shift: int, wrap: Callable[[int], int]) -> Callable[[int], int]:
    """Return the division by 2^shift, rounded to nearest (a half up), followed by `wrap`."""
    if not shift:
        return wrap
    half = 1 << (shift - 1)
    return lambda x: wrap((x + half) >> shift)


LARGEST_FRACTION: Final = 30
"""The most bits after the binary point: a product of two numbers has twice as many."""


@dataclass(frozen=True, slots=True)
class FixedType(Scalar):
    """`fixed<f>` and `fixed<i, f>`: numbers x that are represented by the integers x·2^f.

    They have `width` = i + f bits, of which f = `fraction` are after the binary point; without i,
    they have 64. In the IR and between parties, their integers are `int64`, whatever the width.
    """

    width: int = RING
    signed: bool = field(default=True, init=False, repr=False)
    fraction: int = 16

    is_number: ClassVar[bool] = True
    is_fixed: ClassVar[bool] = True
    example: ClassVar[str] = "0.5"

    @property
    def fraction_bits(self) -> int:
        """The number of bits after the binary point."""
        return self.fraction

    @property
    def representation(self) -> IntType:
        """`int64`."""
        return INT64

    @property
    def whole(self) -> FixedType:
        """The type with as many bits after the binary point, and 64 in all."""
        return FixedType(fraction=self.fraction)

    @property
    def ring(self) -> int:
        """The bits of the ring of arithmetic shares, 64 whatever the width."""
        return RING

    @property
    def values(self) -> str:
        """The range in the wording of messages."""
        whole = self.width - self.fraction - 1
        return f"-2^{whole} to 2^{whole}, in steps of 2^-{self.fraction}"

    def contains(self, value: Number) -> bool:
        """Return whether a literal in a program, rounded, is in range; a bool literal is not."""
        if isinstance(value, bool):
            return False
        return self.low <= nearest(value * (1 << self.fraction)) <= self.high

    def widens_to(self, other: Scalar) -> bool:
        """Return whether another type has as many bits after the binary point, and no fewer bits.

        A step of 2^-f is kept by no other f, since the product of two numbers depends on it.
        """
        return other.is_fixed and (
            other.fraction_bits == self.fraction and self.width <= other.width
        )

    def conversion(self, source: Scalar | None) -> Callable[[Any], int]:
        """Return the rounding to the nearest multiple of 2^-f (a half up), modulo 2^i."""
        fraction = self.fraction
        if source is None:
            return lambda x: self.wrap(nearest(x * (1 << fraction)))
        shift = source.fraction_bits - fraction
        if shift >= 0:
            return _shifted_right(shift, self.wrapping())
        return lambda x: self.wrap(x << -shift)

    def accept(self, data: Any) -> int | float:
        """Return an int or float that is in range after rounding. Raises MisfitError."""
        if isinstance(data, bool):
            raise MisfitError("is not a number", "write 1 for true and 0 for false")
        if not isinstance(data, int | float):
            raise MisfitError("is not a number", "write a number, such as 0.5")
        if not isfinite(data):
            raise MisfitError("is not a finite number", f"{self} ranges from {self.values}")
        if not self.low <= self.encode(data) <= self.high:
            raise MisfitError(f"does not fit {self}", f"{self} ranges from {self.values}")
        return data

    def are_plain(self, data: Sequence[Any]) -> bool:
        """Return whether `accept` would return all items unchanged; faster than calling it."""
        if set(map(type, data)) - {int, float}:
            return False
        # An infinity is an extreme, and NaN is not equal to itself.
        if not data or any(x != x for x in data):
            return not data
        ends = min(data), max(data)
        return all(map(isfinite, ends)) and all(
            self.low <= self.encode(end) <= self.high for end in ends
        )

    def parse(self, text: str) -> int | float:
        """Return the number that is denoted by a text. Raises MisfitError."""
        try:
            return self.accept(float(text))
        except ValueError as error:
            if isinstance(error, MisfitError):
                raise
            raise MisfitError("is not a number", "write a number, such as 0.5") from None

    def encode(self, data: Any) -> int:
        """Return x·2^f for a number x, rounded to nearest (a half up). Scaling a float is exact."""
        if isinstance(data, int):
            return data << self.fraction
        try:
            scaled = ldexp(data, self.fraction)
        except OverflowError:
            return int(data) << self.fraction
        below = floor(scaled)
        return below + (scaled - below >= 0.5)

    def decode(self, value: int) -> float:
        """Return the float that is nearest to the number; the same number below 2^53 steps."""
        return int(value) / (1 << self.fraction)

    def __str__(self) -> str:
        if self.width == RING:
            return "fixed" if self.fraction == 16 else f"fixed<{self.fraction}>"
        return f"fixed<{self.width - self.fraction}, {self.fraction}>"


ScalarType = BoolType | IntType | FixedType
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
FIXED: Final = FixedType()
SCALARS: Final[dict[str, ScalarType]] = {
    str(t): t for t in (BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, FIXED)
}
"""The scalar types by their names in programs."""
