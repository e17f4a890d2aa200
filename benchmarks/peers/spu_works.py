"""The works of `python -m benchmarks ml` in SPU, for `--spu`: seconds of each, as JSON.

It runs in an environment of its own (`pip install spu`), with both parties as threads of one
process, which exchange messages in memory. All values are secret-shared. Arguments: a protocol
(`CHEETAH` or `SEMI2K`), and how often each work is run. Each run sets up its own session, as a run
of Ez does; compiling for the first run is left out.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import spu
from spu.utils import simulation

N = 100_000


def relus(x: Any, y: Any) -> Any:
    """ReLUs of products that are rounded."""
    return jnp.maximum((x + y) * 0.3, 0)


def sigmoids(x: Any, y: Any) -> Any:
    """Sigmoids of sums."""
    return jax.nn.sigmoid(x + y)


def exponentials(x: Any, y: Any) -> Any:
    """Exponentials of sums."""
    return jnp.exp(x + y)


def perceptron(x: Any, *weights: Any) -> Any:
    """A perceptron of three layers."""
    for number, (w, b) in enumerate(zip(weights[::2], weights[1::2], strict=True)):
        x = w @ x + b
        if number < 2:
            x = jnp.maximum(x, 0)
    return x


def main() -> None:
    """Run all works, and print their medians and largest errors."""
    protocol, runs = sys.argv[1], int(sys.argv[2])
    draw = np.random.default_rng(0)

    def numbers(low: float, high: float, *shape: int) -> Any:
        return draw.uniform(low, high, shape).astype(np.float32)

    shapes = ((128, 784), (128,), (128, 128), (128,), (10, 128), (10,))
    works = {
        "100,000 rounded ReLUs": (relus, [numbers(-50, 50, N), numbers(-50, 50, N)]),
        "100,000 sigmoids": (sigmoids, [numbers(-8, 8, N), numbers(-8, 8, N)]),
        "100,000 exponentials": (exponentials, [numbers(-8, 0, N), numbers(-8, 0, N)]),
        "MLP 784-128-128-10": (
            perceptron,
            [numbers(0, 1, 784), *(numbers(-0.1, 0.1, *shape) for shape in shapes)],
        ),
    }
    found = {}
    kind = getattr(spu.ProtocolKind, protocol)
    for name, (work, arguments) in works.items():
        simulator = simulation.Simulator.simple(2, kind, spu.FieldType.FM64)
        run = simulation.sim_jax(simulator, work)
        exact = np.asarray(work(*arguments))
        taken, error = [], 0.0
        for _ in range(runs + 1):
            start = time.perf_counter()
            result = run(*arguments)
            taken.append(time.perf_counter() - start)
            error = float(np.max(np.abs(np.asarray(result) - exact)))
        found[name] = {"seconds": statistics.median(taken[1:]), "error": error}
    print(json.dumps(found))


main()
