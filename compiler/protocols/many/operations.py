"""The protocols of IR operations among any number of parties; `operations/table.py` calls them.

Shares and known operands are as there. Arithmetic shares support what `ir/sharings.py` says; all
other operations are circuits on boolean shares.
"""

from __future__ import annotations

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ...ir import tree as ir
from ...ir.dtypes import share_dtype
from ...ir.tree import BinaryKind, Sharing
from ..core.bits import unpack
from ..core.purposes import Purpose
from ..core.steps import Array, Round, Steps
from ..operations import boolean as boolean_column
from ..operations.call import AnyCall, packed, unpacked
from . import numbers
from .gates import and_bits, evaluate
from .party import ManyParty

Call = AnyCall[ManyParty]

_BITS = (BinaryKind.AND, BinaryKind.OR)


def steps(call: Call) -> Steps[Array | None]:
    """Run an operation; return this party's share of the result, or what it is told."""
    operation = call.operation
    match operation:
        case ir.Relabel():
            return (yield from _shared(call))
        case ir.Reveal():
            if call.is_shared(0):
                return (yield from _opened(call))
            return (yield from _told(call))
        case ir.Convert():
            return (yield from _converted(call))
        case ir.Elementwise() | ir.Product():
            types = [value.type for value in (*operation.operands, *operation.results)]
            if any(one.sharing is Sharing.ARITHMETIC or one.label.is_owned for one in types):
                return (yield from _arithmetic(call, operation))
            return (yield from _boolean(call, operation))
        case _:
            raise CompilerBug(f"{type(operation).__name__} isn't an operation with messages")


def _arithmetic(call: Call, operation: ir.Operation) -> Steps[Array]:
    match operation:
        case ir.Binary(kind=BinaryKind.MUL):
            return _product(call)
        case ir.MatrixProduct():
            return _matrix_product(call, operation)
        case ir.Convolution():
            return _convolution(call, operation)
        case ir.Select():
            return _choice_of_numbers(call)
        case ir.Cast():
            return numbers.bits_to_numbers(call.party, call.share(0), call.type.width)
        case _:
            raise CompilerBug(f"{type(operation).__name__} on arithmetic shares takes no messages")


def _boolean(call: Call, operation: ir.Operation) -> Steps[Array]:
    match operation:
        case ir.Binary() if operation.kind in _BITS:
            return _bitwise(call, operation.kind)
        case ir.Select():
            return _choice_of_bits(call)
        case ir.Elementwise():
            return _circuit(call, operation)
        case _:
            raise CompilerBug(f"{type(operation).__name__} on boolean shares isn't taken apart")


# In and out


