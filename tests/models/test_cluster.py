"""Validations on Dask clusters of this machine, one of each side."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ezlang.models.streaming.state import load_state
from tests.models.sides import Sides, ends, wait_until
from tests.support.ports import free_address

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("lost", [False, True])
def test_two_clusters_of_two_workers(tmp_path: Path, lost: bool) -> None:
    pytest.importorskip("distributed", reason="pip install 'ezlang[dask]'")
    distributed: Any = import_module("distributed")
    sides = Sides(tmp_path, "--batch", "4", "--address", free_address())
    asked = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(**asked) as vendors,
        distributed.LocalCluster(**asked) as hospitals,
    ):
        running = {
            "vendor": sides.start_one("vendor", "--dask", vendors.scheduler_address),
            "hospital": sides.start_one("hospital", "--dask", hospitals.scheduler_address),
        }
        if lost:
            wait_until(sides.state("hospital"), 2)
            vendors.workers[0].process.process.kill()
        for side in running.values():
            code, told, said = ends(side)
            assert (code, told) == (0, sides.told), said
    state = load_state(sides.state("vendor"))
    assert state is not None
    assert sorted(state.batches) == list(range(8))
