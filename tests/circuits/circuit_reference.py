"""Reference results of operations on Python integers, and runs of circuits against them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from ezlang.compiler.circuits.netlist import Netlist
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.types.types import IntType
from tests.support.netlist_rules import verify
from tests.support.netlist_values import apply


def _quotient(t: IntType, x: int, y: int) -> int:
    if y == 0:
        return -1
    size = abs(x) // abs(y)
    return size if (x < 0) == (y < 0) else -size


def _remainder(t: IntType, x: int, y: int) -> int:
    return x - y * _quotient(t, x, y) if y else x


_MEANING: dict[BinaryKind, Callable[[IntType, int, int], int]] = {
    BinaryKind.ADD: lambda t, x, y: x + y,
    BinaryKind.SUB: lambda t, x, y: x - y,
    BinaryKind.MUL: lambda t, x, y: x * y,
    BinaryKind.DIV: _quotient,
    BinaryKind.MOD: _remainder,
    BinaryKind.SHL: lambda t, x, y: x << y if y < t.width else 0,
    BinaryKind.SHR: lambda t, x, y: x >> min(y, t.width),
    BinaryKind.AND: lambda t, x, y: x & y,
    BinaryKind.OR: lambda t, x, y: x | y,
    BinaryKind.XOR: lambda t, x, y: x ^ y,
    BinaryKind.EQ: lambda t, x, y: x == y,
    BinaryKind.NE: lambda t, x, y: x != y,
    BinaryKind.LT: lambda t, x, y: x < y,
    BinaryKind.LE: lambda t, x, y: x <= y,
    BinaryKind.GT: lambda t, x, y: x > y,
    BinaryKind.GE: lambda t, x, y: x >= y,
    BinaryKind.MIN: lambda t, x, y: min(x, y),
    BinaryKind.MAX: lambda t, x, y: max(x, y),
}
SHIFTS = (BinaryKind.SHL, BinaryKind.SHR)


def expected(
    kind: BinaryKind,
    t: IntType,
    xs: Sequence[int],
    ys: Sequence[int],
    second: IntType | None = None,
) -> list[int]:
    """The results for pairs of unsigned patterns, as unsigned patterns."""
    meaning, mask = _MEANING[kind], (1 << t.width) - 1
    left = [t.wrap(x) for x in xs]
    right = list(ys) if kind in SHIFTS else [(second or t).wrap(y) for y in ys]
    return [meaning(t, x, y) & mask for x, y in zip(left, right, strict=True)]


def run(netlist: Netlist, *operands: Sequence[int]) -> list[int]:
    """Check that a netlist keeps the format's rules, and run it."""
    verify(netlist)
    return apply(netlist, *operands)


def edges(width: int) -> list[int]:
    """Patterns at which carries, signs and amounts change."""
    top = 1 << (width - 1)
    near = [0, 1, 2, 3, 5, 7, 8, 10, width - 1, width, width + 1, top - 1, top, top + 1]
    return sorted({v & (2 * top - 1) for v in [*near, -1, -2, -3, -7, -width, top // 2, top // 3]})


def pairs(width: int, second: int, count: int, seed: int) -> tuple[list[int], list[int]]:
    """All pairs of edge patterns, and random ones with operands of every length."""
    generator = random.Random(seed)
    both = [(x, y) for x in edges(width) for y in edges(second)]
    for _ in range(count):
        x = generator.getrandbits(width) >> generator.randrange(width)
        y = generator.getrandbits(second) >> generator.randrange(second)
        both.append((x, y))
    return [x for x, _ in both], [y for _, y in both]
