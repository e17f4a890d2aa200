"""What makes units fit: the fields that the dealer computes, and units as protocols take them.

A party's fields are those of `demands.layout`. Nothing here knows where they come from: from a
dealer, or from the parties themselves, who have made them before the run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, assert_never

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ...ir.parties import COMPUTING
from ...kernels.memory import Blocks
from ..core.bits import pack, unpack
from ..core.local_products import LocalProducts
from ..core.preprocessing import (
    BitPair,
    BitTriple,
    BitTriples,
    ConvolutionTriple,
    DaBits,
    Mask,
    MaskedTriple,
    MatrixTriple,
    MatrixTriples,
    OneHot,
    OneHots,
    OwnedTriple,
    OwnedTriples,
    RandomBit,
    RingSquare,
    RingTriple,
    Squares,
    Triples,
    Unit,
)
from ..core.steps import Array, Bytes
from .demands import CorrelatedOt, Kind, LabelOt, layout


class GivenUnits(Protocol):
    """One party's units that exist before the run, returned in order, each once."""

    party: int

    def take(self, kind: Kind, count: int) -> dict[str, Array]:
        """Return name → [count][shape] for the next `count` units. Cost: nothing is sent.

        Kernels may read `calls.PADDING` bytes past the end of the arrays.
        """

    def delta(self, kind: CorrelatedOt | LabelOt) -> Blocks:
        """Return Δ [2] of the OTs in which this party is the sender."""


def corrected_ots(
    zero: dict[str, Array], one: dict[str, Array], delta: Blocks, *, sends: bool
) -> dict[str, Array]:
    """Return the corrected party's blocks: q = t ⊕ r·Δ if it `sends`, else t = q ⊕ r·Δ."""
    choices = (zero if sends else one)["r"]
    masks = np.negative(choices.astype(np.uint64))[:, None] & delta
    return {"q": zero["t"] ^ masks} if sends else {"t": zero["q"] ^ masks}


def corrected(
    kind: Unit, zero: dict[str, Array], one: dict[str, Array], local: LocalProducts
) -> dict[str, Array]:
    """Return the dealt fields of units, given their other fields."""
    match kind:
        case BitTriple():
            return {"c": ((zero["a"] ^ one["a"]) & (zero["b"] ^ one["b"])) ^ zero["c"]}
        case BitPair():
            a = zero["a"] ^ one["a"]
            return {f"c{i}": (a & (zero[f"b{i}"] ^ one[f"b{i}"])) ^ zero[f"c{i}"] for i in range(2)}
        case RingTriple():
            return {"c": (zero["a"] + one["a"]) * (zero["b"] + one["b"]) - zero["c"]}
        case RingSquare():
            a = zero["a"] + one["a"]
            return {"c": a * a - zero["c"]}
        case MatrixTriple() | ConvolutionTriple():
            a, b = (zero[name] + one[name] for name in "ab")
            return {"c": _products(kind, a, b, local) - zero["c"]}
        case OwnedTriple():
            factors = (zero["factor"], one["factor"])
            a, b = factors if kind.side_of(COMPUTING.first) == 0 else factors[::-1]
            return {"c": _products(kind.product, a, b, local) - zero["c"]}
        case Mask():
            return {}
        case MaskedTriple(owned=owned):
            return corrected(owned, zero, one, local)
        case RandomBit():
            number = zero["number"]
            return {"number": (zero["bit"] ^ one["bit"]).astype(number.dtype) - number}
        case OneHot(entries=entries):
            places = zero["place"] + one["place"] & np.uint16(entries - 1)
            vector = np.negative(zero["vector"])
            vector[np.arange(len(places)), places] += vector.dtype.type(1)
            return {"vector": vector}
        case _:
            assert_never(kind)


def _products(
    kind: MatrixTriple | ConvolutionTriple, a: Array, b: Array, local: LocalProducts
) -> Array:
    """Return the products of the factors of units [count][…]."""
    if isinstance(kind, MatrixTriple):
        return local.multiply(a, b)
    return np.stack([local.convolve(x, y, kind.window) for x, y in zip(a, b, strict=True)])


def shares_of(unit: Unit, found: dict[str, Array], memory: Callable[[int], Bytes]) -> Any:
    """Return a party's fields of units in the form of `Preprocessing`.

    `memory` returns as many bytes, for what is laid out anew.
    """
    match unit:
        case BitTriple():
            return BitTriples(a=found["a"], b=found["b"], c=found["c"])
        case BitPair():
            b, c = (_two_rows(found[f"{name}0"], found[f"{name}1"], memory) for name in "bc")
            return BitTriples(a=found["a"], b=b, c=c)
        case RingTriple():
            return Triples(a=found["a"], b=found["b"], c=found["c"])
        case RingSquare():
            return Squares(a=found["a"], c=found["c"])
        case MatrixTriple() | ConvolutionTriple():
            return MatrixTriples(a=found["a"], b=found["b"], c=found["c"])
        case OwnedTriple():
            return OwnedTriples(factor=found["factor"], c=found["c"])
        case MaskedTriple():
            return OwnedTriples(factor=found.get("factor"), c=found["c"])
        case Mask():
            return found["mask"][0] if "mask" in found else None
        case RandomBit():
            bits = pack(found["bit"])
            packed = memory(bits.size)
            packed[:] = bits
            return DaBits(bits=packed, numbers=found["number"])
        case OneHot():
            return OneHots(places=found["place"], vectors=found["vector"])
        case _:
            assert_never(unit)


def fields_of(unit: Unit, made: Any, party: int) -> dict[str, Array]:
    """Return a party's shares of units in the form of `Preprocessing` as fields: name → [n][…]."""
    match unit:
        case BitPair():
            rows = {f"{name}{i}": getattr(made, name)[i] for name in "bc" for i in range(2)}
            return {"a": made.a, **rows}
        case RandomBit():
            count = made.numbers.size
            bits = unpack(made.bits, count)
            return {"bit": bits, "number": made.numbers}
        case OneHot():
            return {"place": made.places, "vector": made.vectors}
        case Mask() | MaskedTriple():
            raise CompilerBug("only a dealer knows the masks of a run")
        case _:
            return {field.name: getattr(made, field.name) for field in layout(unit, party)}


def _two_rows(first: Bytes, second: Bytes, memory: Callable[[int], Bytes]) -> Bytes:
    """Return vectors as contiguous rows."""
    rows = memory(2 * first.size)
    rows[: first.size], rows[first.size :] = first, second
    return rows.reshape(2, -1)
