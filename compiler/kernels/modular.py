"""Arithmetic modulo primes below 2^30 on sixteen lanes of 32 bits.

Sums of four residues fit in 32 bits. A product with a constant w uses its quotient ⌊w·2^32/p⌋ and
leaves a number below 2p, for any factor of 32 bits [Har14]. Sums of products of two variables are
reduced as Montgomery does [Mon85]: they lose a factor of 2^32, which the second factor must have.

Nothing here branches on data or uses it as an address; multiplications of 32-bit words take the
same time for all operands on the processors that we compile for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from .abi import I32, I64
from .build import VOID, Kernel, Value, vector

LANES: Final = 16
WORDS: Final[Any] = vector(I32, LANES)
DOUBLES: Final[Any] = vector(I64, LANES // 2)

_ODD: Final = [part for i in range(1, LANES, 2) for part in (i, LANES + i)]


def halves(value: Value) -> tuple[Value, Value]:
    """Return the words of even lanes, and of odd lanes, as 64-bit numbers."""
    doubles = value.cast(DOUBLES)
    return doubles & 0xFFFFFFFF, doubles >> 32


def upper_words(even: Value, odd: Value) -> Value:
    """Return the upper words of 64-bit numbers, those of even and of odd lanes in turn."""
    return even.cast(WORDS).shuffle(_ODD, odd.cast(WORDS))


def multiply_words(a: Value, b: Value) -> tuple[Value, Value]:
    """Return the 64-bit products of two vectors of words: of even lanes, and of odd lanes."""
    (a0, a1), (b0, b1) = halves(a), halves(b)
    return a0 * b0, a1 * b1


class Modulus:
    """A prime p in all lanes."""

    def __init__(self, k: Kernel, prime: Value) -> None:
        self.k = k
        self.p = k.splat(prime, LANES)
        self.twice = self.p + self.p

    def times(self, x: Value, w: Value, quotient: Value) -> Value:
        """Return x·w below 2p, for any x, and w < p with its quotient."""
        return x * w - upper_words(*multiply_words(x, quotient)) * self.p

    def below_twice(self, x: Value) -> Value:
        """Return x < 4p reduced to less than 2p."""
        return self._smaller(x, x - self.twice)

    def below(self, x: Value) -> Value:
        """Return x < 2p reduced to less than p."""
        return self._smaller(x, x - self.p)

    def reduced(self, x: Value) -> Value:
        """Return x < 4p reduced to less than p."""
        return self.below(self.below_twice(x))

    def montgomery(self, sums: Sequence[Value], inverse: Value) -> Value:
        """Return T·2^−32 below 2p of 64-bit sums T < 2^32·p of even and of odd lanes.

        `inverse` is p^−1 modulo 2^32 in all lanes.
        """
        (p, _), (factor, _) = halves(self.p), halves(inverse)
        # T and m·p agree in their low words, so the upper words of T − m·p are those of T and m·p.
        removed = [((total & 0xFFFFFFFF) * factor & 0xFFFFFFFF) * p for total in sums]
        return upper_words(*sums) - upper_words(*removed) + self.p

    def _smaller(self, a: Value, b: Value) -> Value:
        return self.k.intrinsic("llvm.umin.v16i32", WORDS, a, b)


def write_for_limbs(
    one: Kernel, name: str, strides: Callable[[Kernel], Mapping[str, Value | int]]
) -> Kernel:
    """Write `name(…, count)`, which calls a kernel for `count` limbs one after the other.

    `strides` gives the bytes between the limbs of each pointer that has any.
    """
    parameters = [(label, value.type) for label, value in one.parameters.items()]
    k = Kernel(one.module, name, (*parameters, ("count", I64)), result=VOID)
    moved = strides(k)
    with k.loop(0, k["count"]) as limb:
        arguments = [
            k[label].at(limb * moved[label]) if label in moved else k[label]
            for label, _ in parameters
        ]
        k.call(one, *arguments)
    k.finish()
    return k
