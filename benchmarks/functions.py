"""Functions of fixed-point numbers: their tables, and their largest errors.

`python -m benchmarks functions --write` writes the tables of `stdlib/function_tables.ez`. Without
it, every input of a function's domain is evaluated, or a sample of inputs if there are more than
`--most`, and compared with float64; the error is printed in units of the last place of the result.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ezlang
from ezlang import api
from ezlang.check import check
from ezlang.source import Source

from . import norms

SCALE: Final = 26
"""The fraction bits of the coefficients."""

TABLES: Final = Path(ezlang.__file__).parent / "stdlib" / "function_tables.ez"

Function = Callable[[float], float]


@dataclass(frozen=True)
class Table:
    """Polynomials of degree 2 for parts of [0, `end`), all of the same length."""

    name: str
    meaning: str
    function: Function
    end: float
    parts: int

    def rows(self) -> Iterator[tuple[int, int, int]]:
        """Yield the coefficients of 1, u and u², for u from 0 to 1 in each part."""
        width = self.end / self.parts
        for part in range(self.parts):
            yield coefficients(self.function, part * width, width)


def coefficients(function: Function, start: float, width: float) -> tuple[int, int, int]:
    """Interpolate at the Chebyshev nodes, which bound the error best up to a small factor."""
    nodes = [(1 + math.cos(math.pi * (2 * i + 1) / 6)) / 2 for i in range(3)]
    y0, y1, y2 = (function(start + width * u) for u in nodes)
    # Divided differences.
    first, second = (y1 - y0) / (nodes[1] - nodes[0]), (y2 - y1) / (nodes[2] - nodes[1])
    square = (second - first) / (nodes[2] - nodes[0])
    slope = first - square * (nodes[0] + nodes[1])
    constant = y0 - nodes[0] * (slope + square * nodes[0])
    one, two, three = (round(c * (1 << SCALE)) for c in (constant, slope, square))
    return one, two, three


def tail(x: float) -> float:
    """Return 1 / (1 + e^x), the sigmoid of −x."""
    return 1 / (1 + math.exp(x))


def above(x: float) -> float:
    """Return x times the probability that a standard normal variable is above x."""
    return x * math.erfc(x / math.sqrt(2)) / 2


TABLES_WRITTEN: Final = (
    Table("sigmoid_128", "1 / (1 + e^a)", tail, 16, 128),
    Table("sigmoid_256", "1 / (1 + e^a)", tail, 16, 256),
    Table("tanh_128", "1 - tanh a", lambda a: 2 * tail(2 * a), 8, 128),
    Table("tanh_512", "1 - tanh a", lambda a: 2 * tail(2 * a), 8, 512),
    Table("erf_64", "1 - erf a", math.erfc, 4, 64),
    Table("erf_256", "1 - erf a", math.erfc, 4, 256),
    Table("gelu_128", "a times the probability of a normal variable above a", above, 8, 128),
    Table("gelu_256", "a times the probability of a normal variable above a", above, 8, 256),
    Table("silu_128", "a / (1 + e^a)", lambda a: a * tail(a), 16, 128),
    Table("silu_512", "a / (1 + e^a)", lambda a: a * tail(a), 16, 512),
    Table("softplus_128", "ln(1 + e^-a)", lambda a: math.log1p(math.exp(-a)), 16, 128),
    Table("softplus_256", "ln(1 + e^-a)", lambda a: math.log1p(math.exp(-a)), 16, 256),
    Table("exp_256", "e^-a", lambda a: math.exp(-a), 16, 256),
    Table("exp_512", "e^-a", lambda a: math.exp(-a), 16, 512),
    Table("exp_to_32_512", "e^-a", lambda a: math.exp(-a), 32, 512),
    Table("exp2_64", "2^a", lambda a: 2.0**a, 1, 64),
    Table("inverse_128", "1 / (1 + a)", lambda a: 1 / (1 + a), 1, 128),
    Table("log2_128", "log2(1 + a)", lambda a: math.log2(1 + a), 1, 128),
    Table("sqrt_512", "√a, and 0 below 1,", lambda a: math.sqrt(a) if a >= 1 else 0.0, 4, 512),
    Table("rsqrt_512", "1 / √a, and 1 below 1,", lambda a: 1 / math.sqrt(max(a, 1)), 4, 512),
)


POWERS: Final = (
    ("negative_powers", "2^(k + 24) for k from -24 to -1", -24, 0, 24),
    ("powers", "2^k for k from 0 to 62", 0, 63, 0),
)


def text_of(tables: Sequence[Table]) -> str:
    """Return the module of tables."""
    parts = [
        "/// Tables of functions: coefficients of 1, u and u², times 2^26, of polynomials for the\n"
        "/// equal parts of an interval, where u runs from 0 to 1 in each part.\n"
        "///\n"
        "/// `python -m benchmarks functions --write` writes this file.\n"
    ]
    for table in tables:
        rows = "".join(f"    [{a}, {b}, {c}],\n" for a, b, c in table.rows())
        parts.append(
            f"\n/// {table.meaning} for a from 0 to {table.end}.\n"
            f"const int64[{table.parts}][3] {table.name} = [\n{rows}];\n"
        )
    for name, meaning, low, high, shift in POWERS:
        values = (1 << k + shift if low <= k < high else 0 for k in range(-64, 64))
        numbers = "".join(f"    {number},\n" for number in values)
        parts.append(
            f"\n/// {meaning}, at place k + 64.\nconst int64[128] {name} = [\n{numbers}];\n"
        )
    return "".join(parts)


@dataclass(frozen=True)
class Measured:
    """A function of the library, on inputs from `low` to `high`.

    Errors are `relative` where a result is larger than 1, and absolute otherwise. There may be at
    most `most_bits` fraction bits.
    """

    name: str
    function: Function
    low: float
    high: float
    relative: bool = False
    most_bits: int = 20

    def domain(self, f: int) -> tuple[int, int]:
        """Return the integers of the smallest and the largest input; not 0 for a positive one."""
        low = round(self.low * (1 << f))
        return max(low, 1) if self.low > 0 else low, round(self.high * (1 << f))


MEASURED: Final = (
    Measured("sigmoid", lambda x: tail(-x) if x > -700 else 0.0, -18, 18),
    Measured("tanh", math.tanh, -10, 10),
    Measured("erf", math.erf, -6, 6),
    Measured("gelu", lambda x: max(x, 0) - above(abs(x)), -10, 10),
    Measured("silu", lambda x: x * tail(-x), -18, 18, most_bits=18),
    Measured("softplus", lambda x: max(x, 0) + math.log1p(math.exp(-abs(x))), -18, 18),
    Measured("exp_nonpositive", math.exp, -18, 0),
    Measured("exp", math.exp, -18, 22, relative=True),
    Measured("reciprocal", lambda x: 1 / x, 2**-10, 40, relative=True),
    Measured("sqrt", math.sqrt, 0, 40, relative=True),
    Measured("rsqrt", lambda x: 1 / math.sqrt(x), 2**-10, 40, relative=True),
    Measured("log", math.log, 2**-10, 40),
)

PROGRAM: Final = """
party alice, bob;
import functions;
fn main() {{
    @alice fixed<{f}>[{n}] x = input(alice, "x");
    output(alice, functions.{name}(x{more}), "y");
}}
"""


def evaluated(name: str, f: int, numbers: Sequence[int], more: str = "") -> list[float]:
    """Return a function of the integers of fixed-point numbers, computed by the library.

    The text `more` has its other arguments.
    """
    text = PROGRAM.format(f=f, n=len(numbers), name=name, more=more)
    program = check(Source("functions.ez", text), settings={}).program
    if program is None:
        raise SystemExit(f"{name} doesn't take `fixed<{f}>`")
    inputs = {"alice": {"x": [n / (1 << f) for n in numbers]}, "bob": {}}
    found: list[float] = api.run_simulated(program, inputs).outputs["alice"]["y"]
    return found


def inputs_of(measured: Measured, f: int, most: int) -> tuple[list[int], bool]:
    """Return the integers of inputs, in order, and whether these are all."""
    low, high = measured.domain(f)
    if high - low < most:
        return list(range(low, high + 1)), True
    draw = random.Random(1)
    return sorted(draw.randint(low, high) for _ in range(most)), False


def error_of(measured: Measured, x: float, y: float) -> float:
    """Return the error of a result."""
    exact = measured.function(x)
    return abs(y - exact) / (max(1, abs(exact)) if measured.relative else 1)


def largest_error(measured: Measured, f: int, most: int) -> tuple[float, float, int, bool]:
    """Return the largest error in ulp, the input with it, how many inputs there were; all?"""
    numbers, whole = inputs_of(measured, f, most)
    worst, where = 0.0, 0.0
    for at in range(0, len(numbers), _CHUNK):
        part = numbers[at : at + _CHUNK]
        for n, y in zip(part, evaluated(measured.name, f, part), strict=True):
            x = n / (1 << f)
            error = error_of(measured, x, y) * (1 << f)
            if error > worst:
                worst, where = error, x
    return worst, where, len(numbers), whole


_CHUNK: Final = 1 << 18


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--write", action="store_true", help="write the tables")
    parser.add_argument("--function", action="append", help="only this function")
    parser.add_argument("--bits", type=int, action="append", help="fraction bits: 12, 16 and 20")
    parser.add_argument("--most", type=int, default=10_000_000, help="the most inputs")


def run(arguments: argparse.Namespace) -> None:
    """Write the tables, or print the errors."""
    if arguments.write:
        TABLES.write_text(text_of(TABLES_WRITTEN), encoding="utf-8")
        return
    print("| function | fraction bits | inputs | largest error, ulp | at |\n|---|---|---|---|---|")
    for measured in MEASURED:
        if arguments.function and measured.name not in arguments.function:
            continue
        for f in arguments.bits or (12, 16, measured.most_bits):
            worst, where, count, whole = largest_error(measured, f, arguments.most)
            said = f"{count:,}" if whole else f"{count:,} at random"
            print(f"| {measured.name} | {f} | {said} | {worst:.3f} | {where} |", flush=True)
    if not arguments.function:
        print("\n| function | fraction bits | rows | largest error, ulp |\n|---|---|---|---|")
        for f in arguments.bits or (12, 16, 20):
            for line in norms.lines(f):
                print(line, flush=True)
