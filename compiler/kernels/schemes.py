"""The interface of a garbling scheme: how kernels garble and evaluate the ANDs of a tile."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ezlang.records import dataclass

from ..ir.garbling import Garbling
from .build import BLOCK, Value
from .cipher import Cipher
from .context import ContextAccess


@dataclass(frozen=True, slots=True)
class GateAddresses:
    """The addresses of an AND's operands and result."""

    a: Value
    b: Value
    out: Value

    def load(self) -> tuple[Value, Value]:
        """Return the labels of the operands."""
        k = self.a.kernel
        return k.load(self.a, BLOCK, align=16), k.load(self.b, BLOCK, align=16)

    def store(self, label: Value) -> None:
        """Write the label of the result."""
        label.kernel.store(label, self.out, align=16)


class Scheme(ABC):
    """Generates the code of a scheme for tiles of 1, 2, 4 or 8 gates.

    A tile's gates have consecutive numbers from a multiple of their count on. What depends on the
    gate number is in the context's window, which serves `window_gates` gates.
    """

    garbling: Garbling
    window_gates: int

    def __init__(self, cipher: Cipher) -> None:
        self.cipher = cipher

    @abstractmethod
    def fill(self, context: ContextAccess, gate: Value, *, garbler: bool) -> None:
        """Fill the window for the gates from `gate` on, a multiple of `window_gates`."""

    @abstractmethod
    def garble(
        self, context: ContextAccess, offset: Value, gates: Sequence[GateAddresses], table: Value
    ) -> None:
        """Write the tables of a tile at `table`, and W⁰ of each result, from those of the operands.

        `offset` is the number of the first gate in the window.
        """

    @abstractmethod
    def evaluate(
        self, context: ContextAccess, offset: Value, gates: Sequence[GateAddresses], table: Value
    ) -> None:
        """Write the active label of each result, from those of the operands and the tables."""
