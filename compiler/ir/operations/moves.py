"""Data movement operations, which work alike on numbers, shares and wire labels.

Each class checks the shapes of its operands. The result of a write has the label of the base: the
written value and the indices flow to it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.records import dataclass
from ezlang.typed.failures import Failure

from ..errors import need
from ..intervals import Interval
from ..value import Sharing, TensorType
from .node import Checkable, Computation, Traits, alike

Types = tuple[TensorType, ...]
IndexMap = tuple[tuple[int, ...], ...]


class Move(Computation):
    """An operation that moves elements of its first operands; the other operands are indices."""

    __slots__ = ()

    @property
    def element_count(self) -> int:
        """The number of operands whose elements are moved; the others are indices in the clear."""
        return 1

    def required(self, sharing: Sharing) -> tuple[Sharing, ...] | None:
        """All elements have the same sharing."""
        return alike(self, sharing)

    def exchanges(self, sharing: Sharing) -> bool:
        """Moving shares is local."""
        return False


class Read(Move):
    """A move of elements from one operand."""

    __slots__ = ()

    @property
    def is_inside(self) -> bool:
        """Whether all indices are known to be in range; a read out of range gives zeros."""
        return True

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range of the elements, joined with 0 if indices may be out of range."""
        return x[0] if self.is_inside else x[0].join(Interval(0, 0))


