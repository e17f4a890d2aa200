"""How sources of correlated OTs make batches: pure functions of what is taken from them.

What a source has left over from a batch it keeps, and hands out before it makes the next one; no OT
is handed out twice. Sources (`cot.py`, `silent.py`) and the cost model go by the same classes. One
side of a source, the one that speaks, sends `Made.bytes` for a batch; before the first one both
have the conversation of the set-up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Final, Protocol, assert_never

from ezlang.diagnostics.diagnostic import CompilerBug

from ...ir.ots import OtKind

KEY_BYTES: Final = 16
POINT_BYTES: Final = 32

COLUMNS: Final = 128
"""How many base OTs there are: the bits of Δ."""

GROUP_BITS: Final = 2
"""How many columns of an extension are made from a tree, where nothing else is said."""

SILENT_GROUP_BITS: Final = 8
"""The same for the set-up of silent OT."""

SMALLEST_BATCH: Final = 1 << 10
LARGEST_BATCH: Final = 1 << 16
LEAST_DEPTH: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A batch of `count` OTs, for which the side that speaks sends `bytes`.

    For silent OT: it has `trees`, after those that make the OTs of the next iteration if this
    batch `begins` one.
    """

    count: int
    bytes: int
    trees: int = 0
    begins: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """OTs `start` … `start` + `count` − 1 of the last batch, which is `made` before, or was."""

    made: Made | None
    start: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of a set-up, from the OTs' sender or their receiver."""

    by_sender: bool
    bytes: int


class Batches(Protocol):
    """How large the next batch is. Copies go on by themselves; equal ones make equal batches."""

    def next(self, wanted: int) -> Made:
        """Return the next batch, when `wanted` OTs are missing."""

    def set_up(self) -> tuple[Message, ...]:
        """Return what is sent before the first batch, in order."""

    @property
    def position(self) -> int:
        """All that the next batch depends on, but for what is wanted."""

    @property
    def sender_speaks(self) -> bool:
        """Whether it is the OTs' sender that sends for a batch."""


def batch_size(wanted: int) -> int:
    """Return how many OTs an extension makes when `wanted` are missing: a power of two, bounded."""
    size = SMALLEST_BATCH
    while size < wanted and size < LARGEST_BATCH:
        size *= 2
    return size


def extension_bytes(count: int, bits: int = GROUP_BITS) -> int:
    """Return what the receiver sends for a batch of `count` OTs of an extension."""
    return count // 8 * (COLUMNS // bits - 1)


@dataclass(slots=True)
class ExtensionBatches:
    """Batches of SoftSpoken with groups of k columns (`cot.py`); the receiver speaks."""

    bits: int = GROUP_BITS
    position: ClassVar[int] = 0
    sender_speaks: ClassVar[bool] = False

    def next(self, wanted: int) -> Made:
        """Return the next batch: it only depends on what is wanted."""
        count = batch_size(wanted)
        return Made(count=count, bytes=extension_bytes(count, self.bits))

    def set_up(self) -> tuple[Message, ...]:
        """Base OTs, then the trees' sums, if trees have more than one level."""
        sums = 2 * KEY_BYTES * (COLUMNS // self.bits) * (self.bits - 1)
        messages = [
            Message(by_sender=False, bytes=POINT_BYTES),
            Message(by_sender=True, bytes=POINT_BYTES * COLUMNS),
        ]
        if sums:
            messages.append(Message(by_sender=False, bytes=sums))
        return tuple(messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """An LPN problem: `trees` times one noise bit among 2^depth, a secret of 2^secret_bits bits."""

    trees: int
    depth: int
    secret_bits: int

    def __post_init__(self) -> None:
        if self.depth < LEAST_DEPTH or self.refill_trees >= self.trees:
            raise CompilerBug(f"silent OT can't run with {self}")

    @property
    def setup_ots(self) -> int:
        """M: how many correlated OTs an iteration uses up."""
        return (1 << self.secret_bits) + self.trees * self.depth

    @property
    def refill_trees(self) -> int:
        """How many trees it takes to make them."""
        return -(-self.setup_ots >> self.depth)

    @property
    def outputs(self) -> int:
        """How many OTs an iteration gives beyond those of the next."""
        return (self.trees - self.refill_trees) << self.depth

    @property
    def tree_bytes(self) -> int:
        """What the sender sends for a tree."""
        return KEY_BYTES * (self.depth - 1)


SMALL: Final = Parameters(trees=850, depth=10, secret_bits=16)
MEDIUM: Final = Parameters(trees=1170, depth=11, secret_bits=17)
LARGE: Final = Parameters(trees=1900, depth=13, secret_bits=19)


@dataclass(slots=True)
class SilentBatches:
    """Batches of silent OT (`silent.py`); the sender speaks. `used` trees of the iteration are."""

    parameters: Parameters = MEDIUM
    used: int = 0
    sender_speaks: ClassVar[bool] = True

    @property
    def position(self) -> int:
        """How many trees of the iteration are used."""
        return self.used

    def next(self, wanted: int) -> Made:
        """Return the next batch: whole trees, of one iteration."""
        parameters = self.parameters
        begins = self.used in (0, parameters.trees)
        if begins:
            self.used = parameters.refill_trees
        depth = parameters.depth
        most = max(LARGEST_BATCH >> depth, 1)
        trees = min(-(-wanted >> depth), most, parameters.trees - self.used)
        self.used += trees
        sent = trees + (parameters.refill_trees if begins else 0)
        size = sent * parameters.tree_bytes
        return Made(count=trees << depth, bytes=size, trees=trees, begins=begins)

    def set_up(self) -> tuple[Message, ...]:
        """Two seeds, then the first OTs, from an extension."""
        extension = ExtensionBatches(SILENT_GROUP_BITS)
        made = [p.made for p in Stock(extension).parts(self.parameters.setup_ots)]
        return (
            Message(by_sender=True, bytes=2 * KEY_BYTES),
            *extension.set_up(),
            *(Message(by_sender=False, bytes=batch.bytes) for batch in made if batch),
        )


def group_bits(kind: OtKind) -> int:
    """Return k: how many columns are made from a tree, in silent OT's set-up too."""
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
    """Return the batches of a source of a kind, before the first."""
    return SilentBatches() if kind is OtKind.SILENT else ExtensionBatches(group_bits(kind))


@dataclass(slots=True)
class Stock:
    """What a source has: `left` OTs of its last batch."""

    batches: Batches
    left: int = 0
    size: int = field(default=0, repr=False)

    def part(self, wanted: int) -> Part:
        """Take up to `wanted` OTs, all of one batch, which is made if nothing is left."""
        made = None
        if not self.left:
            made = self.batches.next(wanted)
            self.left = self.size = made.count
        count = min(wanted, self.left)
        start = self.size - self.left
        self.left -= count
        return Part(made=made, start=start, count=count)

    def parts(self, count: int) -> Iterator[Part]:
        """Take `count` OTs, part by part."""
        while count:
            part = self.part(count)
            count -= part.count
            yield part

    def replace(self, wanted: int) -> Made:
        """Forget what is left, and make a batch for `wanted` OTs or fewer, all of it taken."""
        self.left = 0
        return self.batches.next(wanted)
