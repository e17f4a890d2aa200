"""A counting party: it runs protocols on shares on ghosts to obtain their requests.

Its OTs and its encryption make requests of the right lengths and return arrays of the right shapes.
The lengths come from protocols/core/lengths.py; the protocols are those of real runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

from ezlang.diagnostics.diagnostic import CompilerBug

from ..ir import tree as ir
from ..ir.dtypes import share_dtype
from ..ir.facts import ConstantOperands
from ..ir.parties import COMPUTING, Side, sides_of
from ..ir.sharings import PAIRED
from ..protocols.core.backend import Backend
from ..protocols.core.lengths import (
    Batch,
    additive_batches,
    bit_batches,
    lookup_batches,
    matrix_amounts,
    product_batches,
    table_batches,
)
from ..protocols.core.lookups import Column, Sent, shape_of
from ..protocols.core.party import SharingParty
from ..protocols.core.preprocessing import BitTriples
from ..protocols.core.steps import (
    Array,
    Bytes,
    Elsewhere,
    Finish,
    Request,
    Round,
    Steps,
    Transfer,
    ask,
    transfer,
)
from ..protocols.homomorphic.form import Form
from ..protocols.many.party import ManyParty
from ..protocols.operations.table import steps_of
from ..protocols.ot.backend import OT
from .counting_local import CountingPlanes, CountingProducts
from .counting_preprocessing import CountingGiven, CountingPreprocessing, Notes
from .ghosts import ghost


class CountingOts:
    """The OT box (`party.OtBox`): only the requests of `native/ots.py` to a peer."""

    def __init__(self, peer: int) -> None:
        self._peer = peer

    def bit_products(self, count: int, copies: int) -> Steps[BitTriples]:
        """No messages."""
        yield from self._run(bit_batches(count))
        size = count // 8
        rows = (size,) if copies == 1 else (copies, size)
        return BitTriples(a=ghost(size), b=ghost(rows), c=ghost(rows))

    def products(
        self, sent: Array, received: Array, *, bitwise: bool = False
    ) -> Steps[tuple[Array, Array]]:
        """Two rounds or more."""
        yield from self._run(product_batches(8 * sent.itemsize, sent.size, received.size))
        return ghost(sent.size, sent.dtype), ghost(received.size, sent.dtype)

    def random_products(self, factors: Array) -> Steps[tuple[Array, Array]]:
        """A round or more."""
        count = factors.size
        yield from self._run(product_batches(8 * factors.itemsize, count, count, chosen=False))
        return ghost(count, factors.dtype), ghost(count, factors.dtype)

    def additive(self, sent: Array, chosen: Bytes) -> Steps[tuple[Array, Array]]:
        """Two rounds or more."""
        yield from self._run(additive_batches(8 * sent.itemsize, sent.size, chosen.size))
        return ghost(sent.size, sent.dtype), ghost(chosen.size, sent.dtype)

    def leaves(self, sent: Bytes, masks: Bytes, received: Bytes, fields: int) -> Steps[Bytes]:
        """Two rounds or more."""
        yield from self._run(table_batches(fields, sent.size, received.size))
        out: Bytes = ghost(received.size)
        return out

    def tables(self, words: Array | None, digits: Bytes | None, fields: int) -> Steps[Bytes | None]:
        """Two rounds or more."""
        sent = 0 if words is None else words.size
        yield from self._run(table_batches(fields, sent, 0 if digits is None else digits.size))
        return None if digits is None else ghost(digits.size)

    def lookups(
        self, columns: Sequence[Column], sent: Sent, digits: Array
    ) -> Steps[tuple[Array, ...]]:
        """Two rounds or more."""
        yield from self._run(lookup_batches(*shape_of(columns), sent.shifts.size, digits.size))
        return tuple(ghost(digits.size, column.words.dtype) for column in columns)

    def matrices(
        self, choosing: Array | None, carried: Array | None, shape: tuple[int, ...]
    ) -> Steps[tuple[Array, Array]]:
        """Two rounds or more."""
        given: Any = choosing if choosing is not None else carried
        *items, m, k, n = shape
        bits, rows = 8 * given.itemsize, prod(items) * m
        sends, receives = carried is not None, choosing is not None
        yield from self._run(matrix_amounts(bits, rows, k, n, sends=sends, receives=receives))
        made = (*items, m, n)
        return ghost(made, given.dtype), ghost(made, given.dtype)

    def _run(self, batches: Iterable[Batch]) -> Steps[None]:
        """Request a transfer."""
        yield from transfer(Transfer(peer=self._peer, batches=tuple(batches)))


class CountingEncryption:
    """The messages of homomorphic products (`party.Encryption`) with a peer."""

    def __init__(self, peer: int) -> None:
        self._peer = peer

    def encrypt(self, form: Form, x: Array) -> Steps[Array]:
        """Two rounds. What the key holder keeps is gone when the reply arrives."""
        held, request = ghost(form.memory[0]), ghost(form.request_bytes)
        del held
        yield from ask(Round(peer=self._peer, send=(request,)))
        yield from ask(Round(peer=self._peer, receive=form.reply_bytes))
        return _product(form, x)

    def multiply(self, form: Form, known: Array) -> Steps[Array]:
        """Two rounds."""
        request = yield from ask(Round(peer=self._peer, receive=form.request_bytes))
        held, reply = ghost(form.memory[1]), ghost(form.reply_bytes)
        del held, request
        yield from ask(Round(peer=self._peer, send=(reply,)))
        return _product(form, known)


def _product(form: Form, like: Array) -> Array:
    product: Array = ghost(form.product, like.dtype)
    return product


def _random(count: int) -> Bytes:
    found: Bytes = ghost(count)
    return found


def counting_party(
    index: int, notes: Notes, *, backend: Backend = OT, parties: int = PAIRED
) -> SharingParty | ManyParty:
    """Return a counting party of so many for a back end."""
    if parties == PAIRED:
        return counting_pair(COMPUTING.side(index), notes, backend=backend)
    return ManyParty(
        index=index,
        parties=parties,
        pairs={
            other: counting_pair(side, notes, backend=backend)
            for other, side in sides_of(index, parties).items()
        },
        random=_random,
        planes=CountingPlanes(),
        local=CountingProducts(),
    )


def counting_pair(side: Side, notes: Notes, *, backend: Backend = OT) -> SharingParty:
    """Return a counting party of a pair."""
    ots = CountingOts(side.other)
    making = backend.making
    given = CountingGiven(notes, side.own)
    return SharingParty(
        side=side,
        random=_random,
        ots=ots,
        planes=CountingPlanes(),
        local=CountingProducts(),
        encryption=CountingEncryption(side.other),
        preprocessing=(
            CountingPreprocessing(making(side, _random, ots), notes) if making else given
        ),
        backend=backend,
    )


def steps_on_ghosts(
    party: SharingParty | ManyParty, operation: ir.Operation, known: ConstantOperands
) -> Steps[Array | None]:
    """Run the protocol of an interactive operation at a counting party.

    `known` are the compile-time facts about its operands (ir/facts.py).
    """
    operands = [_operand(value.type, party.index) for value in operation.operands]
    return steps_of(party, operation, operands, known=known)


def _operand(type: ir.TensorType, party: int) -> Array | None:
    """Return a ghost of a party's share or value of an operand; None if it has none."""
    if not (type.label.is_secret or type.label.readable_by(party)):
        return None
    operand: Array = ghost(type.shape, share_dtype(type.element))
    return operand


def reply_to(request: Request) -> Any:
    """Return ghosts of the reply to a request."""
    match request:
        case Transfer() | Finish() | Elsewhere():
            return None
        case Round(receive=count):
            return ghost(count)
        case _:
            raise CompilerBug("a protocol asked for what only a simulation has")
