"""NumPy arrays as inputs, which are checked and encoded without a Python object for each element.

NumPy is imported only by who has an array, so that the front end runs without it.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from ezlang.records import dataclass
from ezlang.types.scalars import EXACT
from ezlang.types.types import ScalarType

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class EncodedArray:
    """The data of an array of scalars, as a NumPy array [n] of the integers that represent it."""

    element: ScalarType
    shape: tuple[int, ...]
    integers: Any


def encoded(element: ScalarType, shape: tuple[int, ...], value: Any) -> EncodedArray | None:
    """Return an array of numbers or bools of this shape as encoded data, which may be encoded.

    None if `value` is no such array, or if an element isn't accepted by the type; then checking the
    elements one by one tells why.
    """
    if isinstance(value, EncodedArray):
        return value if (value.element, value.shape) == (element, shape) else None
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind not in ("b", "i", "u", "f") or value.shape != shape or prod(shape) == 0:
        return None
    flat = value.reshape(-1)
    if element.is_logical or kind == "b":
        same = element.is_logical and kind == "b"
        return EncodedArray(element, shape, flat.copy()) if same else None
    integers = _scaled(flat, element.fraction_bits) if element.is_fixed else _integral(flat)
    if integers is None or not (element.low <= integers.min() and integers.max() <= element.high):
        return None
    return EncodedArray(element, shape, integers.astype(element.numpy))


def _integral(flat: Array) -> Array | None:
    """Return integers, or floats that are integers of at most 2^53; None for other floats."""
    import numpy as np

    if flat.dtype.kind != "f":
        return flat
    with np.errstate(invalid="ignore"):
        fine = np.all((np.floor(flat) == flat) & (np.abs(flat) <= EXACT))
    return flat.astype(np.int64) if fine else None


def _scaled(flat: Array, fraction: int) -> Array | None:
    """Return x·2^f, rounded to nearest (a half up); None if the numbers aren't of 64 bits.

    Scaling doubles by a power of two is exact, and so is the difference to the integer below.
    """
    import numpy as np

    limit = 2.0 ** (63 - fraction)
    if flat.dtype.kind != "f":
        whole = float(flat.min()) >= -limit and float(flat.max()) < limit
        return flat.astype(np.int64) << np.int64(fraction) if whole else None
    numbers = flat.astype(np.float64)
    if not (numbers.min() >= -limit and numbers.max() < limit):  # also if there are NaNs
        return None
    scaled = np.ldexp(numbers, fraction)
    below = np.floor(scaled)
    integers: Array = below.astype(np.int64) + (scaled - below >= 0.5)
    return integers
