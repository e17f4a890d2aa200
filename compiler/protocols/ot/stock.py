"""The batches of sources of correlated OTs, as pure functions of the OTs taken.

A source keeps the OTs left over from a batch and returns them before it generates the next one; no
OT is returned twice. Sources (`softspoken.py`, `silent.py`) and the cost model use the same
classes. One side of a source, the one that speaks, sends `Made.bytes` for a batch. Before the first
batch, both sides run the set-up. Sources that are set up together share its flights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field
from itertools import zip_longest
from typing import ClassVar, Final, Protocol, assert_never

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ...ir.ots import OtKind
from ...ir.parties import Link

KEY_BYTES: Final = 16
POINT_BYTES: Final = 32

START_BYTES: Final = 16
"""The bytes that each party sends in the first flight of set-ups in both directions: the start of
the hash of its OTs.
"""

COLUMNS: Final = 128
"""The number of base OTs, which is the number of bits of Δ."""

GROUP_BITS: Final = 2
"""The default number of columns of an extension that are generated from one tree."""

SILENT_GROUP_BITS: Final = 8
"""The number of columns per tree for the set-up of silent OT."""

SMALLEST_BATCH: Final = 1 << 10
LARGEST_BATCH: Final = 1 << 16
LEAST_DEPTH: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A batch of `count` OTs, for which the speaking side sends `bytes`.

    For silent OT, `trees` is its number of trees. If the batch `begins` an iteration, the trees
    that produce the OTs of the next iteration precede them.
    """

    count: int
    bytes: int
    trees: int = 0
    begins: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPart:
    """OTs `start` … `start` + `count` − 1 of the last batch; `made` is that batch if it must be
    generated first.
    """

    made: Made | None
    start: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """The bytes that the OTs' sender and their receiver send in a flight of a set-up."""

    by_sender: int = 0
    by_receiver: int = 0


class Batches(Protocol):
    """The sequence of batch sizes. Copies advance independently; equal ones give equal batches."""

    def next(self, wanted: int) -> Made:
        """Return the next batch, when `wanted` OTs are missing."""

    def row(self, wanted: int) -> tuple[int, Made]:
        """Return the next batch, and how many equal ones `next` returns in a row.

        If there are several, the OTs of all of them are wanted.
        """

    def set_up(self) -> tuple[Flight, ...]:
        """Return what is sent before the first batch, flight by flight."""

    @property
    def position(self) -> int:
        """The state that determines the next batch, apart from the number wanted."""

    @property
    def sender_speaks(self) -> bool:
        """Whether the OTs' sender is the side that sends for a batch."""

    @property
    def exist(self) -> bool:
        """Whether OTs exist before the run: nothing is sent for them, and no take leaves any."""


def batch_size(wanted: int) -> int:
    """Return the number of OTs generated when `wanted` are missing: a bounded power of two."""
    size = SMALLEST_BATCH
    while size < wanted and size < LARGEST_BATCH:
        size *= 2
    return size


def extension_bytes(count: int, bits: int = GROUP_BITS) -> int:
    """Return the number of bytes that the receiver sends for an extension batch of `count` OTs."""
    return count // 8 * (COLUMNS // bits - 1)


