"""The OTs and message lengths of protocols on OTs: batches, as pure functions of shapes.

All work on OTs is split into batches to bound memory. In each direction of a batch, one party is
the sender of some OTs and the other the receiver. If the receiver has its own choices, it first
sends their differences from the random choices of the source, one bit per OT [Bea95]; then the
sender sends a message. No batch waits for another one: the differences of all batches are one
flight, and the messages of all batches are the next one, so that any number of batches takes two
rounds, or one with random choices, or none if there is no message either.

OTs that a source generates for the batches are sent for in the first flight, too, if the OTs'
receiver speaks (OT extension), or in a flight before it, if their sender does (silent OT): there
the differences depend on what the receiver learns. What is sent for one batch doesn't depend on
what is received for another, whatever the order in which batches are processed
(`native/transfer.py`).

Native protocols, ideal functionalities and the cost model all use these functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from ezlang.records import dataclass

from .sizes import (
    BATCH_BYTES,
    BATCH_OTS,
    CHUNK,
    DIGIT_BITS,
    KEYS_A_WINDOW,
    LOOKUP_KEY_BYTES,
    PANEL,
    ROW_BYTES,
    ROW_OTS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """One direction of a batch: elements `start` … `stop` − 1 of the sender's input.

    The pads of `ots` OTs use `windows` of keys. The sender's message has `message` bytes and
    follows `differences` bytes of the receiver's choices.
    """

    start: int
    stop: int
    ots: int
    windows: int
    message: int
    chosen: bool

    @property
    def part(self) -> slice:
        """The elements."""
        return slice(self.start, self.stop)

    @property
    def differences(self) -> int:
        """The number of bytes of choice differences: one bit per OT."""
        return -(-self.ots // 8) if self.chosen else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The two halves that run at the same time: this party as sender and as receiver."""

    sent: Half | None
    received: Half | None

    @property
    def ots(self) -> tuple[int, int]:
        """The numbers of OTs used as sender and as receiver."""
        sent, received = self.sent, self.received
        return sent.ots if sent else 0, received.ots if received else 0


class Lengths(NamedTuple):
    """The amounts of one direction: OTs, bytes of differences, bytes of messages."""

    ots: int = 0
    differences: int = 0
    message: int = 0


def total_lengths(batches: Sequence[Batch]) -> tuple[Lengths, Lengths]:
    """Return the amounts of all batches with this party as the OTs' sender, and as receiver."""
    return _total([one.sent for one in batches]), _total([one.received for one in batches])


def _total(halves: Sequence[Half | None]) -> Lengths:
    found = [half for half in halves if half is not None]
    return Lengths(
        ots=sum(half.ots for half in found),
        differences=sum(half.differences for half in found),
        message=sum(half.message for half in found),
    )


Batches = tuple[Batch, ...]


