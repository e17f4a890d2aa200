"""The sharings that each operation supports, and the messages that it needs.

A value is *shared* if it has a sharing, that is, if it is secret in a program whose sharings are
assigned. In the rules, operands that aren't shared are *known*: public, or owned by one party.

| operation | arithmetic (A) | boolean (B) | Yao (Y) |
|---|---|---|---|
| neg, bitnot, add, sub, sums | A, local | B | Y |
| abs, mul, matrix product, convolution, div, mod, min, max | A | B | Y |
| shl, shr by a constant | A, shl local | B, local | Y |
| other shifts; and, or, xor; not | | B; xor, not local | Y |
| comparisons of integers | A → B | B | Y |
| select (condition, sides) | B, A → A | B | Y |
| cast int → int | A, narrowing local | B, local | Y |
| cast int → bool; bool → int | A → B; B → A | B; B, local | Y |
| bit | A → B | B, local | Y |
| lookup (public table, index) | A | B | Y |
| rectified shift | A | | |
| sign and fit | A → B | | |
| data movement | local | local | local |

The table's column gives the sharing of the result. Every operand of an operation is either in the
column's sharing or known. Only products, `min`, `max` and comparisons by order on A may have an
owned operand, with which they are cheaper; the known operands of all other operations are public.
Of the reductions, only the local ones (sums on A, exclusive or on B) are kept after assignment. The
others are expanded, and so are matrix products, convolutions and lookups on B and Y.
"""

from __future__ import annotations

from typing import Final, assert_never

from . import tree as ir
from .errors import need
from .value import A as A
from .value import B as B
from .value import Sharing
from .value import Y as Y

PAIRED: Final = 2
"""The number of parties of programs that run two-party protocols."""


def check_sharings(operation: ir.Operation) -> None:
    """Raise RuleError if sharings are inconsistent. Programs without sharings pass."""
    values = (*operation.operands, *operation.results)
    if all(value.type.sharing is None for value in values):
        return
    for value in values:
        type = value.type
        need(type.sharing is None or type.label.is_secret, "only a secret has a sharing")
        need(not (type.ring is None and type.sharing is A), "a bool has no arithmetic sharing")
        need(type.sharing is not None or not type.label.is_secret, "a secret has no sharing")
    match operation:
        case ir.Structured() | ir.Call() | ir.Input() | ir.Draw() | ir.Output() | ir.Assert():
            return
        case ir.Give() | ir.Tell():
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
        case ir.Computation():
            need(operation_sharing(operation) is not None, "the sharings don't fit the operation")
        case _:
            assert_never(operation)


def operation_sharing(operation: ir.Operation) -> Sharing | None:
    """Return the operation sharing that fits an operation with shared values, if any."""
    for sharing in (A, B, Y):
        if _fits(operation, sharing):
            return sharing
    return None


def required(operation: ir.Operation, sharing: Sharing) -> tuple[Sharing, ...] | None:
    """Return the sharings of secret operands and, last, the result for an operation sharing.

    There is an entry for each operand, including known ones. None: the operation has no form in
    that sharing.
    """
    return operation.required(sharing)


def supported(operation: ir.Operation, sharing: Sharing, parties: int) -> bool:
    """Return whether an operation has a form in a sharing, in a program of so many parties.

    Of two parties, that is what the table says. Among any other number of them, there is no Yao
    sharing, and arithmetic shares support what is local on them, products, and what a secret bit
    selects or becomes.
    """
    if operation.required(sharing) is None:
        return False
    if parties == PAIRED or sharing is B:
        return True
    if sharing is Y:
        return False
    match operation:
        case ir.Binary(kind=ir.BinaryKind.MUL) | ir.Product() | ir.Select():
            return True
        case ir.Cast():
            return operation.operands[0].type.ring is None or not operation.exchanges(A)
        case ir.Computation():
            return not operation.exchanges(A)
        case _:
            return True


def _fits(operation: ir.Operation, sharing: Sharing) -> bool:
    needed = operation.required(sharing)
    if needed is None:
        return False
    for value, wanted in zip((*operation.operands, *operation.results), needed, strict=True):
        type = value.type
        if type.sharing is not None and type.sharing is not wanted:
            return False
        owned_fits = (sharing is A and operation.takes_owned) or _is_place(operation, value)
        if type.label.is_owned and not owned_fits:
            return False
    return True


def _is_place(operation: ir.Operation, value: ir.Value) -> bool:
    """Return whether a value is a place operand of a data movement operation."""
    if not isinstance(operation, ir.Move):
        return False
    return any(value is place for place in operation.operands[operation.element_count :])


def is_exchanged(operation: ir.Operation, parties: int) -> bool:
    """Return whether native code of so many parties calls back for an operation.

    These are the interactive ones, those with a client and, unless there are two parties, what an
    owner tells others.
    """
    if isinstance(operation, ir.WithClient):
        return True
    return is_interactive(operation) or (parties != PAIRED and is_told(operation))


def is_told(operation: ir.Operation) -> bool:
    """Return whether an operation reveals what one party knows to others."""
    if not isinstance(operation, ir.Reveal):
        return False
    known, told = operation.operands[0].type.label, operation.result.type.label
    return known.is_owned and known != told


def is_interactive(operation: ir.Operation) -> bool:
    """Return whether an operation on arithmetic or boolean shares exchanges messages.

    Operations in Yao's protocol don't count: their tables are streamed, without waiting for a
    reply.
    """
    shared = [v.type.sharing for v in (*operation.operands, *operation.results) if v.type.sharing]
    if not shared or isinstance(operation, ir.Structured | ir.Call):
        return False
    if Y in shared and not isinstance(operation, ir.Convert):
        return False
    return operation.exchanges(A if A in shared else B)
