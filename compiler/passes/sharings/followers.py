"""What clients follow of a program: their own programs, and the public values that they are told.

A client runs what concerns it: its computation in the clear, what it gives and what it is told, and
the control flow around that. Of the public values that the two parties which compute reveal during
a run, it is told those that it needs for this. A client that is told anything also checks what may
fail in public, so that it fails as the others do. One that only gives values is done when it has
given the last one.

A function is followed whole: either a client runs each of its calls, or none. Therefore it depends
on the operation alone, not on the call, to whom a revealed value is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass, replace

from ...ir import tree as ir
from ...ir.groups import groups
from ...ir.numbering import numbered
from ..description import required
from ..general.dce import remove_dead


@required("tell", "tells clients the public values that they need")
def tell_clients(program: ir.Program) -> ir.Program:
    """Return the program with a `Tell` of each revealed value, after its group, to who needs it."""
    if not program.clients:
        return program
    program = numbered(program)
    told: dict[int, list[int]] = {}
    for client in _clients_of(program):
        for number in _follow(program, client).told:
            told.setdefault(number, []).append(client)
    *functions, main = [
        replace(function, body=_with_tells(function.body, told)) for function in program.functions
    ]
    main = replace(main, body=_with_last(main.body, _Concerned(functions)))
    return replace(program, functions=(*functions, main))


def programs_of_clients(program: ir.Program) -> Mapping[int, ir.Program]:
    """Return each client's own program, by its number, given a program that tells clients."""
    told: dict[int, set[int]] = {client: set() for client in _clients_of(program)}
    program = numbered(program)
    for function in program.functions:
        _note_told(function.body, {}, told)
    return {client: _followed(program, client, found) for client, found in told.items()}


def _clients_of(program: ir.Program) -> range:
    return range(len(program.parties), len(program.everybody))


def _with_tells(region: ir.Region, told: Mapping[int, Sequence[int]]) -> ir.Region:
    made: list[ir.Operation] = []
    for group in groups(region.operations):
        for operation in group:
            regions = tuple(_with_tells(inner, told) for inner in operation.regions)
            made.append(replace(operation, regions=regions) if regions else operation)
        for operation in group:
            if operation.number in told:
                clients = tuple(told[operation.number])
                made.append(
                    ir.Tell(operands=operation.results, clients=clients, span=operation.span)
                )
    return replace(region, operations=tuple(made))


class _Concerned:
    """Which clients operations concern, also those inside of them and of called functions."""

    def __init__(self, functions: Iterable[ir.Function]) -> None:
        self._functions: dict[str, frozenset[int]] = {}
        for function in functions:
            inside = map(self.clients, function.body.operations)
            self._functions[function.name] = frozenset().union(*inside)

    def clients(self, operation: ir.Operation) -> frozenset[int]:
        """Return the clients that give a value or are told one."""
        match operation:
            case ir.Give():
                owner = operation.operands[0].type.label.owner
                return frozenset() if owner is None else frozenset((owner,))
            case ir.Tell():
                return frozenset(operation.clients)
            case ir.Call():
                return self._functions[operation.function]
            case _:
                regions = operation.regions
                inside = (self.clients(one) for region in regions for one in region.operations)
                return frozenset().union(*inside)


def _with_last(body: ir.Region, concerned: _Concerned) -> ir.Region:
    """Mark what is the last that concerns a client, if it gives a value there."""
    seen: set[int] = set()
    made: list[ir.Operation] = []
    for operation in reversed(body.operations):
        clients = concerned.clients(operation)
        if isinstance(operation, ir.Give) and seen.isdisjoint(clients):
            operation = replace(operation, last=True)
        seen |= clients
        made.append(operation)
    return replace(body, operations=tuple(reversed(made)))


def _note_told(region: ir.Region, made: dict[int, int], told: Mapping[int, set[int]]) -> None:
    """Find the reveals whose values clients are told; `made`: value → the number of its reveal."""
    for operation in region.operations:
        if isinstance(operation, ir.Reveal):
            made[operation.result.id] = operation.number
        if isinstance(operation, ir.Tell) and not operation.results:
            for client in operation.clients:
                told[client].add(made[operation.operands[0].id])
        for inner in operation.regions:
            _note_told(inner, made, told)


@dataclass(frozen=True, slots=True)
class _Followed:
    """A client's own program, and the numbers of the reveals whose values it is told."""

    program: ir.Program
    told: frozenset[int]


