"""Loops that exchange messages under Yao's protocol.

Gates need no messages but their tables. Releases do, and so do values that one party knows: their
labels are transferred where an operation needs them as secrets.
"""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.types.labels import Label, meet_all

from ...ir import tree as ir
from ...ir.tree import BinaryKind
from ..analyses.scalars import Scalars


def exchanges(operations: Sequence[ir.Operation], scalars: Scalars) -> bool:
    """Return whether the operations of a loop may exchange messages under Yao's protocol.

    A secret that one party can compute from its own values counts as known to it, since
    `forward_known` (passes/assign/forward_clear.py) turns it into a shared owned value. So do the
    operands of products, which that pass shares next to matrix products.
    """
    known: dict[int, Label] = {}
    inside = ir.walk(ir.Region(operations=tuple(operations)))
    return any(_exchanges(one, scalars, known) for one in inside)


def _exchanges(operation: ir.Operation, scalars: Scalars, known: dict[int, Label]) -> bool:
    match operation:
        case ir.Reveal() | ir.Call():
            return True
        case ir.Relabel() | ir.Write():
            return _any_owned(operation)
        case ir.Elementwise() | ir.Reduce() | ir.Oblivious() | ir.Lookup():
            if not operation.result.type.label.is_secret:
                return False
            labels = [_known_by(value, scalars, known) for value in operation.operands]
            if isinstance(operation, ir.Binary) and operation.kind is BinaryKind.MUL:
                return any(label.is_owned for label in labels)
            return _any_owned(operation) or meet_all(labels).is_owned
        case _:
            return False


def _any_owned(operation: ir.Operation) -> bool:
    return any(value.type.label.is_owned for value in operation.operands)


def _known_by(value: ir.Value, scalars: Scalars, known: dict[int, Label]) -> Label:
    """Return the label that a value has if it is computed in the clear as far as possible."""
    left = [value]
    while left:
        one = left[-1]
        definition = scalars.definitions.get(one.id)
        computed = isinstance(definition, ir.Computation | ir.Relabel) and one.type.label.is_secret
        if definition is None or not computed:
            known[one.id] = one.type.label
            left.pop()
            continue
        missing = [operand for operand in definition.operands if operand.id not in known]
        left += missing
        if not missing:
            known[one.id] = meet_all([known[operand.id] for operand in definition.operands])
            left.pop()
    return known[value.id]
