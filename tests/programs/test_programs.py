"""Golden programs: each states its inputs and outputs at its head, for every executor.

`//! param n 4`, `//! input alice {…}`, `//! output alice {…}`, or `//! fails EZ4001 8`: the
code and line of a run-time failure.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from agreement import Result, checked, executors, result_of

PROGRAMS = Path(__file__).parent
HEAD = re.compile(r"^//! (param|input|output|fails) (\S+) (.*)$", re.MULTILINE)


def head(path: Path) -> tuple[str, dict[str, int], dict[str, Any], Result]:
    """Return text, params, inputs and expected result of a golden program."""
    text = path.read_text()
    params: dict[str, int] = {}
    inputs: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    failure = None
    for kind, name, rest in HEAD.findall(text):
        match kind:
            case "param":
                params[name] = json.loads(rest)
            case "input":
                inputs[name] = json.loads(rest)
            case "output":
                outputs[name] = json.loads(rest)
            case _:
                failure = (name, int(rest))
    return text, params, inputs, Result(failure=failure) if failure else Result(outputs=outputs)


FILES = sorted((PROGRAMS / "good").glob("*.ez")) + sorted((PROGRAMS / "fails").glob("*.ez"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_program(path: Path) -> None:
    text, params, inputs, expected = head(path)
    program = checked(text, params)
    if expected.outputs is not None:
        expected = Result(outputs={p: expected.outputs.get(p, {}) for p in program.parties})
    for name, run in executors(program).items():
        assert result_of(run, program, inputs) == expected, name


def test_there_are_programs() -> None:
    assert len(FILES) > 25
