"""Heads of functions: parameter and result types for given sizes, and sizes from arguments."""

from __future__ import annotations

from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.types.types import VOID, FixedType, Type, element_of

from .context import Body, Signature
from .items import FunctionInfo
from .messages import generics as errors_generics
from .messages import sizes as errors_sizes
from .messages import types as errors_types
from .parameters import ElementName, ShapeName, Size, SizeName
from .type_parameters import element_fits, element_type
from .typenames import label, resolve, size, sizes
from .untyped import Poison, Typed, Value, known_shape


def signature(
    body: Body, function: FunctionInfo, sizes: tuple[Size, ...], *, quiet: bool
) -> Signature:
    """Return a function's head for given sizes; an error in it is reported once."""
    key = (function, sizes, quiet)
    known = body.world.signatures.get(key)
    if known is not None:
        return known
    node = function.node
    inner = Body(body.world, function.module, quiet_sizes=quiet)
    inner.head_of = node.name.text
    bind_sizes(inner, function, sizes)
    types = tuple([resolve(inner, p.type) for p in node.parameters])
    labels = tuple([None if p.label is None else label(inner, p.label) for p in node.parameters])
    for parameter, label_ in zip(node.parameters, labels, strict=True):
        if parameter.label is not None and label_ is None:
            types = tuple(
                [None if p is parameter else t for p, t in zip(node.parameters, types, strict=True)]
            )
    result = Signature(
        function=function,
        sizes=sizes,
        types=types,
        labels=labels,
        return_type=_result(inner, node) if node.head_read else None,
        return_label=None if node.return_label is None else label(inner, node.return_label),
    )
    body.world.diagnostics.extend(inner.diagnostics)
    body.world.signatures[key] = result
    return result


def _result(body: Body, node: syntax.FunctionItem) -> Type | None:
    return VOID if node.return_type is None else resolve(body, node.return_type)


def bind_sizes(body: Body, function: FunctionInfo, sizes: tuple[Size, ...]) -> None:
    """Declare a function's size, shape and type parameters in its head or body."""
    for name, value in zip(function.node.sizes, sizes, strict=True):
        match value:
            case int():
                body.bind(name, SizeName(name.text, name.span, value))
            case tuple():
                body.bind(name, ShapeName(name.text, name.span, value))
            case _:
                body.bind(name, ElementName(name.text, name.span, value))


def sizes_of_call(
    body: Body, function: FunctionInfo, node: syntax.Call, arguments: list[Value]
) -> tuple[Size, ...] | None:
    """Return the sizes of a call: the first ones as written, others from the arguments' types."""
    names = function.node.sizes
    if len(node.sizes) > len(names):
        body.report(errors_types.size_count(node.span, function.name, len(names), len(node.sizes)))
        return None
    found: dict[str, Size] = {}
    for name, expression in zip(names, node.sizes, strict=False):
        if name.kind is not None:
            body.report(errors_generics.type_given(expression.span, function.name, name))
            return None
        written = _written(body, name, expression)
        if written is None:
            return None
        found[name.text] = written
    shapes = {n.text: n.is_shape for n in names if n.kind is None}
    for parameter, argument in zip(function.node.parameters, arguments, strict=True):
        _match(shapes, found, parameter.type.sizes, known_shape(argument))
        _match(shapes, found, parameter.type.bits, _bits(argument, len(parameter.type.bits)))
    for name in names:
        if name.kind is not None:
            element = element_type(function, name, arguments)
            if not element_fits(body, function, name, element, node.span, arguments):
                return None
            assert element is not None
            found[name.text] = element
    missing = [n.text for n in names if n.text not in found]
    if missing:
        if not any(isinstance(a, Poison) for a in arguments):
            body.report(errors_sizes.size_not_inferred(node.span, function.name, missing[0]))
        return None
    return tuple([found[n.text] for n in names])


def _written(body: Body, name: syntax.SizeParameter, node: syntax.Expr) -> Size | None:
    """Return what a call gives for a parameter; for a shape, one size stands for one dimension."""
    if not name.is_shape:
        return size(body, node)
    return sizes(body, node.elements if isinstance(node, syntax.ArrayLiteral) else (node,))


def _match(
    shapes: dict[str, bool],
    found: dict[str, Size],
    written: tuple[syntax.Expr, ...],
    numbers: tuple[int, ...] | None,
) -> None:
    """Take sizes from the shape or bits of one argument where the parameter's type names them.

    `shapes` says of each name whether it stands for a shape. A shape takes what the other sizes
    leave over, if only one in the type isn't known yet.
    """
    lengths = [_length(found, node) for node in written]
    open = lengths.count(None)
    if numbers is None or open > 1:
        return
    rest = len(numbers) - sum([n for n in lengths if n is not None])
    if rest < 0 or (rest and not open):
        return
    at = 0
    for node, length in zip(written, lengths, strict=True):
        end = at + (rest if length is None else length)
        if isinstance(node, syntax.Spread | syntax.Variable) and node.name.text in shapes:
            # If dots are missing or too many, the check of the function's head says so.
            taken = numbers[at:end]
            size = taken if shapes[node.name.text] else next(iter(taken), 0)
            found.setdefault(node.name.text, size)
        at = end


def _length(found: dict[str, Size], node: syntax.Expr) -> int | None:
    """Return how many sizes a part of a type stands for; None for a shape that isn't known yet."""
    if not isinstance(node, syntax.Spread):
        return 1
    known = found.get(node.name.text)
    return len(known) if isinstance(known, tuple) else None


def _bits(value: Value, count: int) -> tuple[int, ...] | None:
    """Return the last `count` of the bits i and f of a fixed-point argument."""
    element = element_of(value.type) if isinstance(value, Typed) else None
    if not isinstance(element, FixedType):
        return None
    return (element.width - element.fraction, element.fraction)[2 - count :]


def count_matches(
    body: Body, function: FunctionInfo, span: Span, arguments: tuple[syntax.Expr, ...]
) -> bool:
    """Return whether a call has one argument for each parameter; report it if not."""
    wanted = len(function.node.parameters)
    if len(arguments) == wanted:
        return True
    body.report(
        errors_types.argument_count(
            span, function.name, wanted, len(arguments), function.node.name.span
        )
    )
    return False
