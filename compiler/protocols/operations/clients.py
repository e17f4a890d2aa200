"""What a client gives to the two parties that compute, and what they tell it.

To give x, a client draws a uniform share, sends it to the first of the two, and x minus it (or
exclusive or it) to the second. So each of the two on its own sees uniform bits, and both together
have x: what is given is safe unless they collude. To tell a client a secret, both send it their
shares; what is public comes from the first of the two. This is secret sharing with two servers, of
which at most one is curious, as in [MZ17], whose
two servers compute on what clients have shared between them.

Each message takes the bits of its elements, and there is no reply.
"""

from __future__ import annotations

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ...ir import tree as ir
from ...ir.dtypes import share_dtype
from ...ir.parties import COMPUTING
from ...ir.tree import Sharing
from ..core.backend import Random
from ..core.purposes import Purpose
from ..core.steps import Array, Round, Steps, ask
from .call import packed, unpacked


def message_bytes(type: ir.TensorType) -> int:
    """Return the length of a message with the bits of a tensor."""
    return -(-type.size * type.width // 8)


def steps_with_client(
    own: int, random: Random, operation: ir.AnyWithClient, operand: Array | None
) -> Steps[Array | None]:
    """Run one party's part of an operation; return its share, or what it is told.

    `own` is the party's number. `operand` is its share or the known value, None at a party that has
    none. What a client is told is its own program's operation, without an operand.
    """
    if isinstance(operation, ir.Give):
        return (yield from _shared(own, random, operation, operand))
    if own in operation.clients:
        return (yield from _heard(operation, operation.result.type))
    yield from _told(own, operation, operand)
    return None


def _shared(
    own: int, random: Random, operation: ir.Give, operand: Array | None
) -> Steps[Array | None]:
    """Give a value at its owner; return a share of it at the others."""
    made, owner = operation.result.type, owner_of(operation)
    if not made.size:
        return np.zeros(made.shape, share_dtype(made.element))
    if own == owner:
        yield from _given(random, made, operand)
        return None
    request = Round(peer=owner, receive=message_bytes(made), purpose=Purpose.INPUT)
    return _array((yield from ask(request)), made)


def owner_of(operation: ir.Give) -> int:
    """Return the client that gives a value."""
    owner = operation.operands[0].type.label.owner
    if owner is None:
        raise CompilerBug("only what a client owns is given")
    return owner


def _array(message: Array, type: ir.TensorType) -> Array:
    return unpacked(message, type, share_dtype(type.element)).reshape(type.shape)


def _given(random: Random, type: ir.TensorType, value: Array | None) -> Steps[None]:
    """Send a random share to the first party, and what is left to the second."""
    if value is None:
        raise CompilerBug("a client doesn't have what it gives")
    size = message_bytes(type)
    mask = np.ascontiguousarray(random(size)[:size])
    share = _array(mask, type)
    rest = value - share if type.sharing is Sharing.ARITHMETIC else value ^ share
    yield tuple(
        Round(peer=peer, send=(part,), purpose=Purpose.INPUT)
        for peer, part in zip(COMPUTING, (mask, packed(rest.reshape(-1), type)), strict=True)
    )


def _heard(operation: ir.Tell, type: ir.TensorType) -> Steps[Array]:
    """Receive a public value from the first party, or shares from both."""
    if not type.size:
        return np.zeros(type.shape, share_dtype(type.element))
    is_shared = type.label.is_owned
    peers = tuple(COMPUTING) if is_shared else (COMPUTING.first,)
    purpose = Purpose.OPENING if is_shared else Purpose.REVEAL
    messages = yield tuple(
        Round(peer=peer, receive=message_bytes(type), purpose=purpose) for peer in peers
    )
    first, *others = (_array(message, type) for message in messages)
    for other in others:
        first = first + other if operation.additive else first ^ other
    return first


def _told(own: int, operation: ir.Tell, value: Array | None) -> Steps[None]:
    """Send a share to a client, or at the first party a public value to all clients."""
    (operand,) = operation.operands
    is_public = operand.type.label.is_public
    if value is None:
        raise CompilerBug("a party doesn't have what it tells")
    if not operand.type.size or (is_public and own != COMPUTING.first):
        return
    message = packed(value.reshape(-1), operand.type)
    purpose = Purpose.REVEAL if is_public else Purpose.OPENING
    yield tuple(
        Round(peer=client, send=(message,), purpose=purpose) for client in operation.clients
    )
