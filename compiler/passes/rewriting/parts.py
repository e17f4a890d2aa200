"""Slicing and concatenation of arrays along dimension 0, for expansions."""

from __future__ import annotations

from dataclasses import replace

from ...ir import tree as ir
from ...ir.build import Builder


def items_of(build: Builder, items: ir.Value, first: int, end: int) -> ir.Value:
    """Emit the items of an array from `first` to `end` (exclusive)."""
    if (first, end) == (0, items.type.shape[0]):
        return items
    return build.extract_slice(items, build.index(first), end - first)


def joined(build: Builder, x: ir.Value, y: ir.Value) -> ir.Value:
    """Emit the concatenation of two arrays with the same label and sharing."""
    length = x.type.shape[0] + y.type.shape[0]
    zeros = build.zeros(replace(x.type, shape=(length, *x.type.shape[1:])))
    whole = build.insert_slice(zeros, x, build.index(0))
    return build.insert_slice(whole, y, build.index(x.type.shape[0]))
