"""Writes change arrays in place where nothing else reads them, and nowhere else."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest

from ezlang import api
from ezlang.compiler.ir import evaluate
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.numbering import numbered
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import run_passes
from ezlang.compiler.passes.assign import ProtocolChoice, assign
from ezlang.compiler.passes.prepare import after_assignment
from ezlang.compiler.passes.sharings.share import share
from ezlang.executors.simulate import run_simulated
from ezlang.executors.simulate.lifetimes import last_uses
from ezlang.typed import tree as typed
from ezlang.values.data import Inputs, Outputs
from tests.passes.loop_programs import LoopGenerator
from tests.passes.vectorised_runs import agrees

SHARED = (ProtocolChoice.ARITHMETIC, ProtocolChoice.BOOLEAN, ProtocolChoice.YAO)
INPUT = re.compile(r"secret (\S+) (\w+) = (input\((\w+), .*?\));")


def written_to(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """Return a list that gets the array of each write."""
    found: list[np.ndarray] = []
    put = evaluate._put

    def noted(base: Any, place: Any, value: Any) -> Any:
        found.append(base)
        return put(base, place, value)

    monkeypatch.setattr(evaluate, "_put", noted)
    return found


def looped(program: typed.Program, protocol: ProtocolChoice | None) -> ir.Program:
    """A program whose loops stay loops, prepared for two parties if there is a protocol."""
    made = run_passes(lower(program), "expanded")
    if protocol is None:
        return made
    return after_assignment(run_passes(made, (share, assign.given(protocol)))).program


def run_looped(
    inputs: Inputs, protocol: ProtocolChoice | None, record: bool, program: typed.Program
) -> Outputs:
    return run_simulated(looped(program, protocol), inputs, record=record).outputs


def run(text: str, protocol: ProtocolChoice | None, *, record: bool) -> Outputs:
    program = api.checked(api.check_text(text))
    return run_looped({"ann": {}, "bob": {}}, protocol, record, program)


FILL = """
party ann, bob;
fn main() {
    LABEL int32[20] a;
    for i in 0..20 { a[i] = i * i; }
    output(all, a, "a");
}
"""


@pytest.mark.parametrize("protocol", [None, *SHARED])
@pytest.mark.parametrize("label", ["public", "secret"])
def test_a_loop_fills_one_array(
    label: str, protocol: ProtocolChoice | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first write copies what the array was made of; both parties have a share of a secret."""
    arrays = written_to(monkeypatch)
    text = FILL.replace("LABEL", label)
    outputs = run(text, protocol, record=False)
    assert outputs["ann"]["a"] == [i * i for i in range(20)]
    if label == "public" or protocol is not None:
        assert len({id(array) for array in arrays}) == (1 if label == "public" else 2)


def test_a_record_keeps_what_was_held(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = written_to(monkeypatch)
    text = FILL.replace("LABEL", "secret")
    run(text, ProtocolChoice.YAO, record=True)
    assert len({id(array) for array in arrays}) == 40


KEPT = """
party ann, bob;
fn put<n>(int32[n] x, int32 i) -> int32[n] { x[i] = 9; return x; }
fn main() {
    LABEL int32[4] a = [1, 2, 3, 4];
    for i in 0..2 { a[i] = a[i] + 1; }
    LABEL int32[4] old = a;
    a[1] = 7;
    LABEL int32[2][2] rows = [[1, 2], [3, 4]];
    for i in 0..2 {
        let row = rows[i];
        rows[i][0] = 8;
        rows[i][1] = row[0];
    }
    LABEL int32 first = a[0];
    a[0] = 5;
    LABEL int32[4] turned;
    for i in 0..4 {
        LABEL int32 item = a[i];
        a[i] = 6 + i;
        turned[3 - i] = item;
    }
    LABEL int32[4] before = a;
    LABEL int32[4] swapped = old;
    for i in 0..3 {
        LABEL int32[4] t = a;
        a = swapped;
        swapped = t;
        a[i] = i;
    }
    int32 i = 0;
    while i < 3 {
        if i != 1 { a[i] = a[3] + i; } else { old = a; }
        i += 1;
    }
    output(all, put(a, 0), "put");
    output(all, a, "a");
    output(all, old, "old");
    output(all, first, "first");
    output(all, turned, "turned");
    output(all, before, "before");
    output(all, swapped, "swapped");
    output(all, rows, "rows");
}
"""


@pytest.mark.parametrize("protocol", [None, *SHARED])
@pytest.mark.parametrize("label", ["public", "secret"])
def test_what_is_read_later_is_kept(label: str, protocol: ProtocolChoice | None) -> None:
    agree(KEPT.replace("LABEL", label), {"ann": {}, "bob": {}}, (protocol,))


def agree(text: str, inputs: Inputs, protocols: Sequence[ProtocolChoice | None]) -> None:
    for protocol in protocols:
        agrees(text, inputs, partial(run_looped, inputs, protocol, False))


@pytest.mark.parametrize("start", range(0, 20, 5))
def test_generated_loops(start: int) -> None:
    """On secrets, and with everything public."""
    for seed in range(start, start + 5):
        agree_on_generated(seed)


def agree_on_generated(seed: int) -> None:
    text, inputs = LoopGenerator(random.Random(seed)).program()
    agree(text, inputs, (None, *SHARED))
    public = INPUT.sub(r"@\4 \1 of_\2 = \3; public \1 \2 = reveal(of_\2);", text)
    agree(public.replace("secret ", "public "), inputs, (None, ProtocolChoice.YAO))


def test_last_uses() -> None:
    """A value dies where nothing reads it later, in a branch at its last use on each side."""
    text = """
    party ann, bob;
    fn main() {
        @ann int32[3] a = input(ann, "a");
        @ann bool c = input(ann, "c");
        @ann int32[3] b = a;
        for i in 0..3 {
            if c { b[i] = a[i]; }
        }
        output(ann, b, "b");
    }
    """
    program = api.checked(api.check_text(text))
    made = numbered(run_passes(lower(program), "tidy"))
    found = last_uses(made)
    (loop,) = [one for one in ir.walk(made.main.body) if isinstance(one, ir.For)]
    a, c = (one.result.id for one in made.main.body.operations if isinstance(one, ir.Input))
    assert found.inside[loop.number] == {a, c}
    (branch,) = [one for one in ir.walk(made.main.body) if isinstance(one, ir.If)]
    (written,) = [one for one in ir.walk(made.main.body) if isinstance(one, ir.Insert)]
    carried = loop.regions[0].parameters[1].id
    assert carried in found.inside[branch.number]
    assert carried in found.operands[written.number]
    assert carried in found.yields[branch.regions[1].number]
