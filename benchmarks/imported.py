"""Secure runs of imported networks, of one image or several at once, with and without a dealer.

The networks of the package onnx, with seeded weights, are imported by the command, and run by both
parties as `python -m benchmarks ml` runs its own. Their logits are compared with those of
onnxruntime, in units of the last place of 16 fraction bits.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx

from ezlang.models.folder import PROGRAM, WEIGHTS
from ezlang.models.program import quoted
from ezlang.types.sharing import DEFAULT_MEMORY

from .judged import float_outputs
from .light import SAMPLES, UNIT
from .ml import MEGABYTE, Files, Workload, figures, measured
from .pair import run_alone
from .seeded import IMAGES, Array, calibrated, images, light


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line options."""
    parser.add_argument("names", nargs="*", default=["squeezenet"], help="networks")
    parser.add_argument("--images", type=int, default=1, help="how many images a run takes")
    parser.add_argument("--runs", type=int, default=2, help="the first one prepares the program")
    parser.add_argument("--dealer", choices=["yes", "no"], help="only runs with one, or without")
    parser.add_argument(
        "--memory", type=int, default=DEFAULT_MEMORY // MEGABYTE, help="as for `ezlang run`, in MB"
    )


def run(arguments: argparse.Namespace) -> None:
    """Print what each import takes, and the figures of the last run."""
    for name in arguments.names:
        with tempfile.TemporaryDirectory() as folder:
            _measure(name, Path(folder), arguments)


def _measure(name: str, folder: Path, arguments: argparse.Namespace) -> None:
    count = arguments.images
    logits = run_alone(prepare, name, count, folder)
    command = [sys.executable, "-m", "ezlang", "import", str(folder / f"{name}.onnx")]
    importing = subprocess.Popen(
        [*command, "-o", str(folder / "out"), "--size", f"{IMAGES}={count}"]
    )
    _, importing.returncode, usage = os.wait4(importing.pid, 0)
    took = f"{usage.ru_utime + usage.ru_stime:.1f} s of CPU, {usage.ru_maxrss / 1e6:.1f} GB"
    print(f"{name}, {count} images: import {took}", flush=True)
    out = folder / "out"
    files = Files(out / PROGRAM, [out / WEIGHTS, folder / "data.npz"])
    work = Workload(name, "", ({}, {}), large=True)
    for dealer in (True, False):
        if arguments.dealer in (None, "yes" if dealer else "no"):
            runs = [
                measured(work, files, dealer=dealer, memory=arguments.memory * MEGABYTE)
                for _ in range(arguments.runs)
            ]
            (found,) = (np.array(one) for one in runs[-1][1].result["outputs"].values())
            ours = found.reshape(logits.shape)
            same = (ours.argmax(axis=1) == logits.argmax(axis=1)).sum()
            apart = f"{np.abs(ours - logits).max() / UNIT:.1f} ulp, {same} same top-1"
            kind = "dealer" if dealer else "no dealer"
            print(f"{kind:12}{figures(runs[-1:])}  {apart}", flush=True)


def prepare(name: str, count: int, folder: Path) -> Array:
    """Write a network and images; return the logits of onnxruntime."""
    path = folder / f"{name}.onnx"
    onnx.save(calibrated(light(name), images(SAMPLES, seed=1)[:, 0]), path)
    (input,) = onnx.load(path).graph.input
    shown = images(count)[:, 0]
    given: dict[str, Array] = {quoted(input.name): shown}
    np.savez(folder / "data.npz", allow_pickle=False, **given)
    (logits,) = float_outputs(path, {input.name: shown}).values()
    return logits.reshape(count, -1)