def _follow(program: ir.Program, client: int) -> _Followed:
    """Find what a client is told: what it needs, and then what that in turn depends on."""
    found = _Followed(program, frozenset())
    reveals = {
        operation.number
        for function in program.functions
        for operation in ir.walk(function.body)
        if isinstance(operation, ir.Reveal)
    }
    checks = False
    while True:
        own = _Projection(client, found.told, checks=checks).program(program)
        kept = {
            operation.number
            for function in own.functions
            for operation in ir.walk(function.body)
            if isinstance(operation, ir.Constant) and operation.number in reveals
        }
        more = _Followed(own, found.told | kept)
        if more.told != found.told:
            found = more
        elif not checks and _hears(own):
            checks = True
        else:
            return more


def _followed(program: ir.Program, client: int, told: Iterable[int]) -> ir.Program:
    """Return a client's own program, given what it is told."""
    found = _follow(program, client)
    if found.told != frozenset(told):
        raise CompilerBug(f"client {client} needs other values than it is told")
    return found.program


def _hears(program: ir.Program) -> bool:
    return any(
        isinstance(operation, ir.Tell)
        for function in program.functions
        for operation in ir.walk(function.body)
    )


@dataclass(slots=True)
class _Projection:
    """A program without what a client takes no part in.

    The values of reveals other than those that it is `told` are stood in for by zeros. `checks`: it
    runs what may fail in public.
    """

    client: int
    told: frozenset[int]
    checks: bool
    functions: dict[str, ir.Function] = field(default_factory=dict)

    def program(self, program: ir.Program) -> ir.Program:
        self.functions = {function.name: function for function in program.functions}
        made = [
            replace(function, body=self.region(function.body, function.body.parameters))
            for function in program.functions
            if function.pc.readable_by(self.client)
        ]
        swept = remove_dead(replace(program, functions=tuple(made)), ir.Effect.HANGS)
        return _without_uncalled(swept)

    def knows(self, value: ir.Value) -> bool:
        return value.type.label.readable_by(self.client)

    def known(self, values: Iterable[ir.Value]) -> tuple[ir.Value, ...]:
        return tuple(value for value in values if self.knows(value))

    def region(self, region: ir.Region, parameters: Sequence[ir.Value]) -> ir.Region:
        operations = [
            made for operation in region.operations if (made := self.operation(operation))
        ]
        return replace(
            region,
            parameters=self.known(parameters),
            operations=tuple(operations),
            yields=self.known(region.yields),
        )

    def operation(self, operation: ir.Operation) -> ir.Operation | None:
        match operation:
            case ir.Structured():
                return self.structured(operation)
            case ir.Call():
                if not self.functions[operation.function].pc.readable_by(self.client):
                    return None
                return replace(
                    operation,
                    operands=self.known(operation.operands),
                    results=self.known(operation.results),
                )
            case ir.Reveal():
                return self.revealed(operation)
            case ir.Tell():
                if operation.clients != (self.client,) or not operation.results:
                    return None
                return replace(operation, operands=())
            case ir.Give():
                return operation if self.knows(operation.operands[0]) else None
            case ir.Input():
                return operation if operation.party in (None, self.client) else None
            case ir.Draw():
                return None  # the two that compute draw
            case ir.Output():
                told = operation.to is None or operation.to == self.client
                return operation if told else None
            case ir.Assert():
                return operation if self.checks else None
            case ir.Computation() | ir.Relabel() | ir.Convert():
                if not self.knows(operation.result):
                    return None
                if isinstance(operation, ir.Checkable) and not self.checks:
                    return replace(operation, checked=False)
                return operation

    def structured(self, operation: ir.AnyStructured) -> ir.Operation | None:
        if not all(map(self.knows, operation.deciding)):
            return None
        regions = tuple(self.region(inner, inner.parameters) for inner in operation.regions)
        return replace(
            operation,
            operands=self.known(operation.operands),
            results=self.known(operation.results),
            regions=regions,
        )

    def revealed(self, operation: ir.Reveal) -> ir.Operation | None:
        """Return how a client comes to know a revealed value."""
        (operand,), (result,) = operation.operands, operation.results
        if not self.knows(result):
            return None
        if self.knows(operand):
            return ir.Relabel(operands=(operand,), results=(result,), span=operation.span)
        if operation.number in self.told:
            return ir.Tell(
                results=(result,),
                clients=(self.client,),
                element=operation.element,
                span=operation.span,
                number=operation.number,
            )
        return ir.Constant(
            data=(0,), results=(result,), span=operation.span, number=operation.number
        )


def _without_uncalled(program: ir.Program) -> ir.Program:
    called = {program.main.name}
    kept: list[ir.Function] = []
    for function in reversed(program.functions):
        if function.name in called:
            kept.append(function)
            calls = (one for one in ir.walk(function.body) if isinstance(one, ir.Call))
            called.update(one.function for one in calls)
    return replace(program, functions=tuple(reversed(kept)))
