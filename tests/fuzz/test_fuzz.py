"""No parser fails with anything but an `EzError`, or takes memory that a length field asks for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fuzz.targets import targets

NAMES = (
    *("hello of a caller", "hello of who listens", "request to a dealer", "answer of a dealer"),
    *("standing", "records", "figures of calibrate", "JSON inputs", "JSON of one input"),
    *("CSV by columns", "CSV by rows", "NPY", "NPZ", "Arrow", "Parquet", "parties.toml", "card"),
    *("record of a run", "state of a validation", "profile", "program", "program to format"),
    *("what is prepared", "prepared runs", "EzPC program", "ONNX model"),
)

Fuzz = Callable[[str, int, int], None]


@pytest.fixture(scope="module")
def fuzz() -> Iterator[Fuzz]:
    """Ask the process that fuzzes for a target, with so many examples, or fewer for slow ones."""
    command = [sys.executable, "-m", "tests.fuzz.child"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        tasks, answers = child.stdin, child.stdout

        def ask(name: str, examples: int, if_slow: int) -> None:
            tasks.write(json.dumps([name, [examples, if_slow]]) + "\n")
            tasks.flush()
            answer = answers.readline()
            assert answer == "null\n", json.loads(answer) if answer else "the process died"

        yield ask
        tasks.close()


def test_the_table_is_complete(tmp_path: Path) -> None:
    assert set(targets(tmp_path)) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_valid(fuzz: Fuzz, name: str) -> None:
    fuzz(name, 0, 0)


@pytest.mark.parametrize("name", NAMES)
def test_damaged_bytes(fuzz: Fuzz, name: str) -> None:
    fuzz(name, 40, 4)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_many_damaged_bytes(fuzz: Fuzz, name: str) -> None:
    fuzz(name, 5_000, 500)
