"""Sums, with one AND for each full adder [BPP00].

No circuit adds with fewer than w - 1 ANDs: the top bit of a sum modulo 2^w is a polynomial of
degree w, and k ANDs reach at most degree k + 1 [Sch88].

All functions take and return wires, least significant first; two operands have equal widths. The
stated costs are those of builders that aren't shallow; shallow ones add with `carries.prefix_add`.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from ezlang.diagnostics.diagnostic import CompilerBug

from .builder import FALSE, TRUE, Builder, Wire
from .carries import prefix_add


def full_adder(b: Builder, x: Wire, y: Wire, carry: Wire) -> tuple[Wire, Wire]:
    """x + y + carry as (sum, carry): one AND."""
    other = b.xor(y, carry)
    high = b.xor(b.conjunction(b.xor(x, carry), other), carry)
    return b.xor(x, other), high


def full_subtractor(b: Builder, x: Wire, y: Wire, borrow: Wire) -> tuple[Wire, Wire]:
    """x - y - borrow as (difference, borrow): one AND, and no inverter."""
    other = b.xor(y, borrow)
    high = b.xor(b.conjunction(b.xor(x, borrow), other), y)
    return b.xor(x, other), high


def add(b: Builder, x: Sequence[Wire], y: Sequence[Wire], carry: Wire = FALSE) -> list[Wire]:
    """x + y + carry modulo 2^w: w - 1 ANDs (the last carry is dropped), depth w - 1.

    An unknown carry does not change the cost.
    """
    if b.shallow:
        return prefix_add(b, x, y, carry)
    result = []
    for p, q in zip(x, y, strict=True):
        bit, carry = full_adder(b, p, q, carry)
        result.append(bit)
    return result


def subtract(b: Builder, x: Sequence[Wire], y: Sequence[Wire]) -> list[Wire]:
    """x - y modulo 2^w: w - 1 ANDs, depth w - 1."""
    if b.shallow:
        return prefix_add(b, x, [wire ^ 1 for wire in y], TRUE)
    borrow = FALSE
    result = []
    for p, q in zip(x, y, strict=True):
        bit, borrow = full_subtractor(b, p, q, borrow)
        result.append(bit)
    return result


def negate(b: Builder, x: Sequence[Wire]) -> list[Wire]:
    """-x modulo 2^w: w - 2 ANDs, depth w - 2."""
    return subtract(b, [FALSE] * len(x), x)


def negate_if(b: Builder, condition: Wire, x: Sequence[Wire]) -> list[Wire]:
    """-x where the condition is true, otherwise x: (x ^ c) + c, w - 1 ANDs, depth w - 1."""
    if b.shallow:
        flipped_wires = [b.xor(wire, condition) for wire in x]
        return prefix_add(b, flipped_wires, [FALSE] * len(x), condition)
    carry = condition
    result = []
    for wire in x:
        flipped = b.xor(wire, condition)
        result.append(b.xor(flipped, carry))
        carry = b.conjunction(flipped, carry)
    return result


def absolute(b: Builder, x: Sequence[Wire]) -> list[Wire]:
    """|x| of a signed x, wrapping at the least one: w - 1 ANDs, depth w - 1."""
    return negate_if(b, x[-1], x)


def add_columns(b: Builder, columns: Sequence[Sequence[Wire]]) -> list[Wire]:
    """The sum of all wires, where those of column k have weight 2^k, modulo 2^(number of columns).

    Each column uses full adders as long as three wires are left, then a half adder: n wires of a
    column, including carries from below, cost floor(n / 2) ANDs; the last column is free. Wires are
    added in the order in which they become ready [Wal64, Dad65], which costs no AND and gives
    little more depth than one carry ripple. In a shallow builder, columns are only reduced to two
    wires each, which `prefix_add` adds.
    """
    if b.shallow:
        return _add_rows(b, [list(column) for column in columns])
    result = []
    carries: list[Wire] = []
    for k, column in enumerate(columns):
        wires = [*column, *carries]
        if k == len(columns) - 1:
            bit = FALSE
            for wire in wires:
                bit = b.xor(bit, wire)
        else:
            bit, carries = add_column(b, wires)
        result.append(bit)
    return result


def _add_rows(b: Builder, columns: list[list[Wire]]) -> list[Wire]:
    """The same in logarithmic depth: layers of adders make columns 1.5 times lower [Dad65]."""
    heights = [2]
    while heights[-1] < max(map(len, columns), default=0):
        heights.append(heights[-1] * 3 // 2)
    for height in reversed(heights):
        carries: list[Wire] = []
        lower: list[list[Wire]] = []
        for column in columns:
            wires = sorted(column, key=b.level, reverse=True)
            made: list[Wire] = []
            incoming, carries = carries, []
            while len(wires) + len(made) + len(incoming) > height and len(wires) > 1:
                whole = len(wires) + len(made) + len(incoming) > height + 1 and len(wires) > 2
                third = wires.pop() if whole else FALSE
                bit, carry = full_adder(b, wires.pop(), wires.pop(), third)
                made.append(bit)
                carries.append(carry)
            lower.append([wire for wire in (*wires, *made, *incoming) if wire != FALSE])
        columns = lower
    if any(len(column) > 2 for column in columns):
        raise CompilerBug("a column of an addition is left with more than two wires")
    rows = [[*column, FALSE, FALSE][:2] for column in columns]
    return prefix_add(b, [row[0] for row in rows], [row[1] for row in rows])


def add_column(b: Builder, wires: Sequence[Wire]) -> tuple[Wire, list[Wire]]:
    """The sum bit of a column and its carries, with the fewest ANDs: n wires take floor(n / 2)."""
    carries = []
    free = [wire for wire in wires if b.is_public(wire)]
    while len(free) > 1:
        third = free.pop() if len(free) > 2 else FALSE
        bit, carry = full_adder(b, free.pop(), free.pop(), third)
        free.append(bit)
        carries.append(carry)
    queue = [(b.level(wire), wire) for wire in wires if not b.is_public(wire)]
    heapify(queue)
    while len(queue) > 2:
        first, second, third = heappop(queue)[1], heappop(queue)[1], heappop(queue)[1]
        bit, carry = full_adder(b, third, second, first)
        heappush(queue, (b.level(bit), bit))
        carries.append(carry)
    last = [wire for _, wire in queue] + free
    if not last:
        return FALSE, carries
    first, second, third = [*last, FALSE, FALSE][:3]
    bit, carry = full_adder(b, first, second, third)
    carries.append(carry)
    return bit, [wire for wire in carries if wire != FALSE]
