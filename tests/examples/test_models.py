"""Examples that begin with a model file: both sides learn what the float model gives.

The tests of the documentation run what the pages show; here it is compared with float arithmetic.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from benchmarks.seeded import light
from tests.docs import pages
from tests.examples.test_examples import ALL, FOLDERS, ROOT
from tests.support.patience import PATIENCE
from tests.support.ports import free_address

MODELS = [folder for folder in ALL if folder not in FOLDERS and folder.name != "attacks"]
XRAY = ROOT / "examples" / "xray"
LARGEST_FILE = 200_000
Array = np.ndarray[Any, Any]
SHOWN = re.compile(r"^(\w+): ([0-9.]+)$", re.MULTILINE)


def commands_of(folder: Path) -> list[pages.Command]:
    page = (folder / "README.md").read_text(encoding="utf-8")
    blocks = [block for block in pages.blocks(page) if block.language == "console"]
    return [*chain.from_iterable(map(pages.commands, blocks))]


def shown(folder: Path, command: str) -> dict[str, float]:
    """Return the metrics that a page shows after the command that begins so."""
    (found,) = (one for one in commands_of(folder) if one.text.startswith(f"{command} "))
    return {name: float(number) for name, number in SHOWN.findall(found.expected)}


def metrics_of(model: Path, data: Mapping[str, Array]) -> dict[str, float]:
    """Return the metrics of a model in float, whose last output has the scores."""
    session = ReferenceEvaluator(str(model))
    (name,) = session.input_names
    *_, scores = map(np.asarray, session.run(session.output_names, {name: data[name]}))
    if "targets" in data:
        targets, found = data["targets"], scores.reshape(-1)
        errors, spread = found - targets, targets - targets.mean()
        r2 = 1 - (errors**2).sum() / (spread**2).sum()
        return {"mse": (errors**2).mean(), "mae": np.abs(errors).mean(), "r2": r2}
    labels = data["labels"]
    accuracy = (scores.argmax(axis=1) == labels).mean()
    if scores.shape[1] > 2:
        return {"accuracy": accuracy}
    margins = scores[:, 1] - scores[:, 0]
    pairs = np.sign(margins[labels == 1][:, None] - margins[labels == 0])
    return {"accuracy": accuracy, "auroc": (pairs.mean() + 1) / 2}


@pytest.mark.parametrize("folder", MODELS, ids=lambda folder: folder.name)
def test_a_page_has_a_command_for_each_side(folder: Path) -> None:
    texts = [command.text for command in commands_of(folder)]
    assert any(text.startswith("ezlang import ") for text in texts)
    for party in ("vendor", "hospital"):
        pattern = re.compile(rf"ezlang (run|validate) \S+ --party {party}\b")
        assert any(map(pattern.match, texts)), party


@pytest.mark.parametrize("folder", MODELS, ids=lambda folder: folder.name)
def test_files_are_small_and_a_script_makes_them(folder: Path) -> None:
    names = [path.name for path in folder.iterdir()]
    (script,) = {"train.py", "make.py"} & set(names)
    text = (folder / script).read_text(encoding="utf-8")
    for name in names:
        if name.endswith((".onnx", ".npz")):
            assert Path(name).stem in text
            # What the script of the page makes of this one is not kept.
            assert folder == XRAY or (folder / name).stat().st_size < LARGEST_FILE


@pytest.mark.parametrize(
    ("example", "model", "imported"),
    [
        ("digits-cnn", "model", "model"),
        ("breast-cancer", "logistic", "many-logistic"),
        ("breast-cancer", "forest", "many-forest"),
        ("diabetes", "model", "model"),
    ],
)
def test_metrics_are_those_of_the_float_model(example: str, model: str, imported: str) -> None:
    folder = ROOT / "examples" / example
    with np.load(folder / "test.npz") as data:
        expected = metrics_of(folder / f"{model}.onnx", dict(data))
    told = shown(folder, f"ezlang validate {imported} --party vendor")
    assert told.keys() == expected.keys()
    assert {"accuracy", "r2"} & told.keys()
    for name, number in told.items():
        # A share of samples is exact but for its last place; other metrics inherit the rounding.
        assert number == pytest.approx(expected[name], abs=2**-16 if name == "accuracy" else 2**-13)


def test_the_transformer_block_is_exact_to_some_ulps() -> None:
    folder = ROOT / "examples" / "transformer-block"
    (told,) = (one for one in commands_of(folder) if one.text.startswith("python compare.py"))
    (ulps,) = re.findall(r"difference is ([0-9.]+) ulp", told.expected)
    assert 0 < float(ulps) < 16


def xray() -> Any:
    """Return the script of the example as a module."""
    spec = importlib.util.spec_from_file_location("xray", XRAY / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["xray"] = module
    spec.loader.exec_module(module)
    return module


def test_xray_is_densenet_121() -> None:
    """Its filters have the shapes of the network of that name in the package onnx."""
    made = xray()
    net = made.Network()
    assert made.features(net, made.DENSENET121) == 1024
    filters = Counter(array.shape for array in net.weights.values() if array.ndim == 4)
    theirs = Counter(
        shape
        for tensor in light("densenet121").graph.initializer
        if len(shape := numpy_helper.to_array(tensor).shape) == 4
    )
    assert theirs.pop((1000, 1024, 1, 1)) == 1  # the classifier
    assert filters == theirs
    assert filters.total() == 120


def made_in(folder: Path, *options: str) -> float:
    """Run a copy of the script in a folder; return the accuracy that it prints."""
    (folder / "make.py").write_bytes((XRAY / "make.py").read_bytes())
    done = subprocess.run(
        [sys.executable, "make.py", *options], cwd=folder, capture_output=True, text=True
    )
    (accuracy,) = re.findall(r"images: ([0-9.]+)$", done.stdout.strip())
    return float(accuracy)


def test_the_small_xray_network_tells_something(tmp_path: Path) -> None:
    """The page shows its accuracy, which isn't that of a network that ignores the image."""
    accuracy = made_in(tmp_path, "--small")
    with np.load(tmp_path / "test.npz") as data:
        expected = metrics_of(tmp_path / "model.onnx", dict(data))
        assert data["labels"].mean() == 0.5
    assert accuracy == pytest.approx(expected["accuracy"], abs=1e-4)
    assert accuracy > 0.8
    told = shown(XRAY, "ezlang validate model --party vendor")
    assert told == pytest.approx(expected, abs=2**-13)
    onnx.checker.check_model(onnx.load(tmp_path / "model.onnx"))


