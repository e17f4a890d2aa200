"""Golden programs: each states its inputs and outputs at its head, for every executor.

`//! param n 4`, `//! input alice {…}`, `//! output alice {…}`, or `//! fails EZ4001 8`: the
code and line of a run-time failure.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.agreement import Result, agree, checked
from tests.support.programs import FILES, head


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_program(path: Path) -> None:
    text, params, inputs, expected = head(path)
    program = checked(text, params)
    if expected.outputs is not None:
        expected = Result(outputs={p: expected.outputs.get(p, {}) for p in program.parties})
    assert agree(program, inputs) == expected


def test_there_are_programs() -> None:
    assert len(FILES) > 25
