"""Secret sharings of the simulated parties, and local computation on them.

An integer of width w is shared additively modulo 2^w (*arithmetic* sharing), bit by bit with XOR
(*boolean* sharing: XOR shares of the word), or both. A bool has only the boolean sharing. Shares
are a tuple with one array per party. The functions on shares compute each party's array from arrays
of the same party.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add, xor
from typing import Any

import numpy as np

from ezlang.compiler.ir.dtypes import dtype, share_dtype
from ezlang.compiler.ir.evaluate import Array
from ezlang.records import dataclass
from ezlang.types.sharing import Sharing
from ezlang.types.types import ScalarType

from .randomness import Randomness

Shares = tuple[Array, ...]
"""One array per party, of unsigned words or bools."""


def word(element: ScalarType) -> np.dtype[Any]:
    """Return the dtype of shares: bool for types without a ring, otherwise unsigned words."""
    return dtype(element) if element.ring is None else share_dtype(element)


@dataclass(slots=True)
class Secret:
    """A shared tensor in one or both sharings; conversions add the missing sharing.

    In the boolean sharing, the bits from position `bits` upwards are known to be zero.
    """

    element: ScalarType
    shape: tuple[int, ...]
    bits: int
    arithmetic: Shares | None = None
    boolean: Shares | None = None

    @property
    def width(self) -> int:
        """The number of bits per element."""
        return self.element.width

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    def shares(self, sharing: Sharing) -> Shares | None:
        """Return the shares in a sharing, or None if the sharing has not been computed."""
        return self.arithmetic if sharing is Sharing.ARITHMETIC else self.boolean

    def has(self, sharing: Sharing) -> bool:
        """Return whether there are shares in a sharing."""
        return self.shares(sharing) is not None


def secret(
    element: ScalarType,
    shape: tuple[int, ...],
    *,
    arithmetic: Shares | None = None,
    boolean: Shares | None = None,
    bits: int | None = None,
) -> Secret:
    """Return a Secret; `bits` defaults to the width, which it never exceeds."""
    result = Secret(element, shape, 0, arithmetic, boolean)
    result.bits = result.width if bits is None else min(bits, result.width)
    return result


def local(shares: Shares, function: Callable[[Array], Array]) -> Shares:
    """Apply a function to every party's share."""
    return tuple(np.asarray(function(share)) for share in shares)


def pairwise(x: Shares, y: Shares, function: Callable[[Array, Array], Array]) -> Shares:
    """Combine every party's two shares."""
    return tuple(np.asarray(function(a, b)) for a, b in zip(x, y, strict=True))


def at_first(shares: Shares, function: Callable[[Array], Array]) -> Shares:
    """Change the share of party 0 only, for example to add a public value to a sharing."""
    return (np.asarray(function(shares[0])), *shares[1:])


def trivial(value: Array, parties: int) -> Shares:
    """Share a public value: party 0 holds the value, the others hold zeros."""
    return (value, *(np.zeros_like(value) for _ in range(parties - 1)))


def additive(value: Array, parties: int, owner: int, randomness: Randomness) -> Shares:
    """Share a value additively: x = Σ x_p mod 2^w; all shares except the owner's are uniform."""
    return _split(value, parties, owner, randomness, lambda x, y: x - y)


def xored(value: Array, parties: int, owner: int, randomness: Randomness) -> Shares:
    """Share a value with XOR: x = ⊕ x_p; all shares except the owner's are uniform."""
    return _split(value, parties, owner, randomness, lambda x, y: x ^ y)


def _split(
    value: Array,
    parties: int,
    owner: int,
    randomness: Randomness,
    take: Callable[[Array, Array], Array],
) -> Shares:
    shares = []
    rest = value
    for party in range(parties):
        share = np.zeros_like(value)
        if party != owner:
            share = randomness.array(value.dtype, value.shape)
            rest = np.asarray(take(rest, share))
        shares.append(share)
    shares[owner] = rest
    return tuple(shares)


def joined(sharing: Sharing, shares: Sequence[Array]) -> Array:
    """Reconstruct the value from all shares."""
    return np.asarray(reduce(add if sharing is Sharing.ARITHMETIC else xor, shares))


# Words and wires


def wires(words: Array, width: int) -> list[int]:
    """Bit-slice words: bit i of entry b is bit b of element i."""
    flat = np.ascontiguousarray(words).reshape(-1)
    if flat.size == 1:
        only = int(flat[0])
        return [(only >> b) & 1 for b in range(width)]
    if flat.dtype == np.bool_:
        return [_integer(np.packbits(flat, bitorder="little"))]
    rows = flat.view(np.uint8).reshape(flat.size, flat.dtype.itemsize)
    planes = np.packbits(
        np.unpackbits(rows, axis=1, bitorder="little").T, axis=1, bitorder="little"
    )
    return [_integer(plane) for plane in planes[:width]]


def words(planes: Sequence[int], type: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """Assemble words from bit slices; the inverse of `wires`."""
    size = int(np.prod(shape, dtype=np.int64))
    if size == 1:
        only = sum(plane << b for b, plane in enumerate(planes))
        return np.array(only, dtype=type).reshape(shape)
    length = (size + 7) // 8
    raw = b"".join(plane.to_bytes(length, "little") for plane in planes)
    rows = np.frombuffer(raw, dtype=np.uint8).reshape(len(planes), length)
    bits = np.unpackbits(rows, axis=1, count=size, bitorder="little").T
    if type == np.bool_:
        return bits.reshape(shape).astype(np.bool_)
    packed = np.packbits(bits, axis=1, bitorder="little")
    padded = np.zeros((size, type.itemsize), dtype=np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.reshape(-1).view(type).reshape(shape)


def _integer(row: Array) -> int:
    return int.from_bytes(row.tobytes(), "little")
