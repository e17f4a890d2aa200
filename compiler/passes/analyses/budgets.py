"""Budgets of memory for operations that make many elements at once.

Vectorised loops are cut into strips that fit. `memory` is the budget of a run, in bytes; a loop
gets only a part of it, since values of several loops are live at the same time.
"""

from __future__ import annotations

from ezlang.types.sharing import DEFAULT_MEMORY

CACHED = 2 << 20
"""Bytes of labels up to which longer strips make Yao's protocol faster.

From 1 to 4 MB on, the time is constant or grows: docs/performance.md has the measurement.
"""

SHORTEST = 8
"""Iterations below which a strip without messages isn't worth it: one is long enough alone."""


def label_strips(memory: int) -> tuple[int, int]:
    """Return the bytes that one loop may make at a time if all secrets are labels.

    The first is for loops that exchange messages, the second for others.
    """
    return memory // 4, min(CACHED, memory // 4)


BUDGET, _ = label_strips(DEFAULT_MEMORY)


def share_strips(memory: int) -> int:
    """Return the bytes, counted as labels, if labels are kept for few secrets.

    Shares take at most a byte a bit, where labels take 16.
    """
    return 4 * memory


def open_strips(memory: int) -> int:
    """Return the bytes, counted as labels, if a secret bit takes one or two bits."""
    return 16 * memory
