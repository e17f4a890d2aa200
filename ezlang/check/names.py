"""Names used as values: variables, constants, params, and items of modules."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite

from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.types.labels import PUBLIC
from ezlang.types.types import ArrayType, Scalar, StructType, Type, VoidType, is_integer

from . import evaluation
from .coerce import Want, coerce, repeated, settle
from .context import Body, Local, LoopParty
from .items import (
    ConstInfo,
    FunctionInfo,
    ImportInfo,
    ItemInfo,
    ModuleInfo,
    ParamInfo,
    PartyInfo,
    Progress,
    StructInfo,
    described,
)
from .messages import names as errors_names
from .messages import programs as errors_programs
from .messages import sizes as errors_sizes
from .messages import statements as errors_statements
from .modules import hides_library
from .parameters import ElementName, ShapeName, SizeName
from .program_counter import shared
from .provenance import Traced
from .typenames import resolve
from .untyped import Constant, Deferred, Exact, Poison, Typed, Value, literal


def variable(body: Body, node: syntax.Variable) -> Value:
    """Check a name used as a value."""
    if node.module is not None:
        base = syntax.Variable(span=node.module.span, name=node.module)
        module = module_named(body, base)
        if module is None:
            modules = [n for n, i in body.module.items.items() if isinstance(i, ImportInfo)]
            body.report(errors_names.unknown_module(node.module, node.module.text, modules))
            return Poison(span=node.span)
        return module_value(body, module, syntax.Member(span=node.span, base=base, name=node.name))
    local = body.find(node.name.text)
    match local:
        case Local():
            return read(body, local, node.span)
        case LoopParty():
            body.report(errors_names.not_a_value(node.span, node.name.text, "a party"))
            return Poison(span=node.span)
        case SizeName(value=value):
            return Exact(value=value, span=node.span)
        case ElementName():
            body.report(errors_names.not_a_value(node.span, node.name.text, "a type"))
            return Poison(span=node.span)
        case ShapeName():
            body.report(errors_sizes.shape_as_value(node.span, node.name.text))
            return Poison(span=node.span)
        case None:
            return _global(body, body.module, node.name, node.span)


def read(body: Body, local: Local, span: Span) -> Value:
    """Return the value of a variable; the caller checks who may use it here."""
    if local.type is None:
        return Poison(span=span)
    if body.exact_constants and type(local.constant) is int and is_integer(local.type):
        return Exact(value=local.constant, span=span)
    node = typed.Read(span=span, type=local.type, label=local.label, variable=local.resolved())
    return Typed(node=node, why=local.why, constant=local.constant)


def _global(body: Body, module: ModuleInfo, name: syntax.Name, span: Span) -> Value:
    if name.text == "parties":
        body.report(errors_names.parties_as_value(span))
        return Poison(span=span)
    item = module.items.get(name.text)
    if item is not None:
        return item_value(body, item, name, span)
    values = [n for n, i in module.items.items() if isinstance(i, ConstInfo | ParamInfo)]
    if module is body.module:
        values += body.visible
    if body.head_of is not None:
        body.report(errors_names.unknown_size(name, body.head_of, values))
    else:
        body.report(errors_names.unknown_name(name, values, body.ended.get(name.text)))
    return Poison(span=span)


def item_value(body: Body, item: ItemInfo, name: syntax.Name, span: Span) -> Value:
    """Return the value of a constant or param; report any other item."""
    match item:
        case ConstInfo():
            return use(body, item, const_value(body, item), span)
        case ParamInfo():
            return use(body, item, param_value(body, item), span)
        case PartyInfo() | ImportInfo() | StructInfo() | FunctionInfo():
            if name.text not in body.module.ambiguous:
                body.report(errors_names.not_a_value(span, name.text, described(item)))
            return Poison(span=span)


def use(body: Body, item: ConstInfo | ParamInfo, value: Value, span: Span) -> Value:
    """Return an item's value at a place where it is used; arrays are made once a function."""
    match value:
        case Exact(value=number):
            return Exact(value=number, span=span)
        case Poison():
            return Poison(span=span)
        case Deferred():
            return Deferred(
                span=span,
                what=value.what,
                shape=value.shape,
                default=value.default,
                build=lambda type: hoist(body, item, value.build(type), span),
            )
        case Typed(constant=int() as number) if body.exact_constants and is_integer(value.type):
            return Exact(value=number, span=span)
        case Typed(constant=bool() | int() as scalar, type=Scalar() as type_):
            return literal(scalar, type_, span)
        case Typed():
            return hoist(body, item, value, span)


