"""Microseconds of the kernels of polynomials modulo a prime of 30 bits, on one core.

The forward and inverse transform of N residues; eight products of values, added up; numbers to
residues; and the residues of five primes back to numbers. Best of `--repetitions` runs of 100.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from ezlang.compiler.kernels.ntt import SIZES
from ezlang.compiler.kernels.ntt_tables import (
    MONTGOMERY,
    join_constants,
    product_constants,
    residue_constants,
    transform_tables,
)
from ezlang.compiler.kernels.polynomials import add_polynomials
from ezlang.compiler.protocols.native.calls import Native

from .counts import expect
from .pair import timed

PRIMES: Final = (1073692673, 1073643521, 1073479681, 1073430529, 1073299457)
_CALLS: Final = 100
_TERMS: Final = 8


def check(native: Native, size: int) -> None:
    """End the benchmark unless the kernels multiply: (1 + X^(N−1))·(X + 3) modulo X^N + 1."""
    prime = PRIMES[0]
    tables = transform_tables(prime, size)
    one, other = np.zeros(size, np.uint32), np.zeros(size, np.uint32)
    one[[0, size - 1]] = 1
    other[:2] = 3 * MONTGOMERY % prime, MONTGOMERY % prime
    product = np.zeros(size, np.uint32)
    for values in (one, other):
        native.call(f"ntt_forward{size}", values, tables)
    native.call("ntt_multiply_add", product, one, other, product_constants(prime), size, 1, 0, 0)
    native.call(f"ntt_inverse{size}", product, tables)
    found = {place: int(product[place]) for place in np.flatnonzero(product)}
    expect(f"N = {size}", "coefficients", found, {0: 2, 1: 1, size - 1: 3})


def _work(native: Native, size: int) -> dict[str, Callable[[], None]]:
    rng, prime = np.random.default_rng(1), PRIMES[0]
    values = rng.integers(0, prime, (2, _TERMS, size), np.uint32)
    out, tables = values[0, 0].copy(), transform_tables(prime, size)
    low, high = np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    limbs, modulus = join_constants(PRIMES, switched=True)
    added = (product_constants(prime), size, _TERMS, 4 * size, 4 * size)
    joined = (limbs, modulus, size, len(PRIMES), prime.bit_length())

    def call(name: str, *arguments: Any) -> Callable[[], None]:
        return lambda: native.call(name, *arguments)

    return {
        "forward": call(f"ntt_forward{size}", out, tables),
        "inverse": call(f"ntt_inverse{size}", out, tables),
        "8 products": call("ntt_multiply_add", out, *values, *added),
        "to residues": call("residues_add", out, low, high, residue_constants(prime, 1), size, 0),
        "5 residues back": call("residues_join", low, high, values[0], *joined),
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this measurement's options."""
    parser.add_argument("--repetitions", type=int, default=9)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    native = Native()
    for size in SIZES:
        native.load(add_polynomials, size)
        check(native, size)
        print(f"N = {size}")
        for name, work in _work(native, size).items():

            def repeat(work: Callable[[], None] = work) -> None:
                for _ in range(_CALLS):
                    work()

            seconds = min(timed(arguments.repetitions, repeat).core) / _CALLS
            print(f"  {name:20}{1e6 * seconds:8.1f} µs")
