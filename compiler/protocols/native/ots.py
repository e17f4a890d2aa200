"""Native protocols on OTs, run by kernels that use the pads of `kernels/pads.py`.

Only `_run` uses OTs: it requests a transfer of batches (`core/lengths.py`). The kind of batch
(`native/batches.py`) defines the choices, computes messages from blocks and processes them at the
receiver.

Each party draws the start of its hash from the operating system and sends it when the OTs are set
up (`ot/directions.py`). The windows of keys are counted in each direction, so that none is used
twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Final

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ...kernels import sharing as units
from ...kernels.aes import cipher_for
from ...kernels.matrices import strip_bytes
from ...kernels.memory import Blocks
from ..core.bits import pack
from ..core.lengths import (
    Batch,
    Half,
    Panel,
    additive_batches,
    bit_batches,
    lookup_batches,
    matrix_batches,
    product_batches,
    table_batches,
)
from ..core.lookups import Column, Sent, shape_of
from ..core.preprocessing import BitTriples
from ..core.sizes import DIGIT_BITS, KEYS_A_WINDOW, TABLE_BITS
from ..core.steps import Bytes, Steps, Transfer, transfer
from .batches import Additive, BitProducts, KernelSession, Kind, MatrixRows, Products, Tables
from .calls import Array, empty, padded, zeros
from .lookups import Lookups

_NOTHING: Final = np.empty(0, np.uint8)


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
        if (received >> DIGIT_BITS).any():
            raise CompilerBug("a table has 16 entries")
        kind = Tables(self._session, "tables", fields, sent, padded(received))
        count = 0 if words is None else words.size
        batches = table_batches(fields, count, received.size)
        yield from self._run((kind, batch) for batch in batches)
        return None if digits is None else kind.out

    def lookups(
        self, columns: Sequence[Column], sent: Sent, digits: Array
    ) -> Steps[tuple[Array, ...]]:
        """See `kernels/lookups.py`."""
        kind = Lookups(self._session, columns, sent, digits)
        batches = lookup_batches(*shape_of(columns), sent.shifts.size, digits.size)
        yield from self._run((kind, batch) for batch in batches)
        return kind.words

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

    def _run(self, jobs: Iterable[tuple[Kind, Batch]]) -> Steps[None]:
        """Run batches, unless there are none."""
        given = tuple(jobs)
        if given:
            yield from transfer(
                Transfer(
                    peer=self._peer,
                    batches=[batch for _, batch in given],
                    work=_Work(self, self._session, given),
                    purpose=given[0][0].purpose,
                )
            )

    def keys(self, batch: Batch) -> tuple[int, int]:
        """Return the first keys for a batch's halves, and count the windows of both."""
        first, other = self.windows_sent, self.windows_received
        self.windows_sent += batch.sent.windows if batch.sent else 0
        self.windows_received += batch.received.windows if batch.received else 0
        return KEYS_A_WINDOW * first, KEYS_A_WINDOW * other


class _Work:
    """The batches of a transfer (`steps.Work`).

    Between `choose` and `finish`, it holds a batch's choices, one per byte, and blocks.
    """

    def __init__(
        self, ots: NativeOts, session: KernelSession, jobs: Sequence[tuple[Kind, Batch]]
    ) -> None:
        self._ots = ots
        self._session = session
        self._jobs = jobs
        self._keys: list[tuple[int, int]] = []
        self._chosen: dict[int, tuple[Bytes, Blocks]] = {}

    def begin(self) -> None:
        """Number the keys."""
        self._keys = [self._ots.keys(batch) for _, batch in self._jobs]

    def choose(self, number: int, choices: Bytes, blocks: Blocks) -> Bytes:
        """Replace random choices by a batch's own, or copy them to memory with padding."""
        kind, batch = self._jobs[number]
        half = _some(batch.received)
        if not half.chosen:
            self._chosen[number] = padded(choices), blocks
            return _NOTHING
        own = kind.choices(half)
        self._chosen[number] = own, blocks
        return pack(own ^ choices)

    def answer(self, number: int, blocks: Blocks, differences: Bytes) -> Bytes:
        """Adapt the OTs to the receiver's choices, and make the message."""
        kind, batch = self._jobs[number]
        half = _some(batch.sent)
        if half.chosen:
            self._session.native.call("flip", blocks, self._session.delta, differences, half.ots)
        message: Bytes = empty(half.message, np.uint8)
        kind.send(half, self._keys[number][0], blocks, message)
        return message

    def finish(self, number: int, message: Bytes) -> None:
        """Process the message."""
        kind, batch = self._jobs[number]
        choices, blocks = self._chosen.pop(number)
        key = self._keys[number][1]
        kind.receive(_some(batch.received), key, choices, blocks, message)


def _some(half: Half | None) -> Half:
    if half is None:
        raise CompilerBug("a batch has no such half")
    return half
