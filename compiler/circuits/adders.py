"""Sums: one AND a full adder [BPP00].

No circuit adds with fewer than w - 1 ANDs: the top bit of a sum modulo 2^w is a polynomial of
degree w, and k ANDs reach degree k + 1 at most [Sch88].

All take and return wires, least significant first; widths of two operands are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from .builder import FALSE, Builder, Wire


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

    With a carry that isn't known the cost is the same.
    """
    result = []
    for p, q in zip(x, y, strict=True):
        bit, carry = full_adder(b, p, q, carry)
        result.append(bit)
    return result


def subtract(b: Builder, x: Sequence[Wire], y: Sequence[Wire]) -> list[Wire]:
    """x - y modulo 2^w: w - 1 ANDs, depth w - 1."""
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
    """The sum of all wires, those of column k weighted 2^k, modulo 2^(number of columns).

    Full adders as long as three wires of a column are left, then a half adder: n wires of a
    column, carries from below counted, cost floor(n / 2) ANDs, and those of the last one nothing.
    The wires that are ready first are added first [Wal64, Dad65], which costs no AND and
    leaves little more depth than one ripple of carries.
    """
    result = []
    carries: list[Wire] = []
    for k, column in enumerate(columns):
        wires = [*column, *carries]
        if k == len(columns) - 1:
            bit = FALSE
            for wire in wires:
                bit = b.xor(bit, wire)
        else:
            bit, carries = _add_column(b, wires)
        result.append(bit)
    return result


def _add_column(b: Builder, wires: Sequence[Wire]) -> tuple[Wire, list[Wire]]:
    """The sum bit of a column and its carries."""
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
