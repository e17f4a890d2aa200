"""The circuit of a sum, of logarithmic depth or with the fewest ANDs."""

from __future__ import annotations

from functools import lru_cache

from .adders import add
from .builder import Builder
from .netlist import Netlist
from .schedule import schedule


@lru_cache(maxsize=64)
def adder(width: int, *, shallow: bool) -> Netlist:
    """The circuit of x + y: of depth logarithmic in the width, or with the fewest ANDs."""
    b = Builder(shallow=shallow)
    x, y = b.port(width), b.port(width)
    return schedule(b, add(b, x, y), f"{'shallow' if shallow else 'small'}-add.{width}")
