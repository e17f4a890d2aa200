"""Products of shared matrices, with one OT for a bit and a row of products.

X [m][k] · Y [k][n] = X₀Y₀ + X₁Y₁ + X₀Y₁ + X₁Y₀. In a cross term the bits of one party's matrix
choose, and each OT carries a row of the other's, up to 128 columns at a time
(`kernels/matrices.py`). The matrix that chooses is the one that leaves fewer OTs.

C(m, k, n) = ℓ·min(mk·ceil(n/128), kn·ceil(m/128)) OTs; M(m, k, n) bytes of message: mkn·ℓ(ℓ + 1)/2
bits, for ℓ = 8 rounded up to bytes in each row of at most 128 products.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ..kernels.aes import WINDOW_KEYS
from ..kernels.matrices import bit_order
from ..kernels.pads import ROW
from .arithmetic import bits_of, multiply_now, product_message
from .correlated import Bytes
from .cot import Blocks
from .native import Array, empty, zeros
from .sharing import BATCH_OTS, Hash, ReceiveJob, SendJob, SharingParty, slices

_PANEL: Final = 128
_MESSAGE_BYTES: Final = 1 << 20


def matrix_ots(bits: int, m: int, k: int, n: int) -> int:
    """C(m, k, n)."""
    return bits * min(m * k * -(-n // _PANEL), k * n * -(-m // _PANEL))


def matrix_multiply(party: SharingParty, x: Array, y: Array) -> Array:
    """X·Y of two shared matrices.

    Cost: C(m, k, n) OTs in each direction; a bit an OT and M(m, k, n) bytes each way, two rounds
    and one for each further batch. Batches are rows of the choosing matrix, with messages of about
    a megabyte. Seen: choices masked by random bits, messages by pads.
    """
    (m, k), n = x.shape, y.shape[1]
    if k * n * -(-m // _PANEL) < m * k * -(-n // _PANEL):
        return np.ascontiguousarray(matrix_multiply_rows(party, y.T, x.T).T)
    return matrix_multiply_rows(party, x, y)


def matrix_multiply_rows(party: SharingParty, x: Array, y: Array) -> Array:
    """X·Y with the bits of X as choices: ℓmk·ceil(n/128) OTs in each direction."""
    return x @ y + sum(_cross(party, x, y))


def matrix_multiply_known(party: SharingParty, x: Array, known: Array | None, owner: int) -> Array:
    """X·K of a shared X [m][k] and a K that the owner knows: one cross term.

    The other gives an array of K's shape whose values don't matter. Cost: ℓkn·ceil(m/128) OTs with
    the owner as receiver, a bit an OT from it, M(n, k, m) bytes to it, two rounds and one for each
    further batch.
    """
    if known is None:
        raise CompilerBug(
            "a known matrix is needed, at the party that doesn't own it for its shape"
        )
    if party.index == owner:
        cross = _cross(party, known.T, None, columns=x.shape[0])[1].T
        return x @ known + cross
    return _cross(party, None, x.T, rows=known.shape[1])[0].T


def dot(party: SharingParty, x: Array, y: Array) -> Array:
    """Inner products of the rows of x and y, both [m][k]: m results.

    Cost: that of mk products by `arithmetic.multiply_now`; their sum is local.
    """
    products: Array = multiply_now(party, x, y).sum(axis=1, dtype=x.dtype)
    return products


def _cross(
    party: SharingParty,
    choosing: Array | None,
    carried: Array | None,
    *,
    rows: int = 0,
    columns: int = 0,
) -> tuple[Array, Array]:
    """Shares of the other's `choosing` times this `carried`, and of the reverse."""
    given = choosing if choosing is not None else carried
    if given is None:
        raise CompilerBug("a product needs a matrix")
    bits = bits_of(given)
    party.need_ring(bits)
    m = choosing.shape[0] if choosing is not None else rows
    n = carried.shape[1] if carried is not None else columns
    inner = choosing.shape[1] if choosing is not None else given.shape[0]
    results = (zeros(m * n, given.dtype).reshape(m, n), zeros(m * n, given.dtype).reshape(m, n))
    for panel in slices(n, _PANEL):
        width = panel.stop - panel.start
        shape = _Shape(bits, inner, width, -(-width // ROW) * ROW)
        rows_of = None if carried is None else shape.spread(carried[:, panel])
        shares = [zeros(m * shape.stride, given.dtype).reshape(m, -1) for _ in (0, 1)]
        party.exchange(
            (
                None if rows_of is None else _send(party, shape, rows_of, shares[0][part]),
                None
                if choosing is None
                else _receive(party, shape, choosing[part], shares[1][part]),
            )
            for part in slices(m, shape.rows_a_batch())
        )
        for result, share in zip(results, shares, strict=True):
            result[:, panel] = share[:, :width]
    return results


class _Shape:
    """Sizes of a product of [rows][inner] with [inner][columns <= 128]."""

    def __init__(self, bits: int, inner: int, columns: int, stride: int) -> None:
        self.bits = bits
        self.inner = inner
        self.columns = columns
        self.stride = stride
        self.row_ots = bits * inner
        self.row_windows = inner * -(-bits // WINDOW_KEYS)
        self.row_bytes = inner * product_message(bits, columns)

    def spread(self, y: Array) -> Array:
        """Return the rows of y as kernels want them."""
        rows: Array = zeros(len(y) * self.stride, y.dtype).reshape(len(y), -1)
        rows[:, : self.columns] = y
        return rows

    def rows_a_batch(self) -> int:
        """How many rows keep OTs and messages bounded."""
        return max(min(BATCH_OTS // self.row_ots, _MESSAGE_BYTES // self.row_bytes), 1)

    def numbers(self, rows: int) -> tuple[int, int, int, int]:
        """What kernels take."""
        return rows, self.inner, self.columns, self.stride


def _send(party: SharingParty, shape: _Shape, y: Array, share: Array) -> SendJob:
    rows = len(share)

    def run(hash: Hash, blocks: Blocks, message: Bytes) -> None:
        arguments = (hash.start, hash.first, blocks, party.delta, y, share, message)
        party.native.call(f"matrix_sender{shape.bits}", *arguments, *shape.numbers(rows))

    return SendJob(
        ots=rows * shape.row_ots,
        windows=rows * shape.row_windows,
        message_bytes=rows * shape.row_bytes,
        chosen=True,
        run=run,
    )


def _receive(party: SharingParty, shape: _Shape, x: Array, share: Array) -> ReceiveJob:
    rows, bits = len(x), shape.bits
    raw = np.ascontiguousarray(x).view(np.uint8).reshape(-1)
    in_order = np.unpackbits(raw, bitorder="little").reshape(-1, bits)[:, bit_order(bits)]
    choices: Bytes = empty(in_order.size, np.uint8)
    choices[:] = in_order.reshape(-1)

    def run(hash: Hash, choices: Bytes, blocks: Blocks, message: Bytes) -> None:
        arguments = (hash.start, hash.first, blocks, choices, message, share)
        party.native.call(f"matrix_receiver{bits}", *arguments, *shape.numbers(rows))

    return ReceiveJob(
        ots=rows * shape.row_ots,
        windows=rows * shape.row_windows,
        message_bytes=rows * shape.row_bytes,
        choices=choices,
        run=run,
    )
