"""A party that only counts: protocols on shares run at it for what they ask, on ghosts.

Its OTs and its bit-slicing make requests of the right lengths and give back arrays of the right
shapes. The lengths are those of protocols/core/lengths.py, the protocols those that are run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import prod
from typing import Any

from ..circuits.netlist import Netlist
from ..ir.dtypes import word_dtype
from ..protocols.boolean.comparison_tree import Level
from ..protocols.core.lengths import (
    Batch,
    additive_batches,
    bit_batches,
    matrix_batches,
    product_batches,
    table_batches,
)
from ..protocols.core.party import BitTriples, DaBits, MatrixTriple, SharingParty, Squares, Triples
from ..protocols.core.steps import Array, Bytes, Request, Round, Steps, T, Take, ask
from ..protocols.dealt import demands
from ..protocols.dealt.demands import (
    BitPair,
    BitTriple,
    ConvolutionTriple,
    Kind,
    RandomBit,
    RingSquare,
    RingTriple,
    describe,
)
from ..protocols.ot.preprocessing import OtPreprocessing
from .ghosts import ghost


class CountingOts:
    """The OT box (`party.OtBox`): the requests of `native_ots.py`, and nothing else."""

    def bit_products(self, count: int, copies: int) -> Steps[BitTriples]:
        """No messages."""
        yield from _run(bit_batches(count))
        size = count // 8
        rows = (size,) if copies == 1 else (copies, size)
        return BitTriples(a=ghost(size), b=ghost(rows), c=ghost(rows))

    def products(
        self, sent: Array, received: Array, *, bitwise: bool = False
    ) -> Steps[tuple[Array, Array]]:
        """Two rounds or more."""
        yield from _run(product_batches(8 * sent.itemsize, sent.size, received.size))
        return ghost(sent.size, sent.dtype), ghost(received.size, sent.dtype)

    def random_products(self, factors: Array) -> Steps[tuple[Array, Array]]:
        """A round or more."""
        count = factors.size
        yield from _run(product_batches(8 * factors.itemsize, count, count, chosen=False))
        return ghost(count, factors.dtype), ghost(count, factors.dtype)

    def additive(self, sent: Array, chosen: Bytes) -> Steps[tuple[Array, Array]]:
        """Two rounds or more."""
        yield from _run(additive_batches(8 * sent.itemsize, sent.size, chosen.size))
        return ghost(sent.size, sent.dtype), ghost(chosen.size, sent.dtype)

    def leaves(self, sent: Bytes, masks: Bytes, received: Bytes, fields: int) -> Steps[Bytes]:
        """Two rounds or more."""
        yield from _run(table_batches(fields, sent.size, received.size))
        out: Bytes = ghost(received.size)
        return out

    def tables(self, words: Array | None, digits: Bytes | None, fields: int) -> Steps[Bytes | None]:
        """Two rounds or more."""
        sent = 0 if words is None else words.size
        yield from _run(table_batches(fields, sent, 0 if digits is None else digits.size))
        return None if digits is None else ghost(digits.size)

    def matrices(
        self, choosing: Array | None, carried: Array | None, shape: tuple[int, ...]
    ) -> Steps[tuple[Array, Array]]:
        """Two rounds or more."""
        given: Any = choosing if choosing is not None else carried
        *items, m, k, n = shape
        bits, rows = 8 * given.itemsize, prod(items) * m
        sends, receives = carried is not None, choosing is not None
        panels = matrix_batches(bits, rows, k, n, sends=sends, receives=receives)
        yield from _run(panel.batch for panel in panels)
        made = (*items, m, n)
        return ghost(made, given.dtype), ghost(made, given.dtype)


def _run(batches: Iterable[Batch]) -> Steps[None]:
    """Ask for OTs; the choices of a batch go out before the message of the one before it."""
    last: Batch | None = None
    for batch in batches:
        sent, received = batch.sent, batch.received
        yield from ask(Take(sent=sent.ots if sent else 0, received=received.ots if received else 0))
        yield from _exchange(batch, last)
        last = batch
    if last is not None:
        yield from _exchange(None, last)


def _exchange(begun: Batch | None, last: Batch | None) -> Steps[None]:
    outgoing = incoming = 0
    if begun is not None:
        outgoing += begun.received.flips if begun.received else 0
        incoming += begun.sent.flips if begun.sent else 0
    if last is not None:
        outgoing += last.sent.message if last.sent else 0
        incoming += last.received.message if last.received else 0
    if outgoing or incoming:
        yield from ask(Round(send=(ghost(outgoing),), receive=incoming))


class CountingRegisters:
    """The registers of a netlist (`party.Registers`), which hold nothing."""

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
        """Return two bits an AND and instance."""
        bits: Bytes = ghost(2 * (stop - start) * self._size)
        return bits

    def close(self, start: int, stop: int, triples: BitTriples, mine: Bytes, theirs: Bytes) -> None:
        """Do nothing."""


class CountingTree:
    """Rows that are joined (`party.Tree`), of which there are only shapes."""

    def __init__(self, rows: Bytes) -> None:
        self.rows = rows

    def open(self, level: Level) -> Bytes:
        """Return three rows a pair, but for those that are skipped."""
        bits: Bytes = ghost((3 * level.pairs - level.skipped) * self.rows.shape[1])
        return bits

    def close(self, level: Level, theirs: Bytes) -> None:
        """Go on with the next rows."""
        self.rows = ghost((level.rows, self.rows.shape[1]))


class CountingPlanes:
    """Bit-slicing (`party.Planes`) of shapes."""

    def registers(self, netlist: Netlist, n: int) -> CountingRegisters:
        """Return registers that hold nothing."""
        return CountingRegisters(n)

    def tree(self, rows: Bytes, levels: tuple[Level, ...], pairs: BitTriples) -> CountingTree:
        """Begin with rows of a shape."""
        return CountingTree(rows)

    def slice(self, x: Array) -> Bytes:
        """Return packed bits [ℓ][N]."""
        planes: Bytes = ghost((8 * x.itemsize, -(-x.size // 8)))
        return planes

    def words(self, planes: Bytes, n: int) -> Array:
        """Return integers [n]."""
        numbers: Array = ghost(n, word_dtype(planes.shape[0]))
        return numbers


@dataclass(slots=True)
class Notes:
    """What is said of requests while they wait: `early` are those of the preprocessing.

    `book` is told of each use of preprocessing: what, and how many units.
    """

    book: Callable[[str, int], None]
    early: set[int] = field(default_factory=set)

    def noted(self, steps: Steps[T]) -> Steps[T]:
        """Pass on the requests of the preprocessing, and note them."""
        reply = None
        while True:
            try:
                step = steps.send(reply) if reply is not None else next(steps)
            except StopIteration as end:
                result: T = end.value
                return result
            self.early.update(id(request) for request in step)
            reply = yield step

    def is_early(self, request: Request) -> bool:
        """Tell whether a request is of the preprocessing, and forget it."""
        if id(request) not in self.early:
            return False
        self.early.remove(id(request))
        return True


class CountingPreprocessing:
    """Preprocessing (`party.Preprocessing`) from OTs, with notes on what is used."""

    def __init__(self, index: int, ots: CountingOts, notes: Notes) -> None:
        self._made = OtPreprocessing(index, _random, ots)
        self._notes = notes

    def bit_triples(self, count: int) -> Steps[BitTriples]:
        """Triples of bits."""
        self._notes.book("bit triples", count)
        return self._notes.noted(self._made.bit_triples(count))

    def bit_pairs(self, count: int) -> Steps[BitTriples]:
        """Pairs of triples."""
        self._notes.book("pairs of bit triples", count)
        return self._notes.noted(self._made.bit_pairs(count))

    def triples(self, count: int, bits: int) -> Steps[Triples]:
        """Triples of numbers."""
        self._notes.book(f"triples of {bits} bits", count)
        return self._notes.noted(self._made.triples(count, bits))

    def squares(self, count: int, bits: int) -> Steps[Squares]:
        """Numbers and their squares."""
        self._notes.book(f"squares of {bits} bits", count)
        return self._notes.noted(self._made.squares(count, bits))

    def matrix_triples(self, count: int, m: int, k: int, n: int, bits: int) -> Steps[MatrixTriple]:
        """Triples of matrices."""
        self._notes.book(f"triples of matrices {m}×{k}×{n} of {bits} bits", count)
        return self._notes.noted(self._made.matrix_triples(count, m, k, n, bits))

    def convolution_triple(self, kind: ConvolutionTriple) -> Steps[MatrixTriple]:
        """A triple of images, filters and their convolution."""
        self._notes.book(describe(kind), 1)
        return self._notes.noted(self._made.convolution_triple(kind))

    def da_bits(self, count: int, bits: int) -> Steps[DaBits]:
        """Random bits in both forms."""
        self._notes.book(f"bits shared both ways, of {bits} bits", count)
        return self._notes.noted(self._made.da_bits(count, bits))


class CountingDealt:
    """A dealer's preprocessing (`dealt.DealtPreprocessing`): no requests; notes on what is used."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def bit_triples(self, count: int) -> Steps[BitTriples]:
        """Triples of bits."""
        yield from self._book(BitTriple(), count // 8)
        size = count // 8
        return BitTriples(a=ghost(size), b=ghost(size), c=ghost(size))

    def bit_pairs(self, count: int) -> Steps[BitTriples]:
        """Pairs of triples."""
        yield from self._book(BitPair(), count // 8)
        rows = (2, count // 8)
        return BitTriples(a=ghost(count // 8), b=ghost(rows), c=ghost(rows))

    def triples(self, count: int, bits: int) -> Steps[Triples]:
        """Triples of numbers."""
        yield from self._book(RingTriple(bits=bits), count)
        dtype = word_dtype(bits)
        return Triples(a=ghost(count, dtype), b=ghost(count, dtype), c=ghost(count, dtype))

    def squares(self, count: int, bits: int) -> Steps[Squares]:
        """Numbers and their squares."""
        yield from self._book(RingSquare(bits=bits), count)
        return Squares(a=ghost(count, word_dtype(bits)), c=ghost(count, word_dtype(bits)))

    def matrix_triples(self, count: int, m: int, k: int, n: int, bits: int) -> Steps[MatrixTriple]:
        """Triples of matrices."""
        yield from self._book(demands.MatrixTriple(bits=bits, rows=m, inner=k, columns=n), count)
        shapes = ((m, k), (k, n), (m, n))
        a, b, c = (ghost((count, *shape), word_dtype(bits)) for shape in shapes)
        return MatrixTriple(a=a, b=b, c=c)

    def convolution_triple(self, kind: ConvolutionTriple) -> Steps[MatrixTriple]:
        """A triple of images, filters and their convolution."""
        yield from self._book(kind, 1)
        a, b, c = (ghost(shape, word_dtype(kind.bits)) for shape in kind.shapes)
        return MatrixTriple(a=a, b=b, c=c)

    def da_bits(self, count: int, bits: int) -> Steps[DaBits]:
        """Random bits in both forms."""
        yield from self._book(RandomBit(bits=bits), count)
        return DaBits(bits=ghost(-(-count // 8)), numbers=ghost(count, word_dtype(bits)))

    def _book(self, kind: Kind, count: int) -> Steps[None]:
        self._notes.book(describe(kind), count)
        yield from ()


def _random(count: int) -> Bytes:
    found: Bytes = ghost(count)
    return found


def counting_party(index: int, notes: Notes, *, dealt: bool = False) -> SharingParty:
    """Return a party that counts; `dealt`: with a dealer."""
    ots = CountingOts()
    made = CountingPreprocessing(index, ots, notes)
    return SharingParty(
        index=index,
        random=_random,
        ots=ots,
        planes=CountingPlanes(),
        preprocessing=CountingDealt(notes) if dealt else made,
        dealt=dealt,
    )
