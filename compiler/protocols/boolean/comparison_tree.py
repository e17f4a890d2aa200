"""The tree of a comparison: it combines (less, equal) of digits into those of numbers [RRK+20].

less = less_high ⊕ equal_high·less_low and equal = equal_high·equal_low, two products with a common
factor; the equality of the lowest digits isn't needed. Each level is one round. Rows are packed
bits of all instances: less of all digits, then equal of all.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ezlang.records import dataclass

Indices = npt.NDArray[np.int64]
"""Row indices."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One round: P pairs of products, and K rows each of less and equal that are in no product.

    `places` are the indices of the rows y₀ = equal_low, y₁ = less_low, x = equal_high and
    less_high, P each, then of the 2K rows that are `kept`. The equality of the first `skipped`
    pairs isn't needed. The output has P new rows of less, then the K kept ones, then the same for
    equal.
    """

    places: Indices
    pairs: int
    skipped: int

    @property
    def kept(self) -> Indices:
        """The indices of the kept rows."""
        return self.places[4 * self.pairs :]

    @property
    def rows(self) -> int:
        """The number of rows after this level."""
        return len(self.places) - 2 * self.pairs


@lru_cache(maxsize=512)
def levels(counts: tuple[int, ...]) -> tuple[tuple[Level, ...], tuple[int, ...]]:
    """Plan the tree of parts with these digit `counts`; return its levels and final rows.

    In the next rows, the results of pairs precede the kept rows. The equality of the first part's
    lowest digit isn't needed; that digit is in the first of the part's pairs, hence in the first of
    all.
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
