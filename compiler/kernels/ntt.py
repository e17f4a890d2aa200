"""The negacyclic number-theoretic transform of N residues modulo a prime p, and its inverse.

The transform of a polynomial a, modulo X^N + 1, is the vector of its values a(ψ^(2·rev(i) + 1)),
where ψ is a primitive 2N-th root of unity and rev reverses the log₂ N bits of i. Products of
polynomials become products of the values. The forward transform is that of Cooley and Tukey, the
inverse that of Gentleman and Sande, both in place [LN16]; residues stay below 4p, and products with
powers of ψ below 2p [Har14].

Stages whose butterflies are t elements apart are run in pairs, on four registers of 16 lanes. The
last six, t = 32 … 1, are run together on 64 elements. The order of the results is the same on all
processors, since LLVM splits the lanes into registers that exist.

Tables, in words of 32 bits: `HEADER` words (p, N^−1 and its quotient), the N powers of ψ in the
order of use (word m + i for block i of the stage with m blocks), their quotients, then both for
ψ^−1 (`ntt_tables.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from .abi import I32, I64, POINTER
from .build import VOID, Kernel, Value, vector
from .modular import LANES, WORDS, Modulus, multiply_words, write_for_limbs

HEADER: Final = 16
SIZES: Final = (4096, 8192)
"""The supported N."""

_Pair = tuple[Value, Value]
_INNER: Final = (8, 4, 2, 1)
"""The stages whose butterflies lie within two registers."""


def _first_half(t: int) -> list[int]:
    """Return the elements, of 32, that come first in butterflies t apart."""
    return [e for e in range(2 * LANES) if not e // t % 2]


class _Transform:
    """Generates one direction of the transform; `backward` is the inverse."""

    def __init__(self, module: Any, size: int, *, backward: bool) -> None:
        self.name = f"ntt_{'inverse' if backward else 'forward'}{size}"
        parameters = (("values", POINTER), ("tables", POINTER))
        self.k = Kernel(module, f"{self.name}_limb", parameters, result=VOID, internal=True)
        self.size = size
        self.backward = backward
        self.modulus = Modulus(self.k, self._header(0))
        place = HEADER + (2 * size if backward else 0)
        self.powers = self.k["tables"].at(4 * place)
        self.quotients = self.powers.at(4 * size)

    def write(self) -> Kernel:
        """Write the kernel, for any number of limbs."""
        passes = list(self._passes())
        if self.backward:
            self._inner()
            passes.reverse()
        for number, distances in enumerate(passes):
            self._outer(distances, scaled=self.backward and number == len(passes) - 1)
        if not self.backward:
            self._inner()
        self.k.finish()
        strides = {"values": 4 * self.size, "tables": 4 * (HEADER + 4 * self.size)}
        return write_for_limbs(self.k, self.name, lambda k: strides)

    def _passes(self) -> Iterator[tuple[int, ...]]:
        """Yield the distances of the stages of each pass over registers that are far apart."""
        distances = []
        t = self.size // 2
        while t >= 4 * LANES:
            distances.append(t)
            t //= 2
        if len(distances) % 2:
            yield (distances.pop(0),)
        for at in range(0, len(distances), 2):
            yield tuple(distances[at : at + 2])

    def _outer(self, distances: tuple[int, ...], *, scaled: bool) -> None:
        """Write one or two stages on registers that lie `distances[-1]` elements apart."""
        k, blocks, step = self.k, self.size // (2 * distances[0]), distances[-1]
        count = 2 * len(distances)
        scale = [k.splat(self._header(word), LANES) for word in (1, 2)] if scaled else None
        with k.loop(0, k.i64(blocks)) as block:
            powers = self._block_powers(block, blocks, len(distances))
            base = k["values"].at(block * (8 * distances[0]))
            with k.loop(0, k.i64(step), LANES) as at:
                places = [base.at((at << 2) + 4 * step * i) for i in range(count)]
                values = [k.load(place, WORDS) for place in places]
                self._stages(values, powers)
                for value, place in zip(values, places, strict=True):
                    if scale is not None:
                        value = self.modulus.below(self.modulus.times(value, *scale))
                    k.store(value, place)

    def _inner(self) -> None:
        """Write the six stages within 64 elements."""
        k, blocks = self.k, self.size // (4 * LANES)
        with k.loop(0, k.i64(blocks)) as block:
            places = [k["values"].at((block << 8) + 4 * LANES * i) for i in range(4)]
            values = [k.load(place, WORDS) for place in places]
            if self.backward:
                self._inner_halves(block, values)
            self._stages(values, self._block_powers(block, blocks, 2))
            if not self.backward:
                self._inner_halves(block, values)
            for value, place in zip(values, places, strict=True):
                k.store(value if self.backward else self.modulus.reduced(value), place)

    def _block_powers(self, block: Value, blocks: int, stages: int) -> list[list[_Pair]]:
        """Return the powers of a block and its halves, stage by stage, in all lanes."""
        found = []
        for stage in range(stages):
            first = (block << stage) + (blocks << stage)
            found.append([self._power(first + part, 1, [0] * LANES) for part in range(1 << stage)])
        return found

    def _stages(self, values: list[Value], powers: Sequence[Sequence[_Pair]]) -> None:
        """Run one stage on two registers, or two stages on four."""
        order = list(enumerate(powers))
        for stage, parts in reversed(order) if self.backward else order:
            distance = len(values) >> (stage + 1)
            for part, power in enumerate(parts):
                for i in range(2 * distance * part, 2 * distance * part + distance):
                    j = i + distance
                    values[i], values[j] = self._butterfly(values[i], values[j], power)

    def _inner_halves(self, block: Value, values: list[Value]) -> None:
        """Run the stages on two registers, for both pairs of registers."""
        together = list(range(2 * LANES))
        for half in (0, 1):
            pair, order = (values[2 * half], values[2 * half + 1]), together
            for t in reversed(_INNER) if self.backward else _INNER:
                first = _first_half(t)
                wanted = first + [e + t for e in first]
                pair, order = _arranged(pair, order, wanted), wanted
                count = LANES // t
                number = ((block << 1) + half) * count + self.size // (2 * t)
                power = self._power(number, count, [e // (2 * t) for e in first])
                pair = self._butterfly(*pair, power)
            values[2 * half], values[2 * half + 1] = _arranged(pair, order, together)

    def _butterfly(self, x: Value, y: Value, power: _Pair) -> _Pair:
        m = self.modulus
        if self.backward:
            return m.below_twice(x + y), m.times(x - y + m.twice, *power)
        x, y = m.below_twice(x), m.times(y, *power)
        return x + y, x - y + m.twice

    def _power(self, number: Value, count: int, lanes: Sequence[int]) -> _Pair:
        """Return `count` powers from `number` on, spread over lanes, and their quotients."""
        type = vector(I32, count) if count > 1 else I32
        spread = []
        for table in (self.powers, self.quotients):
            found = self.k.load(table.at(number << 2), type, align=4)
            spread.append(found.shuffle(lanes) if count > 1 else self.k.splat(found, LANES))
        return spread[0], spread[1]

    def _header(self, word: int) -> Value:
        return self.k.load(self.k["tables"].at(4 * word), I32)


def _arranged(pair: _Pair, order: Sequence[int], wanted: Sequence[int]) -> _Pair:
    """Return two registers whose lanes hold the elements `order`, rearranged to `wanted`."""
    places = [order.index(e) for e in wanted]
    first, second = pair
    return first.shuffle(places[:LANES], second), first.shuffle(places[LANES:], second)


def write_transforms(module: Any, size: int) -> None:
    """Write `ntt_forward{N}(values*, tables*, count)` and `ntt_inverse{N}(…)`.

    Values [count][N] are words below the primes, and stay so; `tables` are those of the primes.
    """
    _Transform(module, size, backward=False).write()
    _Transform(module, size, backward=True).write()


def write_multiply_add(module: Any) -> Kernel:
    """Write `ntt_multiply_add(out*, a*, b*, constants*, n, terms, a_stride, b_stride, count)`.

    out[l][i] += Σ_t a[t][l][i]·b[t][l][i]·2^−32 modulo p_l, for residues of `count` primes; strides
    of terms are in bytes. Constants are the words p and p^−1 modulo 2^32 of each prime. Four
    products at a time are reduced once.
    """
    sizes = [(name, I64) for name in ("n", "terms", "a_stride", "b_stride")]
    pointers = [(name, POINTER) for name in ("out", "a", "b", "constants")]
    k = Kernel(module, "multiply_add_limb", (*pointers, *sizes), result=VOID, internal=True)
    modulus = Modulus(k, k.load(k["constants"], I32))
    inverse = k.splat(k.load(k["constants"].at(4), I32), LANES)
    whole = k["terms"] & -_TERMS

    def add(term: Value, count: int) -> None:
        with k.loop(0, k["n"], LANES) as at:
            sums = _sum_of_products(k, term, at << 2, count)
            place = k["out"].at(at << 2)
            total = k.load(place, WORDS) + modulus.montgomery(sums, inverse)
            k.store(modulus.reduced(total), place)

    with k.loop(0, whole, _TERMS) as term:
        add(term, _TERMS)
    for count in range(1, _TERMS):
        with k.when((k["terms"] - whole).equals(count)):
            add(whole, count)
    k.finish()

    def strides(k: Kernel) -> dict[str, Value | int]:
        residues = k["n"] << 2
        return {"out": residues, "a": residues, "b": residues, "constants": 8}

    return write_for_limbs(k, "ntt_multiply_add", strides)


_TERMS: Final = 4
"""The number of products whose sum is less than 2^32·p."""


def _sum_of_products(k: Kernel, term: Value, at: Value, count: int) -> list[Value]:
    sums: list[Value] = []
    for i in range(count):
        a, b = (k.load(k[name].at((term + i) * k[f"{name}_stride"]).at(at), WORDS) for name in "ab")
        even, odd = multiply_words(a, b)
        sums = [sums[0] + even, sums[1] + odd] if sums else [even, odd]
    return sums
