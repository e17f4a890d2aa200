"""The networks of the benchmarks: they check, and a small work computes what it must."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import ml
from ezlang import api

WORKS = {work.name: work for work in ml.workloads()}


@pytest.mark.parametrize("name", WORKS)
def test_all_works_check(name: str, tmp_path: Path) -> None:
    work = WORKS[name]
    files = ml.written(work, tmp_path)
    found = api.check_file(files.program, work.settings)
    assert found.diagnostics == ()
    assert found.program is not None
    asked = found.program.parties
    assert asked == ("vendor", "hospital")


def test_a_run_is_held_to_the_clear_executor_and_the_prediction(tmp_path: Path) -> None:
    work = ml.on_sums("rounded ReLUs", "relu", (-50, 50), 20)
    files = ml.written(work, tmp_path)
    parties = ml.measured(work, files, dealer=False)
    assert parties[1].result["outputs"] == ml.outputs_of(work, files)
