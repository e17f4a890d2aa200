"""Heads of functions: parameter and result types for given sizes, and sizes from arguments."""

from __future__ import annotations

from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.types.types import VOID, FixedType, element_of

from .context import Body, Signature, SizeName
from .items import FunctionInfo
from .messages import sizes as errors_sizes
from .messages import types as errors_types
from .typenames import label, resolve, size
from .untyped import Poison, Typed, Value, known_shape


def signature(
    body: Body, function: FunctionInfo, sizes: tuple[int, ...], *, quiet: bool
) -> Signature:
    """Return a function's head for given sizes; an error in it is reported once."""
    key = (function, sizes, quiet)
    known = body.world.signatures.get(key)
    if known is not None:
        return known
    node = function.node
    inner = Body(body.world, function.module, quiet_sizes=quiet)
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
        return_type=VOID if node.return_type is None else resolve(inner, node.return_type),
        return_label=None if node.return_label is None else label(inner, node.return_label),
    )
    body.world.diagnostics.extend(inner.diagnostics)
    body.world.signatures[key] = result
    return result


def bind_sizes(body: Body, function: FunctionInfo, sizes: tuple[int, ...]) -> None:
    """Declare a function's size parameters in its head or body."""
    for name, value in zip(function.node.sizes, sizes, strict=True):
        body.bind(name, SizeName(name.text, name.span, value))


def sizes_of_call(
    body: Body, function: FunctionInfo, node: syntax.Call, arguments: list[Value]
) -> tuple[int, ...] | None:
    """Return the sizes of a call: the first ones as written, others from the arguments' shapes."""
    names = [n.text for n in function.node.sizes]
    if len(node.sizes) > len(names):
        body.report(errors_types.size_count(node.span, function.name, len(names), len(node.sizes)))
        return None
    found: dict[str, int] = {}
    for name, expression in zip(names, node.sizes, strict=False):
        written = size(body, expression)
        if written is None:
            return None
        found[name] = written
    for parameter, argument in zip(function.node.parameters, arguments, strict=True):
        _match(names, found, parameter.type.sizes, known_shape(argument))
        _match(names, found, parameter.type.bits, _bits(argument, len(parameter.type.bits)))
    missing = [n for n in names if n not in found]
    if missing:
        if not any(isinstance(a, Poison) for a in arguments):
            body.report(errors_sizes.size_not_inferred(node.span, function.name, missing[0]))
        return None
    return tuple([found[n] for n in names])


def _match(
    names: list[str],
    found: dict[str, int],
    written: tuple[syntax.Expr, ...],
    numbers: tuple[int, ...] | None,
) -> None:
    """Take sizes from the shape or bits of one argument where the parameter's type names them."""
    if numbers is None or len(numbers) != len(written):
        return
    for node, number in zip(written, numbers, strict=True):
        if isinstance(node, syntax.Variable) and node.name.text in names:
            found.setdefault(node.name.text, number)


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
