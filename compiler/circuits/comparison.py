"""Comparisons, selection, minimum and maximum. Wires least significant first, equal widths."""

from __future__ import annotations

from collections.abc import Sequence

from .adders import full_subtractor
from .builder import FALSE, Builder, Wire
from .carries import prefix_less_than


def less_than(b: Builder, x: Sequence[Wire], y: Sequence[Wire], *, signed: bool) -> Wire:
    """x < y: the borrow of x - y, w ANDs, depth w [KSS09]; a tree if the builder is shallow."""
    if signed:
        x, y = [*x[:-1], x[-1] ^ 1], [*y[:-1], y[-1] ^ 1]
    if b.shallow:
        return prefix_less_than(b, x, y)
    borrow = FALSE
    for p, q in zip(x, y, strict=True):
        _, borrow = full_subtractor(b, p, q, borrow)
    return borrow


def equal(b: Builder, x: Sequence[Wire], y: Sequence[Wire]) -> Wire:
    """x == y: w - 1 ANDs, depth ceil(log2 w)."""
    return b.any_of([b.xor(p, q) for p, q in zip(x, y, strict=True)]) ^ 1


def nonzero(b: Builder, x: Sequence[Wire]) -> Wire:
    """x != 0: w - 1 ANDs, depth ceil(log2 w)."""
    return b.any_of(x)


def select(b: Builder, condition: Wire, x: Sequence[Wire], y: Sequence[Wire]) -> list[Wire]:
    """x where the condition is true, otherwise y: w ANDs, depth 1 [KS08]."""
    return [b.mux(condition, p, q) for p, q in zip(x, y, strict=True)]


def minimum(b: Builder, x: Sequence[Wire], y: Sequence[Wire], *, signed: bool) -> list[Wire]:
    """The lesser of x and y: 2w ANDs, depth w + 1 [KSS09]."""
    return select(b, less_than(b, x, y, signed=signed), x, y)


def maximum(b: Builder, x: Sequence[Wire], y: Sequence[Wire], *, signed: bool) -> list[Wire]:
    """The greater of x and y: 2w ANDs, depth w + 1."""
    return select(b, less_than(b, x, y, signed=signed), y, x)
