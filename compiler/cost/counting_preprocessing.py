"""Preprocessing at a counting party: units without data, with notes on their use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any, assert_never

import numpy as np

from ezlang.records import dataclass, replace

from ..ir.dtypes import word_dtype
from ..protocols.core import preprocessing as units
from ..protocols.core.preprocessing import Preprocessing, Unit
from ..protocols.core.steps import Request, Steps, T
from .ghosts import ghost


@dataclass(slots=True)
class Notes:
    """Annotations of pending requests: `early` are those of the preprocessing.

    `book` is called for each use of preprocessing with the unit and the count.
    """

    book: Callable[[Unit, int], None]
    early: set[Request] = field(default_factory=set)

    def noted(self, steps: Steps[T]) -> Steps[T]:
        """Pass on the requests of the preprocessing, and note them."""
        reply = None
        while True:
            try:
                step = steps.send(reply) if reply is not None else next(steps)
            except StopIteration as end:
                result: T = end.value
                return result
            self.early.update(step)
            reply = yield step

    def is_early(self, request: Request) -> bool:
        """Return whether a request belongs to the preprocessing, and remove its note."""
        if request not in self.early:
            return False
        self.early.remove(request)
        return True


class CountingPreprocessing(Preprocessing):
    """Preprocessing that is generated during the run, with notes on its use."""

    def __init__(self, made: Preprocessing, notes: Notes) -> None:
        self._made = made
        self._notes = notes

    def make(self, unit: Unit, count: int) -> Steps[Any]:
        """Book units, and note the requests of the protocol that generates them."""
        self._notes.book(unit, count)
        return self._notes.noted(self._made.make(unit, count))


class CountingGiven(Preprocessing):
    """Preprocessing that exists before the run: no requests, only notes on its use."""

    def __init__(self, notes: Notes, party: int) -> None:
        self._notes = notes
        self._party = party

    def make(self, unit: Unit, count: int) -> Steps[Any]:
        """Book units."""
        self._notes.book(unit, count)
        yield from ()
        return _ghosts(unit, count, self._party)


def _ghosts(unit: Unit, count: int, party: int) -> Any:
    """Return shares of units without data."""
    match unit:
        case units.BitTriple() | units.BitPair():
            size = count // 8
            rows = size if isinstance(unit, units.BitTriple) else (2, size)
            return units.BitTriples(a=ghost(size), b=ghost(rows), c=ghost(rows))
        case units.RingTriple(bits=bits):
            a, b, c = (ghost(count, word_dtype(bits)) for _ in range(3))
            return units.Triples(a=a, b=b, c=c)
        case units.RingSquare(bits=bits):
            return units.Squares(a=ghost(count, word_dtype(bits)), c=ghost(count, word_dtype(bits)))
        case units.MatrixTriple(bits=bits) | units.ConvolutionTriple(bits=bits):
            a, b, c = (ghost((count, *shape), word_dtype(bits)) for shape in unit.shapes)
            return units.MatrixTriples(a=a, b=b, c=c)
        case units.OwnedTriple(product=product):
            shapes, word = product.shapes, word_dtype(product.bits)
            factor = ghost((count, *shapes[unit.side_of(party)]), word)
            return units.OwnedTriples(factor=factor, c=ghost((count, *shapes[2]), word))
        case units.MaskedTriple(owned=owned):
            found = _ghosts(owned, count, party)
            return replace(found, factor=None) if party == owned.owner else found
        case units.Mask(bits=bits, size=size, owner=owner):
            return ghost(size, word_dtype(bits)) if party == owner else None
        case units.RandomBit(bits=bits):
            return units.DaBits(bits=ghost(-(-count // 8)), numbers=ghost(count, word_dtype(bits)))
        case units.OneHot(bits=bits, entries=entries):
            vectors = ghost((count, entries), word_dtype(bits))
            return units.OneHots(places=ghost(count, np.uint16), vectors=vectors)
        case _:
            assert_never(unit)
