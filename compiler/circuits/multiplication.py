"""Products modulo 2^w, without partial products.

A partial product is an AND, but twice a partial product is linear: 2 x_i y_j = x_i + y_j - (x_i ^
y_j). Summed over all i and j with weight 2^(i + j),

    2 x y = (2^w - 1) (x + y) - sum of (x_i ^ y_j) 2^(i + j),

so that only the additions cost ANDs, about w^2 / 2 in all, half of those of the schoolbook method
(w^2 - w + 1). It is the multiplier of controlled add-subtract rows, known for Toffoli gates
[Lit24], with rows and columns treated alike. Karatsuba's method [KO62] doesn't pay off: three
half-size products and their combination take more than 2142 ANDs at 64 bits.
"""

from __future__ import annotations

from collections.abc import Sequence

from .adders import add, add_columns, subtract
from .builder import FALSE, TRUE, Builder, Wire, constant_wires, known_value


def multiply(b: Builder, x: Sequence[Wire], y: Sequence[Wire]) -> list[Wire]:
    """x * y modulo 2^w.

    Two secret operands: w^2 / 2 + 3w / 2 - 2 ANDs; `square`, `multiply_by_constant` and
    `multiply_by_public` state the costs of the other cases.
    """
    for p, q in ((x, y), (y, x)):
        if b.shallow and all(b.is_public(wire) for wire in q):
            return _multiply_in_columns(b, p, q)
        constant = known_value(q)
        if constant is not None:
            return multiply_by_constant(b, p, constant)
    if list(x) == list(y):
        return square(b, x)
    for p, q in ((x, y), (y, x)):
        if all(b.is_public(wire) for wire in q):
            return multiply_by_public(b, p, q)
    return _multiply_secret(b, x, y)


def _multiply_in_columns(b: Builder, x: Sequence[Wire], y: Sequence[Wire]) -> list[Wire]:
    """x * y for a known or public y, whose partial products are free: one sum of all of them."""
    return add_columns(
        b, [[b.conjunction(x[i], y[k - i]) for i in range(k + 1)] for k in range(len(x))]
    )


def _multiply_secret(b: Builder, x: Sequence[Wire], y: Sequence[Wire]) -> list[Wire]:
    """2 x y modulo 2^(w + 1) by the formula above, then halved."""
    width = len(x)
    negative: list[list[Wire]] = [[] for _ in range(width + 1)]
    for k in range(width):
        negative[k] = [x[k], y[k], *(b.xor(x[i], y[k - i]) for i in range(k + 1))]
    # Column w: 2^w (x + y) and x_i ^ y_(w - i) leave every bit of x and y once, modulo 2.
    negative[width] = [*x, *y]
    return _minus(b, negative)[1:]


