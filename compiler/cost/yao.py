"""Costs of operations on Yao's wire labels; see protocols/yao and kernels/wire_labels.py."""

from __future__ import annotations

from math import prod

from ..circuits.catalogue import SECRET, CircuitOperation, binary, circuit
from ..circuits.netlist import Netlist
from ..circuits.operands import operand_roles
from ..codegen.representations import Representation, element_bytes, representation_of
from ..ir import tree as ir
from ..ir.facts import Facts, Origins
from ..ir.groups import Group
from ..ir.parties import COMPUTING, Link
from ..kernels.layout import BIT_BUFFER, set_up_bytes, table_bytes
from .amounts import Count
from .counting_session import CountingSession
from .ledger import Phase


def begin(session: CountingSession) -> None:
    """Set up a session: the garbler sends the keys of the hash and the seed of its labels."""
    with session.ledger.within(Phase.SET_UP):
        session.ledger.message(_to_evaluator(), set_up_bytes(session.garbling))


def run_circuit(session: CountingSession, netlist: Netlist, count: int) -> None:
    """Garble and evaluate `count` instances of a netlist."""
    ands, sent = netlist.ands * count, table_bytes(session.garbling, netlist, count)
    session.ledger.message(_to_evaluator(), sent)
    session.ledger.add(Count.ANDS, ands)
    session.ledger.add(Count.TABLE_BYTES, sent)


def share_evaluators(session: CountingSession, bits: int) -> None:
    """Share input bits of the evaluator: one OT and one bit each."""
    session.take_labels(bits)
    while bits:
        count = session.labels.take(min(bits, 8 * BIT_BUFFER))
        session.ledger.message(_to_evaluator().back, -(-count // 8))
        bits -= count


def enter(session: CountingSession, group: Group) -> None:
    """Convert shares to labels: an OT and a bit per evaluator's bit; additive shares are added."""
    for operation in group:
        session.ledger.place = operation.span
        type = operation.operands[0].type
        share_evaluators(session, type.size * type.width)
    for operation in group:
        session.ledger.place = operation.span
        type = operation.operands[0].type
        if type.sharing is ir.Sharing.ARITHMETIC:
            adder = binary(ir.BinaryKind.ADD, type.element, SECRET, SECRET)
            run_circuit(session, adder, type.size)


def reveal(session: CountingSession, group: Group) -> None:
    """Open secrets to one or both parties: first all to the evaluator, then all to the garbler."""
    to_evaluator = _to_evaluator()
    for link in (to_evaluator, to_evaluator.back):
        for operation in group:
            type = operation.result.type
            if type.label.readable_by(link.receiver) and type.size:
                session.ledger.place = operation.span
                session.ledger.message(link, -(-type.size * type.width // 8))


def _to_evaluator() -> Link:
    return COMPUTING.forth


def has_labels(value: ir.Value) -> bool:
    """Return whether a value is a secret in Yao's sharing."""
    return representation_of(value.type, COMPUTING.garbler) is Representation.LABELS


def circuit_of(operation: CircuitOperation, facts: Facts) -> Netlist:
    """Return the circuit of an elementwise operation on labels."""
    return circuit(operation, operand_roles(operation, facts))


def shared_bits(operation: ir.Relabel, origins: Origins) -> int:
    """Return the number of evaluator bits shared: those of one element if all are the same."""
    (operand,), result = operation.operands, operation.result
    if operand.type.label.owner != COMPUTING.evaluator or not has_labels(result):
        return 0
    return (1 if origins.is_repeated(operand) else result.type.size) * result.type.width


def told_bytes(operation: ir.Reveal) -> int:
    """Return the number of bytes that the owner of a value sends to the other party."""
    (operand,), result = operation.operands, operation.result
    if operand.type.label.owner is None or operand.type.label == result.type.label:
        return 0
    return prod(result.type.shape) * element_bytes(result.type, Representation.CLEAR)