def sums_bytes(bits: int) -> int:
    """Return the number of bytes of the sums of an extension's trees."""
    return 2 * KEY_BYTES * (COLUMNS // bits) * (bits - 1)


@dataclass(slots=True)
class ExtensionBatches:
    """Batches of SoftSpoken with groups of k columns (`softspoken.py`); the receiver speaks.

    The message for the first batch begins with the sums of the trees, if they have more than one
    level.
    """

    bits: int = GROUP_BITS
    begun: bool = False
    sender_speaks: ClassVar[bool] = False
    exist: ClassVar[bool] = False

    def __copy__(self) -> ExtensionBatches:
        return self if self.begun else ExtensionBatches(self.bits)

    @property
    def position(self) -> int:
        """Whether there has been a batch."""
        return int(self.begun)

    def next(self, wanted: int) -> Made:
        """Return the next batch."""
        count = batch_size(wanted)
        size = extension_bytes(count, self.bits)
        if not self.begun:
            self.begun = True
            size += sums_bytes(self.bits)
        return Made(count=count, bytes=size)

    def row(self, wanted: int) -> tuple[int, Made]:
        """Return the next batches; all batches of the largest size are equal but the first."""
        times = max(wanted // LARGEST_BATCH, 1) if self.begun else 1
        return times, self.next(wanted)

    def set_up(self) -> tuple[Flight, ...]:
        """Return the flights of the base OTs."""
        return Flight(by_receiver=POINT_BYTES), Flight(by_sender=POINT_BYTES * COLUMNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """An LPN problem: one noise bit among 2^depth per tree, 2^secret_bits secret bits."""

    trees: int
    depth: int
    secret_bits: int

    def __post_init__(self) -> None:
        if self.depth < LEAST_DEPTH or self.refill_trees >= self.trees:
            raise CompilerBug(f"silent OT can't run with {self}")

    @property
    def setup_ots(self) -> int:
        """M: the number of correlated OTs that an iteration consumes."""
        return (1 << self.secret_bits) + self.trees * self.depth

    @property
    def refill_trees(self) -> int:
        """The number of trees that produce the M OTs of the next iteration."""
        return -(-self.setup_ots >> self.depth)

    @property
    def outputs(self) -> int:
        """The number of OTs that an iteration produces beyond those for the next one."""
        return (self.trees - self.refill_trees) << self.depth

    @property
    def tree_bytes(self) -> int:
        """The number of bytes that the sender sends per tree."""
        return KEY_BYTES * (self.depth - 1)


SILENT: Final = Parameters(trees=2340, depth=10, secret_bits=17)
"""The parameters of silent OT, whose security `silent.py` states."""


@dataclass(slots=True)
class SilentBatches:
    """Batches of silent OT (`silent.py`); the sender speaks. `used` counts used trees."""

    parameters: Parameters = SILENT
    used: int = 0
    sender_speaks: ClassVar[bool] = True
    exist: ClassVar[bool] = False

    @property
    def position(self) -> int:
        """The number of used trees in the iteration."""
        return self.used

    def __copy__(self) -> SilentBatches:
        return SilentBatches(self.parameters, self.used)

    def next(self, wanted: int) -> Made:
        """Return the next batch, which consists of whole trees of one iteration."""
        parameters = self.parameters
        begins = self.used in (0, parameters.trees)
        if begins:
            self.used = parameters.refill_trees
        depth = parameters.depth
        trees = min(-(-wanted >> depth), self._most_trees, parameters.trees - self.used)
        self.used += trees
        sent = trees + (parameters.refill_trees if begins else 0)
        size = sent * parameters.tree_bytes
        return Made(count=trees << depth, bytes=size, trees=trees, begins=begins)

    def row(self, wanted: int) -> tuple[int, Made]:
        """Return the next batches; the largest ones of an iteration are equal but the first."""
        made = self.next(wanted)
        trees = min(wanted >> self.parameters.depth, made.trees + self._trees_left)
        times = 1 if made.begins else max(trees // self._most_trees, 1)
        self.used += (times - 1) * made.trees
        return times, made

    @property
    def _most_trees(self) -> int:
        """The number of trees of the largest batch."""
        return max(LARGEST_BATCH >> self.parameters.depth, 1)

    @property
    def _trees_left(self) -> int:
        return self.parameters.trees - self.used

    def set_up(self) -> tuple[Flight, ...]:
        """Return the flights of an extension, with two seeds in the last one, and its OTs."""
        extension = ExtensionBatches(SILENT_GROUP_BITS)
        offer, answer = extension.set_up()
        made = [p.made for p in Stock(extension).parts(self.parameters.setup_ots)]
        return (
            offer,
            Flight(by_sender=answer.by_sender + 2 * KEY_BYTES),
            Flight(by_receiver=sum(batch.bytes for batch in made if batch)),
        )


def group_bits(kind: OtKind) -> int:
    """Return k, the number of columns generated from one tree, also in silent OT's set-up."""
    match kind:
        case OtKind.SOFTSPOKEN_2:
            return 2
        case OtKind.SOFTSPOKEN_4:
            return 4
        case OtKind.SOFTSPOKEN_8:
            return 8
        case OtKind.SILENT:
            return SILENT_GROUP_BITS
        case _:
            assert_never(kind)


def batches_of(kind: OtKind) -> Batches:
    """Return the batches of a new source of a kind."""
    return SilentBatches() if kind is OtKind.SILENT else ExtensionBatches(group_bits(kind))


def set_up_lengths(plans: Mapping[Link, Batches], start: int = 0) -> list[Counter[Link]]:
    """Return the lengths of the flights in which sources over these links are set up at once.

    The links' senders also send `start` bytes in the first one.
    """
    found = [Counter(dict.fromkeys(plans, start))] if start else []
    columns = zip_longest(*(plan.set_up() for plan in plans.values()), fillvalue=Flight())
    for number, flights in enumerate(columns):
        if number == len(found):
            found.append(Counter())
        for link, flight in zip(plans, flights, strict=True):
            found[number][link] += flight.by_sender
            found[number][link.back] += flight.by_receiver
    return found


@dataclass(slots=True)
class Stock:
    """The stock of a source: `left` OTs of its last batch."""

    batches: Batches
    left: int = 0
    size: int = field(default=0, repr=False)

    def part(self, count: int, wanted: int = 0) -> BatchPart:
        """Take up to `count` OTs of a single batch, which is generated if none are left.

        `wanted` is the number of OTs that will be taken in all, if it is larger.
        """
        made = None
        if not self.left:
            made = self.batches.next(max(count, wanted))
            self.left = self.size = made.count
        count = min(count, self.left)
        start = self.size - self.left
        self.left -= count
        return BatchPart(made=made, start=start, count=count)

    def parts(self, count: int, wanted: int = 0) -> Iterator[BatchPart]:
        """Take `count` OTs, part by part; `wanted` is as for `part`."""
        while count:
            part = self.part(count, wanted)
            count -= part.count
            wanted -= part.count
            yield part

    def replace(self, wanted: int) -> Made:
        """Discard leftover OTs; generate a batch for up to `wanted` OTs and take all of it."""
        self.left = 0
        return self.batches.next(wanted)
