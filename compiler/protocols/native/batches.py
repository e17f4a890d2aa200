"""The kinds of batches of OTs at one party, run by the native kernels.

For each half of a batch (`core/lengths.py`), a kind selects the parts of its arrays: it provides
the receiver's choices, computes the sender's message from blocks, and processes the message at the
receiver. All arrays passed to kernels have padding. `first` is the number of the half's first key.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ...kernels.matrices import bit_order
from ...kernels.memory import Blocks
from ..core.bits import pack, unpack
from ..core.lengths import Half, Panel
from ..core.purposes import Purpose
from ..core.sizes import DIGIT_BITS
from ..core.steps import Bytes
from ..ot.directions import Ends
from .calls import PADDING, Array, Native, address_of, empty, zeros


class Kind(Protocol):
    """The work in both directions of a batch; `purpose` is that of its messages."""

    purpose: Purpose

    def choices(self, half: Half) -> Bytes:
        """Return the receiver's choices, one byte per OT. Not called where they are random."""

    def send(self, half: Half, first: int, blocks: Blocks, message: Bytes) -> None:
        """Fill the sender's message."""

    def receive(
        self, half: Half, first: int, choices: Bytes, blocks: Blocks, message: Bytes
    ) -> None:
        """Do the receiver's work."""


class KernelSession:
    """The session state that kernels need: Δ of this party's OTs and the starts of both hashes.

    All are stored as addresses. The other party's start is there once the `ends` are set up.
    """

    def __init__(self, native: Native, ends: Ends) -> None:
        delta = ends.sender.delta
        self.native = native
        self.delta = address_of(delta)
        self.own_start = address_of(ends.own_start)
        self.other_start = address_of(ends.other_start)
        self._alive = delta, ends

    def send(self, kernel: str, first: int, blocks: Blocks, *arguments: Array | int) -> None:
        """Call a sender's kernel."""
        self.native.call(kernel, self.own_start, first, blocks, self.delta, *arguments)

    def receive(self, kernel: str, first: int, blocks: Blocks, *arguments: Array | int) -> None:
        """Call a receiver's kernel."""
        self.native.call(kernel, self.other_start, first, blocks, *arguments)


