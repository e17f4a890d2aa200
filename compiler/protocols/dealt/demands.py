"""The demands of a run on a dealer: the number of units of each kind of preprocessing.

Each unit consists of fields at each party, arrays of elements of a type. The first party expands
all of its fields from a seed, the second those that aren't `dealt`; the dealer, who has both seeds,
computes the dealt ones and sends them to the second party [Bea91, DSZ15]. Both parties know the
demands beforehand. The dealer learns only the demands and the fingerprint of a program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from math import prod
from typing import Any, Final, assert_never

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ...ir.dtypes import word_dtype
from ...ir.parties import COMPUTING
from ..core.preprocessing import (
    BitPair,
    BitTriple,
    ConvolutionTriple,
    Mask,
    MaskedTriple,
    MatrixTriple,
    OneHot,
    OwnedTriple,
    RandomBit,
    RingSquare,
    RingTriple,
    Unit,
)
from ..core.sizes import WIDTHS

CORRECTED: Final = COMPUTING.second
"""The party that receives the dealer's corrections; the other expands everything from its seed."""

SEED_BYTES: Final = 16
"""The length of the seed that each party gets."""

LONGEST_KINDS: Final = 1 << 12
"""The maximum number of kinds that a run may demand."""

LARGEST_UNIT: Final = 1 << 30
"""The maximum number of bytes of a unit at a party."""

LARGEST_DEMAND: Final = 1 << 40
"""The maximum number of bytes that a run may demand at either party."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a unit: an array of a type and shape. The elements of `bits` are 0 or 1.

    `dealt` fields come from the dealer, all others from the party's own seed.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...] = ()
    bits: bool = False
    dealt: bool = False

    @property
    def unit_bytes(self) -> int:
        """The number of bytes per unit."""
        return self.dtype.itemsize * prod(self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelatedOt:
    """A correlated OT: q at party `sender`; a bit r, as a byte, and t = q ⊕ r·Δ at the other.

    Δ is drawn from the sender's seed. 16 bytes of correction.
    """

    sender: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelOt:
    """A correlated OT from Yao's garbler with the Δ of its labels. 16 bytes of correction."""


Kind = Unit | CorrelatedOt | LabelOt

Demands = Mapping[Kind, int]
"""Kind → the number of dealt units; bit triples and pairs are counted in groups of eight."""

_KINDS: Final[dict[str, type[Kind]]] = {
    "bit triple": BitTriple,
    "bit pair": BitPair,
    "ring triple": RingTriple,
    "ring square": RingSquare,
    "matrix triple": MatrixTriple,
    "convolution triple": ConvolutionTriple,
    "owned": OwnedTriple,
    "mask": Mask,
    "masked": MaskedTriple,
    "random bit": RandomBit,
    "one-hot vector": OneHot,
    "correlated OT": CorrelatedOt,
    "label OT": LabelOt,
}
NAMES: Final = tuple(_KINDS)
"""The names of all kinds."""
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}
_ENTRIES: Final = tuple(1 << k for k in range(3, 10))
"""The possible lengths of one-hot vectors."""

_PLACE: Final = np.dtype(np.uint16)
_BYTE: Final = np.dtype(np.uint8)
_BLOCK: Final = np.dtype(np.uint64)


def layout(kind: Kind, party: int) -> tuple[Field, ...]:
    """Return the fields of a unit at a party; for bit triples and pairs, those of eight units."""
    last = party == CORRECTED
    match kind:
        case BitTriple():
            return _product(_BYTE, last, (), (), ())
        case BitPair():
            drawn = tuple(Field(name=name, dtype=_BYTE) for name in ("a", "b0", "b1"))
            return (*drawn, *(Field(name=n, dtype=_BYTE, dealt=last) for n in ("c0", "c1")))
        case RingTriple(bits=bits):
            return _product(word_dtype(bits), last, (), (), ())
        case RingSquare(bits=bits):
            word = word_dtype(bits)
            return (Field(name="a", dtype=word), Field(name="c", dtype=word, dealt=last))
        case MatrixTriple(bits=bits, rows=m, inner=k, columns=n):
            return _product(word_dtype(bits), last, (m, k), (k, n), (m, n))
        case ConvolutionTriple(bits=bits):
            return _product(word_dtype(bits), last, *kind.shapes)
        case OwnedTriple(product=product):
            word = word_dtype(product.bits)
            a, b, c = product.shapes
            factor = (a, b)[kind.side_of(party)]
            return (
                Field(name="factor", dtype=word, shape=factor),
                Field(name="c", dtype=word, shape=c, dealt=last),
            )
        case Mask(bits=bits, size=size, owner=owner):
            mask = Field(name="mask", dtype=word_dtype(bits), shape=(size,))
            return (mask,) if party == owner else ()
        case MaskedTriple(owned=owned):
            return layout(owned, party)[1 if party == owned.owner else 0 :]
        case RandomBit(bits=bits):
            number = Field(name="number", dtype=word_dtype(bits), dealt=last)
            return (Field(name="bit", dtype=_BYTE, bits=True), number)
        case OneHot(bits=bits, entries=entries):
            place = Field(name="place", dtype=_PLACE)
            word = word_dtype(bits)
            return (place, Field(name="vector", dtype=word, shape=(entries,), dealt=last))
        case CorrelatedOt() | LabelOt():
            if party == sender_of(kind):
                return (Field(name="q", dtype=_BLOCK, shape=(2,), dealt=last),)
            bit = Field(name="r", dtype=_BYTE, bits=True)
            return (bit, Field(name="t", dtype=_BLOCK, shape=(2,), dealt=last))
        case _:
            assert_never(kind)


