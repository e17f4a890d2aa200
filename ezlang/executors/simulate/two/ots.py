"""Ideal functionalities for the OT-based subprotocols, and for homomorphic products.

The transfers and message lengths are those of compiler/protocols/native/ots.py. An ideal box
computes the result: it takes both parties' inputs, draws the shares and gives each party its own.
The messages contain noise. This models the real protocols, where everything that a party sees is
masked with pads used once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from math import prod
from typing import Any

import numpy as np

from ezlang.compiler.protocols.core.lengths import (
    Batch,
    additive_batches,
    bit_batches,
    lookup_batches,
    matrix_batches,
    product_batches,
    table_batches,
)
from ezlang.compiler.protocols.core.lookups import Column, Sent, shape_of
from ezlang.compiler.protocols.core.preprocessing import BitTriples
from ezlang.compiler.protocols.core.purposes import Purpose
from ezlang.compiler.protocols.core.steps import (
    Array,
    Bytes,
    Finish,
    Ideal,
    Request,
    Steps,
    Transfer,
)
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass


@dataclass(frozen=True, slots=True)
class IdealOts:
    """One party's OT protocols with a `peer`."""

    peer: int

    def bit_products(self, count: int, copies: int) -> Steps[BitTriples]:
        """Return random bit triples or pairs."""
        if count % 8:
            raise CompilerBug("bit triples come in multiples of eight")
        made = yield from self._run(Purpose.BIT_PRODUCTS, bit_batches(count), count // 8, copies)
        if made is None:
            nothing = np.empty((copies, 0) if copies > 1 else 0, np.uint8)
            return BitTriples(a=np.empty(0, np.uint8), b=nothing, c=nothing)
        triples: BitTriples = made
        return triples

    def products(
        self, sent: Array, received: Array, *, bitwise: bool = False
    ) -> Steps[tuple[Array, Array]]:
        """Return shares of products in both directions."""
        batches = product_batches(8 * sent.itemsize, sent.size, received.size)
        name = Purpose.BITWISE_PRODUCTS if bitwise else Purpose.PRODUCTS
        shares = yield from self._run(name, batches, sent, received)
        return _pair(shares, sent.dtype)

    def random_products(self, factors: Array) -> Steps[tuple[Array, Array]]:
        """Return random numbers, and shares of the products of random numbers and factors.

        For random a, b and factors f, g of the two parties, the shares are those of a·g + b·f.
        """
        count = factors.size
        batches = product_batches(8 * factors.itemsize, count, count, chosen=False)
        made = yield from self._run(Purpose.RANDOM_PRODUCTS, batches, factors)
        return _pair(made, factors.dtype)

    def additive(self, sent: Array, chosen: Bytes) -> Steps[tuple[Array, Array]]:
        """Return shares of products of numbers and bits."""
        batches = additive_batches(8 * sent.itemsize, sent.size, chosen.size)
        shares = yield from self._run(Purpose.PRODUCTS_WITH_BITS, batches, sent, chosen)
        return _pair(shares, sent.dtype)

    def leaves(self, sent: Bytes, masks: Bytes, received: Bytes, fields: int) -> Steps[Bytes]:
        """Return the masked results of comparisons of digits."""
        batches = table_batches(fields, sent.size, received.size)
        found = yield from self._run(Purpose.LEAVES, batches, sent, masks, received, fields)
        return np.empty(0, np.uint8) if found is None else found

    def tables(self, words: Array | None, digits: Bytes | None, fields: int) -> Steps[Bytes | None]:
        """Return entries of tables."""
        sent = 0 if words is None else words.size
        received = 0 if digits is None else digits.size
        batches = table_batches(fields, sent, received)
        found = yield from self._run(Purpose.ENTRIES, batches, words, digits, fields)
        if digits is None:
            return None
        return np.empty(0, np.uint8) if found is None else found

    def lookups(
        self, columns: Sequence[Column], sent: Sent, digits: Array
    ) -> Steps[tuple[Array, ...]]:
        """Return masked entries of tables."""
        batches = lookup_batches(*shape_of(columns), sent.shifts.size, digits.size)
        found = yield from self._run(Purpose.LOOKUPS, batches, columns, sent, digits)
        if found is None:
            return tuple(np.empty(0, column.words.dtype) for column in columns)
        words: tuple[Array, ...] = found
        return words

    def matrices(
        self, choosing: Array | None, carried: Array | None, shape: tuple[int, ...]
    ) -> Steps[tuple[Array, Array]]:
        """Return shares of products of matrices."""
        given = choosing if choosing is not None else carried
        if given is None:
            raise CompilerBug("a product needs a matrix")
        *items, m, k, n = shape
        bits, rows = 8 * given.itemsize, prod(items) * m
        sends, receives = carried is not None, choosing is not None
        panels = matrix_batches(bits, rows, k, n, sends=sends, receives=receives)
        batches = tuple(panel.batch for panel in panels)
        shares = yield from self._run(Purpose.MATRIX_PRODUCTS, batches, choosing, carried)
        zeros = np.zeros((*items, m, n), given.dtype)
        if shares is None:
            return zeros, zeros
        one, other = shares
        return zeros if one is None else one, zeros if other is None else other

    def _run(self, box: Purpose, batches: Sequence[Batch], *inputs: Any) -> Steps[Any]:
        """Request a transfer, then ask the box; None if there is nothing to transfer."""
        if not batches:
            return None
        transfer = Transfer(peer=self.peer, batches=batches, purpose=box)
        last: Request = transfer
        if not transfer.is_silent:
            yield (transfer,)
            last = Finish(transfer=transfer)
        _, reply = yield last, Ideal(peer=self.peer, box=box, inputs=inputs)
        return reply


def _pair(made: Any, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    nothing = np.empty(0, dtype)
    if made is None:
        return nothing, nothing
    one, other = made
    return nothing if one is None else one, nothing if other is None else other


Random = Callable[[int], Bytes]
Inputs = tuple[Any, ...]
Outputs = tuple[Any, Any]


@dataclass(frozen=True, slots=True)
class Functionalities:
    """The ideal boxes, from both parties' inputs to their outputs. `random` is the boxes' own."""

    random: Random
    boxes: dict[Purpose, Callable[[Inputs, Inputs], Outputs]] = field(init=False)

    def __post_init__(self) -> None:
        boxes: dict[Purpose, Callable[[Inputs, Inputs], Outputs]] = {
            Purpose.BIT_PRODUCTS: self._bit_products,
            Purpose.PRODUCTS: self._products,
            Purpose.BITWISE_PRODUCTS: self._bitwise_products,
            Purpose.RANDOM_PRODUCTS: self._random_products,
            Purpose.PRODUCTS_WITH_BITS: self._products,
            Purpose.LEAVES: _leaves,
            Purpose.ENTRIES: _tables,
            Purpose.LOOKUPS: _lookups,
            Purpose.MATRIX_PRODUCTS: self._matrix_products,
            Purpose.ENCRYPTED_PRODUCT: self._encrypted_product,
        }
        object.__setattr__(self, "boxes", boxes)

    def call(self, box: Purpose, first: Inputs, second: Inputs) -> Outputs:
        """Evaluate a box on both parties' inputs."""
        return self.boxes[box](first, second)

    def _bit_products(self, first: Inputs, second: Inputs) -> Outputs:
        if first != second:
            raise CompilerBug("the parties ask for different bit products")
        size, copies = first
        shape = (copies, size) if copies > 1 else (size,)
        a = [self.random(size) for _ in (0, 1)]
        b = [self.random(copies * size).reshape(shape) for _ in (0, 1)]
        c = self.random(copies * size).reshape(shape)
        shares = c, c ^ ((a[0] ^ a[1]) & (b[0] ^ b[1]))
        one, other = (BitTriples(a=a[p], b=b[p], c=shares[p]) for p in (0, 1))
        return one, other

    def _products(self, first: Inputs, second: Inputs) -> Outputs:
        return self._both(first, second, lambda sent, chosen: sent * chosen)

    def _bitwise_products(self, first: Inputs, second: Inputs) -> Outputs:
        return self._both(
            first, second, lambda sent, chosen: sent.dtype.type(0) - 2 * (sent & chosen)
        )

    def _both(
        self, first: Inputs, second: Inputs, multiply: Callable[[Array, Array], Array]
    ) -> Outputs:
        """Share the products of one party's numbers and the other's choices, in both directions."""
        one = self._shared(np.asarray(multiply(first[0], second[1].astype(first[0].dtype))))
        other = self._shared(np.asarray(multiply(second[0], first[1].astype(second[0].dtype))))
        return (one[0], other[1]), (other[0], one[1])

    def _random_products(self, first: Inputs, second: Inputs) -> Outputs:
        (f,), (g,) = first, second
        a, b = self._word(f), self._word(g)
        c, d = self._shared(a * g + b * f)
        return (a, c), (b, d)

    def _matrix_products(self, first: Inputs, second: Inputs) -> Outputs:
        products: list[tuple[Array | None, Array | None]] = []
        for sender, receiver in ((first, second), (second, first)):
            choosing, carried = receiver[0], sender[1]
            both = choosing is not None and carried is not None
            products.append(self._shared(choosing @ carried) if both else (None, None))
        one, other = products
        return (one[0], other[1]), (other[0], one[1])

    def _encrypted_product(self, first: Inputs, second: Inputs) -> Outputs:
        """Share X·Y; the party that sends the result knows Y."""
        (form, first_sends, one), (_, _, other) = first, second
        x, y = (other, one) if first_sends else (one, other)
        share, rest = self._shared(form.multiply(x, y))
        return (share, rest) if first_sends else (rest, share)

    def _word(self, like: Array) -> Array:
        return self.random(like.nbytes).view(like.dtype).reshape(like.shape)

    def _shared(self, value: Array) -> tuple[Array, Array]:
        """Return the sender's share of a value and the receiver's."""
        share = self._word(value)
        return share, np.asarray(value - share)


def _leaves(first: Inputs, second: Inputs) -> Outputs:
    def found(sender: Inputs, receiver: Inputs) -> Bytes:
        x, masks, fields = sender[0], sender[1], sender[3]
        y = receiver[2]
        equal = (x == y).astype(np.uint8)
        entries = equal if fields == 1 else (x < y) | equal << np.uint8(1)
        return np.asarray(entries ^ masks)

    return found(second, first), found(first, second)


def _tables(first: Inputs, second: Inputs) -> Outputs:
    def found(sender: Inputs, receiver: Inputs) -> Bytes | None:
        words, digits, fields = sender[0], receiver[1], sender[2]
        if words is None or digits is None:
            return None
        places = digits.astype(np.uint64) * np.uint64(fields)
        entries = words.astype(np.uint64) >> places & np.uint64((1 << fields) - 1)
        return np.asarray(entries.astype(np.uint8))

    return found(second, first), found(first, second)


def _lookups(first: Inputs, second: Inputs) -> Outputs:
    def found(sender: Inputs, receiver: Inputs) -> tuple[Array, ...]:
        columns, sent, _ = sender
        last = np.uint16(columns[0].words.size - 1)
        places = receiver[2] + sent.shifts & last
        return tuple(
            _low_bytes(column.words[places] - mask, column.size)
            for column, mask in zip(columns, sent.masks, strict=True)
        )

    return found(second, first), found(first, second)


def _low_bytes(x: Array, size: int) -> Array:
    return np.asarray(x & x.dtype.type((1 << 8 * size) - 1))