def up(count: int, size: int) -> int:
    """Return the quotient, rounded up."""
    return -(-count // size)


def product_message(bits: int, count: int) -> int:
    """M(ℓ, n): the message of n products in one direction, one batch [Gil99].

    n·ℓ(ℓ + 1)/2 bits; for ℓ = 8 rounded up to bytes in every 128.
    """
    whole = bits // 2 * (bits // 8) * count
    if bits > 8:
        return whole + bits // 16 * count
    chunks, rest = divmod(count, CHUNK)
    return whole + chunks * (CHUNK // 2) + (rest + 1) // 2


def product_batch(bits: int) -> int:
    """Return the number of products in a batch."""
    return max(BATCH_OTS // bits // CHUNK, 1) * CHUNK


@lru_cache(maxsize=1024)
def bit_batches(count: int) -> Batches:
    """Random products of `count` bits, or pairs of them: no messages."""

    def half(start: int, stop: int) -> Half:
        n = stop - start
        return _half(start, stop, ots=n, windows=up(n, CHUNK), message=0, chosen=False)

    halves = [half(*part) for part in _parts(count, BATCH_OTS)]
    return tuple(Batch(sent=h, received=h) for h in halves)


@lru_cache(maxsize=1024)
def product_batches(bits: int, sent: int, received: int, *, chosen: bool = True) -> Batches:
    """Products modulo 2^ℓ of sent numbers with chosen factors, or random ones if not `chosen`.

    ℓ OTs and ℓ(ℓ + 1)/2 bits of message per product.
    """

    def half(start: int, stop: int) -> Half:
        n = stop - start
        windows, message = bits * up(n, CHUNK), product_message(bits, n)
        return _half(start, stop, ots=bits * n, windows=windows, message=message, chosen=chosen)

    return _both(half, sent, received, product_batch(bits))


@lru_cache(maxsize=1024)
def additive_batches(bits: int, sent: int, received: int) -> Batches:
    """Products of sent numbers with choice bits: one OT and ℓ bits of message each."""

    def half(start: int, stop: int) -> Half:
        n = stop - start
        message = n * bits // 8
        return _half(start, stop, ots=n, windows=up(n, CHUNK), message=message, chosen=True)

    return _both(half, sent, received, BATCH_OTS)


@lru_cache(maxsize=1024)
def table_batches(fields: int, sent: int, received: int) -> Batches:
    """1-of-16 OTs of messages of `fields` bits [NP99]: four OTs and 16·`fields` bits each."""

    def half(start: int, stop: int) -> Half:
        n = stop - start
        ots, windows = DIGIT_BITS * n, DIGIT_BITS * up(n, CHUNK)
        message = 2 * fields * n
        return _half(start, stop, ots=ots, windows=windows, message=message, chosen=True)

    return _both(half, sent, received, BATCH_OTS // DIGIT_BITS)


@lru_cache(maxsize=1024)
def lookup_batches(ots: int, sizes: tuple[int, ...], sent: int, received: int) -> Batches:
    """1-of-n OTs of an entry, n = 2^k [NP99]: k OTs, and n messages of each word of an entry.

    `ots` is k, and `sizes` are the bytes of the words.
    """
    entries = 1 << ots
    each = entries * sum(sizes)
    keys = sum(lookup_windows(entries, size) for size in sizes)

    def half(start: int, stop: int) -> Half:
        n = stop - start
        return _half(start, stop, ots=ots * n, windows=keys * n, message=each * n, chosen=True)

    return _both(half, sent, received, max(min(BATCH_OTS // ots, BATCH_BYTES // each), 1))


def lookup_windows(entries: int, size: int) -> int:
    """Return the windows of keys for a word of `size` bytes, whose pads have 1, 2, 4 or 8 bytes."""
    return up(entries << (size - 1).bit_length(), LOOKUP_KEY_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Columns `start` … `stop` − 1 of the carried matrix, and a batch of rows of the choosing one.

    `inner` is the range of the inner dimension: columns of the choosing matrix and rows of the
    carried one.
    """

    start: int
    stop: int
    inner: slice
    batch: Batch

    @property
    def columns(self) -> slice:
        """The columns."""
        return slice(self.start, self.stop)


@lru_cache(maxsize=1024)
def matrix_batches(
    bits: int, m: int, k: int, n: int, *, sends: bool, receives: bool
) -> tuple[Panel, ...]:
    """[m][k] times [k][n], where the bits of the first matrix choose among rows of the second.

    ℓ OTs per element of the first matrix for every 128 columns. In a half, elements are rows of the
    first matrix. This party has the carried matrix if it `sends`, and the choosing one if it
    `receives`. For a batch of products, m counts the rows of all items, which are processed one
    after the other. A very long row is split, and so are the rows of the second matrix that it
    chooses among.
    """
    panels = []
    for start, stop in _parts(n, PANEL):
        message = product_message(bits, stop - start)
        most = max(min(ROW_OTS // bits, ROW_BYTES // max(message, 1)), 1)
        for begin, end in _parts(k, most):
            for half in _row_halves(bits, m, end - begin, message):
                batch = Batch(sent=half if sends else None, received=half if receives else None)
                inner = slice(begin, end)
                panels.append(Panel(start=start, stop=stop, inner=inner, batch=batch))
    return tuple(panels)


def matrix_amounts(bits: int, m: int, k: int, n: int, *, sends: bool, receives: bool) -> Batches:
    """The same as one batch, or none: what its OTs and messages add up to, however many they are.

    The OTs of an element are whole bytes of differences.
    """
    message = sum(product_message(bits, stop - start) for start, stop in _parts(n, PANEL))
    count, panels = m * k, up(n, PANEL)
    if not count * panels:
        return ()
    half = _half(
        0,
        m,
        ots=count * panels * bits,
        windows=count * panels * up(bits, KEYS_A_WINDOW),
        message=count * message,
        chosen=True,
    )
    return (Batch(sent=half if sends else None, received=half if receives else None),)


def _row_halves(bits: int, m: int, length: int, message: int) -> Iterator[Half]:
    """Yield batches of m rows, whose elements take ℓ OTs and one message each."""
    row_ots, row_windows = bits * length, length * up(bits, KEYS_A_WINDOW)
    row_bytes = length * message
    rows = max(min(BATCH_OTS // row_ots, BATCH_BYTES // max(row_bytes, 1)), 1)
    for first, last in _parts(m, rows):
        count = last - first
        yield _half(
            first,
            last,
            ots=count * row_ots,
            windows=count * row_windows,
            message=count * row_bytes,
            chosen=True,
        )


def _half(start: int, stop: int, *, ots: int, windows: int, message: int, chosen: bool) -> Half:
    return Half(start=start, stop=stop, ots=ots, windows=windows, message=message, chosen=chosen)


def _parts(count: int, step: int) -> Iterator[tuple[int, int]]:
    return ((at, min(at + step, count)) for at in range(0, count, step))


def _both(half: Callable[[int, int], Half], sent: int, received: int, step: int) -> Batches:
    batches = []
    for start, stop in _parts(max(sent, received), step):
        batches.append(
            Batch(
                sent=half(start, min(stop, sent)) if start < sent else None,
                received=half(start, min(stop, received)) if start < received else None,
            )
        )
    return tuple(batches)
