"""A counting party: it runs protocols on shares on ghosts to obtain their requests.

Its OTs and its bit-slicing make requests of the right lengths and return arrays of the right
shapes. The lengths come from protocols/core/lengths.py; the protocols are those of real runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field, replace
from math import prod
from typing import Any, assert_never

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ..circuits.netlist import Netlist
from ..ir import tree as ir
from ..ir.dtypes import share_dtype, word_dtype
from ..ir.facts import ConstantOperands
from ..ir.parties import COMPUTING
from ..ir.windows import Window
from ..protocols.boolean.comparison_tree import Level
from ..protocols.core.backend import Backend
from ..protocols.core.lengths import (
    Batch,
    additive_batches,
    bit_batches,
    lookup_batches,
    matrix_batches,
    product_batches,
    table_batches,
)
from ..protocols.core.local_products import LocalProducts
from ..protocols.core.lookups import Column, Sent, shape_of
from ..protocols.core.party import SharingParty
from ..protocols.core.preprocessing import (
    BitPair,
    BitTriple,
    BitTriples,
    ConvolutionTriple,
    DaBits,
    Mask,
    MaskedTriple,
    MatrixTriple,
    MatrixTriples,
    OneHot,
    OneHots,
    OwnedTriple,
    OwnedTriples,
    Preprocessing,
    RandomBit,
    RingSquare,
    RingTriple,
    Squares,
    Triples,
    Unit,
)
from ..protocols.core.steps import (
    Array,
    Bytes,
    Finish,
    Request,
    Round,
    Steps,
    T,
    Transfer,
    ask,
    transfer,
)
from ..protocols.homomorphic.form import Form
from ..protocols.operations.table import steps_of
from ..protocols.ot.backend import OT
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
        panels = matrix_batches(bits, rows, k, n, sends=sends, receives=receives)
        yield from self._run(panel.batch for panel in panels)
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


class CountingRegisters:
    """The registers of a netlist (`party.Registers`) without data."""

    def __init__(self, n: int) -> None:
        self._size = -(-n // 8)

    def load(self, register: int, values: Array) -> None:
        """Do nothing."""

    def set(self, register: int, packed: Bytes) -> None:
        """Do nothing."""

    def get(self, register: int) -> Bytes:
        """Return packed bits."""
        bits: Bytes = ghost(self._size)
        return bits

    def free(self, start: int, stop: int) -> None:
        """Do nothing."""

    def open(self, start: int, stop: int, triples: BitTriples) -> Bytes:
        """Return two bits per AND and instance."""
        bits: Bytes = ghost(2 * (stop - start) * self._size)
        return bits

    def close(self, start: int, stop: int, triples: BitTriples, mine: Bytes, theirs: Bytes) -> None:
        """Do nothing."""


class CountingTree:
    """Rows that are combined (`party.Tree`), of which only the shapes exist."""

    def __init__(self, rows: Bytes) -> None:
        self.rows = rows

    def open(self, level: Level) -> Bytes:
        """Return three rows per pair, except for the skipped ones."""
        bits: Bytes = ghost((3 * level.pairs - level.skipped) * self.rows.shape[1])
        return bits

    def close(self, level: Level, theirs: Bytes) -> None:
        """Advance to the next rows."""
        self.rows = ghost((level.rows, self.rows.shape[1]))


class CountingPlanes:
    """Bit-slicing (`party.Planes`) on shapes only."""

    def registers(self, netlist: Netlist, n: int) -> CountingRegisters:
        """Return registers without data."""
        return CountingRegisters(n)

    def tree(self, rows: Bytes, levels: tuple[Level, ...], pairs: BitTriples) -> CountingTree:
        """Return a tree on rows of a shape."""
        return CountingTree(rows)

    def slice(self, x: Array) -> Bytes:
        """Return packed bits [ℓ][N]."""
        planes: Bytes = ghost((8 * x.itemsize, -(-x.size // 8)))
        return planes

    def words(self, planes: Bytes, n: int) -> Array:
        """Return integers [n]."""
        numbers: Array = ghost(n, word_dtype(planes.shape[0]))
        return numbers

    def rotated_sums(self, vectors: Array, table: Array, offsets: Array) -> Array:
        """Return sums [m][words]."""
        sums: Array = ghost((offsets.size, table.shape[0]), table.dtype)
        return sums


class CountingProducts(LocalProducts):
    """Local products, of which only the shapes exist."""

    def multiply(self, x: Array, y: Array) -> Array:
        """Return a matrix product without data."""
        found: Array = ghost((*x.shape[:-1], y.shape[-1]), x.dtype)
        return found

    def patches(self, images: Array, size: tuple[int, int], window: Window) -> Array:
        """Return patches without data."""
        filters = (window.groups, images.shape[1] // window.groups, *size)
        groups, _, inner, places = window.matrices(images.shape, filters)
        found: Array = ghost((groups, inner, places), images.dtype)
        return found

    def convolve(self, images: Array, filters: Array, window: Window) -> Array:
        """Return a convolution without data."""
        found: Array = ghost(window.output(images.shape, filters.shape) or (), images.dtype)
        return found


@dataclass(slots=True)
class Notes:
    """Annotations of pending requests: `early` are those of the preprocessing.

    `book` is called for each use of preprocessing with the unit and the count.
    """

    book: Callable[[Unit, int], None]
    early: set[Request] = field(default_factory=set)

    def noted(self, steps: Steps[T]) -> Steps[T]:
        """Pass on the requests of the preprocessing, and note them."""
        reply = None
        while True:
            try:
                step = steps.send(reply) if reply is not None else next(steps)
            except StopIteration as end:
                result: T = end.value
                return result
            self.early.update(step)
            reply = yield step

    def is_early(self, request: Request) -> bool:
        """Return whether a request belongs to the preprocessing, and remove its note."""
        if request not in self.early:
            return False
        self.early.remove(request)
        return True


class CountingPreprocessing(Preprocessing):
    """Preprocessing that is generated during the run, with notes on its use."""

    def __init__(self, made: Preprocessing, notes: Notes) -> None:
        self._made = made
        self._notes = notes

    def make(self, unit: Unit, count: int) -> Steps[Any]:
        """Book units, and note the requests of the protocol that generates them."""
        self._notes.book(unit, count)
        return self._notes.noted(self._made.make(unit, count))


class CountingGiven(Preprocessing):
    """Preprocessing that exists before the run: no requests, only notes on its use."""

    def __init__(self, notes: Notes, party: int) -> None:
        self._notes = notes
        self._party = party

    def make(self, unit: Unit, count: int) -> Steps[Any]:
        """Book units."""
        self._notes.book(unit, count)
        yield from ()
        return _ghosts(unit, count, self._party)


def _ghosts(unit: Unit, count: int, party: int) -> Any:
    """Return shares of units without data."""
    match unit:
        case BitTriple() | BitPair():
            size = count // 8
            rows = size if isinstance(unit, BitTriple) else (2, size)
            return BitTriples(a=ghost(size), b=ghost(rows), c=ghost(rows))
        case RingTriple(bits=bits):
            a, b, c = (ghost(count, word_dtype(bits)) for _ in range(3))
            return Triples(a=a, b=b, c=c)
        case RingSquare(bits=bits):
            return Squares(a=ghost(count, word_dtype(bits)), c=ghost(count, word_dtype(bits)))
        case MatrixTriple(bits=bits) | ConvolutionTriple(bits=bits):
            a, b, c = (ghost((count, *shape), word_dtype(bits)) for shape in unit.shapes)
            return MatrixTriples(a=a, b=b, c=c)
        case OwnedTriple(product=product):
            shapes, word = product.shapes, word_dtype(product.bits)
            factor = ghost((count, *shapes[unit.side_of(party)]), word)
            return OwnedTriples(factor=factor, c=ghost((count, *shapes[2]), word))
        case MaskedTriple(owned=owned):
            found = _ghosts(owned, count, party)
            return replace(found, factor=None) if party == owned.owner else found
        case Mask(bits=bits, size=size, owner=owner):
            return ghost(size, word_dtype(bits)) if party == owner else None
        case RandomBit(bits=bits):
            return DaBits(bits=ghost(-(-count // 8)), numbers=ghost(count, word_dtype(bits)))
        case OneHot(bits=bits, entries=entries):
            vectors = ghost((count, entries), word_dtype(bits))
            return OneHots(places=ghost(count, np.uint16), vectors=vectors)
        case _:
            assert_never(unit)


def _random(count: int) -> Bytes:
    found: Bytes = ghost(count)
    return found


def counting_party(index: int, notes: Notes, *, backend: Backend = OT) -> SharingParty:
    """Return a counting party for a back end."""
    side = COMPUTING.side(index)
    ots = CountingOts(side.other)
    making = backend.making
    given = CountingGiven(notes, index)
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
    party: SharingParty, operation: ir.Operation, known: ConstantOperands
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
        case Transfer() | Finish():
            return None
        case Round(receive=count):
            return ghost(count)
        case _:
            raise CompilerBug("a protocol asked for what only a simulation has")