class BitProducts:
    """Random triples or pairs: the receiver's random choices, and rows u, v and b of both roles."""

    purpose = Purpose.BIT_PRODUCTS

    def __init__(self, session: KernelSession, count: int, copies: int) -> None:
        size = count // 8
        self.a: Bytes = empty(size, np.uint8)
        self.u, self.v, self.b = np.zeros((3, copies, size + PADDING), np.uint8)
        self._session = session
        self._kernel = ("triples", "pairs")[copies - 1]
        self._stride = size + PADDING

    def choices(self, half: Half) -> Bytes:
        """Never called: the choices are random."""
        raise CompilerBug("random choices are asked for")

    def send(self, half: Half, first: int, blocks: Blocks, message: Bytes) -> None:
        """Write pads and their differences to rows; there is no message."""
        at = half.start // 8
        v, b = self.v.reshape(-1)[at:], self.b.reshape(-1)[at:]
        arguments = (v, b, half.ots, self._stride)
        self._session.send(f"{self._kernel}_sender", first, blocks, *arguments)

    def receive(
        self, half: Half, first: int, choices: Bytes, blocks: Blocks, message: Bytes
    ) -> None:
        """Write the pads to rows and pack the choices."""
        at = half.start // 8
        arguments = (self.u.reshape(-1)[at:], half.ots, self._stride)
        self._session.receive(f"{self._kernel}_receiver", first, blocks, *arguments)
        self.a[at : half.stop // 8] = pack(choices)


class Products:
    """Products with factors whose bits are the choices, or with factors of random choices.

    Shares are added to `shares`, for this party as sender and as receiver. Without factors, the
    random ones are added to `drawn`.
    """

    purpose = Purpose.PRODUCTS

    def __init__(
        self,
        session: KernelSession,
        sent: Array,
        factors: Array | None,
        shares: tuple[Array, Array],
        *,
        drawn: Array | None = None,
        bitwise: bool = False,
    ) -> None:
        self._session = session
        self._sent = sent
        self._factors = factors
        self._shares = shares
        self._drawn = drawn
        self._bits = 8 * shares[0].itemsize
        self._sender = f"{'bitwise' if bitwise else 'gilboa'}_sender{self._bits}"

    def choices(self, half: Half) -> Bytes:
        """Return the bits of the factors."""
        assert self._factors is not None
        out: Bytes = empty(half.ots, np.uint8)
        count = half.stop - half.start
        self._session.native.call(f"spread{self._bits}", self._factors[half.part], out, count)
        return out

    def send(self, half: Half, first: int, blocks: Blocks, message: Bytes) -> None:
        """Fill the message and add to the shares."""
        count = half.stop - half.start
        arguments = (self._sent[half.part], self._shares[0][half.part], message, count)
        self._session.send(self._sender, first, blocks, *arguments)

    def receive(
        self, half: Half, first: int, choices: Bytes, blocks: Blocks, message: Bytes
    ) -> None:
        """Add to the shares and to the drawn factors."""
        count = half.stop - half.start
        arguments = (choices, message, self._shares[1][half.part], count)
        self._session.receive(f"gilboa_receiver{self._bits}", first, blocks, *arguments)
        if self._drawn is not None:
            drawn = self._drawn[half.part]
            self._session.native.call(f"collect{self._bits}", drawn, choices, count)


class Additive:
    """Numbers times chosen bits; the results are written to `shares`."""

    purpose = Purpose.PRODUCTS_WITH_BITS

    def __init__(
        self, session: KernelSession, sent: Array, chosen: Bytes, shares: tuple[Array, Array]
    ) -> None:
        self._session = session
        self._sent = sent
        self._chosen = chosen
        self._shares = shares
        self._bits = 8 * shares[0].itemsize

    def choices(self, half: Half) -> Bytes:
        """Return the chosen bits."""
        return self._chosen[half.part]

    def send(self, half: Half, first: int, blocks: Blocks, message: Bytes) -> None:
        """Fill the message and write the shares."""
        arguments = (self._sent[half.part], self._shares[0][half.part], message, half.ots)
        self._session.send(f"additive_sender{self._bits}", first, blocks, *arguments)

    def receive(
        self, half: Half, first: int, choices: Bytes, blocks: Blocks, message: Bytes
    ) -> None:
        """Write the shares."""
        arguments = (choices, message, self._shares[1][half.part], half.ots)
        self._session.receive(f"additive_receiver{self._bits}", first, blocks, *arguments)


class Tables:
    """Leaves of comparisons, or tables: the entries with indices `digits` are written to `out`.

    `sent` are the sender's arrays: digits and masks for leaves, or words of tables.
    """

    purpose = Purpose.ENTRIES

    def __init__(
        self,
        session: KernelSession,
        kernel: str,
        fields: int,
        sent: tuple[Array, ...],
        digits: Bytes,
    ) -> None:
        self.out: Bytes = empty(len(digits), np.uint8)
        self._session = session
        self._sender = f"{kernel}{fields}_sender"
        self._receiver = f"leaves{fields}_receiver"
        self._sent = sent
        self._digits = digits

    def choices(self, half: Half) -> Bytes:
        """Return the bits of the digits."""
        out: Bytes = empty(half.ots, np.uint8)
        digits = self._digits[half.part]
        self._session.native.call("spread_digits", digits, out, half.ots // DIGIT_BITS)
        return out

    def send(self, half: Half, first: int, blocks: Blocks, message: Bytes) -> None:
        """Mask the tables."""
        sent = [array[half.part] for array in self._sent]
        count = half.stop - half.start
        self._session.send(self._sender, first, blocks, *sent, message, count)

    def receive(
        self, half: Half, first: int, choices: Bytes, blocks: Blocks, message: Bytes
    ) -> None:
        """Unmask the entries."""
        arguments = (self._digits[half.part], message, self.out[half.part], len(choices) // 4)
        self._session.receive(self._receiver, first, blocks, *arguments)


class MatrixRows:
    """Choosing rows times some columns of the carried matrix: [m][k] · [k][columns] per item.

    `choosing` are the rows [items·m][k] of all items, `carried` [items·k][n]; the products over the
    panel's part of k are added to `shares` [items·m][n]. Kernels work on rows whose length is a
    multiple of `strip` elements.
    """

    purpose = Purpose.MATRIX_PRODUCTS

    def __init__(
        self,
        session: KernelSession,
        choosing: Array | None,
        carried: Array | None,
        shares: tuple[Array, Array],
        *,
        sizes: tuple[int, int],
        panel: Panel,
        strip: int,
    ) -> None:
        self._session = session
        self._choosing = choosing
        self._carried = carried
        self._shares = shares
        self._height, self._whole = sizes
        self._part = panel.inner
        self._inner = panel.inner.stop - panel.inner.start
        self._columns = panel.columns
        self._width = panel.stop - panel.start
        self._stride = -(-self._width // strip) * strip
        self._bits = 8 * shares[0].itemsize

    def choices(self, half: Half) -> Bytes:
        """Return the bits of rows, in the order of the kernels."""
        assert self._choosing is not None
        part = self._choosing[half.part, self._part]
        raw = np.ascontiguousarray(part).view(np.uint8).reshape(-1)
        bits = unpack(raw, 8 * raw.size).reshape(-1, self._bits)
        out: Bytes = empty(half.ots, np.uint8)
        np.take(bits, bit_order(self._bits), axis=1, out=out.reshape(bits.shape))
        return out

    def send(self, half: Half, first: int, blocks: Blocks, message: Bytes) -> None:
        """Fill the message and write the shares."""
        assert self._carried is not None
        item, before = divmod(half.start, self._height)
        last = -(-half.stop // self._height)
        carried = self._carried[item * self._whole : last * self._whole, self._columns]
        count = last - item
        rows, share = self._rows(count * self._inner), self._rows(half.stop - half.start)
        by_item = rows.reshape(count, self._inner, self._stride)
        by_item[..., : self._width] = carried.reshape(count, self._whole, -1)[:, self._part]
        arguments = (rows, share, message, *self._sizes(half), self._height, before)
        self._session.send(f"matrix_sender{self._bits}", first, blocks, *arguments)
        self._shares[0][half.part, self._columns] += share[:, : self._width]

    def receive(
        self, half: Half, first: int, choices: Bytes, blocks: Blocks, message: Bytes
    ) -> None:
        """Write the shares."""
        share = self._rows(half.stop - half.start)
        arguments = (choices, message, share, *self._sizes(half))
        self._session.receive(f"matrix_receiver{self._bits}", first, blocks, *arguments)
        self._shares[1][half.part, self._columns] += share[:, : self._width]

    def _sizes(self, half: Half) -> tuple[int, int, int, int]:
        return half.stop - half.start, self._inner, self._width, self._stride

    def _rows(self, count: int) -> Array:
        """Return rows of zeros for kernels."""
        dtype = self._shares[0].dtype
        return zeros(count * self._stride, dtype).reshape(count, self._stride)
