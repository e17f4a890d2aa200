"""What the functions of an EzPC program do, which its types don't say.

EzPC passes arrays by reference, and Ez by value: so a function that changes arrays of its caller
returns them in Ez. In EzPC, a public parameter may be the size of an array; in Ez, sizes are known
at launch, and such a parameter becomes a size parameter (`fn f<n>(…)`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.records import dataclass

from . import tree


@dataclass(frozen=True, slots=True)
class Signature:
    """A function, with the names of the parameters that are sizes, and of the arrays it changes."""

    function: tree.Function
    sizes: frozenset[str]
    changed: tuple[str, ...]


def untranslated(message: str, node: tree.Node, help: str | None = None) -> EzError:
    """Return the error for what has no translation."""
    return EzError(Diagnostic(code="EZ7002", message=message, span=node.span, help=help))


def signatures(program: tree.Program) -> dict[str, Signature]:
    """Return what each function does. Functions call only those before them, as in EzPC."""
    found: dict[str, Signature] = {}
    for item in program.items:
        if isinstance(item, tree.External):
            message = f"`{item.name}` is a function of EzPC's back ends, which Ez doesn't have"
            raise untranslated(message, item, "write it in Ez, or look in `ezlang doc`")
        if isinstance(item, tree.Function):
            if item.name in found:
                raise untranslated(f"`{item.name}` is defined twice", item)
            found[item.name] = Signature(item, _sizes(item, found), _changed(item, found))
    return found


def statements(block: tree.Block) -> Iterator[tree.Statement]:
    """Yield all statements in a block, at any depth, in order."""
    for statement in block.statements:
        yield statement
        match statement:
            case tree.Block():
                yield from statements(statement)
            case tree.For() | tree.While():
                yield from statements(statement.body)
            case tree.If():
                yield from statements(statement.yes)
                if statement.no is not None:
                    yield from statements(statement.no)


def expressions(node: tree.Statement | tree.Expr) -> Iterator[tree.Expr]:
    """Yield the expressions in a statement, without those in statements inside it."""
    for part in _parts(node):
        yield part
        yield from expressions(part)


def _parts(node: tree.Statement | tree.Expr) -> tuple[tree.Expr, ...]:
    match node:
        case tree.Declaration():
            return (*node.type.sizes, *([node.value] if node.value else ()))
        case tree.Input():
            return node.type.sizes
        case tree.Assignment():
            return node.place, node.value
        case tree.Return():
            return (node.value,) if node.value else ()
        case tree.Output():
            return (node.value,)
        case tree.For():
            return node.low, node.high
        case tree.While() | tree.If():
            return (node.condition,)
        case tree.Call():
            return node.arguments
        case tree.Element():
            return node.array, node.index
        case tree.Unary():
            return (node.operand,)
        case tree.Binary():
            return node.left, node.right
        case tree.Choice():
            return node.condition, node.yes, node.no
        case _:
            return ()


def names(node: tree.Expr) -> frozenset[str]:
    """Return the names of variables in an expression."""
    own = {node.name} if isinstance(node, tree.Variable) else set[str]()
    return frozenset(own | {e.name for e in expressions(node) if isinstance(e, tree.Variable)})


def root(place: tree.Expr) -> str | None:
    """Return the variable that `x[i][j]` is in; None for what is no place."""
    while isinstance(place, tree.Element):
        place = place.array
    return place.name if isinstance(place, tree.Variable) else None


def assigned(block: tree.Block, known: Mapping[str, Signature]) -> frozenset[str]:
    """Return the variables that a block assigns to, also through calls."""
    found = set()
    for statement in statements(block):
        if isinstance(statement, tree.Assignment):
            found.add(root(statement.place))
        elif isinstance(statement, tree.Call):
            found.update(root(argument) for argument in changed_by(statement, known))
    return frozenset(name for name in found if name is not None)


def changed_by(call: tree.Call, known: Mapping[str, Signature]) -> tuple[tree.Expr, ...]:
    """Return the arguments of a call that the function changes."""
    signature = known.get(call.name)
    if signature is None:
        return ()
    pairs = zip(signature.function.parameters, call.arguments, strict=False)
    return tuple(argument for one, argument in pairs if one.name in signature.changed)


def _changed(function: tree.Function, known: Mapping[str, Signature]) -> tuple[str, ...]:
    written = assigned(function.body, known)
    return tuple(p.name for p in function.parameters if p.type.sizes and p.name in written)


def size_names(function: tree.Function, known: Mapping[str, Signature]) -> frozenset[str]:
    """Return the variables that sizes of arrays are made of, also in functions that it calls."""
    found: set[str] = set()
    for parameter in function.parameters:
        found.update(*map(names, parameter.type.sizes))
    for statement in statements(function.body):
        if isinstance(statement, tree.Declaration | tree.Input):
            found.update(*map(names, statement.type.sizes))
        calls = [e for e in (statement, *expressions(statement)) if isinstance(e, tree.Call)]
        for call in calls:
            signature = known.get(call.name)
            if signature is not None:
                pairs = zip(signature.function.parameters, call.arguments, strict=False)
                given = (argument for one, argument in pairs if one.name in signature.sizes)
                found.update(*map(names, given))
    return frozenset(found)


def _sizes(function: tree.Function, known: Mapping[str, Signature]) -> frozenset[str]:
    used = size_names(function, known)
    # A size may be made of local variables, which are made of parameters.
    for statement in reversed(tuple(statements(function.body))):
        if isinstance(statement, tree.Declaration) and statement.value is not None:
            used = used | names(statement.value) if statement.name in used else used
    return used & {p.name for p in function.parameters if not p.type.sizes}
