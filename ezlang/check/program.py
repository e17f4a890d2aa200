"""The order of checking: names, constants and structs, then functions from `main` on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ezlang.diagnostics.diagnostic import CompilerBug, Diagnostic
from ezlang.records import dataclass
from ezlang.recursion import deep_recursion
from ezlang.source import Source, Span
from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.typed.walk import statements
from ezlang.types.scalars import INT64, Setting

from . import expressions, instances
from .context import Body, Given, Instance, Signature, World
from .items import ConstInfo, FunctionInfo, ModuleInfo, ParamInfo, StructInfo
from .messages import programs as errors_programs
from .messages import statements as errors_statements
from .modules import LIBRARY, Loader, LoadModule
from .names import const_value, param_value
from .parameters import Size
from .parties import number_parties
from .provenance import Traced
from .signatures import signature
from .typenames import struct_type
from .untyped import Typed, Value
from .watch import Watch

_SAMPLE_SIZE = 5
"""The assumed size parameters of functions that are never called; errors due to it are silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The result of a check.

    `program` is set if the file is a program without errors; it is None for a module. `sources` are
    all files that were read, the checked one last.
    """

    program: typed.Program | None
    diagnostics: tuple[Diagnostic, ...]
    sources: tuple[Source, ...]


class _Rules:
    """The mutually recursive functions of the checker."""

    def evaluate(self, body: Body, node: syntax.Expr) -> Value:
        return expressions.evaluate(body, node)

    def call(
        self, body: Body, signature: Signature, arguments: tuple[Traced, ...], span: Span
    ) -> Instance | None:
        return instances.call(body, signature, arguments, span)


class _WatchedRules(_Rules):
    """The same functions; a watch is told of each value."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def evaluate(self, body: Body, node: syntax.Expr) -> Value:
        value = expressions.evaluate(body, node)
        self._watch.saw(body, value)
        return value


def check_program(
    source: Source,
    settings: Mapping[str, Setting],
    load_module: LoadModule,
    watch: Watch | None = None,
) -> CheckResult:
    """Check a file and everything that it imports; of the standard library, what it uses."""
    loader = Loader(load_module)
    program = loader.program(source)
    parties, mistakes = number_parties(program)
    rules = _Rules() if watch is None else _WatchedRules(watch)
    world = World(rules=rules, settings=settings, parties=parties, program=program)
    world.diagnostics.extend([*loader.diagnostics, *mistakes])
    main = program.items.get("main")
    _settings(world, program)
    with deep_recursion():
        own = [module for module in loader.modules if not module.source.name.startswith(LIBRARY)]
        for module in own:
            _items(world, module)
        _heads(world, program)
        root = _main(world, main) if isinstance(main, FunctionInfo) else None
        roots = [*([] if root is None else [root]), *world.computing]
        for module in own:
            roots.extend(_uncalled(world, module))
    reachable = _reachable(roots)
    for instance in reachable:
        world.diagnostics.extend(instance.diagnostics)
    reached = _reachable([] if root is None else [root], live=True)
    _input_types(world, reached)
    _output_turns(world, reached)
    if watch is not None:
        watch.parties = world.parties
        watch.finish(reachable)
    diagnostics = _distinct(world.diagnostics, incomplete=loader.incomplete)
    tree = None
    sources = tuple([m.source for m in loader.modules])
    if not diagnostics and root is not None:
        tree = _tree(world, root, sources)
    return CheckResult(program=tree, diagnostics=diagnostics, sources=sources)


def _settings(world: World, program: ModuleInfo) -> None:
    """Report settings for params that do not exist."""
    known = [n for n, i in program.items.items() if isinstance(i, ParamInfo)]
    start = Span(program.source, 0, 0)
    for name in world.settings:
        if name not in known:
            world.diagnostics.append(errors_programs.unknown_setting(name, known, start))


def _items(world: World, module: ModuleInfo) -> None:
    """Compute a file's constants, params and structs, whether they are used or not."""
    body = Body(world, module)
    for item in module.items.values():
        match item:
            case ConstInfo():
                const_value(body, item)
            case ParamInfo():
                param_value(body, item)
            case StructInfo():
                struct_type(world, item)


def _heads(world: World, program: ModuleInfo) -> None:
    """Report errors of the program as a whole: no `main`, no parties, a wrong `main`."""
    main = program.items.get("main")
    parties = [i for i in program.tree.items if isinstance(i, syntax.PartyItem)]
    if not isinstance(main, FunctionInfo):
        if parties:
            world.diagnostics.append(errors_programs.no_main(parties[0].span))
        return
    if not parties:
        world.diagnostics.append(errors_programs.no_parties(main.node.name.span))
    node = main.node
    wrong = (*node.sizes, *node.parameters)
    if wrong:
        world.diagnostics.append(errors_programs.main_head(wrong[0].span))
    elif node.return_type is not None:
        world.diagnostics.append(errors_programs.main_head(node.return_type.span))


