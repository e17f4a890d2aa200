"""What the known attacks on the noise of silent OT cost: bits of security of regular LPN.

Parameters are t, h and log k: t blocks of 2^h samples, each with one error at a random place, and k
secret bits, ten of which are added to each sample (`kernels/silent.py`). All costs are on the safe
side: memory is free, and so are all steps that aren't counted. n is t·2^h, and k' = k − t are the
unknowns, since the samples of a block add up to a known sum.

1. *Gauss* [LWYY24]: guess k' samples without noise, as many in each block, and solve for the
   secret: k'^2.8 by dense elimination, or 3·k'²·10 by Wiedemann's algorithm [Wie86], since a row of
   the code has ten ones.
2. *Information sets* [ES24]: as before, but p of the samples have errors, which two lists of p/2
   errors find. A guess costs k'², less than an elimination, and the lists.
3. *Algebraic, hybrid* [BO23], [WWY+25]: guess that ℓ places in each of f blocks have no noise,
   which gives linear equations, and solve the quadratic ones that say that a block has one error,
   raised to degree D. There are u = k' − fℓ unknowns left, and a block has W free places. That
   suffices if the coefficient of z^D in Π (1 + W·z) / (1 + z)^(ΣW − u) isn't positive [BO23].
   Solving costs N^2.8 for N monomials of degree D in u unknowns. By Wiedemann's algorithm it costs
   3·N²·10^D for N monomials in k unknowns: equations stay sparse, with 10^D terms, only if no
   unknowns are eliminated.
4. *Any linear algebra*: the same at a cost of N² for N monomials in u unknowns. A dense matrix of
   this size can't be read for less, and a sparse one has more unknowns.
5. *Linear tests* [CRR21]: a sum of w samples whose secret bits cancel is biased by (1 − 2/2^h)^w,
   which takes the square of its inverse of sums to see. Sparse rows make sums shorter: as many
   samples as unknowns have all their ten bits in a part x of the secret for n·x^10 = k·x, which
   gives sums of about half of k·x samples. (Shorter ones exist, but finding them is a decoding
   problem of its own, for which nothing better than information sets is known.)

Attacks for high noise, such as those of [CCJ23] on signatures, don't apply: here a block has one
error in a thousand samples.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import comb, inf, log2
from typing import Final

from ezlang.compiler.kernels.silent import DEGREE
from ezlang.compiler.protocols.ot.stock import SILENT, Parameters

OMEGA: Final = log2(7)
"""Strassen's exponent, that of dense linear algebra in practice."""

MOST_DEGREE: Final = 6
"""The highest degree to which equations are raised: the least cost is at 2 or 3."""

MOST_ERRORS: Final = 24
"""The number of errors in an information set: the least cost is at 2 or 4."""


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Regular LPN: `blocks` blocks of `size` samples with one error each, `secrets` secret bits."""

    blocks: int
    size: int
    secrets: int

    @property
    def unknowns(self) -> int:
        """The secret bits that the blocks' sums leave."""
        return self.secrets - self.blocks

    @classmethod
    def of(cls, parameters: Parameters) -> Noise:
        """Return the noise of silent OT."""
        return cls(
            blocks=parameters.trees,
            size=1 << parameters.depth,
            secrets=1 << parameters.secret_bits,
        )


def gauss(noise: Noise, *, sparse: bool) -> float:
    """Return the cost of the first attack, as a logarithm."""
    work = log2(3 * DEGREE * noise.unknowns**2) if sparse else OMEGA * log2(noise.unknowns)
    return _guess(noise, noise.unknowns / noise.blocks) + work


