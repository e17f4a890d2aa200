"""Units from a sealed file: the parts are those in which they were made (`parts_of`).

Part 0 has the Δ of this party's OTs for shares, and of those for labels. A part of units has their
fields one after the other, in the order of `demands.layout`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ezlang.compiler.kernels.memory import Blocks
from ezlang.compiler.protocols.dealt.demands import (
    CorrelatedOt,
    Demands,
    Kind,
    LabelOt,
    in_order,
    layout,
    unit_bytes,
)
from ezlang.compiler.protocols.dealt.expansion import part_units, parts_of
from ezlang.compiler.protocols.native.calls import empty
from ezlang.compiler.protocols.native.making import DELTAS
from ezlang.diagnostics.diagnostic import CompilerBug, EzError

from .sealed import DamagedError, SealedReader, sealed_bytes

Array = np.ndarray[Any, Any]


def part_lengths(demands: Demands, party: int) -> Iterator[int]:
    """Yield the lengths of the parts of a party's file, in bytes."""
    yield DELTAS
    for kind, part in parts_of(demands):
        yield (part.stop - part.start) * unit_bytes(kind, party)


def stored_bytes(demands: Demands, party: int) -> int:
    """Return how many bytes a party's file has after its header."""
    return sealed_bytes(tuple(part_lengths(demands, party)))


def packed(kind: Kind, party: int, fields: Mapping[str, Array]) -> bytes:
    """Return units as a part."""
    found = (fields[one.name].astype(one.dtype, copy=False) for one in layout(kind, party))
    return b"".join(one.tobytes() for one in found)


class StoredUnits:
    """One party's units in a file, returned in order, each once: `units.GivenUnits`.

    `damaged` makes the error for a file that isn't what was written. Memory: a part of each kind.
    """

    def __init__(
        self,
        reader: SealedReader,
        party: int,
        demands: Demands,
        damaged: Callable[[DamagedError], EzError],
    ) -> None:
        self.party = party
        self._reader = reader
        self._damaged = damaged
        self._left: dict[Kind, int] = dict(in_order(demands))
        self._parts: dict[Kind, Iterator[int]] = {}
        first = 1
        for kind, count in self._left.items():
            parts = -(-count // part_units(kind))
            self._parts[kind] = iter(range(first, first + parts))
            first += parts
        self._open: dict[Kind, dict[str, Array]] = {}
        self._deltas = np.frombuffer(self._part(0), np.uint64).reshape(2, 2)

    def take(self, kind: Kind, count: int) -> dict[str, Array]:
        """Return name → [count][shape] for the next `count` units; nothing is sent."""
        if count > self._left.get(kind, 0):
            raise CompilerBug(f"{count} units of {kind} are used, and fewer were made")
        found = {
            one.name: empty(count * one.unit_bytes, np.uint8)
            .view(one.dtype)
            .reshape(count, *one.shape)
            for one in layout(kind, self.party)
        }
        self._left[kind] = self._left.get(kind, 0) - count
        done = 0
        while found and done < count:
            part = self._open.get(kind) or self._next(kind)
            size = min(count - done, min(map(len, part.values())))
            for name, values in part.items():
                found[name][done : done + size] = values[:size]
            rest = {name: values[size:] for name, values in part.items()}
            self._open[kind] = rest if all(map(len, rest.values())) else {}
            done += size
        return found

    def _next(self, kind: Kind) -> dict[str, Array]:
        """Return the fields of the next part of a kind."""
        data = np.frombuffer(self._part(next(self._parts[kind])), np.uint8)
        count = data.size // unit_bytes(kind, self.party)
        found, at = {}, 0
        for one in layout(kind, self.party):
            size = count * one.unit_bytes
            found[one.name] = data[at : at + size].view(one.dtype).reshape(count, *one.shape)
            at += size
        return found

    def _part(self, number: int) -> bytes:
        try:
            return self._reader.read(number)
        except DamagedError as error:
            raise self._damaged(error) from None

    def delta(self, kind: CorrelatedOt | LabelOt) -> Blocks:
        """Return Δ [2] of the OTs in which this party is the sender."""
        delta: Blocks = self._deltas[int(isinstance(kind, LabelOt))].copy()
        return delta

    def close(self) -> None:
        """Close the file, whose name is gone."""
        self._open.clear()
        self._reader.close()
