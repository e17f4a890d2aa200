"""Memory estimate of vectorised loops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ...ir import tree as ir
from ...ir.tree import BinaryKind
from ...kernels.layout import LABEL_BYTES
from ..analyses.contractions import Definitions, is_matrix_product
from .body import Body, Total
from .partition import Partition, kept
from .reductions import uses

_PREFIX = 4
"""Number of tensors over all iterations that a prefix network keeps."""


def bytes_of(body: Body, parted: Partition) -> int:
    """Return the bytes of labels that the vectorised loop makes per iteration.

    These are the results of vectorised operations, the arrays that are repeated for them, and what
    the remaining loop records. The parts of arrays that iterations begin with don't count: no two
    share an element, so all of them together are no larger than the array. Products that become
    part of a matrix product (passes/general/find_products.py) are never made, and neither are the
    broadcasts of their operands.
    """
    at_once = [one for n, one in enumerate(body.operations) if n not in parted.serial]
    skipped = _in_products(body, parted, at_once)
    running = [one.following for one in body.passed if one.scan is not None]
    total = _PREFIX * sum(map(_bytes, running))
    total += sum(map(_bytes, kept(body, parted)))
    total += sum(_bytes(one.parameter) for one in body.passed if one not in parted.passed)
    for operation in at_once:
        for one in ir.walk(ir.Region(operations=(operation,))):
            made = [value for value in one.results if value.id not in skipped]
            total += sum(map(_bytes, made))
            if made and isinstance(one, ir.Elementwise):
                total += sum(_bytes(value) for value in one.operands if _is_repeated(value, parted))
    return total


def _bytes(value: ir.Value) -> int:
    """Return the bytes of the labels of a value."""
    return LABEL_BYTES * value.type.width * value.type.size if value.type.label.is_secret else 0


def _is_repeated(value: ir.Value, parted: Partition) -> bool:
    """Return whether an operand is an array that a vectorised operation repeats in memory."""
    return value.id not in parted.varied and value.type.size > 1


def _in_products(body: Body, parted: Partition, at_once: Sequence[ir.Operation]) -> set[int]:
    """Return the intermediate values of operations that become a matrix product."""
    if not any(isinstance(one, ir.Binary) and one.kind is BinaryKind.MUL for one in at_once):
        return set()
    used = Counter(one for operation in body.operations for one in uses(operation))
    summed: set[int] = set()
    for one in body.carried:
        if isinstance(one, Total) and one.reduction.kind is BinaryKind.ADD:
            given = [*one.reduction.added, *one.reduction.subtracted]
            summed.update(value.id for value in given)
    used.update(value.id for value in body.outputs)
    used.update(one.following.id for one in body.passed)
    used.update(one.scan.value.id for one in body.passed if one.scan is not None)
    definitions = Definitions(used)
    for operation in at_once:
        definitions.see(operation)
    skipped: set[int] = set()
    for operation in reversed(at_once):
        if operation.results and operation.results[0].id in skipped:
            continue
        found = definitions.contraction(operation)
        if found is None:
            continue
        varies = [one.base.id in parted.varied for one in (found.x, found.y)]
        total = operation.result.id in summed and used[operation.result.id] == 1
        batch = found.dimensions(in_x=True, in_y=True, summed=False)
        secret = not any(one.base.type.label.is_public for one in (found.x, found.y))
        if batch or found.x == found.y or not secret or not any(varies):
            continue
        if total or (not all(varies) and is_matrix_product(found)):
            inner = definitions.inside(operation)
            skipped.update(one.result.id for one in inner[0 if total else 1 :])
            _skip_moves(inner[-1], definitions, used, skipped)
    return skipped


def _skip_moves(
    product: ir.Operation, definitions: Definitions, used: Counter[int], skipped: set[int]
) -> None:
    """Add the values that only move elements for a product."""
    left = list(product.operands)
    while left:
        value = left.pop()
        operation = definitions.made.get(value.id)
        moves = isinstance(operation, ir.Read) and not isinstance(operation, ir.Gather)
        if operation is not None and moves and used[value.id] == 1:
            skipped.add(value.id)
            left.append(operation.operands[0])
