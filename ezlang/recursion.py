"""Room for recursion over programs whose calls nest deeply."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_FRAMES = 50_000


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Allow for calls as deep as programs have them; each level takes a few dozen frames.

    Nesting within a function is limited by the parser, recursion is refused by the checker, so
    the depth is bounded by the length of the program.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
