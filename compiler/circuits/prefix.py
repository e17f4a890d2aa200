"""Sums of logarithmic depth, for protocols in which every AND layer is a round.

Carries are a prefix sum of (generate, propagate) pairs [Skl60]: of w bits, ceil(log2(w - 1)) layers
after the first, each with at most two ANDs for half of the positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from .adders import add
from .builder import Builder, Wire
from .netlist import Netlist
from .schedule import schedule


def prefix_add(b: Builder, x: Sequence[Wire], y: Sequence[Wire]) -> list[Wire]:
    """x + y modulo 2^w: depth 1 + ceil(log2(w - 1)), about w·log2 w ANDs."""
    half = [b.xor(p, q) for p, q in zip(x, y, strict=True)]
    generate = [b.conjunction(p, q) for p, q in zip(x[:-1], y[:-1], strict=True)]
    propagate = half[:-1]
    step = 1
    while step < len(generate):
        for i in range(len(generate)):
            if i & step:
                # All below i's block of `step` positions ends at the last one of the block before.
                low = (i & -step) - 1
                carried = b.conjunction(propagate[i], generate[low])
                generate[i] = b.xor(generate[i], carried)
                propagate[i] = b.conjunction(propagate[i], propagate[low])
        step *= 2
    return [half[0], *(b.xor(h, g) for h, g in zip(half[1:], generate, strict=True))]


@lru_cache(maxsize=64)
def adder(width: int, *, shallow: bool) -> Netlist:
    """The circuit of x + y: of depth logarithmic in the width, or with the fewest ANDs."""
    b = Builder()
    x, y = b.port(width), b.port(width)
    total = prefix_add(b, x, y) if shallow else add(b, x, y)
    return schedule(b, total, f"{'shallow' if shallow else 'small'}-add.{width}")
