"""No parser fails with anything but an `EzError`, or takes memory that a length field asks for."""

from __future__ import annotations

import contextlib
import tracemalloc
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from ezlang.diagnostics.diagnostic import EzError
from ezlang.diagnostics.render import render_all
from tests.fuzz.damage import damaged
from tests.fuzz.targets import Target, targets

NAMES = (
    *("hello of a caller", "hello of who listens", "request to a dealer", "answer of a dealer"),
    *("standing", "records", "figures of calibrate", "JSON inputs", "JSON of one input"),
    *("CSV by columns", "CSV by rows", "NPY", "NPZ", "Arrow", "Parquet", "parties.toml", "card"),
    *("record of a run", "state of a validation", "profile", "program", "program to format"),
    "ONNX model",
)
MEMORY = 64 << 20
"""The most that a parser may take, whatever the bytes say."""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Target]:
    return targets(tmp_path_factory.mktemp("examples"))


def test_the_table_is_complete(table: dict[str, Target]) -> None:
    assert set(table) == set(NAMES)


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Fail if the block takes too much memory."""
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    yield
    _, most = tracemalloc.get_traced_memory()
    assert most - before < MEMORY, f"{(most - before) >> 20} MB"


def attempt(target: Target, data: bytes, folder: Path) -> None:
    """Parse; what is refused is refused in a few plain sentences."""
    refused = None
    with warnings.catch_warnings(), bounded():
        warnings.simplefilter("ignore")
        try:
            target.parse(data, folder)
        except EzError as error:
            refused = error
    if refused is not None:
        assert refused.exit_code in (1, 2, 3)
        assert len(render_all(refused.diagnostics)) < 20_000


def fuzz(target: Target, folder: Path, examples: int) -> None:
    """Try damaged examples."""

    @settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(damaged(target.examples))
    def run(data: bytes) -> None:
        attempt(target, data, folder)

    tracemalloc.start()
    try:
        run()
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_valid(table: dict[str, Target], name: str, tmp_path: Path) -> None:
    tracemalloc.start()
    for data in table[name].examples:
        attempt(table[name], data, tmp_path)
    tracemalloc.stop()


@pytest.mark.parametrize("name", NAMES)
def test_damaged_bytes(table: dict[str, Target], name: str, tmp_path: Path) -> None:
    fuzz(table[name], tmp_path, 4 if table[name].slow else 40)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_many_damaged_bytes(table: dict[str, Target], name: str, tmp_path: Path) -> None:
    fuzz(table[name], tmp_path, 500 if table[name].slow else 5_000)
