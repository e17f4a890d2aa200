"""What exporters write otherwise than ONNX says, or than others do, in small models of our own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from ezlang import api
from ezlang.models.folder import import_model
from ezlang.models.measuring import float_run
from ezlang.models.reading import read_model
from tests.models.models import Draft, cnn
from tests.models.runs import difference, imported, inputs_of, program_of


def keras_gelu() -> Draft:
    """The GELU of Keras as tf2onnx writes it: an operator `Erfc` is left, which ONNX hasn't."""
    draft = Draft()
    x = draft.input("x", 1, 40)
    half, root = draft.given("half", np.float32(0.5)), draft.given("root", np.float32(0.70710677))
    scaled = draft.node("Mul", draft.node("Neg", x), root)
    gate = draft.node("Erfc", scaled, name="Gelu/Erfc")
    draft.node("Mul", draft.node("Mul", half, x), gate)
    return draft


def test_gelus_of_keras(tmp_path: Path) -> None:
    done = imported(keras_gelu(), tmp_path)
    assert "functions.gelu(" in program_of(tmp_path)
    assert done.difference is not None
    assert 0 < done.difference < 2


def test_erfc_alone(tmp_path: Path) -> None:
    from math import erfc

    draft = Draft()
    draft.node("Erfc", draft.input("x", 1, 40))
    done = imported(draft, tmp_path)
    ((sample,), (found,)) = done.samples[0].values(), done.floats[0].outputs.values()
    assert np.allclose(found, np.vectorize(erfc)(sample), atol=1e-6)
    assert done.difference is not None
    assert 0 < done.difference < 2


def test_sizes_that_paddle_leaves_open(tmp_path: Path) -> None:
    """They are all called `?`, and may be different ones."""
    draft = Draft()
    x = draft.input("x", "?", 2, "?", "?")
    draft.node("Conv", x, draft.weight("w", 3, 2, 2, 2))
    path = draft.save(tmp_path, draft.nodes[-1].output[0])
    done = import_model(path, tmp_path / "out", sizes={"x_2": 4, "x_3": 5})
    assert [value.shape for value in done.graph.inputs] == [(1, 2, 4, 5)]


def test_names_of_sizes_need_not_be_used(tmp_path: Path) -> None:
    draft = Draft()
    draft.node("Relu", draft.input("x", "n", "n"))
    path = draft.save(tmp_path, draft.nodes[-1].output[0])
    done = import_model(path, tmp_path / "out", sizes={"x_0": 2, "n": 3})
    assert [value.shape for value in done.graph.inputs] == [(2, 3)]


@pytest.mark.parametrize(("op", "bound"), [("Max", -np.inf), ("Min", np.inf)])
def test_infinite_bounds_of_jax(tmp_path: Path, op: str, bound: float) -> None:
    draft = Draft()
    x, given = draft.input("x", 2, 3), draft.given("bound", np.float32(bound))
    draft.node("Neg", draft.node(op, given, x))
    # Nothing is left to compute but the sign.
    assert difference(draft, tmp_path) <= 0.5


def test_external_data_of_pytorch(tmp_path: Path) -> None:
    """PyTorch's exporter writes all weights into one file beside the model."""
    model = cnn().model(cnn().nodes[-1].output[0])
    path = tmp_path / "model.onnx"
    onnx.save(model, path, save_as_external_data=True, location="model.onnx.data", size_threshold=0)
    done = import_model(path, tmp_path / "out")
    read = read_model(path, {})
    again = float_run(read, done.graph, done.samples[0]).outputs
    assert all(np.array_equal(again[name], done.floats[0].outputs[name]) for name in again)
    loaded, inputs = api.load(tmp_path / "out" / "model.ez"), inputs_of(tmp_path)
    simulated = api.run_simulated(loaded, inputs, seed=2).outputs
    assert simulated == api.run_clear(loaded, inputs).outputs
    assert done.difference is not None
    assert 0 < done.difference < 10
