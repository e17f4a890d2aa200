"""A simulated run of two parties: their shares and labels, operation by operation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ezlang.compiler.circuits.catalogue import PUBLIC, SECRET, circuit
from ezlang.compiler.ir import evaluate
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.tree import Sharing
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.recursion import deep_recursion
from ezlang.source import Span
from ezlang.values.data import Inputs

from ..network import Cost
from ..outcome import SimulatedOutcome
from ..randomness import Randomness
from ..values import Known
from ..walk import Walk
from .facts import Facts, facts_of
from .values import Shared
from .wire import Wire
from .yao import Yao

Value = Known | Shared


def has_sharings(program: ir.Program) -> bool:
    """Tell whether the secrets of a program have sharings, hence two parties."""
    return any(
        value.type.sharing is not None
        for function in program.functions
        for operation in ir.walk(function.body)
        for value in operation.results
    )


def run_two(
    program: ir.Program, inputs: Inputs, *, seed: int | None = None, record: bool = True
) -> SimulatedOutcome:
    """Run a program of two parties, whose secrets have sharings, as native code runs it.

    See `run_simulated`.
    """
    names = program.parties
    wire = Wire(record)
    own = (Randomness(names[0], seed), Randomness(names[1], seed))
    run = _Run(program, inputs, wire, own)
    with deep_recursion(), np.errstate(all="ignore"):  # integers wrap
        run.call(program.main.name, ())
    ledger = wire.ledger
    cost = Cost(
        rounds=ledger.rounds,
        bytes_sent=dict(zip(names, ledger.bytes_sent, strict=True)),
        messages_sent=dict(zip(names, wire.messages_sent, strict=True)),
        dealt={},
    )
    return SimulatedOutcome(
        outputs=run.outputs(), views=run.views, cost=cost, transcript=tuple(wire.transcript)
    )


class _Run(Walk[Shared]):
    def __init__(
        self,
        program: ir.Program,
        inputs: Inputs,
        wire: Wire,
        randomness: tuple[Randomness, Randomness],
    ) -> None:
        super().__init__(program, inputs)
        self.wire = wire
        self.yao = Yao(wire, randomness)
        self.facts = {name: facts_of(f.body) for name, f in self.functions.items()}
        self.inside: list[Facts] = []

    def call(self, name: str, arguments: Sequence[Value]) -> list[Value]:
        self.inside.append(self.facts[name])
        try:
            return super().call(name, arguments)
        finally:
            self.inside.pop()

    def come_to(self, span: Span) -> None:
        self.wire.come_to(span)

    def tell(self, operation: ir.Reveal, known: Known) -> None:
        type = operation.result.type
        owner = known.owner
        if owner is None or type.label.owner == owner:
            return
        data = np.ascontiguousarray(known.data).tobytes()
        self.wire.send(owner, len(data), "reveal", lambda: data)

    def open(self, operation: ir.Reveal, secret: Shared) -> evaluate.Array:
        if secret.sharing is Sharing.YAO:
            return self.yao.reveal(secret, operation.result.type)
        raise CompilerBug("shares are opened in groups")

    def compute(self, operation: ir.Operation, operands: Sequence[Value]) -> Value:
        if operation.result.type.sharing is not Sharing.YAO:
            raise CompilerBug("no shares yet")
        return self._garbled(operation, operands)

    def _garbled(self, operation: ir.Operation, operands: Sequence[Value]) -> Value:
        """Compute an operation whose result has labels."""
        type = operation.result.type
        match operation:
            case ir.Relabel():
                (operand,) = operands
                return operand if isinstance(operand, Shared) else self.yao.share(operand)
            case ir.Unary() | ir.Binary() | ir.Select() | ir.Cast() | ir.Bit():
                roles = self.inside[-1].roles(operation, operands)
                ports = [
                    operand
                    for operand, role in zip(operands, roles, strict=True)
                    if role is SECRET or role is PUBLIC
                ]
                return self.yao.circuit(circuit(operation, roles), ports, type)
            case (
                ir.Broadcast()
                | ir.Reshape()
                | ir.Stack()
                | ir.Extract()
                | ir.Insert()
                | ir.ExtractSlice()
                | ir.InsertSlice()
                | ir.AffineRead()
                | ir.AffineWrite()
            ):
                return self._moved(operation, operands)
            case _:
                raise CompilerBug(f"{type} of {operation} cannot be garbled")

    def _moved(self, operation: evaluate.Moving, operands: Sequence[Value]) -> Shared:
        """Move elements, at both parties alike; indices are known."""
        if isinstance(operation, ir.Stack):
            count = len(operands)
        else:
            writes = isinstance(operation, ir.Insert | ir.InsertSlice | ir.AffineWrite)
            count = 2 if writes else 1
        moved = [
            operand if isinstance(operand, Shared) else self.yao.share(operand)
            for operand in operands[:count]
        ]
        indices = [value.data for value in operands[count:] if isinstance(value, Known)]
        parts = [
            evaluate.moved(operation, [*(value.parts[party] for value in moved), *indices])
            for party in (0, 1)
        ]
        type = operation.result.type
        return Shared(moved[0].sharing, type.element, (parts[0], parts[1]))
