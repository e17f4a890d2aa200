"""Quotients and remainders: non-restoring division [BGN46], restricted to the bits that matter.

Step i, from 1 to w, brings down the next bit of the dividend, and adds or subtracts the divisor,
depending on whether the remainder of the previous step is negative. Changing the sign of the
divisor is an XOR, so a step costs an adder and no multiplexer, while restoring division needs both.

Before step i fewer than i bits have been brought down. So its quotient bit is 0 unless the divisor
is below 2^i. If it is, i + 1 bits hold the remainder with its sign: the adder of step i has i ANDs,
and one more AND examines the divisor's bits from i on. The remainder modulo 2^(i + 1) is correct in
either case. In all, an unsigned quotient takes w^2 / 2 + 5w / 2 - 3 ANDs.

A zero divisor is below every 2^i and never makes the remainder negative: the quotient is all ones
and the remainder is the dividend, as the language defines them, like RISC-V.
"""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.records import dataclass

from .adders import add, negate_if
from .builder import FALSE, TRUE, Builder, Wire, known_value
from .carries import suffixes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Divisor:
    """|y| = bits + sign, without negating y: bits = y ^ sign. `nonzero`: y is known not to be 0."""

    bits: Sequence[Wire]
    sign: Wire
    nonzero: bool


def divide(b: Builder, x: Sequence[Wire], y: Sequence[Wire], *, signed: bool) -> list[Wire]:
    """x / y, truncated toward zero; all ones where y is 0; the least int divided by -1 is itself.

    Unsigned: w^2 / 2 + 5w / 2 - 3 ANDs. Signed: 2w - 3 more, for |x| and the quotient's sign.
    A constant divisor below 2^n costs about n (w - n), a power of two w - 1 or nothing.
    """
    shift = _power_of_two(y, signed=signed)
    if shift is not None:
        quotient = _divide_by_power(b, x, shift, signed=signed)
        return negate_if(b, y[-1], quotient) if signed else quotient
    if not signed:
        return _divide(b, x, _Divisor(bits=y, sign=FALSE, nonzero=bool(known_value(y))))[0]
    quotient, _ = _divide(b, negate_if(b, x[-1], x), _signed_divisor(b, y))
    # The top bit is 1 if y is 0, when nothing may be negated, or if the quotient is 2^(w - 1),
    # which is its own negative.
    negative = b.conjunction(b.xor(x[-1], y[-1]), quotient[-1] ^ 1)
    return negate_if(b, negative, quotient)


def remainder(b: Builder, x: Sequence[Wire], y: Sequence[Wire], *, signed: bool) -> list[Wire]:
    """x - y * (x / y): as large as |y| allows, with the sign of x; x where y is 0.

    Costs 2w - 1 ANDs more than the unsigned quotient, 4w - 5 if signed.
    """
    shift = _power_of_two(y, signed=signed)
    if shift is not None:
        return _remainder_by_power(b, x, shift, signed=signed)
    if not signed:
        return _divide(b, x, _Divisor(bits=y, sign=FALSE, nonzero=bool(known_value(y))))[1]
    _, rest = _divide(b, negate_if(b, x[-1], x), _signed_divisor(b, y))
    return negate_if(b, x[-1], rest)


def _signed_divisor(b: Builder, y: Sequence[Wire]) -> _Divisor:
    bits = [b.xor(wire, y[-1]) for wire in y]
    return _Divisor(bits=bits, sign=y[-1], nonzero=bool(known_value(y)))


def _divide(b: Builder, x: Sequence[Wire], y: _Divisor) -> tuple[list[Wire], list[Wire]]:
    """x / |y| and x % |y| for an unsigned x."""
    width = len(x)
    bits = list(y.bits)
    while bits and bits[-1] == FALSE:
        bits.pop()
    # y| is at most 2^limit, and so is the remainder unless y is zero.
    limit = len(bits) if y.nonzero else width
    above = _suffixes(b, bits)
    rest, subtracting = [FALSE], TRUE
    quotient: list[Wire] = []
    for i in range(1, width + 1):
        rest = [x[width - i], *rest]
        too_large = above[i] if i < len(above) else FALSE
        if too_large == TRUE:
            quotient.append(FALSE)
            continue
        rest = rest[: min(i, limit) + 1]
        addend = [*bits, *[FALSE] * (width + 1)][: len(rest)]
        flipped = [b.xor(wire, subtracting) for wire in addend]
        rest = add(b, rest, flipped, b.xor(y.sign, subtracting))
        subtracting = b.conjunction(rest[-1] ^ 1, too_large ^ 1)
        quotient.append(subtracting)
    addend = [b.conjunction(wire, subtracting ^ 1) for wire in [*bits, *[FALSE] * width][:width]]
    padded = [*rest, *[FALSE] * width][:width]
    restored = add(b, padded, addend, b.conjunction(y.sign, subtracting ^ 1))
    if y.nonzero:
        restored[limit:] = [FALSE] * (width - limit)
    return quotient[::-1], restored


def _suffixes(b: Builder, bits: Sequence[Wire]) -> list[Wire]:
    """For each i, whether any of bits[i:] is set."""
    if b.shallow:
        return suffixes(b, bits)
    result = [FALSE] * (len(bits) + 1)
    for i in reversed(range(len(bits))):
        result[i] = b.disjunction(bits[i], result[i + 1])
    return result


def _power_of_two(y: Sequence[Wire], *, signed: bool) -> int | None:
    """k if y is known to be 2^k, or -2^k if signed; else None."""
    value = known_value(y)
    if value is None:
        return None
    if signed and y[-1]:
        value = (1 << len(y)) - value
    return value.bit_length() - 1 if value and value & (value - 1) == 0 else None


def _low_part(b: Builder, x: Sequence[Wire], shift: int) -> Wire:
    """Whether x is negative and not a multiple of 2^shift: shift ANDs."""
    return b.conjunction(b.any_of(x[:shift]), x[-1])


def _divide_by_power(b: Builder, x: Sequence[Wire], shift: int, *, signed: bool) -> list[Wire]:
    """x / 2^shift: x >> shift, plus one if a negative x was rounded down."""
    if not signed:
        return [*x[shift:], *[FALSE] * shift]
    high = x[shift:]
    rounded = add(b, high, [FALSE] * len(high), _low_part(b, x, shift))
    return [*rounded, *[rounded[-1]] * shift]


def _remainder_by_power(b: Builder, x: Sequence[Wire], shift: int, *, signed: bool) -> list[Wire]:
    """x % 2^shift: the low bits, with ones above them if x is negative and they aren't zero."""
    fill = _low_part(b, x, shift) if signed else FALSE
    return [*x[:shift], *[fill] * (len(x) - shift)]
