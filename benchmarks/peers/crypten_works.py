"""The works of `python -m benchmarks ml` in CrypTen, for `--crypten`: seconds of each, as JSON.

It runs in an environment of its own (`pip install crypten`), as two processes with one thread and
one core each, over loopback. All values are secret-shared in 64 bits with 16 bits of fraction.
CrypTen's default provider makes the correlations: the first party, trusted, from seeds that the
parties share. Argument: how often each work is run, after one run that isn't counted.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
import types
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch

# CrypTen 0.4.1 imports a module of PyTorch's exporter that newer versions don't have; nothing here
# uses it.
_EXPORTER = types.ModuleType("torch.onnx._internal.registration")
vars(_EXPORTER)["registry"] = None
sys.modules.setdefault(_EXPORTER.__name__, _EXPORTER)

import crypten  # noqa: E402
from crypten import mpc  # noqa: E402

N = 100_000


def relus(x: Any, y: Any) -> Any:
    """ReLUs of products that are rounded."""
    return ((x + y) * 0.3).relu()


def sigmoids(x: Any, y: Any) -> Any:
    """Sigmoids of sums."""
    return (x + y).sigmoid()


def exponentials(x: Any, y: Any) -> Any:
    """Exponentials of sums."""
    return (x + y).exp()


def softmaxes(x: Any, y: Any) -> Any:
    """Softmaxes of rows of sums."""
    return (x + y).softmax(1)


def perceptron(x: Any, *weights: Any) -> Any:
    """A perceptron of three layers."""
    for number, (w, b) in enumerate(zip(weights[::2], weights[1::2], strict=True)):
        x = w.matmul(x) + b
        if number < 2:
            x = x.relu()
    return x


@mpc.run_multiprocess(world_size=2)  # type: ignore[untyped-decorator]
def measured(runs: int) -> str:
    """Run all works as one of the parties, and return their medians and largest errors as JSON."""
    os.sched_setaffinity(0, {crypten.comm.get().get_rank()})
    torch.set_num_threads(1)
    draw = np.random.default_rng(0)

    def numbers(low: float, high: float, *shape: int) -> Any:
        return torch.from_numpy(draw.uniform(low, high, shape).astype(np.float32))

    shapes = ((128, 784), (128,), (128, 128), (128,), (10, 128), (10,))
    works = {
        "100,000 rounded ReLUs": (relus, [numbers(-50, 50, N), numbers(-50, 50, N)]),
        "100,000 sigmoids": (sigmoids, [numbers(-8, 8, N), numbers(-8, 8, N)]),
        "100,000 exponentials": (exponentials, [numbers(-8, 0, N), numbers(-8, 0, N)]),
        "10,000 softmaxes of 10": (
            softmaxes,
            [numbers(-4, 4, N // 10, 10), numbers(-4, 4, N // 10, 10)],
        ),
        "MLP 784-128-128-10": (
            perceptron,
            [numbers(0, 1, 784), *(numbers(-0.1, 0.1, *shape) for shape in shapes)],
        ),
    }
    found = {}
    for name, (work, arguments) in works.items():
        exact = work(*arguments)
        taken, error = [], 0.0
        for _ in range(runs + 1):
            crypten.comm.get().barrier()
            start = time.perf_counter()
            shared = [crypten.cryptensor(one, src=k % 2) for k, one in enumerate(arguments)]
            result = work(*shared).get_plain_text()
            taken.append(time.perf_counter() - start)
            error = max(error, float((result - exact).abs().max()))
        found[name] = {"seconds": statistics.median(taken[1:]), "error": error}
    return json.dumps(found)


if __name__ == "__main__":
    print(measured(int(sys.argv[1]))[0])
