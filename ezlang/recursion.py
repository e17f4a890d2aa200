"""A higher recursion limit, for programs whose calls nest deeply."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_FRAMES = 50_000


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Raise the recursion limit for deeply nested calls; each level takes a few dozen frames.

    The parser limits nesting within a function, and the checker rejects recursion, so the depth is
    bounded by the length of the program.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
