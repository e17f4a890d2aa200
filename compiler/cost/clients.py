"""Costs of what clients give and are told; see protocols/operations/clients.py."""

from __future__ import annotations

from ..ir import tree as ir
from ..ir.parties import COMPUTING, Link
from ..protocols.operations.clients import message_bytes, owner_of
from .counting_session import CountingSession


def exchange(session: CountingSession, operation: ir.AnyWithClient) -> None:
    """Book the messages of an operation with clients."""
    session.ledger.exchange(_lengths(operation))


def _lengths(operation: ir.AnyWithClient) -> dict[Link, int]:
    (operand,) = operation.operands
    size = message_bytes(operand.type)
    match operation:
        case ir.Give():
            return {Link(owner_of(operation), party): size for party in COMPUTING}
        case ir.Tell():
            senders = (COMPUTING.first,) if operand.type.label.is_public else tuple(COMPUTING)
            return {Link(party, client): size for party in senders for client in operation.clients}