def information_sets(noise: Noise) -> float:
    """Return the cost of the second attack, as a logarithm."""
    taken = noise.unknowns / noise.blocks
    odds = log2(taken) - log2(noise.size - taken)
    costs: list[float] = []
    for errors in range(0, min(MOST_ERRORS, noise.blocks) + 1, 2):
        ways = log2(comb(noise.blocks, errors)) + errors * odds
        listed = log2(comb(noise.blocks // 2, errors // 2)) + errors / 2 * log2(taken)
        guesses = max(_guess(noise, taken) - ways, 0)
        costs.append(guesses + _sum(2 * log2(noise.unknowns), 1 + listed))
    return min(costs)


def linear_tests(noise: Noise) -> float:
    """Return the cost of the fifth attack, as a logarithm."""
    part = (noise.secrets / (noise.blocks * noise.size)) ** (1 / (DEGREE - 1))
    return float(-part * noise.secrets * log2(1 - 2 / noise.size))


def algebraic(noise: Noise, cost: Callable[[int, int], float]) -> float:
    """Return the cost of the third attack; `cost(D, k')` is that of solving, as a logarithm."""
    found = inf
    for degree in range(2, MOST_DEGREE + 1):
        for blocks in _fractions(noise.blocks):
            places = _least_places(noise, blocks, degree)
            if places is not None:
                left = noise.unknowns - blocks * places
                guess = _guess(noise, places, blocks)
                found = min(found, guess + cost(degree, left))
    return found


def _guess(noise: Noise, places: float, blocks: int | None = None) -> float:
    """Return the guesses until so many places in each of some blocks have no noise."""
    count = noise.blocks if blocks is None else blocks
    return float(-count * log2(1 - places / noise.size))


def _sum(*logarithms: float) -> float:
    most = max(logarithms)
    return most + log2(sum(2 ** (one - most) for one in logarithms))


def _fractions(blocks: int) -> Iterable[int]:
    return sorted({blocks * part // 8 for part in range(1, 9)})


def _least_places(noise: Noise, blocks: int, degree: int) -> int | None:
    """Return the least number of places to guess in each of some blocks, if it suffices."""
    low, high = 0, min(noise.size - 2, noise.unknowns // blocks)
    if not _suffices(noise, blocks, high, degree):
        return None
    while low < high:
        middle = (low + high) // 2
        if _suffices(noise, blocks, middle, degree):
            high = middle
        else:
            low = middle + 1
    return low


def _suffices(noise: Noise, blocks: int, places: int, degree: int) -> bool:
    """Return whether equations of a degree suffice: whether that coefficient isn't positive."""
    rest = noise.size - 1
    groups = [(rest - places, blocks), (rest, noise.blocks - blocks)]
    left = noise.unknowns - blocks * places
    checks = sum(size * count for size, count in groups) - left
    series = [1] + [0] * degree
    for size, count in groups:
        series = _times(series, [comb(count, i) * size**i for i in range(degree + 1)])
    series = _times(series, [(-1) ** i * comb(checks + i - 1, i) for i in range(degree + 1)])
    return any(coefficient <= 0 for coefficient in series[1:])


def _times(a: list[int], b: list[int]) -> list[int]:
    return [sum(a[i] * b[n - i] for i in range(n + 1)) for n in range(len(a))]


def monomials(degree: int, unknowns: int) -> float:
    """Return the number of monomials up to a degree, as a logarithm."""
    return log2(sum(comb(unknowns, i) for i in range(degree + 1)))


def estimates(noise: Noise) -> dict[str, float]:
    """Return the logarithm of each attack's cost."""

    def sparse(degree: int, _left: int) -> float:
        return log2(3) + degree * log2(DEGREE) + 2 * monomials(degree, noise.secrets)

    def dense(degree: int, left: int) -> float:
        return OMEGA * monomials(degree, left)

    def least(degree: int, left: int) -> float:
        return 2 * monomials(degree, left)

    return {
        "Gauss, dense elimination": gauss(noise, sparse=False),
        "Gauss, sparse elimination": gauss(noise, sparse=True),
        "information sets": information_sets(noise),
        "algebraic, dense elimination": algebraic(noise, dense),
        "algebraic, sparse elimination": algebraic(noise, sparse),
        "algebraic, any linear algebra": algebraic(noise, least),
        "linear tests": linear_tests(noise),
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this measurement's options."""
    parser.add_argument(
        "parameters",
        nargs="*",
        metavar="T,H,LOGK",
        default=[f"{SILENT.trees},{SILENT.depth},{SILENT.secret_bits}"],
        help="parameters; by default those in use",
    )


def run(arguments: argparse.Namespace) -> None:
    """Print a table for each set of parameters."""
    for text in arguments.parameters:
        trees, depth, bits = (int(part) for part in text.split(","))
        parameters = Parameters(trees=trees, depth=depth, secret_bits=bits)
        each = trees * parameters.tree_bytes / parameters.outputs
        print(f"t = {trees}, h = {depth}, log k = {bits}: {each:.3f} bytes an OT")
        for attack, cost in estimates(Noise.of(parameters)).items():
            print(f"| {attack} | {cost:.0f} |")