def hoist(body: Body, item: ItemInfo, value: Typed | Poison, span: Span) -> Typed | Poison:
    """Return an array or struct constant as a variable that the function sets at its start."""
    if isinstance(value, Poison) or not body.in_function:
        return value
    if isinstance(value.type, Scalar):
        return value
    key = (item, value.type)
    local = body.hoisted.get(key)
    if local is None:
        name = item.node.name if not isinstance(item, PartyInfo) else item.node
        local = body.new_local(name, value.type, Traced(PUBLIC), inferred=False)
        body.hoisted[key] = local
        body.prologue.append(
            typed.Declare(span=name.span, variable=local.resolved(), value=value.node)
        )
    node = typed.Read(span=span, type=value.type, label=PUBLIC, variable=local.resolved())
    return Typed(node=node, constant=value.constant)


# Items


def const_value(body: Body, info: ConstInfo) -> Value:
    """Return a constant's value, computed on first use."""
    world = body.world
    if info.state is Progress.OPEN:
        world.diagnostics.append(errors_names.const_cycle(info.node.name))
        info.value = Poison(span=info.node.span)
        info.state = Progress.DONE
    if info.state is Progress.UNTOUCHED:
        info.state = Progress.OPEN
        inner = Body(world, info.module)
        with world.deeper(info.node.name) as fine:
            value = _const(inner, info) if fine else Poison(span=info.node.span)
        value = _constant_only(inner, info, value)
        world.diagnostics.extend(inner.diagnostics)
        if info.state is Progress.OPEN:
            info.value, info.state = value, Progress.DONE
    assert info.value is not None
    return info.value


def _const(body: Body, info: ConstInfo) -> Value:
    """Compute a constant, with its type if one is written."""
    value = body.value(info.node.value)
    if info.node.type is None:
        return value
    type_ = resolve(body, info.node.type)
    if type_ is None:
        return Poison(span=info.node.span)
    want = Want(f"`{info.node.name.text}` is declared `{type_}`", info.node.type.span)
    return coerce(body, value, type_, want)


def _constant_only(body: Body, info: ConstInfo, value: Value) -> Value:
    """Return the value, as literals, if it is known at checking time."""
    value = computed(body, info.node.name.text, value)
    match value:
        case Typed(constant=None):
            body.report(errors_statements.not_constant(info.node.value.span, info.node.name.text))
            return Poison(span=value.span)
        case Typed(constant=constant) if constant is not None:
            return literals(constant, value.type, info.node.value.span)
        case Deferred(default=None):
            body.report(errors_statements.not_constant(info.node.value.span, info.node.name.text))
            return Poison(span=value.span)
        case _:
            return value


def computed(body: Body, name: str, value: Value) -> Value:
    """Return a value that functions compute as a constant, if it is one; `name` is what it is of.

    Its functions are checked with the program, whether anything else calls them or not.
    """
    instances = body.world.computing
    instances.extend(body.callees)
    if not isinstance(value, Typed) or value.constant is not None:
        return value
    functions: dict[str, typed.Function] = {}
    pending = list(body.callees)
    while pending:
        instance = pending.pop()
        if instance.node is None:
            return Poison(span=value.span)
        if instance.name not in functions:
            functions[instance.name] = instance.node
            pending.extend(instance.live)
    try:
        constant = evaluation.evaluate(value.node, functions, body.world.steps)
    except evaluation.NotConstantError:
        return value
    except evaluation.IncompleteError:
        return Poison(span=value.span)
    except evaluation.ComputationError as failure:
        body.report(errors_statements.constant_fails(failure.span, name, failure.what, value.span))
        return Poison(span=value.span)
    return Typed(node=value.node, why=value.why, constant=constant)


