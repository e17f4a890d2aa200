"""Products of matrices that a party computes alone: kernels beside NumPy.

Billions of multiply-adds of 64 bits in a second of processor time, medians of interleaved runs.
Every product must be NumPy's.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from ezlang.compiler.protocols.core.local_products import LocalProducts
from ezlang.compiler.protocols.native.calls import Array, Native
from ezlang.compiler.protocols.native.products import NativeProducts

from .counts import expect

SHAPES: Final = {
    "convolution 3×3, 64 of 56²": (64, 576, 3136),
    "convolution 1×1, 256 of 14²": (256, 1024, 196),
    "square": (512, 512, 512),
    "layer of 1,000, batch of 32": (1000, 1024, 32),
    "each channel 3×3, 112²": (1, 9, 12544),
}
"""Rows, inner size and columns."""


def measured(multiply: Callable[[Array, Array], Array], x: Array, y: Array) -> tuple[float, Any]:
    """Return the processor time of a product, and the product."""
    begun = time.process_time()
    made = multiply(x, y)
    return time.process_time() - begun, made


def compare(name: str, shape: tuple[int, int, int], runs: int) -> tuple[float, float]:
    """Return the billions of multiply-adds a second of kernels and of NumPy."""
    m, k, n = shape
    rng = np.random.default_rng(1)
    x, y = (rng.integers(0, 1 << 64, size, np.uint64, endpoint=False) for size in ((m, k), (k, n)))
    ways = (NativeProducts(Native()).multiply, LocalProducts().multiply)
    ways[0](x, y)  # compiles it
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        results = []
        for way, found in zip(ways, times, strict=True):
            seconds, made = measured(way, x, y)
            found.append(seconds)
            results.append(made)
        same = np.count_nonzero(results[0] == results[1])
        expect(name, "equal elements", same, m * n)
    one, other = (m * k * n / 1e9 / max(statistics.median(found), 1e-9) for found in times)
    return one, other


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line options."""
    parser.add_argument("--runs", type=int, default=5)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    print(f"{'product':32}{'m × k × n':>20}{'kernel':>9}{'NumPy':>9}{'ratio':>7}")
    for name, shape in SHAPES.items():
        kernel, numpy = compare(name, shape, arguments.runs)
        sizes = " × ".join(map(str, shape))
        print(f"{name:32}{sizes:>20}{kernel:>9.1f}{numpy:>9.2f}{kernel / numpy:>7.1f}", flush=True)
