"""What an operation on arithmetic or boolean shares takes, by running its protocol to count.

Its protocol runs at one party that holds no data (cost/counting_party.py), on at most `MOST`
elements; for more, amounts are in proportion. So all that decides which protocol is taken,
constants, known operands, and numbers known to be small, counts here as it does in a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ...cost.counted import count
from ...cost.usage import NOTHING, Usage
from ...ir import tree as ir
from ...ir.facts import Numbers
from ...ir.sharings import is_interactive, required
from ...ir.tree import Sharing

MOST: Final = 4096
"""Elements of an operation on which its protocol runs."""


def shared_as(operation: ir.Operation, column: Sharing) -> ir.Operation:
    """Return an operation with the sharings that a column of the table asks for."""
    number = len(operation.operands)
    wants = (column,) * (number + 1)
    if not isinstance(operation, ir.Reveal):
        wants = required(operation, column) or wants
    operands = tuple(map(_shared, operation.operands, wants[:number]))
    results = tuple(_shared(value, wants[-1]) for value in operation.results)
    return replace(operation, operands=operands, results=results)


def _shared(value: ir.Value, sharing: Sharing) -> ir.Value:
    if not value.type.label.is_secret:
        return value
    return replace(value, type=replace(value.type, sharing=sharing))


def counted_usages(operation: ir.Operation, known: Numbers = ()) -> Sequence[Usage]:
    """Return what an operation takes, its sharings given: with each of its circuits, if it has any.

    `known` is what ir/facts.py says of its operands.
    """
    if not is_interactive(operation):
        return (NOTHING,)
    size = operation.result.type.size
    if not size:
        return (NOTHING,)
    form, factor = operation, 1.0
    if size > MOST and not isinstance(operation, ir.MatrixProduct | ir.Reduce):
        form, factor = _cut(operation), size / MOST
    return tuple(
        count((replace(form, deep=deep),), (known,)).times(factor)
        for deep in ((False, True) if operation.has_circuit else (False,))
    )


def _cut(operation: ir.Operation) -> ir.Operation:
    """Return an operation on fewer elements."""

    def cut(value: ir.Value) -> ir.Value:
        return replace(value, type=replace(value.type, shape=(MOST,)))

    operands = tuple(map(cut, operation.operands))
    return replace(operation, operands=operands, results=tuple(map(cut, operation.results)))