def literals(constant: Constant, type: Type, span: Span) -> Typed:
    """Return the literal for a constant of any type."""
    match type:
        case Scalar():
            assert not isinstance(constant, tuple)
            return literal(constant, type, span)
        case ArrayType(element=element, shape=shape):
            if not isinstance(constant, tuple):
                return repeated(literals(constant, element, span), shape)
            inner: Type = ArrayType(element, shape[1:]) if shape[1:] else element
            elements = tuple([literals(c, inner, span).node for c in constant])
            array = typed.ArrayLiteral(span=span, type=type, label=PUBLIC, elements=elements)
            return Typed(node=array, constant=constant)
        case StructType(fields=fields):
            assert isinstance(constant, tuple)
            items = [literals(c, f.type, span) for c, f in zip(constant, fields, strict=True)]
            values = tuple(
                [shared(v, f.label or PUBLIC).node for v, f in zip(items, fields, strict=True)]
            )
            struct = typed.StructLiteral(span=span, type=type, label=PUBLIC, values=values)
            return Typed(node=struct, constant=constant)
        case VoidType():
            raise TypeError("no constant has this type")


def param_value(body: Body, info: ParamInfo) -> Value:
    """Return a param's value, the setting or else the default; it is computed on first use."""
    if info.state is Progress.OPEN:
        body.world.diagnostics.append(errors_names.const_cycle(info.node.name))
        info.value, info.state = Poison(span=info.node.span), Progress.DONE
    if info.state is Progress.UNTOUCHED:
        info.state = Progress.OPEN
        inner = Body(body.world, info.module)
        with body.world.deeper(info.node.name) as fine:
            value = _param(inner, info) if fine else Poison(span=info.node.span)
        body.world.diagnostics.extend(inner.diagnostics)
        if info.state is Progress.OPEN:
            info.value, info.state = value, Progress.DONE
    assert info.value is not None
    return info.value


def _param(body: Body, info: ParamInfo) -> Value:
    name = info.node.name.text
    type_ = resolve(body, info.node.type)
    if type_ is None:
        return Poison(span=info.node.span)
    if not isinstance(type_, Scalar):
        body.report(errors_statements.param_not_scalar(info.node.type.span, name, type_))
        return Poison(span=info.node.span)
    written = None if info.node.value is None else _written(body, info, info.node.value, type_)
    setting = body.world.settings.get(name)
    if setting is not None:
        finite = not isinstance(setting, float) or isfinite(setting)
        number = Fraction(setting) if isinstance(setting, float) and finite else setting
        if isinstance(number, float) or not type_.contains(number):
            body.report(errors_programs.setting_does_not_fit(info.node.name, setting, type_))
            return Poison(span=info.node.span)
        return literal(type_.conversion(None)(number), type_, info.node.span)
    if written is None:
        body.report(errors_programs.param_not_set(info.node.name, type_))
        return Poison(span=info.node.span)
    return written


def _written(body: Body, info: ParamInfo, node: syntax.Expr, type_: Type) -> Value:
    want = Want(f"`{info.node.name.text}` is declared `{type_}`", info.node.type.span)
    settled = settle(body, coerce(body, body.value(node), type_, want))
    value = computed(body, info.node.name.text, settled)
    if isinstance(value, Typed) and value.constant is not None:
        return literals(value.constant, value.type, node.span)
    if isinstance(value, Typed):
        body.report(errors_statements.not_constant(node.span, info.node.name.text))
        return Poison(span=value.span)
    return value


# Modules


def module_named(body: Body, node: syntax.Variable) -> ImportInfo | None:
    """Return the import that a name refers to, unless a variable hides it."""
    if node.module is not None or body.find(node.name.text) is not None:
        return None
    item = body.module.items.get(node.name.text)
    return item if isinstance(item, ImportInfo) else None


def module_item(body: Body, imported: ImportInfo, name: syntax.Name) -> ItemInfo | None:
    """Return the item of a module with this name; report an unknown one."""
    module = imported.module
    if module is None:
        return None
    item = module.items.get(name.text)
    if isinstance(item, ConstInfo | StructInfo | FunctionInfo):
        return item
    offered = [n for n, i in module.items.items() if not isinstance(i, ImportInfo)]
    hides = module.source.name if hides_library(module.name, module.source) else None
    body.report(errors_names.unknown_in_module(name, module.name, offered, hides))
    return None


def module_value(body: Body, imported: ImportInfo, node: syntax.Member) -> Value:
    """Check `stats.name` used as a value."""
    item = module_item(body, imported, node.name)
    if item is None:
        return Poison(span=node.span)
    return item_value(body, item, node.name, node.span)
