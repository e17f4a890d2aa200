"""Compare what the client learned with what the float model gives.

`python compare.py result.json` reads the output of `ezlang run --json`, and model/reference.npz.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
ULP = 2.0**-16


def main(path: str) -> None:
    """Print the largest difference."""
    found = json.loads(Path(path).read_text(encoding="utf-8"))["outputs"]["result"]
    reference = np.load(HERE / "model" / "reference.npz")["result"]
    off = np.abs(np.array(found) - reference).max()
    print(
        f"{reference.size} numbers up to {np.abs(reference).max():.2f}; the largest difference "
        f"is {off / ULP:.1f} ulp, or {off:.1e}."
    )


if __name__ == "__main__":
    main(sys.argv[1])
