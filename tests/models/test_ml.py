"""Classical models, the operators of `ai.onnx.ml`, against the reference implementation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, numpy_helper

from ezlang import api
from ezlang.diagnostics.diagnostic import EzError
from ezlang.models.folder import import_model
from ezlang.values.data import Inputs
from tests.models.models import Draft
from tests.models.runs import difference, imported, inputs_of, program_of

ML = "ai.onnx.ml"


def draft_of(op: str, *shape: int, results: int = 1, **attributes: Any) -> Draft:
    """Return a model of one node, whose first result is the label if there are two."""
    draft = Draft(domains={ML: 3})
    x = draft.input("x", *shape)
    draft.node(op, x, name="model", domain=ML, results=results, **attributes)
    return draft


def trees(mode: str) -> dict[str, Any]:
    """Return two trees: one of depth 2 that isn't complete, and one of depth 1."""
    return {
        "nodes_treeids": [0, 0, 0, 0, 0, 1, 1, 1],
        "nodes_nodeids": [0, 1, 2, 3, 4, 0, 1, 2],
        "nodes_featureids": [1, 0, 0, 0, 0, 2, 0, 0],
        "nodes_values": [0.25, 0, -0.5, 0, 0, 0.125, 0, 0],
        "nodes_modes": [mode, "LEAF", mode, "LEAF", "LEAF", mode, "LEAF", "LEAF"],
        "nodes_truenodeids": [1, 0, 3, 0, 0, 1, 0, 0],
        "nodes_falsenodeids": [2, 0, 4, 0, 0, 2, 0, 0],
    }


def leaves(kind: str) -> dict[str, Any]:
    return {
        f"{kind}_treeids": [0, 0, 0, 1, 1],
        f"{kind}_nodeids": [1, 3, 4, 1, 2],
        f"{kind}_ids": [0, 1, 2, 0, 1],
        f"{kind}_weights": [1.5, -2.25, 0.75, 4.0, 8.0],
    }


ROWS = np.array(
    [
        [0, 0.25, 0.125],  # as large as the thresholds
        [0, 0.5, 1],
        [-0.5, 0.5, 0],
        [-1, 0.5, 0.25],
        [3, -2, -1],
    ],
    np.float32,
)


