"""Train the forest on scikit-learn's breast-cancer data and write vendor.json and hospital.json.

Run this script with scikit-learn installed (`pip install scikit-learn`); ezlang itself does not
need it. The script is deterministic: it always writes the same files.

The measurements become 16-bit integers by a power of ten for each feature, and the forest is
trained on these. A threshold between two integers can then be rounded down without changing any
decision. So the program computes what scikit-learn does, with one exception: scikit-learn averages
the probabilities of leaves, which are integers here too, scaled by 2^16.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent
TREES = 5
DEPTH = 4
ROWS = 8
LARGEST = 2**15 - 1
SCALE = 2**16


def scaled(measurements: np.ndarray) -> np.ndarray:
    """Return the measurements as integers below 2^15, each column multiplied by a power of ten."""
    power = np.floor(np.log10(LARGEST / measurements.max(axis=0)))
    return np.rint(measurements * 10.0**power).astype(np.int64)


def complete(tree: Any, node: int, depth: int) -> tuple[list[list[dict[str, int]]], list[int]]:
    """Return a tree's nodes level by level and its leaves, padded to `depth` levels.

    A leaf above the lowest level becomes a tree whose leaves are all equal.
    """
    is_leaf = tree.children_left[node] == -1
    if depth == 0:
        against, in_favour = tree.value[node][0] / tree.value[node][0].sum()
        return [], [round(float(in_favour - against) * SCALE)]
    left = node if is_leaf else tree.children_left[node]
    right = node if is_leaf else tree.children_right[node]
    feature = 0 if is_leaf else int(tree.feature[node])
    threshold = 0 if is_leaf else int(np.floor(tree.threshold[node]))
    left_levels, left_leaves = complete(tree, left, depth - 1)
    right_levels, right_leaves = complete(tree, right, depth - 1)
    below = [a + b for a, b in zip(left_levels, right_levels, strict=True)]
    return [[{"feature": feature, "threshold": threshold}], *below], left_leaves + right_leaves


def main() -> None:
    """Write both parties' inputs and scikit-learn's answers for the hospital's rows."""
    data = load_breast_cancer()
    train_x, test_x, train_y, _ = train_test_split(
        scaled(data.data), data.target, test_size=0.3, random_state=7, stratify=data.target
    )
    forest = RandomForestClassifier(n_estimators=TREES, max_depth=DEPTH, random_state=7)
    forest.fit(train_x, train_y)
    rows = test_x[:ROWS]

    nodes, leaves = [], []
    for estimator in forest.estimators_:
        levels, values = complete(estimator.tree_, 0, DEPTH)
        nodes.append([node for level in levels for node in level])
        leaves.append(values)

    predicted = [bool(label == 1) for label in forest.predict(rows)]
    write("vendor.json", {"nodes": nodes, "leaves": leaves})
    write("hospital.json", {"rows": rows.tolist()})
    write("expected.json", {"vendor": {}, "hospital": {"benign": predicted}})


def write(name: str, value: object) -> None:
    """Write JSON next to this script, with one row or tree on each line."""
    text = json.dumps(value).replace("]], ", "]],\n ").replace("], [", "],\n  [")
    (HERE / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
