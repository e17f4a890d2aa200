"""Shifts by an amount that isn't known when the circuit is built: barrel shifters.

The amount is an unsigned number of any width; from w on every bit is shifted out. There is one
stage of w multiplexers for each of the k = ceil(log2 w) low bits of the amount. The high bits take
effect in the last stage, where half of the results come from outside anyway.
"""

from __future__ import annotations

from collections.abc import Sequence

from .builder import FALSE, Builder, Wire


def shift_left(b: Builder, x: Sequence[Wire], amount: Sequence[Wire]) -> list[Wire]:
    """x << amount modulo 2^w, 0 if amount ≥ w.

    At most kw ANDs for the stages, and w/2 + 1 + (amount's width - k - 1) if the amount can be 2^k
    or more. The depth is at most about k + 1, as the high bits are combined in parallel.
    """
    stages = (len(x) - 1).bit_length()
    low = [*amount[:stages], *[FALSE] * (stages - len(amount))]
    fits = b.any_of(amount[stages:]) ^ 1
    wires = list(x)
    for k, bit in enumerate(low):
        step = 1 << k
        last = k == stages - 1
        keep = b.conjunction(bit ^ 1, fits) if last else bit ^ 1
        moved = [b.mux(bit, p, q) for p, q in zip(wires, wires[step:], strict=False)]
        wires = [b.conjunction(wire, keep) for wire in wires[:step]]
        wires += [b.conjunction(wire, fits) for wire in moved] if last else moved
    return wires


def shift_right(
    b: Builder, x: Sequence[Wire], amount: Sequence[Wire], *, signed: bool
) -> list[Wire]:
    """x >> amount; zeros, or copies of the sign if signed, are shifted in.

    The cost is that of `shift_left`, mirrored; it works on x ^ sign if signed.
    """
    sign = x[-1] if signed else FALSE
    flipped = [b.xor(wire, sign) for wire in reversed(x)]
    return [b.xor(wire, sign) for wire in reversed(shift_left(b, flipped, amount))]
