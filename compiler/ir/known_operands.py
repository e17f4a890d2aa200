"""Which operands' values the compiler knows: what a protocol may be chosen by.

A protocol for `x < 0`, `x / 10` or `x >> 3` is cheaper than one for an operand that is public but
known at run time only. All who run or cost an operation must choose alike, so what is known is told
from the IR alone.
"""

from __future__ import annotations

from . import tree as ir

Numbers = tuple[int | None, ...]


def constants_of(function: ir.Function) -> dict[int, int]:
    """Return value number → the one number that all elements of a constant value are."""
    found: dict[int, int] = {}
    for operation in ir.walk(function.body):
        match operation:
            case ir.Constant(data=data) if len(set(data)) == 1:
                found[operation.result.id] = int(data[0])
            case ir.Broadcast() | ir.Reshape():
                number = found.get(operation.operands[0].id)
                if number is not None:
                    found[operation.result.id] = number
            case _:
                pass
    return found


def known_operands(operation: ir.Operation, constants: dict[int, int]) -> Numbers:
    """Return for each operand the number that all of its elements are, or None."""
    return tuple(constants.get(value.id) for value in operation.operands)
