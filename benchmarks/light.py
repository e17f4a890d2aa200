"""The nine networks of the package onnx, with seeded weights, against onnxruntime.

Differences are those of the logits, in units of the last place of 16 fraction bits.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import onnx

from ezlang.models.measuring import FINER

from .judged import Judged, judged
from .seeded import IMAGES, NAMES, Array, calibrated, images, light

UNIT = 2.0**-16
SAMPLES = 8
"""How many images the statistics of normalisations are taken of."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line options."""
    parser.add_argument("names", nargs="*", default=NAMES, help="only these networks")
    parser.add_argument("--images", type=int, default=50)
    parser.add_argument("--batch", type=int, default=5, help="how many images a run takes")
    parser.add_argument("--fraction-bits", type=int, default=16)
    parser.add_argument("--finer", type=int, default=FINER, help="more fraction bits of weights")


def run(arguments: argparse.Namespace) -> None:
    """Print a row for each network."""
    print("| network | images | largest logit | largest difference, ulp | same top-1 | classes |")
    print("|---|---|---|---|---|---|")
    shown = images(arguments.images)
    samples = images(SAMPLES, seed=1)[:, 0]
    for name in arguments.names:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.onnx"
            model = calibrated(light(name), samples)
            onnx.save(model, path)
            network = judged(
                path,
                {IMAGES: arguments.batch},
                fraction=arguments.fraction_bits,
                finer=arguments.finer,
            )
            print(_row(name, network, shown, arguments.batch), flush=True)


def _row(name: str, network: Judged, shown: Array, batch: int) -> str:
    found: list[Array] = []
    expected: list[Array] = []
    for start in range(0, len(shown), batch):
        (input,) = network.listing.inputs
        inputs = {input.source: shown[start : start + batch, 0]}
        found += list(*network.run(inputs).values())
        expected += list(*network.run_float(inputs).values())
    ours, theirs = (np.array(one).reshape(len(shown), -1) for one in (found, expected))
    tops = [one.argmax(axis=1) for one in (ours, theirs)]
    cells = (
        name,
        len(shown),
        f"{np.abs(theirs).max():.1f}",
        f"{np.abs(ours - theirs).max() / UNIT:.1f}",
        f"{(tops[0] == tops[1]).sum()} of {len(shown)}",
        len({*tops[1]}),
    )
    return f"| {' | '.join(map(str, cells))} |"
