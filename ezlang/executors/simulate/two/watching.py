"""What parties compute on the way, told to the observer of a run: the parts of protocols."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

import numpy as np

from ezlang.compiler.ir.evaluate import Array
from ezlang.compiler.protocols.core.parts import Part, Witness
from ezlang.records import dataclass

from ..observer import Observer, Told

INSTANCES: Final = 4
"""How many instances of a part an observer is told."""


@dataclass(slots=True)
class Watched:
    """What the `parties` of a session, or of a pair, have told, until all of them have told it.

    All parties run the same protocols in the same order, so what each of them tells of a part next
    belongs together.
    """

    observer: Observer
    parties: tuple[int, ...]
    _waiting: dict[Part, dict[int, deque[tuple[Mapping[str, Array], int]]]] = field(
        default_factory=dict
    )

    def witness(self, party: int) -> Witness:
        """Return the witness of a party."""
        return _OfParty(self, party)

    def tell(self, party: int, part: Part, numbers: Mapping[str, Array]) -> None:
        """Be told a party's numbers."""
        waiting = self._waiting.setdefault(part, {one: deque() for one in self.parties})
        waiting[party].append((_firsts(numbers), max(one.size for one in numbers.values())))
        if all(waiting.values()):
            met = [waiting[one].popleft() for one in self.parties]
            self.observer.part(_told(part, self.parties, met))


def tell(
    observer: Observer | None,
    part: Part,
    parties: tuple[int, ...],
    numbers: Sequence[Mapping[str, Array]],
) -> None:
    """Tell the observer, if it wants that, a part that is computed for all parties at once."""
    if observer is not None and observer.wants_parts:
        met = [(_firsts(own), max(one.size for one in own.values())) for own in numbers]
        observer.part(_told(part, parties, met))


def _told(
    part: Part, parties: tuple[int, ...], met: Sequence[tuple[Mapping[str, Array], int]]
) -> Told:
    count = max(size for _, size in met)
    return Told(part=part, parties=parties, numbers=tuple(own for own, _ in met), count=count)


def _firsts(numbers: Mapping[str, Array]) -> dict[str, Array]:
    """Return copies of the first instances, since the run may change them."""
    return {name: np.array(one.flat[:INSTANCES]) for name, one in numbers.items()}


class _OfParty(Witness):
    def __init__(self, watched: Watched, party: int) -> None:
        self._watched, self._party = watched, party

    def told(self, part: Part, numbers: Mapping[str, Array]) -> None:
        self._watched.tell(self._party, part, numbers)