def sender_of(kind: CorrelatedOt | LabelOt) -> int:
    """Return which party is the sender."""
    return kind.sender if isinstance(kind, CorrelatedOt) else COMPUTING.garbler


def _product(dtype: np.dtype[Any], last: bool, *shapes: tuple[int, ...]) -> tuple[Field, ...]:
    a, b, c = shapes
    return (
        Field(name="a", dtype=dtype, shape=a),
        Field(name="b", dtype=dtype, shape=b),
        Field(name="c", dtype=dtype, shape=c, dealt=last),
    )


def unit_bytes(kind: Kind, party: int, *, dealt: bool | None = None) -> int:
    """Return the number of bytes of a unit at a party: all, only dealt, or only not dealt ones."""
    parts = layout(kind, party)
    return sum(part.unit_bytes for part in parts if dealt is None or part.dealt is dealt)


def correction_bytes(demands: Demands) -> int:
    """Return the number of bytes of corrections that the dealer sends."""
    return sum(count * unit_bytes(kind, CORRECTED, dealt=True) for kind, count in demands.items())


def multiplications(demands: Demands) -> int:
    """Return the number of products of numbers that the dealer computes for matrix products."""
    return sum(count * _multiplications(kind) for kind, count in demands.items())


def _multiplications(kind: Kind) -> int:
    match kind:
        case MatrixTriple():
            return kind.rows * kind.inner * kind.columns
        case ConvolutionTriple():
            return prod(kind.window.matrices(kind.images, kind.filters))
        case OwnedTriple():
            return _multiplications(kind.product)
        case MaskedTriple():
            return _multiplications(kind.owned)
        case _:
            return 0


def most_bytes(demands: Demands) -> int:
    """Return the number of bytes that the demands come to, at the party that has more."""
    return max(
        sum(n * unit_bytes(kind, party) for kind, n in demands.items()) for party in COMPUTING
    )


def demanded(kind: Kind, count: int) -> int:
    """Return the number to demand of a dealer for `count` units: bits are dealt in bytes."""
    if not isinstance(kind, BitTriple | BitPair):
        return count
    if count % 8:
        raise CompilerBug("bit triples come in multiples of eight")
    return count // 8


def name_of(kind: Kind) -> str:
    """Return the name of a kind, without its parameters."""
    return _NAMES[type(kind)]


def describe(kind: Kind) -> str:
    """Return a kind as text: its name and its parameters in order."""
    numbers = (_text(getattr(kind, field.name)) for field in fields(kind))
    return " ".join((name_of(kind), *numbers))


def _text(value: int | tuple[int, ...] | Unit) -> str:
    if isinstance(value, tuple):
        return "x".join(map(str, value))
    return str(value) if isinstance(value, int) else describe(value)


def in_order(demands: Demands) -> list[tuple[Kind, int]]:
    """Return the demands in dealing order, without those whose count is zero."""
    return sorted(
        ((kind, count) for kind, count in demands.items() if count),
        key=lambda entry: describe(entry[0]),
    )


def encode(demands: Demands) -> dict[str, int]:
    """Return demands as plain data: text of a kind → count."""
    return {describe(kind): count for kind, count in in_order(demands)}


