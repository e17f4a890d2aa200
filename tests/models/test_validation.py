"""Metrics of imported models: the program, its results in all executors, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ezlang import api
from ezlang.cli import run_command
from ezlang.diagnostics.diagnostic import EzError
from ezlang.models.folder import import_model
from ezlang.models.metrics import METRICS
from ezlang.models.validation import validation_of
from ezlang.values.data import Inputs
from ezlang.values.files import read_inputs
from tests.models.models import Draft, cnn
from tests.models.sides import model_in, scores, validating
from tests.support.agreement import agree
from tests.support.patience import PATIENCE
from tests.support.ports import free_address

GOLDEN = Path(__file__).parent / "golden"


def validated(folder: Path, draft: Draft, metrics: list[str], given: dict[str, Any]) -> Any:
    """Return the program and inputs of a validation, and the float scores of the samples."""
    model = model_in(folder, draft)
    (samples,) = {len(array) for array in given.values()}
    x = np.random.default_rng(3).normal(size=(samples, 3)).astype(np.float32)
    made = validation_of(api.load(model), metrics, samples=len(x))
    program = api.checked(api.check_text(made.text, settings=made.settings))
    inputs: Inputs = {
        "vendor": read_inputs(folder / "out" / "weights.npz"),
        "hospital": {"x": x, **given},
    }
    return program, inputs, x @ draft.weights["w"].T


@pytest.mark.parametrize("samples", [12, 10, 3])
@pytest.mark.parametrize("classes", [1, 2, 4])
def test_both_sides_learn_the_metrics_of_the_float_model(
    tmp_path: Path, classes: int, samples: int
) -> None:
    """The model takes four samples at once, of which some are left over."""
    labels = np.arange(samples) % max(classes, 2)
    names = {
        1: ["auroc"],
        2: ["accuracy", "accuracy>=0.99", "f1", "auroc"],
        4: ["accuracy", "top_2", "confusion"],
    }[classes]
    given = {"labels": labels.astype(np.int32)}
    program, inputs, exact = validated(tmp_path, scores(classes), names, given)
    found = api.run_clear(program, inputs).outputs
    assert found["vendor"] == found["hospital"]
    told, predicted = found["vendor"], exact.argmax(axis=1)
    right = (predicted == labels).mean()
    if classes > 1:
        assert told["accuracy"] == pytest.approx(right, abs=2**-16)
    if classes < 4:
        margin = exact[:, -1] - (exact[:, 0] if classes == 2 else 0)
        pairs = [a > b for a in margin[labels == 1] for b in margin[labels == 0]]
        assert told["auroc"] == pytest.approx(np.mean(pairs), abs=2**-16)
    if classes == 2:
        assert told["accuracy >= 0.99"] is False
        both = ((predicted == 1) & (labels == 1)).sum()
        expected = 2 * both / (predicted.sum() + labels.sum())
        assert told["f1"] == pytest.approx(expected, abs=2**-16)
    if classes == 4:
        table = [[((labels == a) & (predicted == b)).sum() for b in range(4)] for a in range(4)]
        assert told["confusion"] == table


def test_models_of_one_number(tmp_path: Path) -> None:
    targets = np.linspace(-1, 1, 12)
    given = {"targets": targets}
    program, inputs, exact = validated(tmp_path, scores(1), ["mse", "mae", "r2"], given)
    told = api.run_clear(program, inputs).outputs["vendor"]
    errors = exact[:, 0] - targets
    assert told["mse"] == pytest.approx((errors**2).mean(), abs=2**-13)
    assert told["mae"] == pytest.approx(np.abs(errors).mean(), abs=2**-13)
    spread = ((targets - targets.mean()) ** 2).sum()
    assert told["r2"] == pytest.approx(1 - (errors**2).sum() / spread, abs=2**-11)


@pytest.mark.parametrize("samples", [12, 11])
def test_all_executors_agree(tmp_path: Path, samples: int) -> None:
    given = {"labels": (np.arange(samples) % 2).astype(np.int32)}
    program, inputs, _ = validated(tmp_path, scores(2), ["accuracy", "auroc"], given)
    assert agree(program, inputs).outputs is not None


@pytest.mark.parametrize(("samples", "file"), [(32, "validation.ez"), (31, "validation-rest.ez")])
def test_a_program_that_a_person_could_have_written(
    tmp_path: Path, golden: Callable[[Path, str], None], samples: int, file: str
) -> None:
    model = model_in(tmp_path, cnn())
    made = validation_of(api.load(model), ["accuracy", "top_2"], samples=samples)
    golden(GOLDEN / file, made.text)


@pytest.mark.parametrize("name", ["samples", "data", "metrics", "results", "batch", "labels"])
def test_a_model_may_use_the_names_of_the_validation(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What doesn't work is an input of both with one name."""
    draft = Draft()
    draft.node("Gemm", draft.input(name, "n", 3), draft.weight("w", 2, 3), transB=1)
    path = draft.save(tmp_path, draft.nodes[-1].output[0])
    import_model(path, tmp_path / "out")
    x, labels = np.eye(3).repeat(10, axis=0), [0] * 30
    (tmp_path / "data.json").write_text(json.dumps({name: x.tolist(), "labels": labels}))
    command = ["validate", str(tmp_path / "out"), "--metric", "accuracy", "--samples", "30"]
    weights = f"vendor={tmp_path / 'out' / 'weights.npz'}"
    given = ["--input", weights, "--input", f"hospital={tmp_path / 'data.json'}", "--clear"]
    assert run_command([*command, *given]) == (2 if name == "labels" else 0)
    said = capsys.readouterr()
    assert ("the model's input is called `labels`" in said.err) == (name == "labels")
    assert ("accuracy: " in said.out) == (name != "labels")


