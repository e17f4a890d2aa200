"""The works of `python -m benchmarks parties` in MPyC, for `--mpyc`: seconds of each, as JSON.

It runs in an environment of its own (`pip install mpyc numpy gmpy2`). With MPyC's option -M it
starts a process for each party on this machine. Numbers have 32 bits. Inputs are shared within the
time that is measured, as in a run of Ez.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from mpyc.runtime import mpc

INT = mpc.SecInt(32)


def given(values: list[int], sender: int) -> Any:
    """Share the numbers of a party."""
    return mpc.input(INT.array(np.array(values)), senders=sender)


async def sums() -> Any:
    """Sum of 10,000 numbers of each."""
    every = range(len(mpc.parties))
    shared = [given([n * (p + 1) % 1000 for n in range(10_000)], p) for p in every]
    return await mpc.output(mpc.np_sum(sum(shared[1:], shared[0])))


async def products() -> Any:
    """10,000 products."""
    x, y = (given([n % 1000 + p for n in range(10_000)], p) for p in (0, 1))
    return await mpc.output(mpc.np_sum((x + y) * (x - y)))


async def comparisons() -> Any:
    """1,000 comparisons."""
    x, y = (given([n * (p + 7) % 1000 for n in range(1000)], p) for p in (0, 1))
    return await mpc.output(mpc.np_sum(x + y < 2 * y))


async def maximum() -> Any:
    """Maximum of 256 numbers."""
    x, y = (given([n * (p + 37) % 257 for n in range(256)], p) for p in (0, 1))
    return await mpc.output(mpc.max(mpc.np_tolist(x + y)))


WORKS: dict[str, Callable[[], Awaitable[Any]]] = {
    "sum of 10,000 numbers of each": sums,
    "10,000 products": products,
    "1,000 comparisons": comparisons,
    "maximum of 256 numbers": maximum,
}


async def main() -> None:
    """Run all works, and print their medians."""
    runs = int(sys.argv[sys.argv.index("--runs") + 1])
    await mpc.start()
    medians = {}
    for name, work in WORKS.items():
        seconds = []
        for _ in range(runs):
            start = time.perf_counter()
            await work()
            seconds.append(time.perf_counter() - start)
        medians[name] = statistics.median(seconds)
    if mpc.pid == 0:
        print(json.dumps(medians))
    await mpc.shutdown()


mpc.run(main())
