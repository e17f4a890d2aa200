"""Circuits of logarithmic depth, for protocols in which every AND layer is a round.

Carries are a prefix sum of (generate, propagate) pairs [Skl60]: for w bits, ceil(log2(w - 1))
layers after the first, each with at most two ANDs for half of the positions. `shallow` builders use
these circuits for sums, comparisons and everything that is built from them.
"""

from __future__ import annotations

from collections.abc import Sequence

from .builder import FALSE, Builder, Wire


def prefix_add(b: Builder, x: Sequence[Wire], y: Sequence[Wire], carry: Wire = FALSE) -> list[Wire]:
    """x + y + carry modulo 2^w: depth 1 + ceil(log2(w - 1)), about w·log2(w) ANDs.

    An unknown carry adds one position, both of whose bits are the carry.
    """
    if carry != FALSE:
        return _prefix_add(b, [carry, *x], [carry, *y])[1:]
    return _prefix_add(b, x, y)


def _prefix_add(b: Builder, x: Sequence[Wire], y: Sequence[Wire]) -> list[Wire]:
    half = [b.xor(p, q) for p, q in zip(x, y, strict=True)]
    generate = [b.conjunction(p, q) for p, q in zip(x[:-1], y[:-1], strict=True)]
    propagate = half[:-1]
    step = 1
    while step < len(generate):
        for i in range(len(generate)):
            if i & step:
                # The prefix up to the last position of the preceding block of `step` positions.
                low = (i & -step) - 1
                carried = b.conjunction(propagate[i], generate[low])
                generate[i] = b.xor(generate[i], carried)
                propagate[i] = b.conjunction(propagate[i], propagate[low])
        step *= 2
    return [half[0], *(b.xor(h, g) for h, g in zip(half[1:], generate, strict=True))]


def prefix_less_than(b: Builder, x: Sequence[Wire], y: Sequence[Wire]) -> Wire:
    """x < y, unsigned: a tree of (less, equal); depth 1 + ceil(log2 w), 3w - ceil(log2 w) - 2 ANDs.

    less = less_high ^ equal_high·less_low and equal = equal_high·equal_low; the equality of the
    lowest part isn't needed.
    """
    less = [b.conjunction(p ^ 1, q) for p, q in zip(x, y, strict=True)]
    equal = [b.xor(p, q) ^ 1 for p, q in zip(x, y, strict=True)]
    while len(less) > 1:
        rest = slice(len(less) // 2 * 2, None)
        highs = range(1, len(less), 2)
        joined = [b.xor(less[i], b.conjunction(equal[i], less[i - 1])) for i in highs]
        same = [b.conjunction(equal[i], equal[i - 1]) if i > 1 else FALSE for i in highs]
        less, equal = joined + less[rest], same + equal[rest]
    return less[0]


def suffixes(b: Builder, bits: Sequence[Wire]) -> list[Wire]:
    """For each i, whether any of bits[i:] is set: depth ceil(log2 n), about n/2·log2 n ANDs."""
    found = list(bits)
    step = 1
    while step < len(found):
        found = [
            b.disjunction(found[i], found[i + step]) if i + step < len(found) else found[i]
            for i in range(len(found))
        ]
        step *= 2
    return [*found, FALSE]
