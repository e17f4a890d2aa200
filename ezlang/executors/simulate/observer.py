"""What may watch a simulated run: the one interface through which a run is recorded.

A run calls its observer, if it has one, with what happens in all parties, in order. What it hands
over belongs to the run and may change afterwards, so an observer keeps copies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.evaluate import Array
from ezlang.compiler.protocols.core.parts import Part
from ezlang.records import dataclass

from .clear_values import ClearValue
from .network import Message

if TYPE_CHECKING:
    from .shares import Secret
    from .two.secret_values import Shared

    Observed = ClearValue | Secret | Shared
else:
    Observed = ClearValue


@dataclass(frozen=True, slots=True, kw_only=True)
class GarbledGate:
    """One AND gate of Yao's protocol, of the first instance of a circuit; labels are 128 bits.

    `number` counts the ANDs of the circuit. `zeros` are the garbler's labels W⁰ of the inputs and
    the output, `active` the evaluator's labels. `tables` are the ciphertexts: T_G and T_E of 128
    bits by half-gates, three of 64 bits by three-halves, with five bits of `control`.
    """

    number: int
    zeros: tuple[int, int, int]
    active: tuple[int, int, int]
    tables: tuple[int, ...]
    control: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The first instances of a part of a protocol, of `count` instances.

    `numbers`: for each of the `parties`, its numbers by name, as vectors. Wire labels have the type
    of `labels_type(1)`.
    """

    part: Part
    parties: tuple[int, ...]
    numbers: tuple[Mapping[str, Array], ...]
    count: int


class Observer(Protocol):
    """What a run tells its observer; parts of protocols only if it `wants_parts`."""

    @property
    def wants_parts(self) -> bool:
        """Whether it is told parts of protocols, which takes time."""

    def begun(
        self, operations: Sequence[ir.Operation], operands: Sequence[Sequence[Observed]]
    ) -> None:
        """Operations begin together, with these operands for each of them."""

    def made(self, operation: ir.Operation, results: Sequence[Observed]) -> None:
        """An operation that has begun is done."""

    def sent(self, message: Message) -> None:
        """A message is delivered; it belongs to the operations that have begun last."""

    def dealt(
        self, what: str, parts: Sequence[object], given: Sequence[Sequence[object]] = ()
    ) -> None:
        """Parties get randomness that fits together, or shares of a product: each its part.

        A part is None at a party that gets nothing. They come from the dealer or an ideal box;
        `what` is the kind of units or the box's purpose.
        `given` is what each party gives to the box.
        """

    def part(self, told: Told) -> None:
        """A part of a protocol is done, which belongs to the operations that have begun last."""

    def keyed(self, delta: int) -> None:
        """The garbler draws Δ, by which the two labels of every wire differ."""

    def garbled(self, gate: GarbledGate) -> None:
        """An AND gate is garbled and evaluated, in the first instance of its circuit."""
