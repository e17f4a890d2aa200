"""Warnings: what a program without errors says, and hardly means.

What the text shows is found in the syntax trees: variables that are never read, values that are
revealed or read for nothing, inputs in loops. What depends on types is found in the typed tree:
comparisons that always have the same result, and numbers of few bits that may wrap around. The
library's modules are left out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from ezlang.check import CheckResult
from ezlang.check.modules import LIBRARY
from ezlang.diagnostics.diagnostic import Diagnostic, Diagnostics
from ezlang.source import Source, Span
from ezlang.syntax import tree as syntax
from ezlang.syntax.parser import parse
from ezlang.typed import tree as typed
from ezlang.typed.operators import BinaryOp
from ezlang.typed.walk import expressions, statements
from ezlang.types.types import Scalar, element_of

from .intervals import Interval, Ranges, exact_interval, interval

_COMPARISONS = frozenset(
    {BinaryOp.LT, BinaryOp.LE, BinaryOp.GT, BinaryOp.GE, BinaryOp.EQ, BinaryOp.NE}
)
_OPPOSITE = {
    BinaryOp.LT: BinaryOp.GE,
    BinaryOp.LE: BinaryOp.GT,
    BinaryOp.GT: BinaryOp.LE,
    BinaryOp.GE: BinaryOp.LT,
    BinaryOp.EQ: BinaryOp.NE,
    BinaryOp.NE: BinaryOp.EQ,
}
_WRAPPING = frozenset({BinaryOp.ADD, BinaryOp.SUB, BinaryOp.MUL})
_NARROW = 16
"""Numbers of at most so many bits are often too small for a sum or product."""


def warnings(result: CheckResult) -> tuple[Diagnostic, ...]:
    """Return the warnings about a program or module without errors, in source order."""
    if result.diagnostics:
        return ()
    own = [source for source in result.sources if not source.name.startswith(LIBRARY)]
    found: dict[object, Diagnostic] = {}
    for one in (*_of_text(own), *_of_types(result.program)):
        found.setdefault((one.code, one.span), one)
    return tuple(sorted(found.values(), key=lambda one: one.sort_key))


# What the text shows


def _of_text(sources: Iterable[Source]) -> Iterator[Diagnostic]:
    for source in sources:
        module = parse(source, Diagnostics())
        for item in module.items:
            if isinstance(item, syntax.FunctionItem):
                yield from _unused(item)
                yield from _for_nothing(item.body, None)
        yield from _unused_items(module)


def _unused(function: syntax.FunctionItem) -> Iterator[Diagnostic]:
    read = set(_read(function))
    for node in _nodes(function.body):
        if not isinstance(node, syntax.Declare | syntax.Let) or node.name.text in read:
            continue
        if not node.name.text.startswith("_"):
            given = isinstance(node.value, syntax.Input)
            yield _never_read("input" if given else "variable", node.name)


def _unused_items(module: syntax.Module) -> Iterator[Diagnostic]:
    """Yield warnings about params that nothing reads; other items may be for other files."""
    read = {name for item in module.items for name in _read(item)}
    for item in module.items:
        if isinstance(item, syntax.ParamItem) and item.name.text not in read:
            yield _never_read("param", item.name)


def _never_read(what: str, name: syntax.Name) -> Diagnostic:
    return Diagnostic(
        code="EZ6001",
        message=f"The {what} `{name.text}` is never read",
        span=name.span,
        label="never read",
        help=f"Remove it, or call it `_{name.text}` if that is meant.",
    )


def _for_nothing(node: syntax.Node, loop: Span | None) -> Iterator[Diagnostic]:
    """Yield warnings about values that are dropped, loops that never run, and inputs in loops."""
    inside = loop
    match node:
        case syntax.ExprStatement(value=syntax.Reveal() | syntax.Input() as value):
            what = "revealed" if isinstance(value, syntax.Reveal) else "read"
            yield Diagnostic(
                code="EZ6002",
                message=f"A value is {what} here, and nothing is done with it",
                span=node.span,
                label="dropped",
                help="Remove it, or give the value a name: let x = …;",
            )
        case syntax.Input(turn=None) if loop is not None:
            yield Diagnostic(
                code="EZ6003",
                message="An input in a loop is the same value in each iteration",
                span=node.span,
                label="the same each time",
                help="Read it before the loop; for a value of each iteration, read an array, or "
                'give the turn: input(alice, "name", i).',
            )
        case syntax.ForRange(low=syntax.IntLiteral() as low, high=syntax.IntLiteral() as high):
            if high.value <= low.value:
                yield Diagnostic(
                    code="EZ6004",
                    message="This loop never runs",
                    span=low.span.to(high.span),
                    label="no number",
                    help="A range goes from its first number to before its second one.",
                )
        case _:
            pass
    if isinstance(node, syntax.ForRange | syntax.ForEach | syntax.While) and not _is_of_parties(
        node
    ):
        inside = node.span
    for child in _children(node):
        yield from _for_nothing(child, inside)


def _is_of_parties(node: syntax.Node) -> bool:
    over = node.iterable if isinstance(node, syntax.ForEach) else None
    return isinstance(over, syntax.Variable) and over.name.text in ("parties", "clients")


def _read(node: syntax.Node) -> Iterator[str]:
    """Yield the names that are read in a tree: not those that are only assigned to."""
    if isinstance(node, syntax.Assign):
        target: syntax.Expr = node.target
        while isinstance(target, syntax.Index | syntax.Slice | syntax.Member):
            for child in _children(target):
                if child is not target.base:
                    yield from _read(child)
            target = target.base
        yield from _read(node.value)
        return
    if isinstance(node, syntax.Variable | syntax.Spread):
        yield node.name.text
    for child in _children(node):
        yield from _read(child)


def _nodes(node: syntax.Node) -> Iterator[syntax.Node]:
    yield node
    for child in _children(node):
        yield from _nodes(child)


def _children(node: syntax.Node) -> Iterator[syntax.Node]:
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, syntax.Node):
                yield one


# What types show


def _of_types(program: typed.Program | None) -> Iterator[Diagnostic]:
    for function in program.functions if program is not None else ():
        ranges = _loop_ranges(function)
        for node in expressions(function.body):
            if node.span.source.name.startswith(LIBRARY):
                continue
            if isinstance(node, typed.Binary) and node.op in _COMPARISONS:
                yield from _decided(node, ranges)
            elif isinstance(node, typed.Sum) or (
                isinstance(node, typed.Binary) and node.op in _WRAPPING
            ):
                yield from _wraps(node, ranges)


def _loop_ranges(function: typed.Function) -> Ranges:
    """Return the ranges of the variables of loops whose bounds are numbers."""
    return {
        loop.variable.id: (int(loop.low.value), int(loop.high.value) - 1)
        for loop in statements(function.body)
        if isinstance(loop, typed.For)
        and isinstance(loop.low, typed.Literal)
        and isinstance(loop.high, typed.Literal)
    }


def _decided(node: typed.Binary, ranges: Ranges) -> Iterator[Diagnostic]:
    """Yield a warning about a comparison that has one result for all values of its operands."""
    element = element_of(node.left.type)
    if not isinstance(element, Scalar) or not element.is_integer:
        return
    left, right = interval(node.left, ranges), interval(node.right, ranges)
    result = _compared(node.op, left, right)
    is_of_constants = left[0] == left[1] and right[0] == right[1]
    if result is not None and not is_of_constants:
        yield Diagnostic(
            code="EZ6005",
            message=f"This comparison is always {str(result).lower()}",
            span=node.span,
            label=f"always {str(result).lower()}",
            help=f"The left side is from {left[0]} to {left[1]}, the right side from {right[0]} to "
            f"{right[1]}.",
        )


def _compared(op: BinaryOp, left: Interval, right: Interval) -> bool | None:
    """Return the result of a comparison, if it is the same for all numbers of two intervals."""
    always = {
        BinaryOp.LT: left[1] < right[0],
        BinaryOp.LE: left[1] <= right[0],
        BinaryOp.GT: left[0] > right[1],
        BinaryOp.GE: left[0] >= right[1],
        BinaryOp.EQ: False,
        BinaryOp.NE: left[1] < right[0] or left[0] > right[1],
    }
    if always[op]:
        return True
    return False if always[_OPPOSITE[op]] else None


def _wraps(node: typed.Binary | typed.Sum, ranges: Ranges) -> Iterator[Diagnostic]:
    """Yield a warning about a sum, difference or product of numbers of few bits.

    Where something is known of an operand, the program is taken to know what it does.
    """
    element = element_of(node.type)
    if not isinstance(element, Scalar) or not element.is_integer or element.width > _NARROW:
        return
    operands = (node.operand,) if isinstance(node, typed.Sum) else (node.left, node.right)
    if any(interval(one, ranges) != (element.low, element.high) for one in operands):
        return
    low, high = exact_interval(node, ranges)
    if element.low <= low and high <= element.high:
        return
    wide = "int64" if element.low < 0 else "uint64"
    yield Diagnostic(
        code="EZ6006",
        message=f"This may be too large for `{element}`, and then wraps around",
        span=node.span,
        label=f"from {low} to {high}",
        help=f"Cast the operands to a wider type first, as in {wide}(x).",
    )
