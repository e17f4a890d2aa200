"""Items at public places that are computed: every form, in the plain, simulated and native."""

from __future__ import annotations

import numpy as np
import pytest

from ezlang.compiler.ir import evaluate
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.build import Builder
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.compiler.passes.prepare import prepare
from ezlang.executors.native.executable import Executable
from ezlang.executors.simulate import run_two
from ezlang.types.labels import PUBLIC, SECRET
from ezlang.types.types import BOOL, INT8, INT16, INT64, UINT8
from tests.codegen.interpret import Interpreter
from tests.codegen.ir_programs import ALICE, BOB, Writer, run_native
from tests.support.threads import run_threads

LABELS = (PUBLIC, ALICE, BOB, SECRET)


def everything() -> Writer:
    """A program that gathers and scatters numbers, rows and bools, known and secret."""
    writer = Writer()
    b = writer.build
    table = [[10 * i + j for j in range(3)] for i in range(5)]
    flags = [True, False, False, True, True]
    there = writer.given(INT8, (4,), PUBLIC, [4, -1, 0, 3])
    far = writer.given(UINT8, (4,), PUBLIC, [255, 2, 5, 1])
    none = writer.given(INT64, (0,), PUBLIC, [])
    for label in LABELS:
        bases = {
            "table": writer.given(INT16, (5, 3), label, table),
            "flags": writer.given(BOOL, (5,), label, flags),
        }
        for name, base in bases.items():
            for kind, places in (("there", there), ("far", far), ("none", none)):
                part = b.gather(base, places)
                writer.output(f"{name} {kind} {label}", part)
                other = b.scatter(base, b.gather(base, there), far) if kind == "far" else None
                written = b.scatter(base, part, places) if other is None else other
                writer.output(f"{name} {kind} {label} written", written)
    for most in (0, 2, 3, 5):
        found = b.positions(writer.given(BOOL, (5,), PUBLIC, flags), most)
        writer.output(f"positions {most}", found)
    rows = {"a": [0, 3, -1], "b": [4, -7, -1], "c": [3, 1, 2], "d": [5, 1, 2], "e": [1, 1, 2]}
    given = {name: writer.given(INT64, (3,), PUBLIC, row) for name, row in rows.items()}
    for names in ("ab", "ac", "ba", "ad", "eb", "be", "a", "e", "d", "abc"):
        for writes in range(len(names) + 1):
            apart = b.separate([given[name] for name in names], writes, 5)
            writer.output(f"separate {names} {writes}", apart)
    return writer


def test_without_passes() -> None:
    writer = everything()
    program = writer.program()
    expected = Interpreter(program, writer.inputs).run()
    outputs = run_native(program, writer.inputs, passes=False).outputs
    for name, value in expected.items():
        assert outputs["alice"].get(name, outputs["bob"].get(name)) == value, name


@pytest.mark.parametrize(
    "protocol", [ProtocolChoice.YAO, ProtocolChoice.BOOLEAN, ProtocolChoice.ARITHMETIC]
)
def test_under_every_protocol(protocol: ProtocolChoice) -> None:
    writer = everything()
    program = prepare(writer.program(), protocol)
    native = run_threads(Executable(program), writer.inputs)
    simulated = run_two(program, writer.inputs, seed=1)
    expected = Interpreter(writer.program(), writer.inputs).run()
    for outcome in (native, simulated):
        for name, value in expected.items():
            told = {**outcome.outputs["bob"], **outcome.outputs["alice"]}
            assert told[name] == value, name
    assert (native.rounds, native.bytes_sent) == (simulated.cost.rounds, simulated.cost.bytes_sent)


def is_separate(size: int, written: int, *rows: list[int], early: int = 0) -> bool:
    build = Builder()
    places = [build.constant(INT64, row, (len(row),)) for row in rows]
    build.separate(places, written, size, early)
    operation = build.operations[-1]
    assert isinstance(operation, ir.Separate)
    return bool(evaluate.evaluate(operation, [np.array(row) for row in rows]))


def test_what_is_separate() -> None:
    assert is_separate(4, 1, [0, 3, 2])
    assert not is_separate(3, 1, [0, 3, 2])
    assert not is_separate(4, 1, [0, 2, 2])
    assert is_separate(4, 0, [0, 2, 2], [2, 0, 1])
    assert is_separate(4, 2, [0, -1, -1], [-1, -2, 2])
    assert not is_separate(4, 1, [0, 1], [2, 1])
    assert is_separate(4, 1, [0, 1], [2, 2])
    assert is_separate(4, 1, [0, 1], [1, 2])
    assert not is_separate(4, 1, [0, 1], [0, 2])
    assert not is_separate(4, 1, [0, 1], [2, 0])
    assert is_separate(4, 1, [0, 2], [0, 1], early=1)
    assert not is_separate(4, 1, [0, 0], [0, 1], early=1)
    assert not is_separate(4, 1, [0, 2], [0, 1], [2, 1], early=1)


def positions_of(size: int) -> list[int]:
    build = Builder()
    build.positions(build.constant(BOOL, (1, 0, 1), (3,)), size)
    operation = build.operations[-1]
    assert isinstance(operation, ir.Positions)
    return [int(one) for one in evaluate.evaluate(operation, [np.array([True, False, True])])]


def test_positions() -> None:
    assert positions_of(4) == [0, 2, -1, -1]
    assert positions_of(1) == [0]
