"""How generated code holds a value at one party: absent, a register, clear memory, labels, shares.

The *role* is the party's number: 0 garbles, 1 evaluates.
"""

from __future__ import annotations

from enum import Enum
from typing import assert_never

from ezlang.records import dataclass

from ..ir import tree as ir
from ..ir.value import Sharing
from ..kernels.layout import LABEL_BYTES


class Representation(Enum):
    """The representation in which a party keeps a value of the program.

    ABSENT: the other party's; nothing is kept. REGISTER: a clear scalar. CLEAR: a clear array in
    memory. LABELS: a secret scalar or array of Yao's protocol in memory. SHARES: the party's shares
    of an arithmetic or boolean scalar or array in memory, with the layout of a clear array: words
    of the element's width, and for a bool a byte of 0 or 1.
    """

    ABSENT = "absent"
    REGISTER = "register"
    CLEAR = "clear"
    LABELS = "labels"
    SHARES = "shares"

    @property
    def in_memory(self) -> bool:
        """Whether values of this representation have a slot in memory."""
        return self in (Representation.CLEAR, Representation.LABELS, Representation.SHARES)

    @property
    def is_secret(self) -> bool:
        """Whether neither party knows values of this representation."""
        return self in (Representation.LABELS, Representation.SHARES)


def representation_of(type: ir.TensorType, party: int) -> Representation:
    """Return the representation that values of `type` have at party `party`."""
    if type.label.is_secret:
        return (
            Representation.LABELS if type.sharing in (None, Sharing.YAO) else Representation.SHARES
        )
    if not type.label.readable_by(party):
        return Representation.ABSENT
    return Representation.CLEAR if type.shape else Representation.REGISTER


def element_bytes(type: ir.TensorType, representation: Representation) -> int:
    """Return the size in bytes of one element in memory; that of a bool is one, clear or shared."""
    return (
        type.width * LABEL_BYTES if representation is Representation.LABELS else type.element.bytes
    )


@dataclass(frozen=True, slots=True)
class PartyView:
    """A party's view of a program: which operations it runs."""

    party: int
    functions: dict[str, ir.Function]

    def representation(self, value: ir.Value) -> Representation:
        """Return the representation of a value at this party."""
        return representation_of(value.type, self.party)

    def runs(self, operation: ir.Operation) -> bool:
        """Return whether this party takes any part in an operation."""
        match operation:
            case ir.Structured():
                return all(v.type.label.readable_by(self.party) for v in operation.deciding)
            case ir.Call():
                return self.takes_part_in(self.functions[operation.function])
            case ir.Reveal():
                # The owner of a revealed value sends it.
                mine = self.representation(operation.operands[0]) is not Representation.ABSENT
                return mine or self.representation(operation.result) is not Representation.ABSENT
            case ir.Output() | ir.Assert() | ir.Give() | ir.Tell():
                return True
            case ir.Computation() | ir.Relabel() | ir.Convert() | ir.Input() | ir.Draw():
                return self.representation(
                    operation.result
                ) is not Representation.ABSENT or self.only_fails(operation)
            case _:
                assert_never(operation)

    def only_fails(self, operation: ir.Operation) -> bool:
        """Return whether this party runs the other's operation only to fail where that does.

        All parties know the operand on which a checked operation fails.
        """
        return (
            isinstance(operation, ir.Checkable)
            and operation.checked
            and self.representation(operation.result) is Representation.ABSENT
            and any(value.type.label.is_public for value in operation.operands)
        )

    def takes_part_in(self, function: ir.Function) -> bool:
        """Return whether this party runs a function: those called on `@p` are p's alone."""
        return not function.pc.is_owned or function.pc.readable_by(self.party)