@pytest.mark.slow
def test_the_whole_path_of_densenet_121(tmp_path: Path) -> None:
    """The commands of the page, between two parties and a dealer, on images of 224 × 224."""

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "ezlang", *arguments]
        return subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    assert made_in(tmp_path) > 0.8
    with np.load(tmp_path / "test.npz") as data:
        some = {name: data[name][:4] for name in data}
    np.savez(tmp_path / "some.npz", allow_pickle=False, **some)
    expected = metrics_of(tmp_path / "model.onnx", some)
    assert start("import", "model.onnx", "-o", "model").wait() == 0
    patience, dealer = ("--timeout", str(PATIENCE)), free_address()
    both = ("--metric", "accuracy,auroc", "--samples", "4", "--least", "4", *patience)
    given = ("validate", "model", *both, "--address", free_address(), "--dealer", dealer)
    dealing = start("dealer", "--address", dealer, *patience)
    vendor = start(*given, "--party", "vendor")
    hospital = start(*given, "--party", "hospital", "--input", "some.npz")
    try:
        for side in (vendor, hospital):
            told, said = side.communicate()
            assert side.returncode == 0, said
            found = {name: float(number) for name, number in SHOWN.findall(told)}
            assert found == pytest.approx(expected, abs=2**-13)
            print(said)
    finally:
        dealing.kill()
        dealing.communicate()
