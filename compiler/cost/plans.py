"""What each operation of a program books in a session, found once before the walk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from functools import partial
from typing import assert_never

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass
from ezlang.source import Span

from ..circuits.catalogue import CircuitOperation
from ..codegen.interface import Exchange, Interface, interface_of
from ..ir import tree as ir
from ..ir.facts import Facts, facts_of
from ..ir.groups import Group, enters_yao, groups, leaves_yao
from ..ir.numbering import numbered
from ..ir.parties import COMPUTING, Link
from ..ir.sharings import is_exchanged
from ..protocols.core.backend import Backend
from ..protocols.ot.backend import OT
from . import clients, yao
from .counting_session import CountingSession
from .group_costs import Trace, Traces, book, parts, trace_in

Action = Callable[[CountingSession], None]
"""The effect of an operation on a session."""


@dataclass(slots=True)
class Plans:
    """The effects of operations on a session, by operation number; operations without effect are
    absent.

    The effect of a group (ir/groups.py) is stored at its first operation; `parts` are those of its
    effect, one after the other. `traces` may serve
    several programs. `memory` is the peak number of bytes of arrays of any group on shares; None if
    there is no group. `lonely` are the links as for a trace, of all groups.
    """

    program: ir.Program
    backend: Backend = OT
    traces: Traces = field(default_factory=dict)
    actions: dict[int, Action] = field(default_factory=dict)
    parts: dict[int, Callable[[], Iterable[Action]]] = field(default_factory=dict)
    memory: int | None = None
    lonely: set[Link] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.program = numbered(self.program)
        parties = len(self.program.parties)
        interfaces = tuple(interface_of(self.program, party) for party in range(parties))
        for function in self.program.functions:
            self._region(function.body, facts_of(function), interfaces)

    def _region(self, region: ir.Region, facts: Facts, interfaces: tuple[Interface, ...]) -> None:
        for group in groups(region.operations):
            action: Action | None
            if isinstance(group[0], ir.WithClient):
                action = partial(clients.exchange, operation=group[0])
            elif leaves_yao(group[0]):
                action = partial(yao.reveal, group=group)
            elif not is_exchanged(group[0], len(interfaces)):
                action = _action(group[0], facts)
            elif enters_yao(group[0]):
                action = partial(yao.enter, group=group)
            else:
                exchanges = [one.exchanges[one.exchange_number(group)] for one in interfaces]
                trace, places = self._trace(exchanges), _places(group)
                action = partial(book, trace=trace, places=places)
                self.parts[group[0].number] = partial(parts, trace, places)
            if action is not None:
                self.actions[group[0].number] = action
            for operation in group:
                for inner in operation.regions:
                    self._region(inner, facts, interfaces)

    def _trace(self, exchanges: Sequence[Exchange]) -> Trace:
        found = trace_in(self.traces, exchanges, backend=self.backend)
        self.memory = max(self.memory or 0, found.memory)
        self.lonely |= found.lonely
        return found


def _places(group: Group) -> tuple[Span, ...]:
    return tuple(operation.span for operation in group)


def _action(operation: ir.Operation, facts: Facts) -> Action | None:
    match operation:
        case ir.Elementwise():
            return _circuit_action(operation, facts)
        case ir.Relabel():
            bits = yao.shared_bits(operation, facts.origins)
            return (lambda session: yao.share_evaluators(session, bits)) if bits else None
        case ir.Reveal():
            return _reveal_action(operation)
        case ir.Computation():
            # Moves, and computations on known values, send nothing.
            if (
                not isinstance(operation, ir.Move)
                and operation.result.type.sharing is ir.Sharing.YAO
            ):
                raise CompilerBug(f"{type(operation).__name__} has no circuit")
            return None
        case (
            ir.Convert()
            | ir.Input()
            | ir.Draw()
            | ir.Output()
            | ir.Assert()
            | ir.WithClient()
            | ir.Call()
            | ir.Structured()
        ):
            return None
        case _:
            assert_never(operation)


def _circuit_action(operation: CircuitOperation, facts: Facts) -> Action | None:
    if not yao.has_labels(operation.result) or not operation.result.type.size:
        return None
    netlist, count = yao.circuit_of(operation, facts), operation.result.type.size
    return (lambda session: yao.run_circuit(session, netlist, count)) if netlist.ands else None


def _reveal_action(operation: ir.Reveal) -> Action | None:
    (operand,) = operation.operands
    owner, count = operand.type.label.owner, yao.told_bytes(operation)
    if owner is None or not count:
        return None
    link = Link(owner, COMPUTING.other(owner))
    return lambda session: session.ledger.message(link, count)
