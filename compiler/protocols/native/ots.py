"""Native protocols on OTs, run by kernels that use the pads of `kernels/pads.py`.

Only `_run` uses OTs: it iterates over batches (`core/lengths.py`), requests OTs, sends the choice
differences and the messages. The kind of batch (`native/batches.py`) defines the choices, computes
messages from blocks and processes them at the receiver.

Each party draws the start of its hash from the operating system and sends it, 16 bytes, once per
session. The windows of keys are counted in each direction, so that none is used twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from math import prod
from typing import Final

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ...kernels import sharing as units
from ...kernels.aes import cipher_for
from ...kernels.matrices import strip_bytes
from ..core.lengths import (
    Batch,
    Half,
    Panel,
    additive_batches,
    bit_batches,
    matrix_batches,
    product_batches,
    table_batches,
)
from ..core.preprocessing import BitTriples
from ..core.purposes import Purpose
from ..core.sizes import DIGIT_BITS, KEYS_A_WINDOW, TABLE_BITS
from ..core.steps import Bytes, Round, Steps, Take, swap
from ..ot.softspoken import Blocks
from .batches import Additive, BitProducts, KernelSession, Kind, MatrixRows, Products, Tables
from .calls import BLOCK_BYTES, Array, Native, empty, padded, zeros

_NOTHING: Final = np.empty(0, np.uint8)


@dataclass(slots=True, eq=False)
class _Begun:
    """A batch whose OTs have been taken and whose choices are known."""

    kind: Kind
    sent: Half | None
    blocks: Blocks | None
    sent_key: int
    received: Half | None
    choices: Bytes | None
    taken: Blocks | None
    received_key: int


class NativeOts:
    """The OT box (`party.OtBox`) of one party.

    `windows_sent` and `windows_received` count the key windows used in each direction.
    """

    def __init__(self, peer: int, session: KernelSession) -> None:
        self._peer = peer
        self.windows_sent = 0
        self.windows_received = 0
        self._session = session
        self._native = session.native

    def bit_products(self, count: int, copies: int) -> Steps[BitTriples]:
        """a consists of the random choices as receiver, and b of the pads' differences as sender;
        the two cross terms are the pads' sums. The pads' second bits form the second triple of a
        pair [ALSZ13, RRK+20].
        """
        if count % 8:
            raise CompilerBug("bit triples come in multiples of eight")
        kind = BitProducts(self._session, count, copies)
        yield from self._run((kind, batch) for batch in bit_batches(count))
        b, c = kind.b[:, : count // 8], kind.u[:, : count // 8]
        c ^= kind.v[:, : count // 8]
        c ^= kind.a & b
        if copies == 1:
            b, c = b[0], c[0]
        return BitTriples(a=kind.a, b=b, c=c)

    def products(
        self, sent: Array, received: Array, *, bitwise: bool = False
    ) -> Steps[tuple[Array, Array]]:
        """Gilboa's products."""
        bits = self._ring(sent)
        shares = zeros(sent.size, sent.dtype), zeros(received.size, received.dtype)
        kind = Products(self._session, padded(sent), padded(received), shares, bitwise=bitwise)
        batches = product_batches(bits, sent.size, received.size)
        yield from self._run((kind, batch) for batch in batches)
        return shares

    def random_products(self, factors: Array) -> Steps[tuple[Array, Array]]:
        """Gilboa's products with random choices."""
        bits = self._ring(factors)
        count = factors.size
        a, cross = zeros(count, factors.dtype), zeros(count, factors.dtype)
        kind = Products(self._session, padded(factors), None, (cross, cross), drawn=a)
        batches = product_batches(bits, count, count, chosen=False)
        yield from self._run((kind, batch) for batch in batches)
        return a, cross

    def additive(self, sent: Array, chosen: Bytes) -> Steps[tuple[Array, Array]]:
        """OTs with messages P₀ and P₀ + x, of which the first isn't sent [ALSZ13]."""
        bits = self._ring(sent)
        shares = empty(sent.size, sent.dtype), empty(chosen.size, sent.dtype)
        kind = Additive(self._session, padded(sent), padded(chosen), shares)
        batches = additive_batches(bits, sent.size, chosen.size)
        yield from self._run((kind, batch) for batch in batches)
        return shares

    def leaves(self, sent: Bytes, masks: Bytes, received: Bytes, fields: int) -> Steps[Bytes]:
        """See `kernels/triples.py`."""
        both = padded(sent), padded(masks)
        kind = Tables(self._session, "leaves", fields, both, padded(received))
        batches = table_batches(fields, sent.size, received.size)
        yield from self._run((kind, batch) for batch in batches)
        return kind.out

    def tables(self, words: Array | None, digits: Bytes | None, fields: int) -> Steps[Bytes | None]:
        """See `kernels/triples.py`."""
        if fields not in TABLE_BITS:
            raise CompilerBug(f"entries of tables have 1, 2 or 4 bits, not {fields}")
        nothing = np.empty(0, np.uint8)
        sent = () if words is None else (padded(words),)
        received = nothing if digits is None else digits
        if received.size and int(received.max()) >= 1 << DIGIT_BITS:
            raise CompilerBug("a table has 16 entries")
        kind = Tables(self._session, "tables", fields, sent, padded(received))
        count = 0 if words is None else words.size
        batches = table_batches(fields, count, received.size)
        yield from self._run((kind, batch) for batch in batches)
        return None if digits is None else kind.out

    def matrices(
        self, choosing: Array | None, carried: Array | None, shape: tuple[int, ...]
    ) -> Steps[tuple[Array, Array]]:
        """See `kernels/matrices.py`."""
        given = choosing if choosing is not None else carried
        if given is None:
            raise CompilerBug("a product needs a matrix")
        bits, dtype = self._ring(given), given.dtype
        *items, m, k, n = shape
        rows = prod(items) * m
        chosen = None if choosing is None else choosing.reshape(rows, k)
        sent = None if carried is None else carried.reshape(prod(items) * k, n)
        shares = np.zeros((rows, n), dtype), np.zeros((rows, n), dtype)
        # Rows begin at multiples of the number of elements that kernels process at a time.
        strip = strip_bytes(cipher_for(self._native.engine.target.path)) // dtype.itemsize

        def kind(panel: Panel) -> MatrixRows:
            return MatrixRows(
                self._session, chosen, sent, shares, sizes=(m, k), panel=panel, strip=strip
            )

        sends, receives = carried is not None, choosing is not None
        panels = matrix_batches(bits, rows, k, n, sends=sends, receives=receives)
        yield from self._run((kind(panel), panel.batch) for panel in panels)
        one, other = (share.reshape(*items, m, n) for share in shares)
        return one, other

    def _ring(self, x: Array) -> int:
        """Load the arithmetic of an array's elements; return their width."""
        bits = 8 * x.itemsize
        self._native.load(units.add_ring, bits)
        return bits

    def _run(self, batches: Iterable[tuple[Kind, Batch]]) -> Steps[None]:
        """Run batches. The choices of a batch go out before the message of the one before it."""
        last: _Begun | None = None
        for kind, batch in batches:
            begun = yield from self._begin(kind, batch)
            yield from self._exchange(begun, last)
            last = begun
        if last is not None:
            yield from self._exchange(None, last)

    def _begin(self, kind: Kind, batch: Batch) -> Steps[_Begun]:
        """Take a batch's OTs and number its keys."""
        sent, received = batch.sent, batch.received
        sent_ots, received_ots = batch.ots
        take = Take(peer=self._peer, sent=sent_ots, received=received_ots)
        ((blocks, (choices, taken)),) = yield (take,)
        first, other = KEYS_A_WINDOW * self.windows_sent, KEYS_A_WINDOW * self.windows_received
        begun = _Begun(kind, sent, blocks, first, received, choices, taken, other)
        self.windows_sent += sent.windows if sent else 0
        self.windows_received += received.windows if received else 0
        return begun

    def _exchange(self, begun: _Begun | None, last: _Begun | None) -> Steps[None]:
        """Send the choices of a batch and the message of the last one; receive the peer's."""
        outgoing: list[Array] = []
        flips = 0
        if begun is not None:
            flips = begun.sent.flips if begun.sent else 0
            if begun.received:
                outgoing += self._choose(begun, begun.received)
        message = 0
        if last is not None:
            message = last.received.message if last.received else 0
            if last.sent and last.blocks is not None:
                made: Bytes = empty(last.sent.message, np.uint8)
                last.kind.send(last.sent, last.sent_key, last.blocks, made)
                if made.size:
                    outgoing.append(made)
        reply: Bytes = _NOTHING
        if outgoing or flips or message:
            purpose = (begun or last).kind.purpose  # type: ignore[union-attr]
            request = Round(
                peer=self._peer, send=tuple(outgoing), receive=flips + message, purpose=purpose
            )
            (reply,) = yield (request,)
        if flips and begun is not None and begun.sent and begun.blocks is not None:
            self._native.call("flip", begun.blocks, self._session.delta, reply, begun.sent.ots)
        if last is not None and last.received and last.choices is not None:
            assert last.taken is not None
            half, key = last.received, last.received_key
            last.kind.receive(half, key, last.choices, last.taken, reply[flips:])

    def _choose(self, begun: _Begun, half: Half) -> list[Array]:
        """Replace random choices by a batch's own, or copy them to memory with padding."""
        if begun.choices is None:
            raise CompilerBug("the OTs of a batch aren't there")
        random = begun.choices
        if half.chosen:
            begun.choices = begun.kind.choices(half)
            return [np.packbits(begun.choices ^ random, bitorder="little")]
        begun.choices = padded(random)
        return []


def start(peer: int, native: Native, delta: Blocks) -> Steps[NativeOts]:
    """Begin a session with a peer, with the Δ of the OTs sent to it: a swap of 16 bytes."""
    native.load(units.add_bits)
    own: Bytes = np.frombuffer(os.urandom(BLOCK_BYTES), np.uint8)
    other = yield from swap(peer, own, Purpose.SET_UP)
    return NativeOts(peer, KernelSession(native, delta, own, other))