def _main(world: World, main: FunctionInfo) -> Instance | None:
    """Check `main` and everything that it calls."""
    return _check_alone(world, main)


def _uncalled(world: World, module: ModuleInfo) -> list[Instance]:
    """Check the functions of a file that are never called, with made-up labels and sizes."""
    found: list[Instance] = []
    for item in list(module.items.values()):
        if isinstance(item, FunctionInfo) and item.instances == 0:
            instance = _check_alone(world, item)
            if instance is not None:
                found.append(instance)
    return found


def _check_alone(world: World, function: FunctionInfo) -> Instance | None:
    """Check a function without sizes and labels from a call."""
    names = function.node.sizes
    sizes = tuple([_sample(name) for name in names])
    quiet = bool(sizes)
    head = signature(Body(world, function.module), function, sizes, quiet=quiet)
    arguments = instances.public_arguments(head)
    return instances.instantiate(world, head, arguments, instances.uncalled(function), quiet=quiet)


def _sample(name: syntax.SizeParameter) -> Size:
    if name.kind is not None:
        return INT64
    return (_SAMPLE_SIZE,) if name.is_shape else _SAMPLE_SIZE


def _reachable(roots: list[Instance], *, live: bool = False) -> list[Instance]:
    """Return instances and all that they call (`live`: may call), callees first, each once."""

    def called(instance: Instance) -> Iterator[Instance]:
        return iter(instance.live if live else instance.callees)

    order: list[Instance] = []
    seen: set[Instance] = set()
    for root in roots:
        pending = [(root, called(root))]
        while pending:
            instance, callees = pending[-1]
            if instance in seen:
                pending.pop()
                continue
            callee = next(callees, None)
            if callee is not None:
                if callee not in seen:
                    pending.append((callee, called(callee)))
                continue
            seen.add(instance)
            order.append(instance)
            pending.pop()
    return order


def _input_types(world: World, reachable: list[Instance]) -> None:
    """Report inputs that are read with two types, or in two ways."""
    first: dict[tuple[int, str], Given] = {}
    for instance in reachable:
        for given in instance.inputs:
            givers = range(len(world.parties)) if given.party is None else (given.party,)
            for giver in givers:
                before = first.setdefault((giver, given.name), given)
                if before.type != given.type:
                    error = errors_statements.input_types_differ(
                        given.span, given.name, given.type, before.span, before.type
                    )
                elif (before.turned, before.party is None) != (given.turned, given.party is None):
                    error = errors_statements.input_ways_differ(given.span, given.name, before.span)
                else:
                    continue
                world.diagnostics.append(error)
                break


def _output_turns(world: World, reachable: list[Instance]) -> None:
    """Report outputs of one name that don't fit together as the turns of one list."""
    first: dict[tuple[int, str], typed.Output] = {}
    for instance in reachable:
        for one in () if instance.node is None else statements(instance.node.body):
            if not isinstance(one, typed.Output):
                continue
            for receiver in range(len(world.parties)) if one.to is None else (one.to,):
                before = first.setdefault((receiver, one.name), one)
                turned = (before.turn is not None, one.turn is not None)
                if turned[0] != turned[1] or (turned[1] and before.value.type != one.value.type):
                    world.diagnostics.append(
                        errors_statements.output_turns_differ(one.span, one.name, before.span)
                    )
                    break


def _distinct(diagnostics: list[Diagnostic], *, incomplete: bool) -> tuple[Diagnostic, ...]:
    """Return diagnostics in source order, and of those with the same code and place only the first.

    Instances of a function, and iterations of a loop over the parties, repeat the same error. After
    syntax errors, missing names are not reported.
    """
    unknown = ("EZ1001", "EZ1002", "EZ1003", "EZ1004", "EZ1005", "EZ1007", "EZ1030", "EZ1031")
    kept: dict[object, Diagnostic] = {}
    for diagnostic in diagnostics:
        if incomplete and diagnostic.code in unknown:
            continue
        kept.setdefault((diagnostic.code, diagnostic.span), diagnostic)
    return tuple(sorted(kept.values(), key=lambda d: d.sort_key))


def _tree(world: World, root: Instance, sources: tuple[Source, ...]) -> typed.Program:
    """Return the typed program of a check without errors."""
    functions: list[typed.Function] = []
    for instance in _reachable([root], live=True):
        if instance.node is None:
            raise CompilerBug(f"{instance.name} has no typed tree, but there is no error")
        functions.append(instance.node)
    program = world.program
    assert program is not None
    params: list[tuple[str, int | bool]] = []
    for name, item in program.items.items():
        if isinstance(item, ParamInfo) and isinstance(item.value, Typed):
            value = item.value.constant
            assert isinstance(value, bool | int)
            params.append((name, value))
    return typed.Program(
        span=program.tree.span,
        parties=world.parties,
        clients=program.clients or 0,
        params=tuple(params),
        functions=tuple(functions),
        sources=sources,
    )
