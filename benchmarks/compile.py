"""The time to compile programs, against the size of their arrays and the trip counts of loops.

The stages are measured in CPU seconds, after imports: checking, lowering, passes, and native code
of one party, which is generated and then compiled by LLVM. The programs are loops that become
tensor operations and, if asked for, large neural networks.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from time import process_time

from ezlang import api
from ezlang.compiler.circuits import catalogue
from ezlang.compiler.codegen.interface import interface_of
from ezlang.compiler.codegen.module import generate
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.compiler.kernels.engine import Engine, compile_object
from ezlang.compiler.kernels.target import host_target
from ezlang.compiler.lower import lower
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.compiler.passes.prepare import prepare
from ezlang.types.types import INT32

from .counts import expect
from .networks import NETWORKS

_PRODUCT = catalogue.binary(BinaryKind.MUL, INT32, catalogue.SECRET, catalogue.SECRET).ands

SIZES = (10, 1_000, 1_000_000)

_PAIR = """
    secret int32[n] x = input(alice, "x");
    secret int32[n] y = input(bob, "y");
"""

BODIES = {
    "element-wise multiply": f"{_PAIR} for i in 0..n {{ x[i] = x[i] * y[i]; }}"
    ' output(all, x, "x");',
    "compare": f"{_PAIR} secret bool[n] c; for i in 0..n {{ c[i] = x[i] < y[i]; }}"
    ' output(all, c, "c");',
    "dot product": f"{_PAIR} secret int32 s = 0; for i in 0..n {{ s += x[i] * y[i]; }}"
    ' output(all, s, "s");',
    "histogram": f"{_PAIR} secret int32[16] h; for i in 0..n {{ h[x[i] & 15] += y[i]; }}"
    ' output(all, h, "h");',
    "nearest neighbour": """
    secret int32[n][4] points = input(alice, "points");
    secret int32[4] q = input(bob, "q");
    secret int32 best = 2147483647;
    secret int32 nearest = -1;
    for i in 0..n {
        int32 distance = 0;
        for k in 0..4 {
            let d = points[i][k] - q[k];
            distance += d * d;
        }
        if distance < best {
            best = distance;
            nearest = i;
        }
    }
    output(all, nearest, "nearest");""",
}
"""The bodies of programs that work on n numbers, or points, of alice and bob."""


ANDS: Mapping[str, Callable[[int], int]] = {
    "element-wise multiply": lambda n: _PRODUCT * n,
    "compare": lambda n: 32 * n,
    "dot product": lambda n: _PRODUCT * n + 31 * (n - 1),
    # Each of 16 places, which alice knows, adds a number or none.
    "histogram": lambda n: 16 * 32 * n + 16 * 31 * (n - 1),
    # For each point a distance; n − 1 times a comparison, and a choice of it and of the index.
    "nearest neighbour": lambda n: 1265 * n + 32 * (n - 1) + n // 2 * (n.bit_length() - 1),
}
"""The ANDs of each program in Yao's protocol, for a power of two."""


def check(name: str, n: int = 16) -> None:
    """End the benchmark if a program doesn't do what it says."""
    program = api.checked(api.check_text(text(BODIES[name]), settings={"n": n}))
    expect(name, "ANDs", api.cost(program, protocol="yao").least.ands, ANDS[name](n))


def text(body: str) -> str:
    """Return a program around one of the bodies; its size is the param n."""
    return f"party alice, bob;\nparam int32 n = 10;\nfn main() {{{body}\n}}\n"


@dataclass(frozen=True, slots=True)
class Stages:
    """CPU seconds by stage, operations of the program and bytes of LLVM's text."""

    front: float
    passes: float
    written: float
    compiled: float
    operations: int
    bytes: int

    @property
    def total(self) -> float:
        """The sum of the seconds."""
        return self.front + self.passes + self.written + self.compiled


def compiled(text: str, n: int | None = None) -> Stages:
    """Compile a program for party 0, and measure the time; `n` is its param, if it has one."""
    times = [process_time()]
    lowered = lower(api.checked(api.check_text(text, settings={} if n is None else {"n": n})))
    times.append(process_time())
    program = prepare(lowered, ProtocolChoice.AUTO)
    times.append(process_time())
    module = generate(program, 0, interface_of(program, 0))
    times.append(process_time())
    compile_object(module.text, host_target(), unroll=False)
    times.append(process_time())
    front, passes, written, native = (later - earlier for earlier, later in pairwise(times))
    count = sum(1 for function in program.functions for _ in ir.walk(function.body))
    return Stages(front, passes, written, native, count, len(module.text))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="the values of n")
    parser.add_argument("--networks", action="store_true", help="compile large networks instead")


def run(arguments: argparse.Namespace) -> None:
    """Print the table."""
    Engine()  # LLVM's targets
    compiled(text(BODIES["compare"]), 10)  # work that is done only once in a process
    print("| program | n | operations | LLVM, kB | check, lower, s | passes, s | code, s | LLVM, s "
          "| all, s |")  # fmt: skip
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    if arguments.networks:
        for name, make in NETWORKS.items():
            print(_row(name, "", compiled(make(1).text)))
        return
    for name, body in BODIES.items():
        check(name)
        for n in arguments.sizes:
            print(_row(name, f"{n:,}", compiled(text(body), n)))


def _row(name: str, n: str, found: Stages) -> str:
    return (
        f"| {name} | {n} | {found.operations} | {found.bytes / 1000:.0f}"
        f" | {found.front:.3f} | {found.passes:.3f} | {found.written:.3f}"
        f" | {found.compiled:.3f} | {found.total:.2f} |"
    )
