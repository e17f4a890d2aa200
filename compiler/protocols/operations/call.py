"""An IR operation at a party that computes on shares: its operands and their representation.

In memory, a share is an array of the tensor's shape: of unsigned integers of the element's width,
or of bytes 0 and 1 for bools. Known values have the same dtypes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ...circuits import catalogue
from ...ir import tree as ir
from ...ir.dtypes import as_signed, share_dtype, word_dtype
from ...ir.facts import ConstantOperands
from ..core.bits import pack, unpack
from ..core.party import LocalParty, SharingParty
from ..core.sizes import WIDTHS
from ..core.steps import Array, Bytes


def packed(x: Array, type: ir.TensorType) -> Bytes:
    """Return the bits of elements in message format: words as bytes, eight bools per byte."""
    return pack(x) if type.width == 1 else np.ascontiguousarray(x).view(np.uint8)


def unpacked(data: Bytes, type: ir.TensorType, dtype: np.dtype[Any]) -> Array:
    """Return the flat elements with the given bits: words of `dtype`, or bools as bytes 0 and 1."""
    if type.width == 1:
        return unpack(data, type.size)
    return data[: type.size * dtype.itemsize].view(dtype)


P = TypeVar("P", bound=LocalParty, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyCall(Generic[P]):
    """An operation and a party's operands. `known` are the numbers known at compile time."""

    party: P
    operation: ir.Operation
    operands: Sequence[Array | None]
    known: ConstantOperands = ()

    @property
    def shallow(self) -> bool:
        """Whether circuits minimise rounds instead of ANDs."""
        return not self.operation.deep

    @property
    def type(self) -> ir.TensorType:
        """The result's type."""
        return self.operation.result.type

    def type_of(self, i: int) -> ir.TensorType:
        """Return the type of an operand."""
        return self.operation.operands[i].type

    def is_shared(self, i: int) -> bool:
        """Return whether an operand is a share."""
        return self.type_of(i).sharing is not None

    def constant(self, i: int) -> int | None:
        """Return the value of all elements of an operand, if it is a constant known to the
        compiler.
        """
        return self.known[i] if self.known and not self.is_shared(i) else None

    def owner(self, i: int) -> int | None:
        """Return the only party that knows an operand, or None."""
        return None if self.is_shared(i) else self.type_of(i).label.owner

    def clear(self, i: int) -> Array:
        """Return an operand that this party has, flat and unchanged."""
        operand = self.operands[i]
        if operand is None:
            raise CompilerBug(f"party {self.party.index} isn't given operand {i}")
        return operand.reshape(-1)

    def holds(self, i: int) -> bool | None:
        """Return whether this party's share is the whole operand; None if it is shared by both.

        An owner holds its value, and one of the parties a public value.
        """
        if self.is_shared(i):
            return None
        owner = self.owner(i)
        return self.party.adds_known if owner is None else self.party.index == owner

    def share(self, i: int) -> Array:
        """Return an operand as a flat share; one party holds the whole of a known value."""
        if self.holds(i) is not False:
            return self.clear(i)
        type = self.type_of(i)
        return np.zeros(type.size, share_dtype(type.element))

    @property
    def narrow(self) -> catalogue.Narrow | None:
        """The number of bits that suffice, if known (passes/sharings/narrow.py)."""
        one = self.operation
        if not isinstance(one, ir.Narrowable) or not 0 < one.bits < one.operands[-1].type.width:
            return None
        return catalogue.Narrow(one.bits, one.nonnegative)

    def narrowed(self, x: Array) -> Array:
        """Return numbers in the narrowest type that has the required bits. Local."""
        narrow = self.narrow
        if narrow is None:
            return x
        width = next(width for width in WIDTHS if width >= narrow.bits)
        return x.astype(word_dtype(width))

    def widened(self, x: Array) -> Array:
        """Convert narrowed XOR-shared numbers back to the result's type. Local."""
        narrow = self.narrow
        if narrow is None:
            return x
        signed = x if narrow.nonnegative else as_signed(x)
        return signed.astype(share_dtype(self.type.element))

    def same(self) -> bool:
        """Return whether the first two operands are the same value."""
        one, other = self.operation.operands[:2]
        return one.id == other.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(AnyCall[SharingParty]):
    """An operation of one of two parties."""
