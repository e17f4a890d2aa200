"""What parties are asked for in turns at the terminal, after what they were told before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field

import click

from ezlang.progress import told_to
from ezlang.records import dataclass
from ezlang.typed.tree import Output, Program
from ezlang.typed.walk import statements
from ezlang.types.types import Scalar
from ezlang.values.data import Data, Outputs
from ezlang.values.expected import expected_inputs
from ezlang.values.turns import Question, answered_by

from .inputs import on_terminal, reader
from .output import shown


@contextmanager
def asking(program: Program, party: str | None = None) -> Iterator[None]:
    """Ask at the terminal, if there is one, for what `party` or all give in turns in the block.

    A line that shows the state of the run would be in the way.
    """
    parties = program.parties if party is None else (party,)
    turned = any(one.turned for name in parties for one in expected_inputs(program, name))
    if not turned or not on_terminal():
        yield
        return
    with told_to(None), answered_by(_Terminal(_turned_outputs(program))):
        yield


def _turned_outputs(program: Program) -> frozenset[str]:
    return frozenset(
        one.name
        for function in program.functions
        for one in statements(function.body)
        if isinstance(one, Output) and one.turn is not None
    )


@dataclass(frozen=True, slots=True)
class _Terminal:
    """Shows a party its outputs so far, each once, and asks it for a value."""

    turned: frozenset[str]
    _told: dict[tuple[str, str], int] = field(default_factory=dict)

    def __call__(self, question: Question, outputs: Outputs) -> Data | None:
        party, type = question.party, question.type
        if not isinstance(type, Scalar):
            return None
        for name, value in outputs.get(party, {}).items():
            values = value if name in self.turned else [value]
            for one in values[self._told.get((party, name), 0) :]:
                click.echo(f"{name}: {shown(one)}  (told to {party})", err=True)
            self._told[party, name] = len(values)
        text = f"{party}'s {question.name}, turn {question.turn} ({type})"
        return click.prompt(text, value_proc=reader(type), err=True)
