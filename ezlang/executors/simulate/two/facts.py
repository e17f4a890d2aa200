"""What the text of a function says of its values: numbers that are known, values that are one.

Circuits are built for it, so that native code and this executor must see the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ezlang.compiler.circuits.catalogue import PUBLIC, SAME, SECRET, CircuitOperation, Operand
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.known_operands import constants_of
from ezlang.diagnostics.diagnostic import CompilerBug

from ..values import Known


@dataclass(slots=True)
class Facts:
    """The facts of one function.

    `constants` are for protocols on shares; `numbers` are built into circuits, also where they have
    been shared.
    """

    constants: dict[int, int] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    roots: dict[int, int] = field(default_factory=dict)

    def roles(self, operation: CircuitOperation, operands: Sequence[object]) -> list[Operand]:
        """Tell how each operand comes into the circuit: built in, once more, or through a port."""
        roles: list[Operand] = []
        first = 1 if isinstance(operation, ir.Select) else 0
        roots = [self.roots.get(value.id, value.id) for value in operation.operands]
        for position, (value, operand) in enumerate(zip(operation.operands, operands, strict=True)):
            number = self.numbers.get(value.id)
            if number is not None:
                roles.append(number)
            elif position == first + 1 and roles[first] is SECRET and roots[first] == roots[-1]:
                roles.append(SAME)
            elif not isinstance(operand, Known):
                roles.append(SECRET)
            elif operand.owner is None:
                roles.append(PUBLIC)
            else:
                raise CompilerBug("an operand of a circuit has not been shared")
        return roles


def facts_of(function: ir.Function) -> Facts:
    """Return the facts of a function."""
    facts = Facts(constants=constants_of(function))
    for operation in ir.walk(function.body):
        match operation:
            case ir.Constant() if len(operation.data) == 1:
                facts.numbers[operation.result.id] = operation.data[0]
            case ir.Relabel() | ir.Broadcast() | ir.Reshape():
                operand, result = operation.operands[0], operation.result
                if operand.id in facts.numbers:
                    facts.numbers[result.id] = facts.numbers[operand.id]
                if operand.type.label.is_secret and operand.type.size == result.type.size:
                    facts.roots[result.id] = facts.roots.get(operand.id, operand.id)
            case _:
                pass
    return facts
