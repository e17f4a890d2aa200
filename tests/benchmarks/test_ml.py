"""The networks of the benchmarks: they check, and a small one computes what it must."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import ml
from ezlang import api


@pytest.mark.parametrize("path", sorted(ml.MODELS.glob("*.ez")), ids=lambda path: path.stem)
def test_all_models_check(path: Path) -> None:
    assert api.check_file(path).diagnostics == ()
    assert path.name in {work.program for work in ml.workloads()}


def test_a_run_is_held_to_the_clear_executor_and_the_prediction(tmp_path: Path) -> None:
    work = ml.relus(20)
    for party, arrays in enumerate(work.inputs):
        np.savez(tmp_path / f"{work.program}-{party}.npz", **dict(arrays))  # type: ignore[arg-type]
    wanted = ml.outputs_of(work)
    seconds, sent, rounds = ml.checked(work, tmp_path, dealer=False, wanted=wanted)
    assert seconds > 0
    assert (sent > 0, rounds > 0) == (True, True)
    with pytest.raises(SystemExit, match="outputs"):
        ml.checked(work, tmp_path, dealer=False, wanted={"z": wanted["z"][::-1]})
