"""The words of the language: what completion offers, and what a new name may not be."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from ezlang.syntax.tables import load_tables
from ezlang.syntax.token_context import TYPE_WORDS

HEADS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "abs": ("abs(x)", "The absolute value, element-wise."),
        "count_ones": ("count_ones(x)", "How many bits are 1, element-wise."),
        "elements": ("elements(x)", "How many elements an array of any rank has: a constant."),
        "from_raw": ("from_raw(x)", "The fixed-point numbers that integers represent."),
        "len": ("len(x)", "The size of the first dimension: a constant."),
        "max": ("max(x, y)", "The larger of two numbers, element-wise."),
        "min": ("min(x, y)", "The smaller of two numbers, element-wise."),
        "mulhi": ("mulhi(x, y)", "The upper half of the product, element-wise."),
        "random": ("random()", "A secret that no party knows, of the type that is asked for."),
        "random_below": ("random_below(n)", "A secret below n that no party knows."),
        "raw": ("raw(x)", "The integers that represent fixed-point numbers."),
        "reshape": ("reshape(x, n, …)", "The elements of x, in row-major order, in this shape."),
        "sum": ("sum(x, d)", "The sum of all elements: `sum(x)`; or the sums along dimension d."),
        "input": ('input(party, "name")', "A value that a party gives; only that party knows it."),
        "output": ('output(receiver, value, "name")', "Gives a value to a party, or to `all`."),
        "reveal": ("reveal(x, party)", "Releases a value to a party, or to everyone: `reveal(x)`."),
        "assert": ('assert(condition, "what must hold")', "Ends the run unless it holds."),
    }
)
"""The functions that are part of the language: their heads and what they do."""


@cache
def reserved() -> frozenset[str]:
    """Return the words that can't be names."""
    return frozenset(load_tables().words)


@cache
def keywords() -> tuple[str, ...]:
    """Return the reserved words that are neither types nor have a head, by name."""
    return tuple(sorted(reserved() - TYPE_WORDS - HEADS.keys()))
