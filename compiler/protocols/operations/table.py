"""The protocols for all IR operations on arithmetic and boolean shares (table in ir/sharings.py).

`steps_of` runs the operations for which the parties exchange messages (`is_interactive`), and
`local_of` the others. Shares and known operands are arrays of the tensor's shape: unsigned integers
of the element's width, or bytes 0 and 1 for bools, which are XOR-shared.

The choice of protocol depends on the types and labels of operands, on the compiler's facts about
them (`ir/facts.py`), and on whether there is a dealer, but never on secret values. These public
facts therefore determine all message lengths. Security is that of the chosen protocols: each
party's share on its own is uniform, and every message is masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ...ir import tree as ir
from ...ir.dtypes import share_dtype
from ...ir.facts import ConstantOperands
from ...ir.tree import BinaryKind, Sharing, UnaryKind
from ..arithmetic.owned import mask_known
from ..conversions.narrow import narrow_bits, narrow_numbers
from ..core.party import SharingParty
from ..core.purposes import Purpose
from ..core.steps import Array, Bytes, Round, Steps, ask
from ..many import operations as many
from ..many.party import ManyParty
from . import arithmetic as arithmetic_column
from . import boolean as boolean_column
from .call import Call, packed, unpacked
from .local import local_of as local_of

_BITS: Final = (BinaryKind.AND, BinaryKind.OR)


def steps_of(
    party: SharingParty | ManyParty,
    operation: ir.Operation,
    operands: Sequence[Array | None],
    *,
    known: ConstantOperands = (),
) -> Steps[Array | None]:
    """Run an interactive operation; return this party's share of the result.

    An operand is None at a party that doesn't know it; so is a result revealed only to the other.
    `known` is the result of `ir.facts.known_operands`, the same at both parties. Nothing is sent
    for a result without elements.
    """
    if isinstance(party, ManyParty):
        given = many.Call(party=party, operation=operation, operands=operands, known=known)
        run = many.steps(given)
    else:
        call = Call(party=party, operation=operation, operands=operands, known=known)
        run = _steps(call, operation)
    type = operation.result.type
    told = type.sharing is not None or type.label.readable_by(party.index)
    if type.size == 0:
        return np.zeros(type.shape, share_dtype(type.element)) if told else None
    result = yield from run
    if result is None:
        return None
    return np.asarray(result, share_dtype(type.element)).reshape(type.shape)


def _steps(call: Call, operation: ir.Operation) -> Steps[Array | None]:
    match operation:
        case ir.Relabel():
            return (yield from _shared(call))
        case ir.Reveal():
            return (yield from _revealed(call))
        case ir.Convert():
            return (yield from _converted(call))
        case ir.Elementwise() | ir.Product() | ir.Lookup() | ir.Cut():
            types = [value.type for value in (*operation.operands, *operation.results)]
            # Only operations on arithmetic shares take owned operands.
            if any(one.sharing is Sharing.ARITHMETIC or one.label.is_owned for one in types):
                return (yield from _arithmetic(call, operation))
            return (yield from _boolean(call, operation))
        case _:
            raise CompilerBug(f"{type(operation).__name__} isn't an operation with messages")


def _arithmetic(call: Call, operation: ir.Operation) -> Steps[Array]:
    column = arithmetic_column
    match operation:
        case ir.Unary(kind=UnaryKind.ABS):
            return column.absolute(call)
        case ir.Binary():
            return column.binary(call, operation.kind)
        case ir.Select():
            return column.choice(call)
        case ir.Cast():
            return column.cast(call)
        case ir.Bit():
            return column.bit(call, operation.position)
        case ir.MatrixProduct():
            return column.matrix_product(call, operation)
        case ir.Convolution():
            return column.convolution(call, operation)
        case ir.Lookup():
            return column.looked_up(call, operation)
        case ir.RectifiedShift():
            return column.rectified(call, operation)
        case ir.SignAndFit():
            return column.sign_and_size(call, operation)
        case _:
            raise CompilerBug(f"{type(operation).__name__} on arithmetic shares takes no messages")


def _boolean(call: Call, operation: ir.Operation) -> Steps[Array]:
    match operation:
        case ir.Binary() if operation.kind in _BITS:
            return boolean_column.bitwise(call, operation.kind)
        case ir.Select():
            return boolean_column.choice(call)
        case ir.Elementwise():
            return boolean_column.circuit(call, operation)
        case _:
            raise CompilerBug(f"{type(operation).__name__} on boolean shares isn't taken apart")


def _shared(call: Call) -> Steps[Array]:
    """Share a value of one party, which sends a random share in one message; bools are packed."""
    party, type = call.party, call.type
    owner = call.owner(0)
    if owner is None:
        raise CompilerBug("only what a party owns is shared with a message")
    if isinstance(call.operation, ir.Relabel) and call.operation.mask is not None:
        return (yield from mask_known(party, call.share(0), owner, call.operation.mask))
    dtype = share_dtype(type.element)
    size = -(-type.size * type.width // 8)
    if party.index != owner:
        message = yield from ask(Round(peer=owner, receive=size, purpose=Purpose.INPUT))
        return unpacked(message, type, dtype)
    mask = party.random(size)[:size]
    sent = np.ascontiguousarray(mask)
    yield from ask(Round(peer=party.side.other, send=(sent,), purpose=Purpose.INPUT))
    share = unpacked(mask, type, dtype)
    own = call.clear(0)
    return own - share if type.sharing is Sharing.ARITHMETIC else own ^ share


def _revealed(call: Call) -> Steps[Array | None]:
    """Reveal a value: parties send their shares to those who learn it, in one round."""
    party, type = call.party, call.type
    share = call.share(0)
    additive = call.type_of(0).sharing is Sharing.ARITHMETIC
    peer = party.side.other
    told = type.label.readable_by(party.index)
    mine = packed(share, type)
    theirs: Bytes = yield from ask(
        Round(
            peer=peer,
            send=(mine,) if type.label.readable_by(peer) else (),
            receive=mine.nbytes if told else 0,
            purpose=Purpose.OPENING,
        )
    )
    if not told:
        return None
    other = unpacked(theirs, type, share.dtype)
    return share + other if additive else share ^ other


def _converted(call: Call) -> Steps[Array]:
    """Convert arithmetic to boolean shares by an adder, and boolean to arithmetic shares [DSZ15].

    The lowest bits of Yao's labels are boolean shares, obtained without a message; the caller
    passes these for a value in Yao's sharing.
    """
    party, x = call.party, call.share(0)
    if call.type.sharing is Sharing.BOOLEAN:
        planes = yield from narrow_bits(party, x, call.narrow, shallow=call.shallow)
        return party.planes.words(planes, x.size)
    if call.type.sharing is Sharing.ARITHMETIC:
        return (yield from narrow_numbers(party, x, call.narrow))
    raise CompilerBug("what goes into Yao's protocol goes into its stream")
