"""The simulated run of a program whose secrets have sharings, operation by operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from ezlang.compiler.circuits.catalogue import PUBLIC, SECRET, CircuitOperation, circuit
from ezlang.compiler.circuits.netlist import Netlist
from ezlang.compiler.circuits.operands import operand_roles
from ezlang.compiler.cost.ledger import Ledger
from ezlang.compiler.ir import evaluate
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.facts import Facts, constant_operands, facts_of
from ezlang.compiler.ir.groups import Group, enters_yao, groups, leaves_yao
from ezlang.compiler.ir.numbering import numbered
from ezlang.compiler.ir.parties import COMPUTING, Link
from ezlang.compiler.ir.sharings import PAIRED, is_exchanged
from ezlang.compiler.ir.tree import Sharing
from ezlang.compiler.protocols.core.purposes import Purpose
from ezlang.compiler.protocols.core.steps import Array, Steps, together
from ezlang.compiler.protocols.operations.encrypted import keys_of_program
from ezlang.compiler.protocols.operations.table import local_of, steps_of
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.executors.meter import Meter
from ezlang.progress.status import Expected
from ezlang.recursion import deep_recursion
from ezlang.source import Span
from ezlang.values.data import Inputs

from ..clear_values import ClearValue
from ..network import Cost
from ..observer import Observer
from ..outcome import Held, SimulatedOutcome
from ..plans import Step
from ..randomness import Randomness
from ..walk import Walk
from .clients import exchanged
from .dealer import Dealer
from .following import followed
from .secret_values import Parts, Shared, words_of
from .sharing import AnyParty, SharingSession
from .wire import MeteredLedger, Packet, Wire
from .yao import Yao

Value = ClearValue | Shared


def has_sharings(program: ir.Program) -> bool:
    """Return whether the secrets of a program have sharings."""
    return any(
        value.type.sharing is not None
        for function in program.functions
        for operation in ir.walk(function.body)
        for value in operation.results
    )


def run_two(
    program: ir.Program,
    inputs: Inputs,
    *,
    seed: int | None = None,
    record: bool = True,
    observer: Observer | None = None,
    dealt: bool = False,
    meter: Meter | None = None,
    expected: Expected | None = None,
) -> SimulatedOutcome:
    """Run a program whose secrets have sharings, with the protocols of native code.

    See `run_simulated`. `dealt`: with a dealer of preprocessing, and the protocols for that.
    `expected` is for whoever follows the run.
    """
    program = numbered(program)
    names = program.everybody
    parties = range(len(program.parties))
    clients = range(len(parties), len(names))
    ledger = Ledger(parties, clients) if meter is None else MeteredLedger(parties, meter, clients)
    wire = Wire(record, observer, ledger)
    own = tuple(Randomness(name, seed) for name in program.parties)
    dealer = Dealer(Randomness("dealer", seed), observer) if dealt else None
    run = _Run(program, inputs, wire, own, Randomness("ideal boxes", seed), dealer, meter)
    run.clients = {number: Randomness(names[number], seed) for number in clients}
    with deep_recursion(), np.errstate(all="ignore"), followed(ledger, expected):  # integers wrap
        run.call(program.main.name, ())
    if meter is not None:
        meter.lap()
    cost = Cost(
        rounds=ledger.rounds,
        bytes_sent={names[party]: sent for party, sent in ledger.bytes_sent.items()},
        messages_sent={name: wire.messages_sent[party] for party, name in enumerate(names)},
        dealt={} if dealer is None else dealer.units(),
        ands=None if run.labels is None else run.labels.garbling.ands,
    )
    return SimulatedOutcome(
        outputs=run.outputs(),
        views=run.views,
        cost=cost,
        transcript=tuple(wire.transcript),
        held=tuple(run.held),
    )


class _Run(Walk[Shared]):
    def __init__(
        self,
        program: ir.Program,
        inputs: Inputs,
        wire: Wire,
        own: tuple[Randomness, ...],
        ideal: Randomness,
        dealer: Dealer | None,
        meter: Meter | None,
    ) -> None:
        super().__init__(program, inputs, wire.observer)
        self.wire = wire
        self.meter = meter
        self.labels: Yao | None = None
        if len(own) == PAIRED:
            pair = own[0], own[1]
            self.labels = Yao(wire, pair, ideal, program.ots.yao, program.garbling, dealer)
        self.sharing = SharingSession(wire, own, ideal, program.ots.shares, dealer=dealer)
        self.sharing.begin(keys_of_program(program))
        self.facts = {name: facts_of(f) for name, f in self.functions.items()}
        self.inside: list[Facts] = []
        self.circuits: dict[int, tuple[Netlist, list[int]]] = {}
        self.held: list[Held] = []
        self.clients: Mapping[int, Randomness] = {}

    @property
    def yao(self) -> Yao:
        """Yao's protocol, which two parties run."""
        if self.labels is None:
            raise CompilerBug("Yao's protocol is for two parties")
        return self.labels

    def call(self, name: str, arguments: Sequence[Value]) -> list[Value]:
        self.inside.append(self.facts[name])
        try:
            return super().call(name, arguments)
        finally:
            self.inside.pop()

    def set_spans(self, *spans: Span) -> None:
        self.wire.set_span(spans[0])
        if self.meter is not None:
            self.meter.at(spans)

    def done(self, operation: ir.Operation, results: Sequence[Value]) -> None:
        super().done(operation, results)
        if not self.wire.record or operation.regions or isinstance(operation, ir.Call):
            return
        for value, result in zip(operation.results, results, strict=True):
            if isinstance(result, Shared):
                self.held.append(Held(value.hint, result.sharing, result.parts, operation.span))

    def steps(self, region: ir.Region) -> list[Step[Shared]]:
        steps: list[Step[Shared]] = []
        for group in groups(region.operations):
            if isinstance(group[0], ir.WithClient):
                steps.append(partial(self._with_client, group[0]))
            elif leaves_yao(group[0]):
                steps.append(partial(self._open, group))
            elif not is_exchanged(group[0], len(self.program.parties)):
                steps += map(self.step, group)
            else:
                steps.append(partial(self._exchange, group))
        return steps

    def lose_memory(self, secret: Shared) -> None:
        secret.fresh = False

    def tell(self, operation: ir.Reveal, known: ClearValue) -> None:
        type = operation.result.type
        owner = known.owner
        if owner is None or type.label.owner == owner:
            return
        data = np.ascontiguousarray(known.data).tobytes()
        link = Link(owner, COMPUTING.other(owner))
        self.wire.send(link, Packet(len(data), Purpose.REVEAL, lambda: data))

    def open(self, operation: ir.Reveal | ir.Tell, secret: Shared) -> evaluate.Array:
        raise CompilerBug("secrets of Yao's protocol are opened in groups")

    def compute(self, operation: ir.Operation, operands: Sequence[Value]) -> Value:
        if isinstance(operation, ir.Convert):
            return self.yao.leave(shared(operands[0]))
        if isinstance(operation, ir.Relabel) and isinstance(operands[0], Shared):
            return operands[0]
        if isinstance(operation, ir.Move) and _are_shared(operation, operands):
            return self._moved(operation, operands)
        if operation.result.type.sharing is Sharing.YAO:
            return self._garbled(operation, operands)
        parts = tuple(
            local_of(party, operation, _given(operands, party.index))
            for party in self.sharing.parties
        )
        return _secret(operation.result.type, parts)

    def _open(self, group: Group, values: dict[int, Value]) -> None:
        """Open a group of secrets of Yao's protocol together."""
        reveals = [operation for operation in group if isinstance(operation, ir.Reveal)]
        secrets = [shared(self.read(operation, values)[0]) for operation in reveals]
        self.set_spans(*[one.span for one in group])
        self.begun(group, [(secret,) for secret in secrets])
        types = [operation.result.type for operation in reveals]
        for operation, data in zip(reveals, self.yao.reveal(secrets, types), strict=True):
            told = values[operation.result.id] = self.revealed(operation, data)
            self.done(operation, (told,))

    def _with_client(self, operation: ir.AnyWithClient, values: dict[int, Value]) -> None:
        """Give a client's value to the two that compute, or tell clients one."""
        self.set_spans(operation.span)
        (operand,) = self.read(operation, values)
        self.begun((operation,), ((operand,),))
        made = exchanged(self.wire, operation, operand, self.clients)
        if isinstance(operation, ir.Tell):
            if not operation.results or made is None:
                return
            data = made[0].astype(evaluate.dtype(operation.result.type.element))
            result: Value = self.revealed(operation, data)
        else:
            result = _secret(operation.result.type, made or ())
        values[operation.result.id] = result
        self.done(operation, (result,))

    # Shares

    def _exchange(self, group: Group, values: dict[int, Value]) -> None:
        """Run a group of interactive operations in parallel."""
        self.set_spans(*[one.span for one in group])
        operands = [self.read(operation, values) for operation in group]
        self.begun(group, [tuple(given) for given in operands])
        for operation, given in zip(group, operands, strict=True):
            self.check(operation, given)
            for value in given:
                self.lose(value)
        if enters_yao(group[0]):
            made: Sequence[Value] = self.yao.enter([shared(given[0]) for given in operands])
        else:
            made = self._run_protocols(group, operands)
        for operation, result in zip(group, made, strict=True):
            values[operation.result.id] = result
            self.done(operation, (result,))

    def _run_protocols(self, group: Group, operands: list[list[Value]]) -> list[Value]:
        facts = self.inside[-1]
        numbers = [constant_operands(one, facts.constants) for one in group]
        for number, operation in enumerate(group):
            if isinstance(operation, ir.Convert):
                secret = shared(operands[number][0])
                is_yao = secret.sharing is Sharing.YAO
                operands[number] = [self.yao.leave(secret) if is_yao else secret]

        def protocol(party: AnyParty) -> Steps[list[Array | None]]:
            return together(
                [
                    steps_of(party, operation, _given(given, party.index), known=known)
                    for operation, given, known in zip(group, operands, numbers, strict=True)
                ]
            )

        results = self.sharing.run(protocol)
        return [
            self._result(operation, parts)
            for operation, parts in zip(group, zip(*results, strict=True), strict=True)
        ]

    def _result(self, operation: ir.Operation, parts: tuple[Array | None, ...]) -> Value:
        type = operation.result.type
        if not isinstance(operation, ir.Reveal):
            shares = tuple(part for part in parts if part is not None)
            if len(shares) < len(parts):
                raise CompilerBug("a party has no share of a secret")
            return _secret(type, shares)
        told = [part for part in parts if part is not None]
        if any(not np.array_equal(part, told[0]) for part in told):
            raise CompilerBug("the parties are told different values")
        return self.revealed(operation, told[0].astype(evaluate.dtype(type.element)))

    # Labels

    def _garbled(self, operation: ir.Operation, operands: Sequence[Value]) -> Value:
        """Compute an operation whose result is in Yao sharing."""
        match operation:
            case ir.Relabel(operands=(value,)):
                (known,) = operands
                if isinstance(known, Shared):
                    raise CompilerBug("a secret is shared once more")
                return self.yao.share(known, self.inside[-1].origins.is_repeated(value))
            case ir.Elementwise():
                made, (netlist, places) = operation.result.type, self._circuit(operation)
                ports = [operands[place] for place in places]
                return self.yao.circuit(netlist, ports, made.element, made.shape)
            case _:
                raise CompilerBug(f"{type(operation).__name__} cannot be garbled")

    def _circuit(self, operation: CircuitOperation) -> tuple[Netlist, list[int]]:
        """Return the circuit of an operation, and the places of the operands that it takes."""
        found = self.circuits.get(operation.number)
        if found is None:
            roles = operand_roles(operation, self.inside[-1])
            places = [n for n, role in enumerate(roles) if role is SECRET or role is PUBLIC]
            found = self.circuits[operation.number] = circuit(operation, roles), places
        return found

    def _moved(self, operation: ir.AnyMove, operands: Sequence[Value]) -> Shared:
        """Move elements in the same way at both parties; indices are public."""
        count = operation.element_count
        moved = [shared(operand) for operand in operands[:count]]
        places = [value.data for value in operands[count:] if isinstance(value, ClearValue)]
        writes = operation.traits.overwrites
        own = moved[0].fresh and self.is_alone(operation)
        parts = tuple(
            evaluate.moved(operation, [*parts, *places], in_place=own)
            for parts in zip(*(value.parts for value in moved), strict=True)
        )
        made = _secret(operation.result.type, parts)
        made.fresh = writes and not self.wire.record and self.observer is None
        return made


def _are_shared(operation: ir.AnyMove, operands: Sequence[Value]) -> bool:
    """Return whether all moved elements are secret."""
    return all(isinstance(one, Shared) for one in operands[: operation.element_count])


def _secret(type: ir.TensorType, parts: Parts) -> Shared:
    if type.sharing is None:
        raise CompilerBug("a secret has no sharing")
    return Shared(type.sharing, type.element, parts)


def shared(value: Value) -> Shared:
    """Return a value as a secret. Raises CompilerBug for a known value."""
    if not isinstance(value, Shared):
        raise CompilerBug("a known value is used as a secret")
    return value


def _given(operands: Sequence[Value], party: int) -> list[Array | None]:
    """Return a party's operands: shares, known values as words, and None for another party's."""
    given: list[Array | None] = []
    for operand in operands:
        if isinstance(operand, Shared):
            given.append(operand.parts[party])
        elif operand.owner in (None, party):
            given.append(words_of(operand.data, operand.element))
        else:
            given.append(None)
    return given
