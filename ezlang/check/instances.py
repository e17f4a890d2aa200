"""Instances of functions: one for each combination of sizes, labels and program counter.

A body is checked in passes until no inferred label is lowered any more. Labels only go down, so
this terminates. The nodes and errors of the last pass count.
"""

from __future__ import annotations

from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.types.labels import PUBLIC, Label
from ezlang.types.types import VOID, VoidType

from . import attributes, statements
from .context import Body, Instance, Local, Signature, World
from .items import FunctionInfo
from .labelled import declared
from .messages import names as errors_names
from .messages import statements as errors_statements
from .parameters import size_text
from .program_counter import Branch, BranchKind
from .provenance import Traced
from .signatures import bind_sizes


def call(
    body: Body, signature: Signature, arguments: tuple[Traced, ...], span: Span
) -> Instance | None:
    """Return the instance for a call, made at the first call; None if it is recursive."""
    under = next((b for b in body.pc.branches if b.label == body.pc.label), None)
    branch = Branch(
        kind=BranchKind.CALL,
        label=body.pc.label,
        span=span,
        why=None if under is None else under.why,
        alone=body.pc.label.is_owned,
    )
    instance = instantiate(body.world, signature, arguments, branch, quiet=body.quiet_sizes)
    if instance is not None:
        body.callees[instance] = not body.quiet_sizes
    return instance


def instantiate(
    world: World,
    signature: Signature,
    arguments: tuple[Traced, ...],
    branch: Branch,
    *,
    quiet: bool,
) -> Instance | None:
    """Return the instance of a function for these labels, made on first use.

    `branch` is the call with the label of the program counter.
    """
    function = signature.function
    labels = tuple([a.label for a in arguments])
    key = (function, signature.sizes, labels, branch.label, quiet)
    known = world.instances.get(key)
    if known is not None:
        return known
    if any(function is active for active, _ in world.active):
        _report_recursion(world, function, branch.span)
        return None
    function.instances += 1
    with world.deeper(function.node.name) as fine:
        if not fine:
            return None
        world.active.append((function, branch.span))
        name = _name(world, signature, labels, branch.label, quiet=quiet)
        instance = _analyse(world, signature, arguments, branch, name, quiet=quiet)
        world.active.pop()
    world.instances[key] = instance
    return instance


def _report_recursion(world: World, function: FunctionInfo, span: Span) -> None:
    functions = [f for f, _ in world.active]
    cycle = functions[functions.index(function) :]
    if frozenset(cycle) not in world.cycles:
        world.cycles.add(frozenset(cycle))
        names = [f.name for f in [*cycle, function]]
        world.diagnostics.append(errors_names.recursion(span, names, function.node.name.span))


def _name(
    world: World, signature: Signature, labels: tuple[Label, ...], pc: Label, *, quiet: bool
) -> str:
    name = signature.function.name
    if signature.sizes:
        name += f"<{','.join(map(size_text, signature.sizes))}>"
    if labels:
        name += f"[{','.join(label.name(world.parties) for label in labels)}]"
    if not pc.is_public:
        name += f"{{{pc.name(world.parties)}}}"
    if quiet:
        return f"{name}?"
    unique, count = name, 2
    while unique in world.names:
        unique, count = f"{name}~{count}", count + 1
    world.names.add(unique)
    return unique


def _analyse(
    world: World,
    signature: Signature,
    arguments: tuple[Traced, ...],
    branch: Branch,
    name: str,
    *,
    quiet: bool,
) -> Instance:
    labels: dict[int, Traced] = {}
    while True:
        body = Body(world, signature.function.module, labels, in_function=True, quiet_sizes=quiet)
        body.signature = signature
        instance = _pass(body, signature, arguments, branch, name)
        if not body.lowered:
            return instance


def _pass(
    body: Body, signature: Signature, arguments: tuple[Traced, ...], branch: Branch, name: str
) -> Instance:
    """Check the body once with the labels known so far."""
    function = signature.function
    node = function.node
    bind_sizes(body, function, signature.sizes)
    body.straight = body.certain = name == "main"
    body.called = branch.span
    if signature.return_label is not None:
        body.returned = declared(
            body, signature.return_label, node.return_label, f"the result of `{function.name}`"
        )
    if not branch.label.is_public:
        body.pc.branches.append(branch)
    parameters = tuple(
        [_parameter(body, signature, i, traced) for i, traced in enumerate(arguments)]
    )
    block, ends = statements.block(body, node.body)
    wanted = signature.return_type
    if wanted is not None and not isinstance(wanted, VoidType) and not ends.always:
        body.report(errors_statements.missing_return(node.name, wanted))
    requested = attributes.sharing(body, node.attribute)
    whole = typed.Block(span=block.span, statements=(*body.prologue, *block.statements))
    good = (
        not body.diagnostics
        and wanted is not None
        and all(p.type is not None for p in parameters)
        and all(c.node is not None for c in body.callees)
    )
    result = None
    if good:
        result = typed.Function(
            span=node.span,
            name=name,
            parameters=tuple([p.resolved() for p in parameters]),
            return_type=wanted if wanted is not None else VOID,
            return_label=body.returned.label,
            pc=branch.label,
            body=whole,
            requested=requested,
        )
    return Instance(
        function=function,
        name=name,
        parameters=parameters,
        return_type=wanted,
        returned=body.returned,
        pc=branch.label,
        effect=body.effect,
        node=result,
        callees=tuple(body.callees),
        live=tuple([c for c, live in body.callees.items() if live]),
        inputs=tuple(body.inputs),
        diagnostics=tuple(body.diagnostics),
    )


def _parameter(body: Body, signature: Signature, index: int, traced: Traced) -> Local:
    node: syntax.Parameter = signature.function.node.parameters[index]
    written = signature.labels[index]
    if written is not None:
        traced = declared(body, written, node.label, f"`{node.name.text}`")
    local = body.new_local(node.name, signature.types[index], traced, inferred=written is None)
    body.bind(node.name, local)
    return local


def uncalled(function: FunctionInfo) -> Branch:
    """Return the context of a function that is never called: no branch."""
    span = function.node.name.span
    return Branch(kind=BranchKind.CALL, label=PUBLIC, span=span, why=None, alone=False)


def public_arguments(signature: Signature) -> tuple[Traced, ...]:
    """Return argument labels for a function that is never called: the written ones, else public."""
    return tuple([Traced(label or PUBLIC) for label in signature.labels])
