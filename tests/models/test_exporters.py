"""Models as the exporters of PyTorch, scikit-learn and Keras write them, against onnxruntime.

The commands are those of docs/models.md. `python -m pip install -e '.[exporters]'` installs the
exporters; a test without its exporter is skipped.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from ezlang import api
from ezlang.models.folder import Imported, import_model
from ezlang.models.program import quoted
from tests.models.models import Array
from tests.models.runs import inputs_of

pytestmark = pytest.mark.slow

TOLERANCE = 16.0
"""The largest difference, in units of the last place of the larger of 1 and the number."""

SCALED = 64.0
"""The same for models that scale columns themselves: factors of large numbers have few digits."""


def judged(
    path: Path,
    samples: Mapping[str, Array],
    *,
    simulated: bool = True,
    tolerance: float = TOLERANCE,
) -> Imported:
    """Import a model, run it in the clear on samples, and hold it against onnxruntime."""
    onnxruntime = pytest.importorskip("onnxruntime")
    folder = path.parent
    np.savez(folder / "samples.npz", allow_pickle=False, **samples)
    done = import_model(path, folder / "out", samples=folder / "samples.npz")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_outputs()]
    assert done.fraction == 16
    assert len(done.clear) == len(done.samples) > 0
    for sample, run in zip(done.samples, done.clear, strict=True):
        for name, expected in zip(names, session.run(names, dict(sample)), strict=True):
            compared(run.outputs[quoted(name)], expected, tolerance)
    if simulated:
        loaded, inputs = api.load(folder / "out" / "model.ez"), inputs_of(folder)
        outputs = api.run_simulated(loaded, inputs, seed=1).outputs
        assert outputs == api.run_clear(loaded, inputs).outputs
    return done


def compared(found: Array, given: Any, tolerance: float = TOLERANCE) -> None:
    """Compare an output with that of onnxruntime, which gives probabilities by class."""
    if isinstance(given, list):
        given = [[*row.values()] for row in given]
    expected = np.asarray(given)
    assert found.shape == expected.shape
    if expected.dtype.kind != "f":
        assert np.array_equal(found, expected)
        return
    apart = np.abs(found.astype(np.float64) - expected)
    assert (apart * 2**16 <= tolerance * np.maximum(1, np.abs(expected))).all()


def torch_models() -> dict[str, tuple[Any, tuple[int, ...]]]:
    from torch import nn

    class Residual(nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Sequential(
                nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()
            )
            self.inner = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.GroupNorm(2, 8), nn.SiLU())
            self.last = nn.Linear(8, 4)

        def forward(self, x: Any) -> Any:
            x = nn.functional.max_pool2d(self.first(x), 2)
            return self.last((x + self.inner(x)).mean((2, 3)))

    return {
        "mlp": (
            nn.Sequential(nn.Linear(20, 16), nn.GELU(), nn.Linear(16, 4), nn.Softmax(-1)),
            (1, 20),
        ),
        "residual": (Residual(), (1, 3, 8, 8)),
        "mobile": (
            nn.Sequential(
                *(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.Hardswish()),
                *(nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.ReLU6(), nn.AdaptiveAvgPool2d(1)),
                *(nn.Flatten(), nn.Linear(8, 3)),
            ),
            (1, 3, 8, 8),
        ),
        "transformer": (
            nn.TransformerEncoderLayer(16, 4, 32, activation="gelu", batch_first=True),
            (1, 6, 16),
        ),
    }


@pytest.mark.parametrize("dynamo", [True, False], ids=["dynamo", "torchscript"])
@pytest.mark.parametrize("name", ["mlp", "residual", "mobile", "transformer"])
def test_pytorch(tmp_path: Path, name: str, dynamo: bool) -> None:
    torch = pytest.importorskip("torch")
    if name == "transformer" and not dynamo:
        pytest.skip("PyTorch's older exporter fails on its encoder")
    if dynamo:
        pytest.importorskip("onnxscript")
    torch.manual_seed(0)
    model, shape = torch_models()[name]
    sample = torch.randn(shape)
    path = tmp_path / "model.onnx"
    torch.onnx.export(model.eval(), (sample,), str(path), dynamo=dynamo)
    # The newer exporter writes weights into a file of their own.
    assert (tmp_path / "model.onnx.data").exists() == dynamo
    names = [one.name for one in onnx.load(path, load_external_data=False).graph.input]
    judged(path, {names[0]: sample.numpy()}, simulated=name in ("mlp", "mobile"))


def scikit_models() -> dict[str, tuple[Any, Any]]:
    from sklearn import datasets, ensemble, linear_model, neural_network, pipeline, preprocessing

    def scaled(model: Any) -> Any:
        return pipeline.make_pipeline(preprocessing.StandardScaler(), model)

    cancer, wine, diabetes = (
        load(return_X_y=True)
        for load in (datasets.load_breast_cancer, datasets.load_wine, datasets.load_diabetes)
    )
    small = {"n_estimators": 8, "max_depth": 3, "random_state": 0}
    perceptron = {"hidden_layer_sizes": (16,), "random_state": 0, "max_iter": 50}
    return {
        "logistic regression": (scaled(linear_model.LogisticRegression()), cancer),
        "logistic regression of three classes": (scaled(linear_model.LogisticRegression()), wine),
        "linear regression": (linear_model.LinearRegression(), diabetes),
        "ridge": (scaled(linear_model.Ridge()), diabetes),
        "perceptron": (scaled(neural_network.MLPClassifier(**perceptron)), wine),
        "perceptron that estimates": (scaled(neural_network.MLPRegressor(**perceptron)), diabetes),
        "forest": (ensemble.RandomForestClassifier(**small), cancer),
        "forest that estimates": (ensemble.RandomForestRegressor(**small), diabetes),
        "boosting": (ensemble.GradientBoostingClassifier(**small), wine),
        "boosting that estimates": (ensemble.GradientBoostingRegressor(**small), diabetes),
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name",
    [
        *("logistic regression", "logistic regression of three classes", "linear regression"),
        *("ridge", "perceptron", "perceptron that estimates", "forest", "forest that estimates"),
        *("boosting", "boosting that estimates"),
    ],
)
def test_scikit_learn(tmp_path: Path, name: str) -> None:
    pytest.importorskip("sklearn")
    skl2onnx = pytest.importorskip("skl2onnx")
    model, (x, y) = scikit_models()[name]
    # Numbers that fixed point has, so that only what is computed of them differs.
    rows = (np.round(x * 2**16) / 2**16).astype(np.float32)
    exported = skl2onnx.to_onnx(model.fit(rows, y), rows[:1])
    onnx.save(exported, tmp_path / "model.onnx")
    judged(
        tmp_path / "model.onnx",
        {"X": rows[::40]},
        simulated=name in ("logistic regression", "perceptron", "forest"),
        tolerance=SCALED if hasattr(model, "steps") else TOLERANCE,
    )


def keras_models() -> dict[str, Any]:
    from keras import Input, Sequential
    from keras import layers as own

    return {
        "gelu": Sequential(
            [Input((20,)), own.Dense(16, activation="gelu"), own.Dense(4, activation="softmax")]
        ),
        "images": Sequential(
            [
                *(Input((8, 8, 3)), own.Conv2D(8, 3, padding="same", activation="relu")),
                *(own.BatchNormalization(), own.MaxPooling2D(2)),
                *(own.Conv2D(4, 3, padding="same", strides=2, activation="swish"),),
                *(own.GlobalAveragePooling2D(), own.LayerNormalization(), own.Dense(3)),
            ]
        ),
        "separable": Sequential(
            [
                *(Input((8, 8, 3)), own.ZeroPadding2D(1), own.DepthwiseConv2D(3), own.ReLU(6.0)),
                *(own.SeparableConv2D(4, 3, padding="same"), own.UpSampling2D(2)),
                *(own.Conv2DTranspose(2, 2, strides=2), own.Flatten()),
                *(own.Dense(2, activation="sigmoid"),),
            ]
        ),
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["gelu", "images", "separable"])
def test_keras(tmp_path: Path, name: str) -> None:
    keras = pytest.importorskip("keras")
    pytest.importorskip("tf2onnx")
    keras.utils.set_random_seed(0)
    model = keras_models()[name]
    folder, path = tmp_path / "saved", tmp_path / "model.onnx"
    model.export(str(folder), verbose=False)
    command = [sys.executable, "-m", "tf2onnx.convert", "--saved-model", str(folder)]
    subprocess.run([*command, "--output", str(path)], check=True, capture_output=True)
    (input,) = onnx.load(path).graph.input
    sample = np.random.default_rng(0).normal(size=(1, *model.input_shape[1:])).astype(np.float32)
    expected = np.asarray(model(sample))
    if name == "gelu":
        # onnxruntime doesn't know the operator `Erfc`, which tf2onnx leaves.
        np.savez(tmp_path / "samples.npz", allow_pickle=False, **{input.name: sample})
        done = import_model(path, tmp_path / "out", samples=tmp_path / "samples.npz")
        text = (tmp_path / "out" / "model.ez").read_text(encoding="utf-8")
        assert "functions.gelu(" in text
    else:
        done = judged(path, {input.name: sample}, simulated=name == "separable")
    (output,) = done.clear[0].outputs.values()
    compared(output, expected)
