"""Which operations may end a run."""

from __future__ import annotations

from typing import assert_never

from ezlang.typed.failures import Failure

from ...ir import tree as ir
from .accesses import access_of
from .scalars import Scalars


def cannot_fail(operation: ir.Binary, scalars: Scalars) -> bool:
    """Return whether a checked division or shift is known not to fail."""
    amount = operation.operands[1]
    definition = scalars.definitions.get(amount.id)
    if isinstance(definition, ir.Broadcast):
        amount = definition.operands[0]
        definition = scalars.definitions.get(amount.id)
    if isinstance(definition, ir.Constant):
        low, high = min(definition.data), max(definition.data)
        zero = 0 in definition.data
    elif not amount.type.shape:
        low, high = scalars.range(amount)
        zero = low <= 0 <= high
    else:
        return False
    if operation.kind.traits.failure is Failure.DIVISION:
        return not zero
    return low >= 0 and high < operation.result.type.width


def can_end_the_run(operation: ir.Operation, scalars: Scalars) -> bool:
    """Return whether an operation or one in its regions has an effect, may fail or not terminate.

    Openings don't count, as they are harmless in themselves.
    """
    if operation.traits.effects & ~ir.Effect.TELLS or isinstance(operation, ir.Call):
        return True
    if isinstance(operation, ir.Checkable):
        return operation.checked and _can_fail(operation, scalars)
    inner = (one for region in operation.regions for one in region.operations)
    return any(can_end_the_run(one, scalars) for one in inner)


def _can_fail(operation: ir.AnyCheckable, scalars: Scalars) -> bool:
    """Return whether a checked operation may fail."""
    match operation:
        case ir.Binary():
            return not cannot_fail(operation, scalars)
        case ir.Extract() | ir.Insert() | ir.ExtractSlice() | ir.InsertSlice():
            access = access_of(operation, scalars)
            base = operation.operands[0].type.shape
            return access is None or not access.inside(base, scalars)
        case _:
            assert_never(operation)
