"""The circuits of sums, of logarithmic depth or with the fewest ANDs."""

from __future__ import annotations

from functools import lru_cache

from .adders import add, add_columns
from .builder import Builder
from .netlist import Netlist
from .schedule import schedule


@lru_cache(maxsize=64)
def adder(width: int, *, shallow: bool) -> Netlist:
    """The circuit of x + y: of depth logarithmic in the width, or with the fewest ANDs."""
    b = Builder(shallow=shallow)
    x, y = b.port(width), b.port(width)
    return schedule(b, add(b, x, y), f"{'shallow' if shallow else 'small'}-add.{width}")


@lru_cache(maxsize=64)
def summer(width: int, terms: int, *, shallow: bool) -> Netlist:
    """The circuit of a sum of so many numbers: carries are saved until two numbers are left."""
    b = Builder(shallow=shallow)
    numbers = [b.port(width) for _ in range(terms)]
    total = numbers[0] if terms == 1 else add_columns(b, list(zip(*numbers, strict=True)))
    kind = "shallow" if shallow else "small"
    return schedule(b, total, f"{kind}-sum.{width}.{terms}")
