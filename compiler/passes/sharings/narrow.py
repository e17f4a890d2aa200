"""Bit-width narrowing of operations on secrets.

**Purpose.** Annotate operations on secrets with the number of bits in which they can be computed,
if value ranges (`ranges.py`) show that operands and result need fewer bits than their type has. For
example, an `int64` that stays below 2²⁰ is compared in 20 bits. Circuits, comparisons and
conversions are built for those bits alone, and the result is extended, which is free. **Keeps**
everything else. **Guarantees** nothing: operations with unknown ranges stay as they are. `explain`
gives the proofs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from ezlang.records import dataclass, replace
from ezlang.source import NO_SPAN, Span

from ...ir import tree as ir
from ...ir.intervals import Interval, bits_of, full, signed_bits_of
from ...ir.kinds import Messages
from ...ir.text import operation_name
from ...ir.tree import BinaryKind, Sharing
from ..analyses.ranges import Intervals, ranges_of
from ..description import optional
from ..rewriting.rewrite import with_functions, with_operations


@optional("narrow", "finds in how many bits operations can be done, from value ranges")
def narrow(program: ir.Program) -> ir.Program:
    """Set `bits` of the operations that need fewer bits than their width."""
    ranges = ranges_of(program)
    functions = []
    for function in program.functions:
        known = _Known(ranges[function.name], tables_of(function))
        body = _region(function.body, known)
        functions.append(function if body is function.body else replace(function, body=body))
    return with_functions(program, functions)


def tables_of(function: ir.Function) -> dict[int, ir.Constant]:
    """Return the constants whose items are looked up, by value id."""
    everything = list(ir.walk(function.body))
    tables = {one.operands[0].id for one in everything if isinstance(one, ir.Lookup)}
    constants = (one for one in everything if isinstance(one, ir.Constant))
    return {one.result.id: one for one in constants if one.result.id in tables}


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the values of a function: their ranges, and constant tables."""

    ranges: Intervals
    tables: dict[int, ir.Constant]


def _region(region: ir.Region, known: _Known) -> ir.Region:
    operations = []
    for operation in region.operations:
        if operation.regions:
            inner = tuple(_region(one, known) for one in operation.regions)
            if any(new is not old for new, old in zip(inner, operation.regions, strict=True)):
                operation = replace(operation, regions=inner)
        operations.append(_narrowed(operation, known))
    return with_operations(region, operations, region.yields)


def _narrowed(operation: ir.Operation, known: _Known) -> ir.Operation:
    if isinstance(operation, ir.Lookup):
        return _bounded(operation, known)
    if not isinstance(operation, ir.Narrowable):
        return operation
    if isinstance(operation, ir.Binary) and operation.kind is BinaryKind.MUL:
        operation = _factored(operation, known)
    values = numbers_of(operation)
    if not values or not operation.result.type.label.is_secret:
        return operation
    ranges = [known.ranges[value.id] for value in values]
    nonnegative = all(one.low >= 0 for one in ranges)
    bits = max(map(bits_of if nonnegative else signed_bits_of, ranges))
    if bits >= values[0].type.width or (bits, nonnegative) == (
        operation.bits,
        operation.nonnegative,
    ):
        return operation
    return replace(operation, bits=bits, nonnegative=nonnegative)


def _factored(operation: ir.Binary, known: _Known) -> ir.Binary:
    """Set the factor of a product that has few values, if it has less than half of the bits."""
    x, y = operation.operands
    if x.id == y.id or not (x.type.label.is_secret and y.type.label.is_secret):
        return operation
    ranges = [known.ranges[value.id] for value in (x, y)]
    which = min((0, 1), key=lambda i: ranges[i].high - ranges[i].low)
    low, high = ranges[which]
    small = 2 * ((high - low).bit_length() + 1) <= x.type.width
    factor = (which, low, high) if small else ()
    return operation if factor == operation.factor else replace(operation, factor=factor)


def _bounded(operation: ir.Lookup, known: _Known) -> ir.Operation:
    """Set what is known of the indices of a lookup, and of each element of the table's items."""
    table, index = operation.operands
    items = Interval(0, (1 << operation.index_bits) - 1)
    inside = known.ranges[index.id].within(items)
    constant = known.tables.get(table.id)
    if constant is None or len(constant.data) == 1:
        ranges = [known.ranges[table.id]] * operation.words
    else:
        columns = (constant.data[word :: operation.words] for word in range(operation.words))
        ranges = [Interval(min(column), max(column)) for column in columns]
    zero = Interval(0, 0)
    bounds = tuple(tuple(one.join(zero)) for one in ranges)
    if all(Interval(*one) == full(table.type) for one in bounds):
        bounds = ()
    if (inside, bounds) == (operation.inside, operation.bounds):
        return operation
    return replace(operation, inside=inside, bounds=bounds)


def numbers_of(
    operation: ir.Binary | ir.Select | ir.Convert | ir.AnyCut,
) -> Sequence[ir.Value]:
    """Return the values that must fit into the bits of a narrowed operation."""
    match operation:
        case ir.Binary():
            values = _operands_and_result(operation)
        case ir.Select():
            values = operation.operands[1:]
        case ir.Convert() | ir.Cut():
            values = operation.operands
        case _:
            assert_never(operation)
    return () if any(value.type.width == 1 for value in values) else values


def _operands_and_result(operation: ir.Binary) -> tuple[ir.Value, ...]:
    """Return the values of a Binary that must fit; none if narrowing saves nothing."""
    x, kind = operation.operands, operation.kind.traits
    if kind.gives_bool:
        return x
    if not kind.shifts:
        return () if kind.boolean is Messages.NEVER else (*x, operation.result)
    # Circuits shift for free. On arithmetic shares, narrow shifts of unsigned numbers are cheaper.
    shares = operation.kind is BinaryKind.SHR and x[0].type.sharing is Sharing.ARITHMETIC
    return (x[0], operation.result) if shares else ()


@dataclass(frozen=True, slots=True)
class Fact:
    """The range of a value, which follows from the ranges of the operands of its definition.

    `depth` is the distance from the narrowed operation.
    """

    depth: int
    span: Span
    text: str
    range: Interval


@dataclass(frozen=True, slots=True)
class Narrowed:
    """An operation, described by `text`, that is narrowed to `bits`, with the proof."""

    span: Span
    text: str
    bits: int
    nonnegative: bool
    facts: tuple[Fact, ...]


def explain(program: ir.Program) -> Iterator[Narrowed]:
    """Yield each narrowed operation with the proof of its operands' ranges."""
    ranges = ranges_of(program)
    for function in program.functions:
        defined = {v.id: one for one in ir.walk(function.body) for v in one.results}
        for operation in ir.walk(function.body):
            if isinstance(operation, ir.Narrowable) and operation.bits:
                facts: list[Fact] = []
                for value in numbers_of(operation):
                    if value.id != operation.result.id:
                        _prove(value, defined, ranges[function.name], facts, 1)
                text = operation.kind.value if isinstance(operation, ir.Binary) else "select"
                if isinstance(operation, ir.Convert):
                    text = "convert"
                if isinstance(operation, ir.Cut):
                    text = operation_name(type(operation)).replace("_", " ")
                yield Narrowed(
                    operation.span, text, operation.bits, operation.nonnegative, tuple(facts)
                )


def _prove(
    value: ir.Value,
    defined: dict[int, ir.Operation],
    known: Intervals,
    facts: list[Fact],
    depth: int,
) -> None:
    """Add the facts that prove the range of a value, each of them once."""
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
