"""Public tables in the form in which oblivious transfers look them up."""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.records import dataclass

from .steps import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """A public table: words of a ring, [words][n], n = 2^k from 8 to 512.

    `bounds` has the lowest and the highest number of each word, or nothing.
    """

    words: Array
    bounds: tuple[tuple[int, ...], ...] = ()

    @property
    def entries(self) -> int:
        """The number of entries, n."""
        return int(self.words.shape[1])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """One word of all entries: 2^k words of ℓ bits, of which the low `size` bytes are sent.

    k is from 3 to 9, and ℓ the smallest of 8, 16, 32 and 64 with ℓ >= 8·`size`.
    """

    words: Array
    size: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sent:
    """The sender's inputs of `OtProtocols.lookups`."""

    shifts: Array
    masks: Sequence[Array]


def shape_of(columns: Sequence[Column]) -> tuple[int, tuple[int, ...]]:
    """Return k, and the bytes of each word."""
    return columns[0].words.size.bit_length() - 1, tuple(column.size for column in columns)
