"""Operations on whole arrays that a party computes alone, and those that a kernel computes."""

from __future__ import annotations

from typing import Final

from ..ir import tree as ir
from ..ir.tree import BinaryKind

COLUMNS: Final = 4
PRODUCTS: Final = 1 << 12
"""Smaller matrices wouldn't fill a kernel's registers, or it would be called for too little."""


def is_local(operation: ir.Reduce | ir.MatrixProduct) -> bool:
    """Return whether an operation is done here: it is clear, or local on its shares."""
    sharing = operation.result.type.sharing
    if not operation.result.type.label.is_secret:
        return True
    if isinstance(operation, ir.MatrixProduct):
        return sharing is ir.Sharing.ARITHMETIC
    local = {ir.Sharing.ARITHMETIC: BinaryKind.ADD, ir.Sharing.BOOLEAN: BinaryKind.XOR}
    return sharing is not None and local.get(sharing) is operation.kind


def by_kernel(operation: ir.Operation) -> bool:
    """Return whether an operation is a local product that a kernel computes: a large one."""
    if not isinstance(operation, ir.MatrixProduct) or not is_local(operation):
        return False
    columns = operation.result.type.shape[-1]
    return columns >= COLUMNS and operation.result.type.size * operation.terms >= PRODUCTS
