"""Train two models on scikit-learn's breast-cancer data, and write what each side has.

It needs `pip install scikit-learn skl2onnx`; ezlang itself needs neither. It always writes the
same files:

- `logistic.onnx` and `forest.onnx` are the vendor's: a logistic regression and a random forest;
- `test.npz` and `patient.npz` are the hospital's: samples with their labels, and one patient.

The class 1 is malignant here; in scikit-learn, it is benign.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
TESTED = 160
MODELS = {
    "logistic": make_pipeline(StandardScaler(), LogisticRegression(C=0.1)),
    "forest": RandomForestClassifier(n_estimators=12, max_depth=4, random_state=0),
}


def main() -> None:
    """Write both models, and the hospital's samples."""
    data = load_breast_cancer()
    rows, tested, labels, answers = train_test_split(
        data.data.astype(np.float32),
        1 - data.target,
        test_size=TESTED,
        random_state=0,
        stratify=data.target,
    )
    for name, model in MODELS.items():
        model.fit(rows, labels)
        chances = model.predict_proba(tested)[:, 1]
        right = (model.predict(tested) == answers).mean()
        area = roc_auc_score(answers, chances)
        print(f"{name} in float: accuracy {right:.4f}, AUROC {area:.4f}")
        write(name, model, rows.shape[1])
    save("test", patient=tested, labels=answers.astype(np.int32))
    save("patient", patient=tested[:1])


def write(name: str, model: Any, features: int) -> None:
    """Write a model, of which the second output has a number for each class."""
    inputs = [("patient", FloatTensorType([None, features]))]
    exported = to_onnx(model, initial_types=inputs, options={"zipmap": False}, target_opset=18)
    (HERE / f"{name}.onnx").write_bytes(exported.SerializeToString())


def save(name: str, **arrays: np.ndarray) -> None:
    """Write arrays beside this script."""
    np.savez_compressed(HERE / f"{name}.npz", **arrays)


if __name__ == "__main__":
    main()
