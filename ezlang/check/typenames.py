"""Written types, labels and sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ezlang.syntax import tree as syntax
from ezlang.types.labels import PUBLIC, SECRET, Label, owned
from ezlang.types.types import (
    LARGEST_FRACTION,
    RING,
    SCALARS,
    ArrayType,
    Field,
    FixedType,
    StructType,
    Type,
    array_of,
    element_of,
    is_integer,
)

from .context import Body, World
from .items import ImportInfo, ModuleInfo, Progress, StructInfo, described
from .messages import flow as errors_flow
from .messages import names as errors_names
from .messages import sizes as errors_sizes
from .parameters import ElementName, ShapeName, SizeName
from .untyped import Deferred, Exact, Poison, Typed

LARGEST_ARRAY = 1 << 28
"""The largest number of elements of an array."""

LARGEST_STRUCT = 1 << 12
"""The largest number of fields of a struct, including those of nested structs."""


def label(body: Body, node: syntax.Label) -> Label | None:
    """Return a written label; None if its party does not exist, which is reported."""
    match node:
        case syntax.PublicLabel():
            return PUBLIC
        case syntax.SecretLabel():
            return SECRET
        case syntax.OwnedLabel(party=party):
            index = body.party(party)
            return None if index is None else owned(index)


def resolve(body: Body, node: syntax.TypeName) -> Type | None:
    """Return a written type; None if it is wrong, which is reported."""
    element: Type | None = SCALARS.get(node.name.text)
    local = body.find(node.name.text)
    if node.bits:
        element = fixed_type(body, node.bits)
    elif isinstance(local, ElementName):
        element = local.type
    elif element is None:
        struct = struct_named(body, node.name)
        element = None if struct is None else struct_type(body.world, struct)
    shape = sizes(body, node.sizes)
    if element is None or shape is None:
        return None
    result = array_of(element, shape)
    if isinstance(result, ArrayType) and result.size > LARGEST_ARRAY:
        body.report_size(errors_sizes.array_too_large(node.span, result))
        return None
    return result


def fixed_type(body: Body, bits: tuple[syntax.Expr, ...]) -> FixedType | None:
    """Return `fixed<f>` or `fixed<i, f>`; None if it is wrong, which is reported."""
    span = bits[0].span.to(bits[-1].span)
    numbers = [constant_integer(body, node) for node in bits]
    if None in numbers:
        return None
    known = [n for n in numbers if n is not None]
    fraction, whole = known[-1], known[0] if len(known) == 2 else RING - known[-1]
    fits = 1 <= fraction <= LARGEST_FRACTION and 1 <= whole <= RING - fraction
    if len(known) > 2 or not fits:
        body.report_size(errors_sizes.wrong_bits(span, known))
        return None
    return FixedType(whole + fraction, fraction=fraction)


def sizes(body: Body, nodes: Sequence[syntax.Expr]) -> tuple[int, ...] | None:
    """Return the sizes of a shape; None if any isn't one, which is reported."""
    found: list[int] = []
    good = True
    for node in nodes:
        shape = spread(body, node) if isinstance(node, syntax.Spread) else size(body, node)
        if shape is None:
            good = False
        else:
            found += (shape,) if isinstance(shape, int) else shape
    return tuple(found) if good else None


def spread(body: Body, node: syntax.Spread) -> tuple[int, ...] | None:
    """Return the sizes of `s...`; None if there is no such shape, which is reported."""
    local = body.find(node.name.text)
    if isinstance(local, ShapeName):
        return local.shape
    body.report(errors_sizes.no_shape(node.span, node.name.text))
    return None


def size(body: Body, node: syntax.Expr) -> int | None:
    """Return a size; None if it isn't one, which is reported."""
    result = constant_integer(body, node)
    if result is not None and result < 0:
        body.report_size(errors_sizes.negative_size(node.span, result))
        return None
    return result


