"""Models trained by scikit-learn on its own data sets: secure against float.

Each is exported by skl2onnx, imported, and run by two processes without a dealer, on the whole test
split at once. What both get right is printed, and by how much probabilities and numbers differ, in
units of the last place (ulp) of 16 fraction bits.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from ezlang import api
from ezlang.models.folder import PROGRAM, SAMPLE, WEIGHTS, import_model
from ezlang.models.listing import HOSPITAL, VENDOR
from ezlang.values.files import read_inputs

Array = np.ndarray[Any, Any]
HEAD = (
    "| data | model | samples | float | secure | other answers | difference, ulp | rounds | MB |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Trained:
    """A model of scikit-learn, and the name of the data set that it is fitted to."""

    data: str
    name: str
    make: Callable[[], Any]


def models() -> Iterator[Trained]:
    """Yield the models, the smallest first."""
    from sklearn.ensemble import (
        GradientBoostingClassifier,
        GradientBoostingRegressor,
        RandomForestClassifier,
    )
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    trees = {"n_estimators": 20, "max_depth": 3, "random_state": 0}
    logistic = (
        "logistic regression",
        lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    )
    perceptron = (
        "perceptron, 32 hidden",
        lambda: make_pipeline(StandardScaler(), MLPClassifier((32,), random_state=0, max_iter=500)),
    )
    forest = (
        "forest of 20, depth 5",
        lambda: RandomForestClassifier(20, max_depth=5, random_state=0),
    )
    yield Trained("diabetes", "ridge", lambda: make_pipeline(StandardScaler(), Ridge()))
    yield Trained("diabetes", "20 boosted trees", lambda: GradientBoostingRegressor(**trees))
    for data in ("wine", "breast_cancer", "digits"):
        for name, make in (logistic, perceptron, forest):
            yield Trained(data, name, make)
    yield Trained("breast_cancer", "20 boosted trees", lambda: GradientBoostingClassifier(**trees))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line options."""
    parser.add_argument("names", nargs="*", help="only data sets with one of these names")


def run(arguments: argparse.Namespace) -> None:
    """Print a row for each model."""
    warnings.simplefilter("ignore")
    print(HEAD)
    for one in models():
        if not arguments.names or one.data in arguments.names:
            with tempfile.TemporaryDirectory() as folder:
                print(row(one, Path(folder)), flush=True)


def row(one: Trained, folder: Path) -> str:
    """Train a model, and run it on the test split both ways; return the row of the table."""
    import skl2onnx
    from sklearn import datasets, model_selection

    x, y = getattr(datasets, f"load_{one.data}")(return_X_y=True)
    split = model_selection.train_test_split(x.astype(np.float32), y, test_size=0.3, random_state=0)
    fitted = one.make().fit(split[0], split[2])
    rows, wanted = split[1], split[3]
    onnx.save(skl2onnx.to_onnx(fitted, rows[:1]), folder / "model.onnx")
    np.savez(folder / "samples.npz", X=rows, allow_pickle=False)
    out = folder / "out"
    size = {"X_0": len(rows)}
    import_model(folder / "model.onnx", out, samples=folder / "samples.npz", sizes=size)
    inputs = {VENDOR: read_inputs(out / WEIGHTS), HOSPITAL: read_inputs(out / SAMPLE)}
    done = api.run_native(api.load(out / PROGRAM), inputs, timeout=3000)
    assert done.cost is not None
    answers, *scores = (np.array(data) for data in done.outputs[HOSPITAL].values())
    theirs = fitted.predict(rows)
    if scores:
        ours = answers.reshape(-1)
        apart = np.abs(scores[0] - fitted.predict_proba(rows))
        right = [f"{np.mean(found == wanted):.4f}" for found in (theirs, ours)]
        other = str(int((ours != theirs).sum()))
    else:
        from sklearn.metrics import r2_score

        ours = answers.reshape(-1)
        apart = np.abs(ours - theirs)
        right = [f"R² {r2_score(wanted, found):.4f}" for found in (theirs, ours)]
        other = ""
    sent = sum(done.cost.bytes.values()) / 1e6
    difference = f"{apart.max() * 2**16:.1f}"
    cells = (one.data, one.name, str(len(rows)), *right, other, difference)
    return f"| {' | '.join(cells)} | {done.cost.rounds:,} | {sent:,.1f} |"
