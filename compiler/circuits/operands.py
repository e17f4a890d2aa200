"""The roles of operands in circuits."""

from __future__ import annotations

from ezlang.diagnostics.diagnostic import CompilerBug

from ..ir import tree as ir
from ..ir.facts import Facts
from .catalogue import PUBLIC, SAME, SECRET, CircuitOperation, Operand


def operand_roles(operation: CircuitOperation, facts: Facts) -> list[Operand]:
    """Return the role of each operand: a built-in constant, the first operand again, or a port.

    `facts` are those of the function. Raises CompilerBug if an operand is one party's own.
    """
    roles: list[Operand] = []
    first = 1 if isinstance(operation, ir.Select) else 0
    origins = [facts.origins.of(operand) for operand in operation.operands]
    for position, operand in enumerate(operation.operands):
        number = facts.constants.number(operand)
        again = position == first + 1 and origins[first] == origins[position]
        if number is not None:
            roles.append(number)
        elif again and roles[first] is SECRET:
            roles.append(SAME)
        elif operand.type.label.is_secret:
            roles.append(SECRET)
        elif operand.type.label.is_public:
            roles.append(PUBLIC)
        else:
            raise CompilerBug("an operand of a circuit has not been shared")
    return roles
