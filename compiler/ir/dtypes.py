"""The NumPy types of elements, shares and words of rings: the one place where they are made."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ezlang.types.types import ScalarType


@cache
def dtype(element: ScalarType) -> np.dtype[Any]:
    """Return the type of clear elements, in which NumPy's arithmetic wraps as the language says."""
    return np.dtype(element.numpy)


@cache
def share_dtype(element: ScalarType) -> np.dtype[Any]:
    """Return the type of the shares of elements: unsigned words, bytes 0 and 1 for single bits."""
    return np.dtype(element.numpy_share)


@cache
def word_dtype(bits: int) -> np.dtype[Any]:
    """Return the type of elements of the ring Z/2^bits, for whole bytes: unsigned words."""
    return np.dtype(f"u{bits // 8}")


def as_signed(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a view of words as numbers in two's complement."""
    return x.view(f"i{x.itemsize}")
