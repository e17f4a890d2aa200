"""The negacyclic number-theoretic transform of N residues modulo a prime p, and its inverse.

The transform of a polynomial a, modulo X^N + 1, is the vector of its values a(ψ^(2·rev(i) + 1)),
where ψ is a primitive 2N-th root of unity and rev reverses the log₂ N bits of i. Products of
polynomials become products of the values. The forward transform is that of Cooley and Tukey, the
inverse that of Gentleman and Sande, both in place [LN16]; residues stay below 4p, and products with
powers of ψ below 2p [Har14].

Stages whose butterflies are t elements apart are run in pairs, on four registers of 16 lanes. The
last six, t = 32 … 1, are run together on 64 elements. Results stay in their last arrangement. It is
the same on all processors, since LLVM splits the lanes into registers that exist.

Tables, in words of 32 bits: `HEADER` words (p, N^−1 and its quotient), the N powers of ψ in the
order of use (word m + i for block i of the stage with m blocks), their quotients, then both for
ψ^−1 (`ntt_tables.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from .abi import I32, POINTER
from .build import VOID, Kernel, Value, vector
from .modular import LANES, WORDS, Modulus, write_for_limbs

HEADER: Final = 16
SIZES: Final = (4096, 8192)
"""The supported N."""

_Pair = tuple[Value, Value]
_NATURAL: Final = (16, 8, 4, 2, 1)
FORWARD: Final = (_NATURAL, (8, 16, 4, 2, 1), (4, 8, 16, 2, 1), (2, 8, 16, 4, 1), (1, 8, 16, 2, 4))
_BACKWARD: Final = (*FORWARD[:1:-1], (8, 4, 16, 2, 1), _NATURAL)
"""The arrangements of 32 elements in two registers, one after the other.

Each gives what the bits of a place count, from the highest, which is 1 in the second register: this
is the distance of the stage that runs then. From one to the next takes an instruction a register.
"""


def places(arrangement: Sequence[int]) -> list[int]:
    """Return the element at each of the 32 places of two registers."""
    found = [0]
    for bit in arrangement:
        found = [e + part for e in found for part in (0, bit)]
    return found


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
        """Write the kernel for any number of limbs; return that of one, `…_limb`."""
        passes = list(self._passes())
        if self.backward:
            self._inner()
            passes.reverse()
        for number, distances in enumerate(passes):
            self._outer(distances, scaled=self.backward and number == len(passes) - 1)
        if not self.backward:
            self._inner()
        self.k.finish()
        strides = {"values": 4 * self.size, "tables": table_bytes(self.size)}
        write_for_limbs(self.k, self.name, lambda k: strides)
        return self.k

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
        before = None
        for now in _BACKWARD if self.backward else FORWARD:
            for half in (0, 1):
                pair = values[2 * half], values[2 * half + 1]
                pair = _arranged(pair, before, now) if before else pair
                if now != _NATURAL:
                    power = self._powers_within((block << 1) + half, now)
                    pair = self._butterfly(*pair, power)
                values[2 * half], values[2 * half + 1] = pair
            before = now

    def _powers_within(self, block: Value, arrangement: Sequence[int]) -> _Pair:
        """Return the powers of a stage for a block of 32 elements."""
        t = arrangement[0]
        count = LANES // t
        lanes = [e // (2 * t) for e in places(arrangement)[:LANES]]
        return self._power(block * count + self.size // (2 * t), count, lanes)

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


def _arranged(pair: _Pair, before: Sequence[int], now: Sequence[int]) -> _Pair:
    """Return two registers in another arrangement."""
    order = places(before)
    lanes = [order.index(e) for e in places(now)]
    first, second = pair
    return first.shuffle(lanes[:LANES], second), first.shuffle(lanes[LANES:], second)


def table_bytes(size: int) -> int:
    """Return the bytes of the tables of a prime."""
    return 4 * (HEADER + 4 * size)


def write_transforms(module: Any, size: int) -> Kernel:
    """Write `ntt_forward{N}(values*, tables*, count)` and `ntt_inverse{N}(…)`.

    Values [count][N] are words below the primes, and stay so; `tables` are those of the primes.
    Returns `ntt_forward{N}_limb(values*, tables*)`.
    """
    _Transform(module, size, backward=True).write()
    return _Transform(module, size, backward=False).write()
