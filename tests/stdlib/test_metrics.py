"""Metrics of a model: against their definitions, and agreement of all executors."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ezlang import api
from ezlang.values.data import Inputs
from tests.support.agreement import agree, checked

ULP = 2**-16

PROGRAM = """
party vendor, hospital;
import metrics;
fn main() {{
    secret fixed[{n}][{c}] scores = input(vendor, "scores");
    @hospital int32[{n}] labels = input(hospital, "labels");
    @hospital bool[{n}] positive = input(hospital, "positive");
    @hospital fixed[{n}] exact = input(hospital, "exact");
    fixed[{n}] column;
    for i in 0..{n} {{
        column[i] = scores[i][0];
    }}
    output(hospital, metrics.{call}, "metric");
}}
"""


def metric(call: str, scores: NDArray[Any], **given: Any) -> Any:
    n, c = scores.shape
    data = {"labels": [0] * n, "positive": [False] * n, "exact": [0] * n} | given
    program = checked(PROGRAM.format(n=n, c=c, call=call))
    inputs: Inputs = {"vendor": {"scores": scores.tolist()}, "hospital": data}
    return api.run_clear(program, inputs).outputs["hospital"]["metric"]


def drawn(seed: int, n: int = 60, c: int = 5) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return scores with many ties, and labels."""
    draw = np.random.default_rng(seed)
    return draw.integers(-3, 4, size=(n, c)) / 4, draw.integers(0, c, size=n)


@pytest.mark.parametrize("seed", range(2))
def test_accuracy_confusion_and_places(seed: int) -> None:
    scores, labels = drawn(seed)
    given = {"labels": labels.tolist()}
    predicted = scores.argmax(axis=1)
    assert metric("predictions(scores)", scores) == predicted.tolist()
    right = (predicted == labels).mean()
    assert metric("accuracy(scores, labels)", scores, **given) == pytest.approx(right, abs=ULP)
    # A stable sort of the negated scores keeps equal ones in order.
    order = np.argsort(-scores, axis=1, kind="stable")
    for k in (1, 2, 5):
        among = (order[:, :k] == labels[:, None]).any(axis=1).mean()
        found = metric(f"top_accuracy::<{k}>(scores, labels)", scores, **given)
        assert found == pytest.approx(among, abs=ULP)
    table = [[((labels == a) & (predicted == b)).sum() for b in range(5)] for a in range(5)]
    call = "confusion::<5>(labels, metrics.predictions(scores))"
    assert metric(call, scores, **given) == table


@pytest.mark.parametrize("seed", range(2))
def test_precision_recall_and_f1(seed: int) -> None:
    scores, labels = drawn(seed)
    positive, predicted = labels > 1, scores[:, 0] > 0
    both = (positive & predicted).sum()
    expected = {
        "precision": both / predicted.sum(),
        "recall": both / positive.sum(),
        "f1": 2 * both / (positive.sum() + predicted.sum()),
    }
    for name, value in expected.items():
        call = f"{name}::<16>(positive, column > 0)"
        found = metric(call, scores, positive=positive.tolist())
        assert found == pytest.approx(value, abs=ULP)
        assert metric(call, scores * 0) == 0


@pytest.mark.parametrize("seed", range(2))
def test_area_under_the_curve_counts_ties_as_half(seed: int) -> None:
    scores, labels = drawn(seed, n=37)
    positive = labels > 2
    pairs = list(product(scores[positive, 0], scores[~positive, 0]))
    area = sum((x > y) + (x == y) / 2 for x, y in pairs) / len(pairs)
    found = metric("auroc(column, positive)", scores, positive=positive.tolist())
    assert found == pytest.approx(area, abs=ULP)
    assert metric("auroc(column, positive)", scores) == 0


@pytest.mark.parametrize("seed", range(2))
def test_regression(seed: int) -> None:
    scores, labels = drawn(seed)
    exact, x = labels / 2.0, scores[:, 0]
    expected = {
        "mean_squared_error": ((x - exact) ** 2).mean(),
        "mean_absolute_error": np.abs(x - exact).mean(),
        "r_squared": 1 - ((x - exact) ** 2).sum() / ((exact - exact.mean()) ** 2).sum(),
    }
    for name, value in expected.items():
        found = metric(f"{name}(column, exact)", scores, exact=exact.tolist())
        assert found == pytest.approx(value, abs=3 * ULP)


@pytest.mark.parametrize("seed", range(2))
def test_calibration(seed: int) -> None:
    scores, labels = drawn(seed)
    powers = np.exp(scores)
    chances = np.round(powers / powers.sum(axis=1, keepdims=True) / ULP) * ULP
    confidence, right = chances.max(axis=1), chances.argmax(axis=1) == labels
    place = np.minimum((confidence * 15).astype(int), 14)
    error = sum(abs((right - confidence)[place == b].sum()) for b in range(15)) / len(labels)
    call = "calibration_error::<15>(scores, labels)"
    assert metric(call, chances, labels=labels.tolist()) == pytest.approx(error, abs=ULP)


@pytest.mark.parametrize(
    "call",
    [
        "accuracy(scores, labels)",
        "top_accuracy::<2>(scores, labels)",
        "confusion::<3>(labels, metrics.predictions(scores))",
        "f1::<16>(positive, column > 0)",
        "auroc(column, positive)",
        "r_squared(column, exact)",
        "calibration_error::<4>(abs(scores), labels)",
    ],
)
def test_executors_agree(call: str) -> None:
    inputs: Inputs = {
        "vendor": {"scores": [[0.5, 0.25, 0.25], [-1, 0, 0], [0.5, 1, 0.75], [-0.5, 0, 1]]},
        "hospital": {
            "labels": [0, 2, 2, 1],
            "positive": [True, False, False, True],
            "exact": [1, -1, 0, 0.5],
        },
    }
    assert agree(checked(PROGRAM.format(n=4, c=3, call=call)), inputs).outputs is not None
