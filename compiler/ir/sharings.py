"""Which operation works on which sharings, and which of them need messages.

A value is *shared* when it has a sharing: when it is secret, in a program whose sharings are
assigned. In the rules, operands that aren't shared are known: public, or one party's own.

| operation | arithmetic (A) | boolean (B) | Yao (Y) |
|---|---|---|---|
| neg, bitnot, add, sub, sums | A, local | B | Y |
| abs, mul, matrix product, div, mod, min, max | A | B | Y |
| shl, shr by a constant | A, shl local | B, local | Y |
| other shifts; and, or, xor; not | | B; xor, not local | Y |
| comparisons of integers | A → B | B | Y |
| select (condition, sides) | B, A → A | B | Y |
| cast int → int | A, narrowing local | B, local | Y |
| cast int → bool; bool → int | A → B; B → A | B; B, local | Y |
| bit | A → B | B, local | Y |
| what moves elements | local | local | local |

A result is in the sharing that the table's column says. Operands of one operation are all in the
column's sharing or known; only `mul` and matrix products on A have a cheaper form when a known
operand is a party's own, and only they may have such an operand, others' operands are public.
Reductions that aren't local (sums on A, exclusive or on B) are expanded after assignment, and so
are matrix products on B and Y.
"""

from __future__ import annotations

from typing import Final

from ezlang.types.types import BoolType

from . import tree as ir
from .errors import need
from .kinds import Messages
from .tree import BinaryKind, Sharing

A: Final = Sharing.ARITHMETIC
B: Final = Sharing.BOOLEAN
Y: Final = Sharing.YAO


def is_bool(type: ir.TensorType) -> bool:
    """Tell whether the elements are bools."""
    return isinstance(type.element, BoolType)


def check_sharings(operation: ir.Operation) -> None:
    """Raise RuleError where sharings don't fit. Programs without sharings pass."""
    values = (*operation.operands, *operation.results)
    if all(value.type.sharing is None for value in values):
        return
    for value in values:
        type = value.type
        need(type.sharing is None or type.label.is_secret, "only a secret has a sharing")
        need(not (is_bool(type) and type.sharing is A), "a bool has no arithmetic sharing")
        need(type.sharing is not None or not type.label.is_secret, "a secret has no sharing")
    match operation:
        case ir.If() | ir.For() | ir.While() | ir.Call() | ir.Output() | ir.Assert():
            return
        case ir.Relabel() | ir.Reveal():
            same = operation.operands[0].type.sharing
            made = operation.result.type.sharing
            need(same is None or made is None or same is made, "it changes the sharing")
        case ir.Convert():
            need(operation.operands[0].type.sharing is not None, "a known value has no sharing")
            need(
                operation.operands[0].type.sharing is not operation.result.type.sharing,
                "the sharing stays the same",
            )
        case _:
            column = column_of(operation)
            need(column is not None, "the sharings don't fit the operation")


def column_of(operation: ir.Operation) -> Sharing | None:
    """Return the column of the table that an operation with shared values is in, if it fits one."""
    for sharing in (A, B, Y):
        if _fits(operation, sharing):
            return sharing
    return None


def required(operation: ir.Operation, sharing: Sharing) -> tuple[Sharing, ...] | None:
    """Return what secret operands must be shared as, and at the end the result, in a column.

    There is an entry for each operand, also for those that are known. None: there is no such
    form of the operation.
    """
    operands, result = operation.operands, operation.results[0].type
    count = len(operands)
    if sharing is not A:
        return (sharing,) * (count + 1)
    first = operands[0].type if operands else result
    match operation:
        case ir.Unary():
            return None if operation.kind.traits.arithmetic is None else (A, A)
        case ir.Binary():
            traits = operation.kind.traits
            if is_bool(first) or traits.arithmetic is None:
                return None
            if traits.shifts and operands[1].type.label.is_secret:
                return None
            return (A, A, B) if traits.gives_bool else (A, A, A)
        case ir.Select():
            return None if is_bool(result) else (B, A, A, A)
        case ir.Cast():
            if is_bool(first) and is_bool(result):
                return None
            return (B if is_bool(first) else A, B if is_bool(result) else A)
        case ir.Bit():
            return (A, B)
        case ir.Reduce():
            local = operation.kind.traits.arithmetic is Messages.NEVER
            return (A, A) if local and not is_bool(result) else None
        case _:
            return None if is_bool(result) else (A,) * (count + 1)


def _fits(operation: ir.Operation, sharing: Sharing) -> bool:
    needed = required(operation, sharing)
    if needed is None:
        return False
    cheap = isinstance(operation, ir.MatrixProduct) or (
        isinstance(operation, ir.Binary) and operation.kind is BinaryKind.MUL
    )
    for value, wanted in zip((*operation.operands, *operation.results), needed, strict=True):
        type = value.type
        if type.sharing is not None and type.sharing is not wanted:
            return False
        if type.label.is_owned and not (sharing is A and cheap) and not _is_place(operation, value):
            return False
    return True


def _is_place(operation: ir.Operation, value: ir.Value) -> bool:
    """Tell whether a value is an index of an operation that moves elements."""
    return isinstance(operation, ir.Extract | ir.Insert | ir.ExtractSlice | ir.InsertSlice) and any(
        value is index for index in operation.operands[1:]
    )


def is_interactive(operation: ir.Operation) -> bool:
    """Tell whether the parties exchange messages for an operation on arithmetic or boolean shares.

    Yao's operations aren't meant here: their tables stream, and nobody waits for an answer.
    """
    shared = [v.type.sharing for v in (*operation.operands, *operation.results) if v.type.sharing]
    if not shared or operation.regions or isinstance(operation, ir.Call | ir.Output | ir.Assert):
        return False
    if isinstance(operation, ir.Convert):
        return not (operation.operands[0].type.sharing is Y and operation.result.type.sharing is B)
    if Y in shared:
        return False
    match operation:
        case ir.Relabel():
            return operation.operands[0].type.label.is_owned
        case ir.Reveal():
            return True
        case ir.Unary():
            return _exchanges(operation, A in shared)
        case ir.Binary():
            return _exchanges(operation, A in shared)
        case ir.Select():
            return operation.operands[0].type.label.is_secret
        case ir.Cast():
            return _cast_is_interactive(operation)
        case ir.Bit():
            return A in shared and operation.position > 0
        case ir.Reduce():
            kind = operation.kind.traits
            return (kind.arithmetic if A in shared else kind.boolean) is not Messages.NEVER
        case ir.MatrixProduct():
            return B in shared or not any(v.type.label.is_public for v in operation.operands)
        case _:
            return False


def _exchanges(operation: ir.Unary | ir.Binary, arithmetic: bool) -> bool:
    traits = operation.kind.traits
    messages = traits.arithmetic if arithmetic else traits.boolean
    return messages is not None and messages.needed([v.type for v in operation.operands])


def _cast_is_interactive(operation: ir.Cast) -> bool:
    old, new = operation.operands[0].type, operation.result.type
    if old.sharing is B and new.sharing is B:
        return is_bool(new) and not is_bool(old)
    if is_bool(new) or is_bool(old):
        return True
    return old.sharing is A and new.width > old.width
