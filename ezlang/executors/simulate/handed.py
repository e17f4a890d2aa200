"""Outputs on their way to a party, field by field, and turn by turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from ezlang.compiler.ir import tree as ir
from ezlang.executors.failures import Failure, failure
from ezlang.records import dataclass
from ezlang.types.types import Type, array_of
from ezlang.values.data import Data, Path, unflatten


@dataclass(slots=True)
class Handed:
    """An output delivered to a party: its type, and the fields delivered so far.

    `turns` are the numbers of turns delivered so far of each field, if it has turns.
    """

    type: Type
    flat: dict[Path, list[int]] = field(default_factory=dict)
    turns: dict[Path, int] = field(default_factory=dict)

    def add(self, operation: ir.Output, flat: Sequence[int], turn: int | None) -> None:
        """Add a field, in a turn if it has turns. Raises EzError unless it is the next one."""
        path = operation.path
        if turn is not None:
            if self.turns.get(path, 0) != turn:
                raise failure(Failure.TURN, operation.span)
            self.turns[path] = turn + 1
        elif path in self.flat:
            raise failure(Failure.OUTPUT, operation.span)
        self.flat.setdefault(path, []).extend(flat)

    @property
    def data(self) -> Data:
        """The output as data: a list, if it has turns."""
        whole = array_of(self.type, (max(self.turns.values()),)) if self.turns else self.type
        return unflatten(whole, self.flat)
