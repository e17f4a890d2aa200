"""No branch and no address depends on a secret, as valgrind sees it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VALGRIND = ("valgrind", "--tool=memcheck", "--error-limit=no")


@pytest.mark.memcheck
@pytest.mark.parametrize("wide", [False, True], ids=["128 bits", "512 bits"])
def test_nothing_depends_on_secrets(tmp_path: Path, wide: bool) -> None:
    if shutil.which("valgrind") is None:
        pytest.fail("this test needs Debian's package valgrind")
    command = [sys.executable, "-m", "tests.memcheck.cases", *["--wide"] * wide]
    where = {**os.environ, "EZLANG_CACHE": str(tmp_path / "cache"), "PYTHONMALLOC": "malloc"}
    # A first run compiles, which would take an hour under valgrind.
    subprocess.run(command, cwd=ROOT, env=where, check=True)
    log = tmp_path / "log"
    watched = [*VALGRIND, f"--log-file={log}", *command]
    done = subprocess.run(watched, cwd=ROOT, env=where, stdout=subprocess.PIPE, text=True)
    found = [line for line in done.stdout.splitlines() if ": 0 " not in line]
    assert not found, (found, log)
    assert done.returncode == 0, log
    assert len(done.stdout.splitlines()) > 20