def decode(said: object) -> dict[Kind, int]:
    """Return the demands encoded in plain data from an untrusted peer.

    Kinds, sizes and counts are checked against limits. Raises ValueError with a reason.
    """
    if not isinstance(said, dict) or len(said) > LONGEST_KINDS:
        raise ValueError("the demands are no list of kinds")
    found: dict[Kind, int] = {}
    for text, count in said.items():
        kind = kind_of(text)
        if kind is None:
            raise ValueError("the demands name a kind that the dealer doesn't know")
        _check(kind)
        if type(count) is not int or count < 1:
            raise ValueError("a count of the demands is no positive number")
        if isinstance(kind, Mask) and count > 1:
            raise ValueError("a mask is demanded more than once")
        found[kind] = count
    if (total := most_bytes(found)) > LARGEST_DEMAND:
        raise ValueError(
            f"the demands come to {total:,} bytes, more than the {LARGEST_DEMAND:,} "
            "that a dealer deals for one run"
        )
    return found


def kind_of(text: str) -> Kind | None:
    """Return the kind whose description by `describe` is this text; None if there is none."""
    if text.startswith("owned "):
        return _owned(text)
    if text.startswith("masked "):
        return _masked(text)
    for name, kind in _KINDS.items():
        if text == name or text.startswith(f"{name} "):
            numbers = list(_numbers(text[len(name) :]))
            lengths = [_LENGTHS.get(field.name, 1) for field in fields(kind)]
            if lengths == list(map(len, numbers)):
                values: dict[str, Any] = {
                    field.name: row if len(row) > 1 else row[0]
                    for field, row in zip(fields(kind), numbers, strict=True)
                }
                return kind(**values)
    return None


def _owned(text: str) -> OwnedTriple | None:
    words = text.split(" ", 3)
    if len(words) < 4:
        return None
    owner, side = (number for (number,) in _numbers(" ".join(words[1:3])))
    product = kind_of(words[3])
    if not isinstance(product, MatrixTriple | ConvolutionTriple):
        return None
    return OwnedTriple(owner=owner, side=side, product=product)


def _masked(text: str) -> MaskedTriple | None:
    words = text.split(" ", 2)
    owned = kind_of(words[2]) if len(words) == 3 else None
    if not isinstance(owned, OwnedTriple):
        return None
    ((number,),) = _numbers(words[1])
    return MaskedTriple(number=number, owned=owned)


_LENGTHS: Final = {"images": 4, "filters": 4, "stride": 2, "padding": 4, "dilation": 2}
"""The lengths of those fields of kinds that are several numbers."""


def _numbers(text: str) -> Iterator[tuple[int, ...]]:
    for word in text.split():
        row = word.split("x")
        if not all(part.isascii() and part.isdigit() and len(part) <= 10 for part in row):
            raise ValueError("a kind of the demands has a number that is none")
        yield tuple(map(int, row))


def _check(kind: Kind) -> None:
    """Raise ValueError unless the kind is valid and its units are small enough to be dealt."""
    if isinstance(kind, MaskedTriple):
        _check(kind.owned)
        return
    if isinstance(kind, OwnedTriple):
        if not {kind.owner, kind.side} <= {0, 1}:
            raise ValueError("a kind of the demands names a party or a factor that there isn't")
        _check(kind.product)
        return
    bits = getattr(kind, "bits", WIDTHS[0])
    if bits not in WIDTHS:
        raise ValueError("a kind of the demands has a width that numbers don't have")
    if isinstance(kind, CorrelatedOt):
        if kind.sender not in COMPUTING:
            raise ValueError("a kind of the demands names a party that there isn't")
        return
    if isinstance(kind, Mask):
        if kind.owner not in COMPUTING or not kind.size:
            raise ValueError("a kind of the demands is a mask of nothing or of nobody")
        if unit_bytes(kind, kind.owner) > LARGEST_UNIT:
            raise ValueError("a kind of the demands has units of more than can be dealt")
        return
    laid_out = 0
    if isinstance(kind, ConvolutionTriple):
        if not kind.is_valid:
            raise ValueError("a kind of the demands has filters that don't fit its images")
        laid_out = kind.laid_out_bytes
    elif min((getattr(kind, field.name) for field in fields(kind)), default=1) < 1:
        raise ValueError("a kind of the demands has a size of zero")
    if isinstance(kind, OneHot) and kind.entries not in _ENTRIES:
        raise ValueError("a kind of the demands has a length that tables don't have")
    if max(unit_bytes(kind, CORRECTED), laid_out) > LARGEST_UNIT:
        raise ValueError(f"a kind of the demands has units of more than {LARGEST_UNIT:,} bytes")
