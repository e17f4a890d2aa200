"""Secrets of simulated parties, and their representation in memory.

Party p's part of a secret is an array of the secret's shape. Its elements are unsigned integers for
arithmetic and boolean sharings of integers, bytes 0 and 1 for bools, and wire labels for Yao
sharings. With labels, an element has 16 bytes for each of its bits, the lowest bit first, and an
opaque dtype, so code that moves elements also moves labels. If all parts are zeros, the secret is
zero.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from ezlang.compiler.ir.dtypes import dtype, share_dtype
from ezlang.compiler.ir.evaluate import Array
from ezlang.compiler.ir.tree import Sharing, TensorType
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass
from ezlang.types.types import ScalarType

LABEL_BYTES: Final = 16

Bits = npt.NDArray[np.uint8]
"""Bits, one per byte."""

Parts = tuple[Array, ...]
"""Each party's array."""


class LabelRows(Protocol):
    """Labels in the form that circuits are run on, which saves conversions between circuits."""

    def parts(self) -> Parts:
        """Return both parties' labels as arrays."""


@dataclass(slots=True, eq=False)
class Shared:
    """A secret: its sharing, and each party's part, which may be `given` as `rows` instead.

    `fresh`: no other value has any of its memory, so that a write may change it if nothing else
    reads it. A record of a run has the parts of all secrets, so none is fresh then.
    """

    sharing: Sharing
    element: ScalarType
    given: Parts | None
    fresh: bool = False
    rows: LabelRows | None = None

    @property
    def parts(self) -> Parts:
        """Each party's part; those of rows are made when they are asked for."""
        if self.given is None:
            if self.rows is None:
                raise CompilerBug("a secret has no parts")
            self.given = self.rows.parts()
        return self.given

    @property
    def width(self) -> int:
        """The number of bits per element."""
        return self.element.width

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.parts[0].size


def labels_type(width: int) -> np.dtype[Any]:
    """Return the dtype of the labels of an element."""
    return np.dtype(f"V{LABEL_BYTES * width}")


def words_of(data: Array, element: ScalarType) -> Array:
    """Return known values in the dtype of shares."""
    return np.asarray(data.astype(share_dtype(element)))


def bits_of(data: Array, element: ScalarType) -> Bits:
    """Return the bits [elements][width] of known values, the lowest bit first."""
    words = np.ascontiguousarray(words_of(data, element)).reshape(-1, 1)
    return np.unpackbits(words.view(np.uint8), axis=1, count=element.width, bitorder="little")


def words_from(bits: Bits, element: ScalarType, shape: tuple[int, ...]) -> Array:
    """Return the words of `bits` [elements][width], in the dtype of shares."""
    packed = np.packbits(bits, axis=1, bitorder="little")
    return np.ascontiguousarray(packed).view(share_dtype(element)).reshape(shape)


def from_bits(bits: Bits, type: TensorType) -> Array:
    """Return the known values with the given `bits` [elements][width]."""
    return words_from(bits, type.element, type.shape).astype(dtype(type.element))
