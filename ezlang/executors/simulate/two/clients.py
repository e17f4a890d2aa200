"""What simulated clients give to the two parties that compute, and what they are told.

The protocol is that of compiler/protocols/operations/clients.py, which native code runs as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.evaluate import Array
from ezlang.compiler.ir.parties import COMPUTING, Link
from ezlang.compiler.protocols.core.steps import Round, Step, Steps
from ezlang.compiler.protocols.operations.clients import owner_of, steps_with_client
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import replace

from ..clear_values import ClearValue
from ..randomness import Randomness
from .drive import received, sent_by
from .secret_values import Parts, Shared, words_of
from .sharing import byte_source
from .wire import Packet, Wire


def exchanged(
    wire: Wire,
    operation: ir.AnyWithClient,
    operand: ClearValue | Shared,
    randomness: Mapping[int, Randomness],
) -> Parts | None:
    """Run an operation with clients, at all who take part; return what is made of it, if anything.

    That are both shares of what is given, or what the client is told. `randomness` is the clients'.
    """
    clients, theirs = _at_clients(operation)
    runs = {
        party: steps_with_client(party, _no_bits, operation, _part(operand, party))
        for party in COMPUTING
    }
    for client in clients:
        bits = byte_source(randomness[client])
        runs[client] = steps_with_client(client, bits, theirs, _part(operand, client))
    found = _run(wire, runs)
    if isinstance(operation, ir.Give):
        return tuple(_whole(found[party]) for party in COMPUTING)
    return (_whole(found[clients[0]]),)


def _at_clients(operation: ir.AnyWithClient) -> tuple[tuple[int, ...], ir.AnyWithClient]:
    """Return the clients that an operation concerns, and what it is in their own programs."""
    if isinstance(operation, ir.Tell):
        told = operation.results or operation.operands
        return operation.clients, replace(operation, operands=(), results=told)
    return (owner_of(operation),), operation


def _whole(found: Array | None) -> Array:
    if found is None:
        raise CompilerBug("a party has nothing of what it is told")
    return found


def _no_bits(count: int) -> Any:
    raise CompilerBug("only clients draw bits for what they give")


def _part(operand: ClearValue | Shared, party: int) -> Array | None:
    if isinstance(operand, Shared):
        return operand.parts[party] if party in COMPUTING else None
    if operand.owner in (None, party):
        return words_of(operand.data, operand.element)
    return None


def _run(wire: Wire, runs: Mapping[int, Steps[Array | None]]) -> dict[int, Array | None]:
    """Run all parties' parts, which have one step at most; return their results."""
    found: dict[int, Array | None] = {}
    steps: dict[int, Step] = {}
    for party, run in runs.items():
        try:
            steps[party] = next(run)
        except StopIteration as end:
            found[party] = end.value
    sent = {
        Link(party, request.peer): request
        for party, step in steps.items()
        for request in step
        if isinstance(request, Round)
    }
    wire.exchange(
        {
            link: (Packet(one.sent, one.purpose, partial(sent_by, one)),)
            for link, one in sent.items()
            if one.send
        }
    )
    for party, step in steps.items():
        replies = [
            received(request, sent[Link(request.peer, party)])
            for request in step
            if isinstance(request, Round)
        ]
        try:
            runs[party].send(replies)
        except StopIteration as end:
            found[party] = end.value
        else:
            raise CompilerBug("what concerns a client takes one step")
    return found