def _shared(call: Call) -> Steps[Array]:
    """Share a value of one party, which sends each other party a random share: one round."""
    party, type = call.party, call.type
    owner, dtype = call.owner(0), share_dtype(type.element)
    if owner is None:
        raise CompilerBug("only what a party owns is shared with a message")
    size = -(-type.size * type.width // 8)
    if party.index != owner:
        request = Round(peer=owner, receive=size, purpose=Purpose.INPUT)
        (message,) = yield (request,)
        return unpacked(message, type, dtype)
    masks = [np.ascontiguousarray(party.random(size)[:size]) for _ in party.pairs]
    yield tuple(
        Round(peer=peer, send=(mask,), purpose=Purpose.INPUT)
        for peer, mask in zip(party.pairs, masks, strict=True)
    )
    own = call.clear(0)
    for mask in masks:
        share = unpacked(mask, type, dtype)
        own = own - share if type.sharing is Sharing.ARITHMETIC else own ^ share
    return own


def _opened(call: Call) -> Steps[Array | None]:
    """Reveal a secret: all parties send their shares to those who learn it, in one round."""
    party, type, share = call.party, call.type, call.share(0)
    additive = call.type_of(0).sharing is Sharing.ARITHMETIC
    told = type.label.readable_by(party.index)
    mine = packed(share, type)
    replies = yield tuple(
        Round(
            peer=peer,
            send=(mine,) if type.label.readable_by(peer) else (),
            receive=mine.nbytes if told else 0,
            purpose=Purpose.OPENING,
        )
        for peer in party.pairs
        if told or type.label.readable_by(peer)
    )
    if not told:
        return None
    for reply in replies:
        other = unpacked(reply, type, share.dtype)
        share = share + other if additive else share ^ other
    return share


def _told(call: Call) -> Steps[Array | None]:
    """Reveal what one party knows: it sends it to those who learn it, in one round."""
    party, type, owner = call.party, call.type, call.owner(0)
    if owner is None:
        raise CompilerBug("everybody knows what is revealed")
    if party.index == owner:
        mine = packed(call.clear(0), type)
        yield tuple(
            Round(peer=peer, send=(mine,), purpose=Purpose.REVEAL)
            for peer in party.pairs
            if type.label.readable_by(peer)
        )
        return call.clear(0) if type.label.readable_by(owner) else None
    if not type.label.readable_by(party.index):
        yield ()
        return None
    size = -(-type.size * type.width // 8)
    (message,) = yield (Round(peer=owner, receive=size, purpose=Purpose.REVEAL),)
    return unpacked(message, type, share_dtype(type.element))


def _converted(call: Call) -> Steps[Array]:
    """Convert arithmetic to boolean shares, or the other way."""
    party, x = call.party, call.share(0)
    if call.type.sharing is Sharing.BOOLEAN:
        planes = yield from numbers.to_planes(party, x, call.narrow, shallow=call.shallow)
        return party.planes.words(planes, x.size)
    if call.type.sharing is Sharing.ARITHMETIC:
        return (yield from numbers.to_numbers(party, x, call.narrow))
    raise CompilerBug("Yao's protocol is for two parties")


# On arithmetic shares


def _product(call: Call) -> Steps[Array]:
    """x·y, which takes less if one party knows a factor, or if they are the same."""
    party = call.party
    for known, other in ((1, 0), (0, 1)):
        owner = call.owner(known)
        if owner is not None:
            factor = call.share(known)
            return (yield from numbers.multiply_owned(party, call.share(other), factor, owner))
    if call.same():
        return (yield from numbers.multiply_same(party, call.share(0)))
    return (yield from numbers.multiply(party, call.share(0), call.share(1)))


def _matrix_product(call: Call, operation: ir.MatrixProduct) -> Steps[Array]:
    party, known = call.party, operation.known
    x, y = (call.share(i).reshape(call.type_of(i).shape) for i in (0, 1))
    if not x.size or not y.size:
        return np.zeros(call.type.size, x.dtype)
    if known is None:
        return (yield from numbers.multiply_matrices(party, x, y)).reshape(-1)
    owner = call.owner(known) or 0
    factors, left = ((x, y), False) if known == 1 else ((y, x), True)
    result = yield from numbers.multiply_owned_matrix(party, *factors, owner, left=left)
    return result.reshape(-1)


def _convolution(call: Call, operation: ir.Convolution) -> Steps[Array]:
    party, window, known = call.party, operation.window, operation.known
    x, y = (call.share(i).reshape(call.type_of(i).shape) for i in (0, 1))
    if known is None:
        return (yield from numbers.convolve_all(party, x, y, window)).reshape(-1)
    owner, images = call.owner(known) or 0, known == 0
    made = yield from numbers.convolve_owned(party, x, y, owner, window, images=images)
    return made.reshape(-1)


def _choice_of_numbers(call: Call) -> Steps[Array]:
    """y + c·(x − y); only a conversion of c where x and y are public."""
    party, n = call.party, call.type.size
    condition = call.share(0)
    if call.is_shared(1) or call.is_shared(2):
        if condition.size != n:
            condition = np.repeat(condition, n)
        chosen = yield from numbers.times_bits(party, condition, call.share(1) - call.share(2))
        return call.share(2) + chosen
    number = yield from numbers.bits_to_numbers(party, condition, call.type.width)
    result: Array = call.share(2) + number * (call.clear(1) - call.clear(2))
    return result


# On boolean shares


def _circuit(call: Call, operation: ir.AnyElementwise) -> Steps[Array]:
    """Run an operation's circuit on every element."""
    netlist, ports = boolean_column.netlist_of(call, operation)
    n = call.type.size
    planes = yield from evaluate(call.party, netlist, ports, n)
    return unpack(planes[0], n) if call.type.width == 1 else call.party.planes.words(planes, n)


def _bitwise(call: Call, kind: BinaryKind) -> Steps[Array]:
    """x & y or x | y = ¬(¬x & ¬y) of two secrets: one round."""
    party, type = call.party, call.type
    x, y = (call.narrowed(call.share(i)) for i in (0, 1))
    if kind is BinaryKind.OR:
        x, y = (boolean_column.complement(party, one, type) for one in (x, y))
    product = yield from and_bits(party, packed(x, type), packed(y, type))
    result = unpacked(product, type, x.dtype)
    if kind is BinaryKind.OR:
        result = boolean_column.complement(party, result, type)
    return call.widened(result)


def _choice_of_bits(call: Call) -> Steps[Array]:
    """y ^ c·(x ^ y): one round; nothing is sent where x and y are public."""
    party, type = call.party, call.type

    def of_words(factor: Array, change: Array) -> Steps[Array]:
        product = yield from and_bits(party, packed(factor, type), packed(change, type))
        return unpacked(product, type, change.dtype)

    return boolean_column.chosen(call, lambda x, y: and_bits(party, x, y), of_words)
