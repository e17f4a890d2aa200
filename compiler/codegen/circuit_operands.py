"""The roles of operands in circuits, as determined by the program's text; independent of LLVM."""

from __future__ import annotations

from collections.abc import Mapping

from ezlang.diagnostics.diagnostic import CompilerBug

from ..circuits.catalogue import PUBLIC, SAME, SECRET, CircuitOperation, Operand
from ..ir import tree as ir
from .forms import Form
from .views import Views


def known_values(region: ir.Region) -> dict[int, int]:
    """Return the values whose elements are all one number that the program's text determines."""
    known: dict[int, int] = {}
    for operation in ir.walk(region):
        match operation:
            case ir.Constant() if len(operation.data) == 1:
                known[operation.result.id] = operation.data[0]
            case ir.Relabel() | ir.Broadcast() | ir.Reshape():
                source = known.get(operation.operands[0].id)
                if source is not None:
                    known[operation.result.id] = source
            case _:
                pass
    return known


def operand_roles(
    operation: CircuitOperation, views: Views, numbers: Mapping[int, int]
) -> list[Operand]:
    """Return the role of each operand in the circuit: built in, the same as another, or a port.

    `numbers` are `known_values` of the function.
    """
    roles: list[Operand] = []
    first = 1 if isinstance(operation, ir.Select) else 0
    for position, operand in enumerate(operation.operands):
        known = numbers.get(operand.id)
        view = views.of(operand)
        if known is not None:
            roles.append(known)
        elif position == first + 1 and (
            roles[first] is SECRET and view == views.of(operation.operands[first])
        ):
            roles.append(SAME)
        elif views.form(operand) is Form.LABELS:
            roles.append(SECRET)
        elif operand.type.label.is_public:
            roles.append(PUBLIC)
        else:
            raise CompilerBug("an operand of a circuit has not been shared")
    return roles
