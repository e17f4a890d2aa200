"""Failures on values that all parties know: before an operation, or where the other party fails."""

from __future__ import annotations

from typing import assert_never

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.typed.failures import Failure

from ..ir import tree as ir
from ..kernels.build import Value
from . import arrays, scalar
from .emitter import Emitter
from .representations import Representation


def check(e: Emitter, operation: ir.Operation) -> None:
    """Fail if a checked operation has a public operand that is out of range; do nothing else."""
    if not isinstance(operation, ir.Checkable) or not operation.checked:
        return
    match operation:
        case ir.Binary():
            _check_right(e, operation)
        case ir.Extract() | ir.Insert() | ir.ExtractSlice() | ir.InsertSlice():
            arrays.check(e, operation)
        case _:
            assert_never(operation)


def _check_right(e: Emitter, operation: ir.Binary) -> None:
    left, right = operation.operands
    if not right.type.label.is_public or not left.type.size:
        return
    if e.representation(right) is Representation.REGISTER:
        e.fail_if(_is_bad(e, operation, left.type.width, e.register(right)), operation)
        return
    address, stride = e.address(right), e.stride(right)
    count = e.plan.aliases.count(e.plan.aliases.of(right).root)
    with e.kernel.loop(0, e.i64(count)) as index:
        number = scalar.load(e.kernel, address.at(index * stride), right.type.element)
        e.fail_if(_is_bad(e, operation, left.type.width, number), operation)


def _is_bad(e: Emitter, operation: ir.Binary, width: int, number: Value) -> Value:
    match operation.failure:
        case Failure.DIVISION:
            return number.equals(0)
        case Failure.SHIFT:
            return scalar.shifts_out(e.kernel, number, width)
        case _:
            raise CompilerBug(f"nothing is out of range for {operation.kind.value}")
