"""Calls: resolution of the function, its arguments and its result."""

from __future__ import annotations

from functools import partial

from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.types.types import SCALARS, Scalar, VoidType

from . import builtins
from .coerce import Want, coerce
from .context import Body, Effect, Instance, Local, Signature
from .items import BUILTINS, FunctionInfo, ImportInfo, described
from .label_checks import flow, may_hold
from .messages import flow as errors_flow
from .messages import names as errors_names
from .messages import types as errors_types
from .names import module_item, module_named
from .parameters import ElementName
from .program_counter import shared
from .provenance import Traced, Why
from .signatures import count_matches, signature, sizes_of_call
from .untyped import Poison, Typed, Value


def call(body: Body, node: syntax.Call, *, as_statement: bool = False) -> Value:
    """Check a call of a function, a built-in function, or a cast."""
    if isinstance(node.callee, syntax.Variable) and node.callee.module is None:
        name = node.callee.name.text
        if name in SCALARS:
            return builtins.cast(body, node, SCALARS[name])
        local = body.find(name)
        if isinstance(local, ElementName) and isinstance(local.type, Scalar):
            return builtins.cast(body, node, local.type)
        if name in BUILTINS:
            return builtins.call(body, node, name)
    function = _function(body, node.callee)
    if function is None:
        for argument in node.arguments:
            body.value(argument)
        return Poison(span=node.span)
    result = _call_function(body, node, function)
    if isinstance(result, Typed) and isinstance(result.type, VoidType) and not as_statement:
        body.report(errors_types.no_result(node.span, function.name, function.node.name.span))
        return Poison(span=node.span)
    return result


def _function(body: Body, callee: syntax.Expr) -> FunctionInfo | None:
    """Return the called function; None if there is none, which is reported."""
    match callee:
        case syntax.Variable(module=None, name=name):
            pass
        case syntax.Variable(module=syntax.Name() as module, name=name):
            base = syntax.Variable(span=module.span, name=module)
            member = syntax.Member(span=callee.span, base=base, name=name)
            return _function(body, member)
        case syntax.Member(base=syntax.Variable() as base, name=name):
            return _in_module(body, base, name)
        case syntax.BadExpr():
            return None
        case _:
            body.report(errors_names.not_a_function(callee.span, None, ""))
            return None
    item = body.module.items.get(name.text)
    if isinstance(item, FunctionInfo):
        return item
    if item is not None and name.text in body.module.ambiguous:
        return None
    if item is not None or body.find(name.text) is not None:
        what = described(item) if item is not None else "a variable"
        body.report(errors_names.not_a_function(name.span, name.text, what))
        return None
    known = [n for n, i in body.module.items.items() if isinstance(i, FunctionInfo)]
    body.report(errors_names.unknown_function(name, [*known, *BUILTINS, *SCALARS]))
    return None


def _in_module(body: Body, base: syntax.Variable, name: syntax.Name) -> FunctionInfo | None:
    imported = module_named(body, base)
    if imported is None:
        if isinstance(body.find(base.name.text), Local):
            body.report(errors_names.method(name, base.span, BUILTINS))
        else:
            modules = [n for n, i in body.module.items.items() if isinstance(i, ImportInfo)]
            body.report(errors_names.unknown_module(base.name, base.name.text, modules))
        return None
    item = module_item(body, imported, name)
    if item is None or isinstance(item, FunctionInfo):
        return item
    body.report(errors_names.not_a_function(name.span, name.text, described(item)))
    return None


def _call_function(body: Body, node: syntax.Call, function: FunctionInfo) -> Value:
    values = [body.value(a) for a in node.arguments]
    if function.node.name.text == "main" and function.module.is_program:
        body.report(errors_names.calls_main(node.span))
        return Poison(span=node.span)
    if not function.node.head_read:
        return Poison(span=node.span)
    if not count_matches(body, function, node.span, node.arguments):
        return Poison(span=node.span)
    sizes = sizes_of_call(body, function, node, values)
    if sizes is None:
        return Poison(span=node.span)
    head = signature(body, function, sizes, quiet=body.quiet_sizes)
    arguments = [_argument(body, head, i, v) for i, v in enumerate(values)]
    good = [a for a in arguments if isinstance(a, Typed)]
    if len(good) != len(arguments):
        return Poison(span=node.span)
    traced = tuple([_into(head, i, a) for i, a in enumerate(good)])
    instance = body.world.rules.call(body, head, traced, node.span)
    if instance is None:
        return Poison(span=node.span)
    _effects(body, instance, node.span)
    return _result(body, node, instance, good)


def _argument(body: Body, head: Signature, index: int, value: Value) -> Typed | Poison:
    """Give an argument the type of its parameter and, if one is written, its label."""
    parameter = head.function.node.parameters[index]
    type = head.types[index]
    if type is None:
        return Poison(span=value.span)
    name = parameter.name.text
    want = Want(f"the parameter `{name}` of `{head.function.name}` is `{type}`", parameter.span)
    result = coerce(body, value, type, want)
    label = head.labels[index]
    if isinstance(result, Poison) or label is None:
        return result
    error = partial(errors_flow.into_parameter, body, result, head.function, parameter, label)
    return flow(body, result, label, error)


def _into(head: Signature, index: int, argument: Typed) -> Traced:
    """Return a parameter's label as the function sees it."""
    name = head.function.node.parameters[index].name.text
    if argument.label.is_public:
        return Traced(argument.label)
    causes = () if argument.why is None else (argument.why,)
    message = f"`{name}` gets its value from this call of `{head.function.name}`"
    return Traced(argument.label, Why(message, argument.span, causes))


def _effects(body: Body, instance: Instance, span: Span) -> None:
    """Add the effects of the called function that are not allowed in every branch."""
    inner = instance.effect
    if inner is None:
        return
    if body.effect is None:
        body.effect = Effect(what=inner.what, span=inner.span)
    branch = body.pc.innermost
    if branch is not None:
        name = instance.function.name
        body.report(errors_flow.effect_in_call(body, span, name, inner, branch))


def _result(body: Body, node: syntax.Call, instance: Instance, arguments: list[Typed]) -> Value:
    if instance.return_type is None:
        return Poison(span=node.span)
    nodes: list[typed.Expr] = []
    for argument, parameter in zip(arguments, instance.parameters, strict=True):
        if argument.label != parameter.label and not may_hold(body, parameter.label, argument.span):
            return Poison(span=node.span)
        nodes.append(shared(argument, parameter.label).node)
    why = None
    if instance.returned.why is not None:
        message = f"it is the result of this call of `{instance.function.name}`"
        why = Why(message, node.span, (instance.returned.why,))
    result = typed.Call(
        span=node.span,
        type=instance.return_type,
        label=instance.returned.label,
        function=instance.name,
        arguments=tuple(nodes),
    )
    return Typed(node=result, why=why)
