"""The tree of a comparison: digits' (less, equal) joined to numbers', in rounds [RRK+20].

less = less_high ⊕ equal_high·less_low and equal = equal_high·equal_low, two products with one
factor in common; the equality of the lowest digits isn't needed. Rows are packed bits of all
instances: less of all digits, then equal of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]
"""Numbers of rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One round: P pairs, and K rows of less and of equal each that take part in no product.

    `places` are the rows that make up y₀ = equal_low, y₁ = less_low, x = equal_high, and those of
    less_high, P each, then 2K rows that are `kept`. The equality of the first `skipped` pairs isn't
    needed. Next come P rows of less, then K that were kept, then the same of equal.
    """

    places: Places
    pairs: int
    skipped: int

    @property
    def kept(self) -> Places:
        """The rows that are kept."""
        return self.places[4 * self.pairs :]

    @property
    def rows(self) -> int:
        """How many rows there are after it."""
        return len(self.places) - 2 * self.pairs


@lru_cache(maxsize=512)
def levels(counts: tuple[int, ...]) -> tuple[tuple[Level, ...], tuple[int, ...]]:
    """Plan the tree of parts of so many digits; return the rounds, and where the parts end up.

    Pairs come first in the next rows, then what was kept. The first part's lowest digit has an
    equality that nobody needs; it is the first of its pairs, and so of all.
    """
    total = sum(counts)
    ends = np.cumsum((0, *counts)).tolist()
    parts = [list(range(*ends[i : i + 2])) for i in range(len(counts))]
    found = []
    while any(len(part) > 1 for part in parts):
        low: list[int] = []
        high: list[int] = []
        kept: list[int] = []
        skipped = int(len(parts[0]) > 1)
        lengths = []
        for part in parts:
            whole = len(part) // 2 * 2
            low += part[:whole:2]
            high += part[1:whole:2]
            kept += part[whole:]
            lengths.append((whole // 2, len(part) - whole))
        pairs, at, kept_at = len(low), 0, len(low)
        parts = []
        for made, odd in lengths:
            parts.append([*range(at, at + made), *range(kept_at, kept_at + odd)])
            at, kept_at = at + made, kept_at + odd
        places = [*(total + i for i in low), *low, *(total + i for i in high), *high]
        places += [*kept, *(total + i for i in kept)]
        found.append(Level(np.array(places, np.int64), pairs, skipped))
        total = pairs + len(kept)
    return tuple(found), tuple(part[0] for part in parts)
