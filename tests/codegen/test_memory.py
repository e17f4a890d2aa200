"""Arrays changed in place: no value is overwritten while it is still read."""

from __future__ import annotations

import pytest

from ezlang.types.labels import PUBLIC, SECRET, Label
from tests.codegen.interpret import Interpreter
from tests.codegen.ir_programs import ALICE, run_native
from tests.codegen.memory_programs import MemoryProgram


def agree(seed: int, label: Label, *, passes: bool = False) -> None:
    writer = MemoryProgram(seed, label).write()
    program = writer.program()
    expected = Interpreter(program, writer.inputs).run()
    outcome = run_native(program, writer.inputs, passes=passes)
    assert outcome.outputs["alice"] == expected
    if label != ALICE:
        assert outcome.outputs["bob"] == expected


@pytest.mark.parametrize("seed", [*range(30), 57, 66, 71, 85, 98, 112, 118, 157, 175, 177])
def test_clear_arrays(seed: int) -> None:
    agree(seed, PUBLIC)


@pytest.mark.parametrize("seed", range(100, 110))
def test_one_partys_arrays(seed: int) -> None:
    agree(seed, ALICE)


@pytest.mark.parametrize("seed", range(200, 220))
def test_secret_arrays(seed: int) -> None:
    agree(seed, SECRET)


@pytest.mark.parametrize("seed", range(300, 310))
def test_after_passes(seed: int) -> None:
    agree(seed, SECRET, passes=True)
