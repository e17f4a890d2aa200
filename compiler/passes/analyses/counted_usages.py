"""Costs of operations on arithmetic or boolean shares, counted by running their protocols.

The protocol runs at one party without data (cost/counting_party.py), on at most `MOST` elements;
amounts for more elements are proportional. So everything that determines the protocol, namely
constants, known operands, and numbers known to be small, has the same effect as in a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ezlang.records import replace

from ...cost.counted import count
from ...cost.usage import NOTHING, Usage
from ...ir import tree as ir
from ...ir.facts import ConstantOperands
from ...ir.sharings import is_interactive, required
from ...ir.tree import Sharing

_WHOLE: Final = (ir.Product, ir.Reduce, ir.Lookup, ir.SignAndFit)
"""Operations whose result has another shape than their operands."""

MOST: Final = 4096
"""Largest number of elements on which a protocol is run."""


def shared_as(operation: ir.Operation, sharing: Sharing) -> ir.Operation:
    """Return an operation with the sharings that an operation sharing requires."""
    number = len(operation.operands)
    wants = (sharing,) * (number + 1)
    if not isinstance(operation, ir.Reveal):
        wants = required(operation, sharing) or wants
    operands = tuple(map(_shared, operation.operands, wants[:number]))
    results = tuple(_shared(value, wants[-1]) for value in operation.results)
    return replace(operation, operands=operands, results=results)


def _shared(value: ir.Value, sharing: Sharing) -> ir.Value:
    if not value.type.label.is_secret:
        return value
    return replace(value, type=replace(value.type, sharing=sharing))


def counted_usages(operation: ir.Operation, known: ConstantOperands = ()) -> Sequence[Usage]:
    """Return the usages of an operation with given sharings: one per circuit, if it has circuits.

    `known` are the facts about its operands (ir/facts.py).
    """
    if not is_interactive(operation):
        return (NOTHING,)
    size = operation.result.type.size
    if not size:
        return (NOTHING,)
    form, factor = operation, 1.0
    if size > MOST and not isinstance(operation, _WHOLE):
        form, factor = _cut(operation), size / MOST
    return tuple(
        count((replace(form, deep=deep),), (known,)).times(factor)
        for deep in ((False, True) if operation.has_circuit(known) else (False,))
    )


def _cut(operation: ir.Operation) -> ir.Operation:
    """Return an operation on fewer elements."""

    def cut(value: ir.Value) -> ir.Value:
        return replace(value, type=replace(value.type, shape=(MOST,)))

    operands = tuple(map(cut, operation.operands))
    return replace(operation, operands=operands, results=tuple(map(cut, operation.results)))