class Write(Move):
    """A move of elements of operand 1 into a copy of operand 0, which is the result."""

    __slots__ = ()
    traits = Traits(is_pure=True, overwrites=True)

    @property
    def element_count(self) -> int:
        """The base and the written value."""
        return 2

    def check_labels(self, types: Types, result: TensorType) -> None:
        """Check that all other operands may flow to the base."""
        check_base(types, result)

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the join of both ranges."""
        return x[0].join(x[1])


# Repeating, reshaping and stacking


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast(Read):
    """(x) -> x repeated along new leading dimensions; the result's shape is `new + x.shape`."""

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check that the result's shape ends with the operand's shape."""
        need(len(types) == 1 and types[0].element == result.element, "types differ")
        rank = len(result.shape) - len(types[0].shape)
        need(rank >= 0 and result.shape[rank:] == types[0].shape, "the shapes differ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reshape(Read):
    """(x) -> the same elements, row-major, in the result's shape of equal size."""

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check that the size stays the same."""
        need(len(types) == 1 and types[0].element == result.element, "types differ")
        need(types[0].size == result.size, "the sizes differ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack(Move):
    """(x0, x1, …) -> operands of the same type, stacked along a new first dimension."""

    @property
    def element_count(self) -> int:
        """All operands."""
        return len(self.operands)

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check that the operands have the same type."""
        need(len(types) > 0 and len(set(types)) == 1, "the operands have one type")
        shape = (len(types), *types[0].shape)
        need(result.element == types[0].element and result.shape == shape, "wrong type")

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the join of all ranges."""
        return Interval(min(one.low for one in x), max(one.high for one in x))


# Indices and slices


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract(Read, Checkable):
    """(base, index…) -> the element or sub-array at scalar indices that are public or owned.

    `dimensions` says, for each dimension of the base, whether it is indexed (by the next index
    operand) or kept whole; trailing dimensions that are kept may be omitted. An index
    out of range reads zeros unless it is checked and public.
    """

    traits = Traits(is_pure=True, failure=Failure.INDEX)

    dimensions: tuple[bool, ...]
    checked: bool = False

    @property
    def is_inside(self) -> bool:
        """Whether an index out of range ends the run."""
        return self.checked

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check the indices and the result's shape."""
        need(len(types) >= 1, "it takes a base")
        part = _indexed(types[0], types[1:], self.dimensions)
        need(result.element == types[0].element and result.shape == part, "wrong type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert(Write, Checkable):
    """(base, value, index…) -> base with value written where Extract would read.

    Nothing is written out of range.
    """

    traits = Traits(is_pure=True, overwrites=True, failure=Failure.INDEX)

    dimensions: tuple[bool, ...]
    checked: bool = False

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check the indices, and that the written value has the shape that they select."""
        part = _indexed(types[0], types[2:], self.dimensions)
        need(types[1].element == result.element, "types differ")
        need(types[1].shape == part, "the part's shape is wrong")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractSlice(Read, Checkable):
    """(base, start) -> shape[0] items of the result's shape along dimension 0, from `start`.

    Items out of range are zeros unless the start is checked and public.
    Slices with a secret start have been lowered to oblivious reads.
    """

    traits = Traits(is_pure=True, failure=Failure.SLICE)

    checked: bool = False

    @property
    def is_inside(self) -> bool:
        """Whether an index out of range ends the run."""
        return self.checked

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check the start, and that the result consists of items of the base."""
        need(len(types) == 2 and bool(types[0].shape), "it takes an array and a start")
        _check_slice(types[0], result, types[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertSlice(Write, Checkable):
    """(base, value, start) -> base with value's items written along dimension 0 from `start`."""

    traits = Traits(is_pure=True, overwrites=True, failure=Failure.SLICE)

    checked: bool = False

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check the start, and that the written value consists of items of the base."""
        need(len(types) == 3 and bool(types[0].shape), "it takes three operands")
        _check_slice(types[0], types[1], types[2])


def _indexed(base: TensorType, indices: Types, dimensions: tuple[bool, ...]) -> tuple[int, ...]:
    """Return the shape of the part of a base that indices select."""
    need(len(dimensions) <= len(base.shape), "there are too many dimensions")
    need(sum(dimensions) == len(indices), "the number of indices is wrong")
    for index in indices:
        need(index.is_integer and index.shape == (), "an index is a scalar integer")
        need(not index.label.is_secret, "a secret is not an address")
    kept = [n for n, one in zip(base.shape, dimensions, strict=False) if not one]
    return (*kept, *base.shape[len(dimensions) :])


def _check_slice(base: TensorType, part: TensorType, start: TensorType) -> None:
    need(start.is_integer and start.shape == (), "the start is a scalar integer")
    need(not start.label.is_secret, "a secret is not an address")
    need(base.element == part.element, "types differ")
    fits = bool(part.shape) and part.shape[1:] == base.shape[1:]
    need(fits, "the part's shape is wrong")


# Affine indices


@dataclass(frozen=True, slots=True, kw_only=True)
class AffineRead(Read):
    """(base, offset…) -> the elements of base at indices that are affine in the result's indices.

    Row d of `index_map` describes dimension d of the base: a constant, and a factor for each
    dimension of the result. result[t₀, t₁, …] is the element of base whose d-th index is
    index_map[d][0] + index_map[d][1]·t₀ + index_map[d][2]·t₁ + …, plus the next offset (a public
    scalar) if `moved[d]` is set. All indices are in range: the pass that emits the operation proves
    it.
    """

    index_map: IndexMap
    moved: tuple[bool, ...] = ()

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check the index map."""
        need(len(types) >= 1 and types[0].element == result.element, "types differ")
        _check_index_map(self.index_map, self.moved, types[0], result, types[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class AffineWrite(Write):
    """(base, value, offset…) -> base with value written where AffineRead would read.

    No two elements of the value have the same index.
    """

    index_map: IndexMap
    moved: tuple[bool, ...] = ()

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check the index map."""
        need(types[1].element == result.element, "types differ")
        _check_index_map(self.index_map, self.moved, types[0], types[1], types[2:])


def _check_index_map(
    index_map: IndexMap, moved: tuple[bool, ...], base: TensorType, part: TensorType, offsets: Types
) -> None:
    """Check an index map; dimensions without an offset must be in range."""
    need(len(index_map) == len(base.shape), "a row is needed for each dimension")
    moved = moved or (False,) * len(base.shape)
    need(len(moved) == len(base.shape), "an offset is said to be for no dimension")
    need(sum(moved) == len(offsets), "the number of offsets is wrong")
    for offset in offsets:
        scalar = offset.is_integer and offset.shape == ()
        need(scalar and offset.label.is_public, "an offset is a public scalar integer")
    for size, row, shifts in zip(base.shape, index_map, moved, strict=True):
        need(len(row) == 1 + len(part.shape), "a factor is needed for each dimension")
        ends = [f * (n - 1) for f, n in zip(row[1:], part.shape, strict=True)]
        low, high = (row[0] + sum(pick(end, 0) for end in ends) for pick in (min, max))
        inside = (low >= 0 and high < size) if not shifts else high - low < size
        need(inside or part.size == 0, "an index is out of range")


# Computed indices


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather(Read):
    """(base [n, …], indices [m]) -> [m, …]: the items of base at public indices along dimension 0.

    Items at indices out of range are zeros. The owner of indices reads a base that it knows.
    """

    @property
    def is_inside(self) -> bool:
        """Nothing is known about the indices."""
        return False

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check the indices, and that the result has an item for each index."""
        need(len(types) == 2 and types[0].element == result.element, "types differ")
        _check_items(types[0], result, types[1])
        clear = types[1].label.is_public or not result.label.is_secret
        need(clear, "indices are public")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter(Write):
    """(base [n, …], value [m, …], indices [m]) -> base with the items of value at public indices.

    IndexMap in range are distinct: the pass that emits the operation proves it, or tests it with
    Separate. Nothing is written at indices out of range.
    """

    def check_types(self, types: Types, result: TensorType) -> None:
        """Check the indices, and that the value has an item for each index."""
        need(len(types) == 3, "it takes three operands")
        need(types[1].element == result.element, "types differ")
        _check_items(types[0], types[1], types[2])
        need(types[2].label.is_public, "indices are public")


def _check_items(base: TensorType, part: TensorType, indices: TensorType) -> None:
    need(indices.is_integer and len(indices.shape) == 1, "indices are integers in a row")
    fits = bool(base.shape) and part.shape == (*indices.shape, *base.shape[1:])
    need(fits, "the part's shape is wrong")


def check_base(types: Types, result: TensorType) -> None:
    """Raise RuleError unless the result has the base's type, and all operands may flow to it."""
    need(len(types) >= 2 and result == types[0], "the result has the base's type")
    need(all(type.label.flows_to(result.label) for type in types[1:]), "what is written leaks")
