"""In the examples, values that a party is not told don't affect anything that it sees.

Others' inputs are changed, one number at a time, until what a party is told stays the same: then
the messages that it receives must have the same lengths, in the same order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ezlang.api import load
from ezlang.compiler.lower import lower
from ezlang.executors.clear import run_clear
from ezlang.executors.native.executable import executable_of
from ezlang.executors.simulate import SimulatedOutcome, run_simulated
from ezlang.typed.tree import Program
from ezlang.values.check import check_inputs
from tests.support.shapes import native_shape

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
OF_CLIENTS = {"hospitals"}
"""Two compute for twenty: what each is sent is held to the protocol in tests/protocols."""

OF_TURNS = {"rising-bids"}
"""With other answers it takes more turns than its lists have values."""

NAMES = sorted({p.parent.name for p in EXAMPLES.glob("*/main.ez")} - OF_CLIENTS - OF_TURNS)
TRIES = 12
TOLD_EVERYTHING = {"bitonic-sort", "sha-256"}
"""Where every change shows in what everybody is told."""


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to all numbers and bools of some data."""
    match value:
        case dict():
            for key, item in value.items():
                yield from leaves(item, (*path, key))
        case list():
            for key, item in enumerate(value):
                yield from leaves(item, (*path, key))
        case _:
            yield path


def changed(inputs: Any, path: tuple[Any, ...], by: int) -> Any:
    copy = deepcopy(inputs)
    *most, last = path
    place = copy
    for key in most:
        place = place[key]
    old = place[last]
    place[last] = (not old) if isinstance(old, bool) else max(0, old + by)
    return copy


def told(program: Program, inputs: Any, party: str) -> list[tuple[str | None, Any]]:
    return [(shown.name, shown.value) for shown in run_clear(program, inputs).views[party]]


def received(outcome: SimulatedOutcome, party: int) -> list[tuple[int, int, str, int]]:
    return [(m.round, m.sender, m.purpose, m.size) for m in outcome.received(party)]


def unnoticed(program: Program, inputs: Any, party: str) -> Any | None:
    """Other inputs of the others of which `party` is told just the same."""
    choose = Random(party)
    others = {p: own for p, own in inputs.items() if p != party}
    paths = list(leaves(others))
    before = told(program, inputs, party)
    for _ in range(TRIES):
        step = choose.choice([1, -1, 2])
        other = changed(inputs, choose.choice(paths), step)
        if choose.random() < 0.5:  # sums stay the same
            other = changed(other, choose.choice(paths), -step)
        if other != inputs and told(program, other, party) == before:
            return other
    return None


@pytest.mark.parametrize("name", NAMES)
def test_messages_tell_no_more_than_outputs(name: str) -> None:
    folder = EXAMPLES / name
    program = load(folder / "main.ez")
    inputs = {p: json.loads((folder / f"{p}.json").read_text()) for p in program.parties}
    executable = executable_of(program) if len(program.parties) == 2 else None
    plain = run_simulated(lower(program), inputs)
    native = native_shape(executable, check_inputs(program, inputs)) if executable else None
    compared = 0
    for number, party in enumerate(program.parties):
        other = unnoticed(program, inputs, party)
        if other is None:
            continue
        compared += 1
        changed_run = run_simulated(lower(program), other)
        assert received(plain, number) == received(changed_run, number)
        if executable is not None:
            assert native_shape(executable, check_inputs(program, other)) == native
    assert compared > 0 or name in TOLD_EVERYTHING
