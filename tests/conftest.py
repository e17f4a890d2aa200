"""Golden files for all tests, rewritten with `pytest --update-golden`."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import HealthCheck, settings

# A shell lets background jobs ignore Ctrl-C, and processes that tests start would inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest.register_assert_rewrite("tests.support")

# Stores are in no user's home.
_DATA = tempfile.mkdtemp(prefix="ezlang-tests-")
atexit.register(shutil.rmtree, _DATA, ignore_errors=True)
os.environ["XDG_DATA_HOME"] = _DATA
os.environ["EZLANG_VERIFY"] = "1"  # the program, after every pass
if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    # Commands that tests start would compile every module again, each time.
    os.environ["PYTHONPYCACHEPREFIX"] = f"{tempfile.gettempdir()}/ezlang-tests-bytecode"

# No example fails for the time it takes: the machine may be busy.
settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("untimed")

CPU_SECONDS = 1500
"""How long a test may compute: not by the clock, since the machine may be busy."""

Golden = Callable[[Path, str], None]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test that computes for too long, threads included; slow ones may."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        pytest.fail(f"more than {CPU_SECONDS} seconds of CPU time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 0 if item.get_closest_marker("slow") else CPU_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what the tests produce into their golden files instead of comparing",
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare text with a golden file, or write the file when `--update-golden` is given."""
    update = bool(request.config.getoption("--update-golden"))

    def compare(path: Path, text: str) -> None:
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        assert path.exists(), f"{path} is missing: run pytest --update-golden and look at it"
        assert text == path.read_text(encoding="utf-8"), f"{path} differs"

    return compare
