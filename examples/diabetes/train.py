"""Train a small neural network on scikit-learn's diabetes data, and write what each side has.

It needs `pip install scikit-learn skl2onnx`; ezlang itself needs neither. `model.onnx` is the
vendor's, `test.npz` the hospital's. On one machine, it always writes the same files.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_diabetes
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
TESTED = 110
UNIT = 100.0
"""The progression of the disease, from 25 to 346, is given in hundreds."""


def main() -> None:
    """Write the model, and the hospital's samples."""
    data = load_diabetes(scaled=False)
    rows, tested, targets, answers = train_test_split(
        data.data.astype(np.float32), data.target / UNIT, test_size=TESTED, random_state=0
    )
    network = MLPRegressor(
        hidden_layer_sizes=(16,), alpha=10.0, solver="lbfgs", max_iter=2000, random_state=0
    )
    model = make_pipeline(StandardScaler(), network)
    model.fit(rows, targets)
    found = model.predict(tested)
    print(
        f"In float: MSE {mean_squared_error(answers, found):.5f}, "
        f"MAE {mean_absolute_error(answers, found):.5f}, R² {r2_score(answers, found):.5f}"
    )
    inputs = [("patient", FloatTensorType([None, rows.shape[1]]))]
    exported = to_onnx(model, initial_types=inputs, target_opset=18)
    (HERE / "model.onnx").write_bytes(exported.SerializeToString())
    np.savez_compressed(HERE / "test.npz", patient=tested, targets=answers.astype(np.float32))


if __name__ == "__main__":
    main()
