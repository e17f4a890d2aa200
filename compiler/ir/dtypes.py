"""The NumPy types of elements, shares and words of rings: defined only here."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ezlang.types.types import ScalarType


@cache
def dtype(element: ScalarType) -> np.dtype[Any]:
    """Return the type of cleartext elements, on which NumPy wraps as the language requires."""
    return np.dtype(element.numpy)


@cache
def share_dtype(element: ScalarType) -> np.dtype[Any]:
    """Return the type of the shares of elements: unsigned words; bytes 0 and 1 for single bits."""
    return np.dtype(element.numpy_share)


@cache
def word_dtype(bits: int) -> np.dtype[Any]:
    """Return the type of elements of the ring Z/2^bits, for whole bytes: unsigned words."""
    return np.dtype(f"u{bits // 8}")


def as_signed(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a view of words as two's complement numbers."""
    return x.view(f"i{x.itemsize}")