def constant_integer(body: Body, node: syntax.Expr) -> int | None:
    """Return an integer known when checking; None if it isn't one, which is reported."""
    with body.exact():
        value = body.value(node)
    match value:
        case Poison():
            return None
        case Exact(value=result):
            return result
        case Typed(constant=int() as result, type=type) if is_integer(type):
            return result
        case Typed(constant=bool() | int(), type=type) | Deferred(shape=(), default=type):
            body.report(errors_sizes.size_is_no_integer(node.span, type))
            return None
        case Typed():
            if value.label.is_public:
                body.report(errors_sizes.size_not_constant(node.span))
            else:
                body.report(errors_flow.secret_size(body, node.span, value))
            return None
        case _:
            body.report(errors_sizes.size_not_constant(node.span))
            return None


def struct_named(body: Body, name: syntax.Name) -> StructInfo | None:
    """Return the struct with a name (`Point` or `geometry.Point`); report an unknown one."""
    module: ModuleInfo | None = body.module
    text = name.text
    if "." in text:
        prefix, text = text.split(".", 1)
        item = body.module.items.get(prefix)
        if not isinstance(item, ImportInfo):
            modules = [n for n, i in body.module.items.items() if isinstance(i, ImportInfo)]
            body.report(errors_names.unknown_module(name, prefix, modules))
            return None
        module = item.module
    if module is None:
        return None
    item = module.items.get(text)
    if isinstance(item, StructInfo):
        return item
    if item is not None and text in module.ambiguous:
        return None
    if item is not None:
        body.report(errors_names.not_a_type(name, described(item)))
        return None
    structs = [n for n, i in module.items.items() if isinstance(i, StructInfo)]
    if module is not body.module:
        inner = syntax.Name(span=name.span, text=text)
        body.report(errors_names.unknown_in_module(inner, module.name, structs))
    elif isinstance(local := body.find(text), SizeName):
        body.report(errors_names.size_as_type(name, local.span))
    elif text not in module.ambiguous:
        body.report(errors_names.unknown_type(name, [*SCALARS, *structs]))
    return None


def struct_type(world: World, info: StructInfo) -> StructType | None:
    """Return a struct's type, made on first use; None if it is wrong, which is reported."""
    if info.state is Progress.DONE:
        return info.type
    if info.state is Progress.OPEN:
        _report_cycle(world, info)
        return None
    info.state = Progress.OPEN
    with world.deeper(info.node.name) as fine, _open(world, info):
        info.type = _make_struct(world, info) if fine else None
    info.state = Progress.DONE
    return info.type


@contextmanager
def _open(world: World, info: StructInfo) -> Iterator[None]:
    world.open_structs.append(info)
    yield
    world.open_structs.pop()


def _report_cycle(world: World, info: StructInfo) -> None:
    start = world.open_structs.index(info)
    cycle = [s.node.name for s in world.open_structs[start:]]
    world.diagnostics.append(errors_names.struct_cycle([*cycle, info.node.name]))


def _make_struct(world: World, info: StructInfo) -> StructType | None:
    body = Body(world, info.module)
    fields: list[Field] = []
    seen: dict[str, syntax.Name] = {}
    good = True
    for node in info.node.fields:
        before = seen.get(node.name.text)
        if before is not None:
            body.report(errors_names.duplicate_field(node.name, before.span))
            good = False
            continue
        seen[node.name.text] = node.name
        type_ = resolve(body, node.type)
        label_ = None if node.label is None else label(body, node.label)
        if type_ is None or (node.label is not None and label_ is None):
            good = False
            continue
        fields.append(Field(node.name.text, type_, label_))
    count = sum(_field_count(f.type) for f in fields)
    if count > LARGEST_STRUCT:
        body.report(errors_sizes.struct_too_large(info.node.name, count))
        good = False
    world.diagnostics.extend(body.diagnostics)
    return StructType(info.node.name.text, tuple(fields)) if good else None


def _field_count(type: Type) -> int:
    """Return the number of fields of a type, including those of nested structs."""
    element = element_of(type)
    if isinstance(element, StructType):
        return sum(_field_count(f.type) for f in element.fields)
    return 1
