"""Narrowing.

**Purpose.** Say of operations on secrets in how many bits they can be done, where value ranges
(`ranges.py`) show that operands and result need less than their type has: an `int64` that stays
below 2²⁰ is compared in 20 bits. Circuits, comparisons and conversions are built for those bits
alone, and the result is extended, which is free. **Keeps** everything else. **Guarantees** nothing:
where nothing is known, operations stay as they are. `explain` gives the proofs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ezlang.source import NO_SPAN, Span

from ...ir import tree as ir
from ...ir.tree import BinaryKind, Sharing
from ..analyses.ranges import Known, Range, bits_of, ranges_of, signed_bits_of
from ..description import optional
from ..rewriting.rewrite import with_functions, with_operations

_COMPARISONS: Final = frozenset(
    {BinaryKind.EQ, BinaryKind.NE, BinaryKind.LT, BinaryKind.LE, BinaryKind.GT, BinaryKind.GE}
)
_COMPUTED: Final = frozenset(
    {
        BinaryKind.ADD,
        BinaryKind.SUB,
        BinaryKind.MUL,
        BinaryKind.DIV,
        BinaryKind.MOD,
        BinaryKind.AND,
        BinaryKind.OR,
        BinaryKind.MIN,
        BinaryKind.MAX,
    }
)


@optional("narrow", "finds in how many bits operations can be done, from value ranges")
def narrow(program: ir.Program) -> ir.Program:
    """Return the program with `bits` at operations that can be done in less than their width."""
    ranges = ranges_of(program)
    functions = []
    for function in program.functions:
        body = _region(function.body, ranges[function.name])
        functions.append(function if body is function.body else replace(function, body=body))
    return with_functions(program, functions)


def _region(region: ir.Region, known: Known) -> ir.Region:
    operations = []
    for operation in region.operations:
        if operation.regions:
            inner = tuple(_region(one, known) for one in operation.regions)
            if any(new is not old for new, old in zip(inner, operation.regions, strict=True)):
                operation = replace(operation, regions=inner)
        operations.append(_narrowed(operation, known))
    return with_operations(region, operations, region.yields)


def _narrowed(operation: ir.Operation, known: Known) -> ir.Operation:
    if not isinstance(operation, ir.Binary | ir.Select | ir.Convert):
        return operation
    values = numbers_of(operation)
    if not values or not operation.result.type.label.is_secret:
        return operation
    ranges = [known[value.id] for value in values]
    nonnegative = all(one.low >= 0 for one in ranges)
    bits = max(map(bits_of if nonnegative else signed_bits_of, ranges))
    if bits >= values[0].type.width or (bits, nonnegative) == (
        operation.bits,
        operation.nonnegative,
    ):
        return operation
    return replace(operation, bits=bits, nonnegative=nonnegative)


def numbers_of(operation: ir.Binary | ir.Select | ir.Convert) -> Sequence[ir.Value]:
    """Return the values that have to fit into the bits that an operation is done in."""
    x = operation.operands
    match operation:
        case ir.Binary(kind=kind) if kind in _COMPARISONS:
            values: Sequence[ir.Value] = x
        case ir.Binary(kind=kind) if kind in _COMPUTED:
            values = (*x, operation.result)
        case ir.Binary(kind=BinaryKind.SHR) if x[0].type.sharing is Sharing.ARITHMETIC:
            # Circuits shift for nothing: it is shares that are shifted with less, if they have
            # no sign.
            values = (x[0], operation.result)
        case ir.Select():
            values = x[1:]
        case ir.Convert():
            values = x
        case _:
            values = ()
    return [] if any(value.type.width == 1 for value in values) else values


@dataclass(frozen=True, slots=True)
class Fact:
    """That values of an operation lie in a range, shown by the ranges of its operands.

    `depth` says how far behind the operation that is narrowed a fact stands.
    """

    depth: int
    span: Span
    text: str
    range: Range


@dataclass(frozen=True, slots=True)
class Narrowed:
    """An operation, called `text`, that is done in so many bits, and why."""

    span: Span
    text: str
    bits: int
    nonnegative: bool
    facts: tuple[Fact, ...]


def explain(program: ir.Program) -> Iterator[Narrowed]:
    """Yield each operation that is narrowed with the proof of its operands' ranges."""
    ranges = ranges_of(program)
    for function in program.functions:
        defined = {v.id: one for one in ir.walk(function.body) for v in one.results}
        for operation in ir.walk(function.body):
            if isinstance(operation, ir.Binary | ir.Select | ir.Convert) and operation.bits:
                facts: list[Fact] = []
                for value in numbers_of(operation):
                    if value.id != operation.result.id:
                        _prove(value, defined, ranges[function.name], facts, 1)
                text = operation.kind.value if isinstance(operation, ir.Binary) else "select"
                if isinstance(operation, ir.Convert):
                    text = "convert"
                yield Narrowed(
                    operation.span, text, operation.bits, operation.nonnegative, tuple(facts)
                )


def _prove(
    value: ir.Value,
    defined: dict[int, ir.Operation],
    known: Known,
    facts: list[Fact],
    depth: int,
) -> None:
    """Add the chain of facts that shows a value's range, each once."""
    operation = defined.get(value.id)
    name = value.hint or f"%{value.id}"
    if operation is None:
        facts.append(Fact(depth, NO_SPAN, f"{name}, carried or given", known[value.id]))
        return
    text = f"{name}, by {type(operation).__name__.lower()}"
    if isinstance(operation, ir.Unary | ir.Binary | ir.Reduce):
        text = f"{name}, by {operation.kind.value}"
    fact = Fact(depth, operation.span, text, known[value.id])
    if any(one.span == fact.span and one.text == text for one in facts):
        return
    facts.append(fact)
    for operand in operation.operands:
        _prove(operand, defined, known, facts, depth + 1)