@pytest.mark.parametrize(
    ("classes", "metrics", "samples", "message"),
    [
        (2, ["accurate"], 12, "`accurate` is no metric"),
        (1, ["accuracy"], 12, "`accuracy` needs a score for each class"),
        (3, ["f1"], 12, "`f1` is for 2 classes; the model has 3"),
        (3, ["auroc"], 12, "`auroc` is for 2 classes; the model has 3"),
        (2, ["mse"], 12, "`mse` is for a model of one number; this one gives 2"),
        (1, ["auroc", "mse"], 12, "metrics of classes and of numbers don't go together"),
        (2, ["accuracy>=much"], 12, "`accuracy>=much` has no limit"),
        (2, ["confusion>=0.5"], 12, "`confusion>=0.5` has no limit"),
    ],
)
def test_refusals(
    tmp_path: Path, classes: int, metrics: list[str], samples: int, message: str
) -> None:
    program = api.load(model_in(tmp_path, scores(classes)))
    with pytest.raises(EzError) as found:
        validation_of(program, metrics, samples=samples)
    (only,) = found.value.diagnostics
    assert only.code == "EZ4109"
    assert only.message.startswith(message)


def test_programs_of_another_form_are_refused() -> None:
    text = """
    party vendor, hospital;
    fn main() {
        output(hospital, input(vendor, "x") > 0, "y");
    }
    """
    with pytest.raises(EzError, match="isn't a model of one input and one output"):
        validation_of(api.checked(api.check_text(text)), ["accuracy"], samples=30)


def test_a_command_on_each_side(tmp_path: Path) -> None:
    """The hospital has the program alone, and the vendor's weights lie beside his copy."""
    model = model_in(tmp_path, scores(2))
    (tmp_path / "public").mkdir()
    shutil.copy(model, tmp_path / "public")
    x = np.random.default_rng(3).normal(size=(32, 3))
    labels = (np.arange(32) % 2).astype(np.int32)
    np.savez(tmp_path / "data.npz", x=x, labels=labels)
    with np.load(model.with_name("weights.npz")) as arrays:
        (weights,) = (arrays[name] for name in arrays.files)
    right = ((x @ weights.T).argmax(axis=1) == labels).mean()
    both = ("--metric", "accuracy", "--samples", "32", "--address", free_address())
    vendor = validating(tmp_path, "out", "vendor", *both)
    hospital = validating(tmp_path, "public", "hospital", "--input", "data.npz", *both)
    for side in (hospital, vendor):
        told, said = side.communicate(timeout=PATIENCE)
        assert (side.returncode, told) == (0, f"accuracy: {right}\n"), said
        assert "Both sides learn accuracy of 32 samples" in said


def test_sides_that_want_different_things_refuse_each_other(tmp_path: Path) -> None:
    model_in(tmp_path, scores(2))
    shutil.copytree(tmp_path / "out", tmp_path / "public")
    x, labels = np.zeros((36, 3)), np.zeros(36, np.int32)
    np.savez(tmp_path / "data.npz", x=x, labels=labels)
    both = ("--metric", "accuracy", "--address", free_address())
    vendor = validating(tmp_path, "out", "vendor", "--samples", "32", *both)
    given = ("--input", "data.npz", "--samples", "36")
    hospital = validating(tmp_path, "public", "hospital", *given, *both)
    for side in (hospital, vendor):
        told, said = side.communicate(timeout=PATIENCE)
        assert (side.returncode, told) == (3, ""), said
        assert "samples" in said


def test_few_samples_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model_in(tmp_path, scores(2))
    command = ["validate", str(tmp_path / "out"), "--metric", "accuracy", "--samples", "12"]
    assert run_command(command) == 2
    assert "12 samples are fewer than 30" in capsys.readouterr().err
    assert not (tmp_path / "out" / "validation.ez").exists()


def test_every_metric_is_named_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["validate", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in METRICS)