def square(b: Builder, x: Sequence[Wire]) -> list[Wire]:
    """x * x modulo 2^w: about w^2 / 4 + w / 2 ANDs.

    The same formula on the pairs i < j, each of which counts twice, leaves
    x^2 = -x - sum of (x_i ^ x_j) 2^(i + j) modulo 2^w.
    """
    negative = [
        [x[k], *(b.xor(x[i], x[k - i]) for i in range((k + 1) // 2))] for k in range(len(x))
    ]
    return _minus(b, negative)


def _minus(b: Builder, columns: Sequence[Sequence[Wire]]) -> list[Wire]:
    """Minus the sum of all wires, weighted by column: -v = !v - 1 for each, ones combined."""
    total = -sum(len(column) << k for k, column in enumerate(columns))
    ones = constant_wires(total, len(columns))
    return add_columns(
        b,
        [
            [*(w ^ 1 for w in column), *[TRUE] * one]
            for column, one in zip(columns, ones, strict=True)
        ],
    )


def multiply_by_constant(b: Builder, x: Sequence[Wire], constant: int) -> list[Wire]:
    """x * constant modulo 2^w: w - 1 - i ANDs for each of `signed_digits` ±2^i except one."""
    width = len(x)
    digits = signed_digits(constant, width)
    first = digits.index(1) if 1 in digits else width
    result = _shifted(x, first)
    for i, digit in enumerate(digits):
        if digit and i != first:
            result = (add if digit > 0 else subtract)(b, result, _shifted(x, i))
    return result


def _shifted(x: Sequence[Wire], by: int) -> list[Wire]:
    return ([FALSE] * by + list(x))[: len(x)]


def signed_digits(constant: int, width: int) -> list[int]:
    """The cheapest digits -1, 0 and 1 of a constant modulo 2^width, least significant first.

    A digit 1 or -1 at i is an adder of w - 1 - i ANDs, except for the first 1, which the others are
    added to. A search over the two possible carries finds digits that are never more expensive than
    the non-adjacent form [Rei60] or plain binary.
    """
    # (carry, whether there was a 1) -> (cost, digits so far)
    best: dict[tuple[int, bool], tuple[int, tuple[int, ...]]] = {(0, False): (0, ())}
    for i in range(width):
        found: dict[tuple[int, bool], tuple[int, tuple[int, ...]]] = {}
        for (carry, based), (cost, digits) in best.items():
            rest = (constant >> i & 1) + carry
            for digit in (1, -1) if rest == 1 else (0,):
                base = digit == 1 and not based
                state = ((rest - digit) // 2, based or base)
                price = cost + (width - 1 - i if digit and not base else 0)
                if state not in found or price < found[state][0]:
                    found[state] = (price, (*digits, digit))
        best = found
    return list(min(best.values())[1])


def multiply_by_public(b: Builder, x: Sequence[Wire], y: Sequence[Wire]) -> list[Wire]:
    """x * y modulo 2^w, where everyone knows y when the circuit runs.

    Booth's recoding [Boo51, Mac61] in radix 2^r: y becomes digits between -2^(r - 1) and 2^(r - 1).
    Selecting ±digit * x is free, and only the additions cost ANDs: about w^2 / 2r, plus w - 1 for
    each odd multiple of x from 3 to 2^(r - 1). The cheapest r is used.
    """
    width = len(x)
    radix = min((2, 3, 4), key=lambda r: _booth_cost(width, r))
    multiples = _multiples(b, x, 1 << (radix - 1))
    ones = list(y[: radix - 1])
    result = _pick(b, multiples, ones, FALSE, FALSE)
    transfer, low = FALSE, radix - 1
    while low < width:
        digit = [y[min(low + i, width - 1)] for i in range(radix)]
        sign = digit.pop()
        row = _pick(b, multiples, [b.xor(bit, sign) for bit in digit], b.xor(transfer, sign), sign)
        result[low:] = add(b, result[low:], row[: width - low], sign)
        transfer, low = sign, low + radix
    return result


def _booth_cost(width: int, radix: int) -> int:
    """The ANDs of `multiply_by_public` in radix 2^radix."""
    odd = (1 << (radix - 2)) - 1
    return odd * (width - 1) + sum(width - 1 - low for low in range(radix - 1, width, radix))


def _multiples(b: Builder, x: Sequence[Wire], most: int) -> list[list[Wire]]:
    """x times 1, 2, …, most."""
    return [multiply_by_constant(b, x, m) for m in range(1, most + 1)]


def _pick(
    b: Builder, multiples: Sequence[Sequence[Wire]], bits: Sequence[Wire], one: Wire, sign: Wire
) -> list[Wire]:
    """The multiple number (bits + one), zeros for number 0, inverted if sign is true.

    bits, one and sign are public, so this is free.
    """
    decoded = [TRUE]
    for bit in bits:
        decoded = [b.conjunction(d, bit ^ 1) for d in decoded] + [
            b.conjunction(d, bit) for d in decoded
        ]
    decoded.append(FALSE)
    row = [sign] * len(multiples[0])
    for number, multiple in enumerate(multiples, start=1):
        chosen = b.mux(one, decoded[number - 1], decoded[number])
        row = [b.xor(p, b.conjunction(q, chosen)) for p, q in zip(row, multiple, strict=True)]
    return row