@pytest.mark.parametrize("mode", ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT"])
def test_trees(tmp_path: Path, mode: str) -> None:
    attributes = {**trees(mode), **leaves("target"), "n_targets": 3}
    draft = draft_of("TreeEnsembleRegressor", 5, 3, **attributes)
    np.savez(tmp_path / "rows.npz", x=ROWS)
    path = draft.save(tmp_path, "model_out")
    done = import_model(path, tmp_path / "out", samples=tmp_path / "rows.npz")
    assert done.difference == 0
    loaded, inputs = api.load(tmp_path / "out" / "model.ez"), inputs_of(tmp_path)
    simulated = api.run_simulated(loaded, inputs, seed=3).outputs
    assert simulated == api.run_clear(loaded, inputs).outputs


@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC", "SOFTMAX"])
def test_trees_that_classify(tmp_path: Path, transform: str) -> None:
    attributes = {**trees("BRANCH_LEQ"), **leaves("class"), "classlabels_int64s": [4, 9, 2]}
    for output in ("model_out", "model_out1"):
        draft = draft_of(
            "TreeEnsembleClassifier", 4, 3, results=2, post_transform=transform, **attributes
        )
        assert difference(draft, tmp_path, output) < 2


def test_of_two_classes_one_score_is_enough(tmp_path: Path) -> None:
    given = leaves("class")
    given["class_ids"] = [0] * 5
    draft = draft_of(
        "TreeEnsembleClassifier",
        1,
        3,
        results=2,
        classlabels_int64s=[0, 1],
        **trees("BRANCH_LEQ"),
        **given,
    )
    done = import_model(draft.save(tmp_path, "model_out1"), tmp_path / "out")
    assert done.difference == 0
    (score,) = (
        api.run_clear(api.load(tmp_path / "out" / "model.ez"), inputs_of(tmp_path))
        .outputs["hospital"]
        .values()
    )
    assert np.array(score).shape == (1, 2)


@pytest.mark.parametrize("how", ["AVERAGE", "MIN", "MAX"])
def test_aggregates_of_trees(tmp_path: Path, how: str) -> None:
    given = {**leaves("target"), "target_ids": [0] * 5}
    attributes = {**trees("BRANCH_LT"), **given, "n_targets": 1, "base_values": [0.5]}
    draft = draft_of("TreeEnsembleRegressor", 5, 3, aggregate_function=how, **attributes)
    assert difference(draft, tmp_path) < 1


@pytest.mark.parametrize("how", range(4), ids=["AVERAGE", "SUM", "MIN", "MAX"])
@pytest.mark.parametrize("mode", range(4), ids=["LEQ", "LT", "GTE", "GT"])
def test_trees_of_version_5(tmp_path: Path, mode: int, how: int) -> None:
    draft = Draft(domains={ML: 5})
    draft.node(
        "TreeEnsemble",
        draft.input("x", 4, 3),
        domain=ML,
        aggregate_function=how,
        n_targets=1,
        tree_roots=[0, 2],
        nodes_modes=numpy_helper.from_array(np.full(3, mode, np.uint8)),
        nodes_splits=numpy_helper.from_array(np.array([0.25, -0.5, 0.125], np.float32)),
        nodes_featureids=[1, 0, 2],
        nodes_truenodeids=[0, 1, 3],
        nodes_trueleafs=[1, 1, 1],
        nodes_falsenodeids=[1, 2, 4],
        nodes_falseleafs=[0, 1, 1],
        leaf_targetids=[0] * 5,
        leaf_weights=numpy_helper.from_array(np.array([1.5, -2.25, 0.75, 4, 8], np.float32)),
    )
    assert difference(draft, tmp_path) == 0


def test_labels_of_labels(tmp_path: Path) -> None:
    draft = Draft(domains={ML: 4})
    draft.node(
        "LabelEncoder",
        draft.input("x", 6, type=TensorProto.INT64),
        name="encoder",
        domain=ML,
        keys_int64s=[1, 5, 0],
        values_int64s=[10, 50, 7],
        default_int64=-3,
    )
    imported(draft, tmp_path)
    given: Inputs = {"vendor": {}, "hospital": {"x": [0, 1, 2, 5, -1, 1]}}
    found = api.run_clear(api.load(tmp_path / "out" / "model.ez"), given).outputs["hospital"]
    assert found == {"encoder_out": [7, 10, -3, 50, -3, 10]}


def test_nodes_of_other_kinds(tmp_path: Path) -> None:
    attributes = {**trees("BRANCH_EQ"), **leaves("target"), "n_targets": 3}
    draft = draft_of("TreeEnsembleRegressor", 1, 3, **attributes)
    with pytest.raises(EzError, match="its nodes are of the kinds BRANCH_EQ"):
        imported(draft, tmp_path)


LINEAR = {
    "coefficients": [0.5, -1.0, 2.0, 1.0, 0.25, -0.75],
    "intercepts": [0.125, -0.5],
    "classlabels_ints": [7, 3],
}


@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC", "SOFTMAX"])
def test_linear_classifier(tmp_path: Path, transform: str) -> None:
    for output in ("model_out", "model_out1"):
        draft = draft_of("LinearClassifier", 3, 3, results=2, post_transform=transform, **LINEAR)
        assert difference(draft, tmp_path, output) < 4


def test_labels_that_are_words(tmp_path: Path) -> None:
    given = {**LINEAR, "classlabels_strings": ["a", "b"]}
    del given["classlabels_ints"]
    draft = draft_of("LinearClassifier", 1, 3, results=2, **given)
    path = draft.save(tmp_path, "model_out", "model_out1")
    with pytest.raises(EzError, match="choose another output by --output-name"):
        import_model(path, tmp_path / "out")
    done = import_model(path, tmp_path / "out", outputs=["model_out1"])
    assert list(done.graph.outputs) == ["model_out1"]
    assert "labels" not in program_of(tmp_path)
    with pytest.raises(EzError, match="the model has no output `score`"):
        import_model(path, tmp_path / "again", outputs=["score"])


def machine(classes: int, **more: Any) -> dict[str, Any]:
    """Return a support vector machine with two vectors of each class."""
    random = np.random.default_rng(3)
    pairs = classes * (classes - 1) // 2
    return {
        "classlabels_ints": [4, 2, 7][:classes],
        "kernel_type": "RBF",
        "kernel_params": [0.5, 0.25, 3.0],
        "vectors_per_class": [2] * classes,
        "support_vectors": random.normal(size=classes * 2 * 3).tolist(),
        "coefficients": random.normal(size=(classes - 1) * 2 * classes).tolist(),
        "rho": random.normal(size=pairs).tolist(),
        **more,
    }


@pytest.mark.parametrize(
    ("attributes", "ulps"),
    [
        (machine(2), 12),
        # The reference iterates until it is within 0.005 of the probability.
        (machine(2, prob_a=[-1.5], prob_b=[0.25]), 0.005 * 2**16),
        (machine(2, post_transform="LOGISTIC", kernel_type="LINEAR"), 12),
        # Its scores are up to 73.
        (machine(3, kernel_type="POLY"), 36),
        (machine(3, post_transform="SOFTMAX", kernel_type="SIGMOID"), 12),
    ],
)
def test_machines_that_classify(tmp_path: Path, attributes: dict[str, Any], ulps: float) -> None:
    draft = draft_of("SVMClassifier", 6, 3, results=2, **attributes)
    assert difference(draft, tmp_path, "model_out") == 0
    assert difference(draft, tmp_path, "model_out1") < ulps


def test_probabilities_of_more_than_two_classes(tmp_path: Path) -> None:
    fitted = {"prob_a": [-1.0] * 3, "prob_b": [0.5] * 3}
    draft = draft_of("SVMClassifier", 1, 3, results=2, **machine(3, **fitted))
    path = draft.save(tmp_path, "model_out", "model_out1")
    with pytest.raises(EzError, match="the probabilities of more than two classes"):
        import_model(path, tmp_path / "out")
    assert import_model(path, tmp_path / "out", outputs=["model_out"]).difference == 0


def test_on_shares_too(tmp_path: Path) -> None:
    imported(draft_of("SVMClassifier", 2, 3, results=2, **machine(3)), tmp_path)
    loaded, inputs = api.load(tmp_path / "out" / "model.ez"), inputs_of(tmp_path)
    simulated = api.run_simulated(loaded, inputs, seed=3).outputs
    assert simulated == api.run_clear(loaded, inputs).outputs


def regressor(kernel: str, **more: Any) -> dict[str, Any]:
    return {
        "kernel_type": kernel,
        "kernel_params": [0.5, 0.25, 3.0],
        "n_supports": 2,
        "support_vectors": [0.5, -1.0, 2.0, 1.0, 0.25, -0.75],
        "coefficients": [0.75, -0.5],
        "rho": [0.125],
        **more,
    }


@pytest.mark.parametrize(
    ("op", "attributes"),
    [
        ("LinearRegressor", {"coefficients": [0.5, -1.0, 2.0], "intercepts": [3.0]}),
        ("Scaler", {"offset": [1.0, 2.0, 3.0], "scale": [0.5, 2.0, 0.25]}),
        ("Normalizer", {"norm": "L1"}),
        ("Normalizer", {"norm": "L2"}),
        ("Normalizer", {"norm": "MAX"}),
        ("Binarizer", {"threshold": 0.25}),
        *(("SVMRegressor", regressor(kernel)) for kernel in ("LINEAR", "RBF", "SIGMOID", "POLY")),
        ("SVMRegressor", regressor("RBF", one_class=1)),
        ("LabelEncoder", {"keys_floats": [0.5, 2.0], "values_floats": [1.5, -2.25]}),
    ],
)
def test_rows(tmp_path: Path, op: str, attributes: dict[str, Any]) -> None:
    assert difference(draft_of(op, 2, 3, **attributes), tmp_path) < 8


@pytest.mark.parametrize("rows", [1, 3])
def test_labels_of_several_rows(tmp_path: Path, rows: int) -> None:
    """As scikit-learn's perceptrons are exported: labels are looked up at the largest scores."""
    draft = Draft(domains={ML: 3})
    x = draft.input("x", rows, 4)
    labels = draft.given("labels", np.array([[7, 4, 9, -2]], np.int64))
    places = draft.node("ArgMax", x, axis=1)
    draft.node("ArrayFeatureExtractor", labels, places, domain=ML)
    done = imported(draft, tmp_path)
    ((sample,),) = (one.values() for one in done.samples)
    loaded, inputs = api.load(tmp_path / "out" / "model.ez"), inputs_of(tmp_path)
    outputs = api.run_clear(loaded, inputs).outputs
    (found,) = outputs["hospital"].values()
    assert np.ravel(found).tolist() == [[7, 4, 9, -2][k] for k in sample.argmax(axis=1)]
    assert api.run_simulated(loaded, inputs, seed=1).outputs == outputs
