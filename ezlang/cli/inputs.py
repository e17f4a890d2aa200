"""The inputs of a run: from `--input`, from files next to the program, from the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path

import click

from ezlang.records import dataclass
from ezlang.typed import tree
from ezlang.types.scalars import MisfitError
from ezlang.types.types import Scalar
from ezlang.values.check import check_inputs, check_party
from ezlang.values.data import Data
from ezlang.values.expected import Expected, expected_inputs
from ezlang.values.files import read_input, read_inputs
from ezlang.values.names import party_number

from .options import usage_error
from .report import say


@dataclass(slots=True)
class GivenInputs:
    """The inputs given so far, and the origin of each: (party, name) → text for messages."""

    program: tree.Program
    parties: tuple[str, ...]
    values: dict[str, dict[str, Data]] = field(default_factory=dict)
    origins: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, party: str, values: dict[str, Data], origin: str) -> None:
        """Add the inputs of a party from one origin; a name may not occur twice."""
        own = self.values.setdefault(party, {})
        for name, value in values.items():
            if name in own:
                raise usage_error(
                    f"{party}'s input `{name}` is given twice, "
                    f"by {self.origins[party, name]} and by {origin}"
                )
            own[name] = value
            self.origins[party, name] = origin

    def origin(self, party: str, name: str) -> str:
        """Return the origin of an input."""
        return self.origins.get((party, name), "")


def gather_inputs(
    program: tree.Program,
    specs: Sequence[str],
    folder: Path,
    party: str | None = None,
    *,
    asks: bool = True,
) -> dict[str, dict[str, Data]]:
    """Return the checked inputs of every party, or of `party` alone.

    `asks`: what is given in turns may be asked for while the program runs (`asking.py`). If no
    `--input` is given for a party, its inputs are read from PARTY.json in the program's folder. A
    scalar that is still missing is asked for, if there is a terminal.
    """
    gathering = given_inputs(program, specs, folder, party, asks=asks)
    if party is None:
        return check_inputs(program, gathering.values, gathering.origin)
    own = gathering.values.get(party, {})
    return {party: check_party(program, party, own, gathering.origin)}


def given_inputs(
    program: tree.Program,
    specs: Sequence[str],
    folder: Path,
    party: str | None,
    *,
    asks: bool = True,
) -> GivenInputs:
    """Return the same inputs, as they were given, without checking that they fit."""
    parties = program.parties if party is None else (party,)
    gathering = GivenInputs(program, parties)
    for spec in specs:
        _take(gathering, spec, party)
    for one in parties:
        expected = expected_inputs(program, one)
        beside = folder / f"{one}.json"
        if one not in gathering.values and expected and beside.is_file():
            say(f"{one}'s inputs are read from {beside}.")
            gathering.add(one, read_inputs(beside), str(beside))
        if on_terminal():
            _ask(gathering, one, [one for one in expected if asks or not one.turned])
    return gathering


def _take(gathering: GivenInputs, spec: str, alone: str | None) -> None:
    head, equals, file = spec.partition("=")
    if not equals:
        if alone is None:
            raise usage_error(
                f"`--input {spec}` does not say whose input it is",
                f"write --input {gathering.parties[0]}={spec}",
            )
        head, file = alone, spec
    called, colon, name = head.partition(":")
    every = gathering.program.parties
    parties = gathering.parties if called == "all" else (every[party_number(every, called)],)
    for party in parties:
        if party not in gathering.parties:
            raise usage_error(
                f"`--input {spec}` gives {party}'s input to {alone}",
                f"this process is {alone} alone, and should not know inputs of {party}",
            )
        path = Path(file)
        if colon:
            types = {
                one.name: None if one.turned else one.type
                for one in expected_inputs(gathering.program, party)
            }
            values = {name: read_input(path, types.get(name))}
        else:
            values = read_inputs(path)
        gathering.add(party, values, file)


def on_terminal() -> bool:
    """Return whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _ask(gathering: GivenInputs, party: str, expected: Sequence[Expected]) -> None:
    """Ask on the terminal for every scalar that is missing."""
    given = gathering.values.get(party, {})
    for one in expected:
        if one.name in given or not isinstance(one.type, Scalar):
            continue
        if one.turned:  # it is asked for in its turns
            gathering.add(party, {one.name: []}, "the terminal")
        else:
            value = click.prompt(
                f"{party}'s {one.name} ({one.type})", value_proc=reader(one.type), err=True
            )
            gathering.add(party, {one.name: value}, "the terminal")


def reader(type: Scalar) -> Callable[[str], Data]:
    """Return a function that parses typed text as a value of `type`."""

    def read(typed: str) -> Data:
        try:
            return type.parse(typed.strip())
        except MisfitError as misfit:
            raise click.BadParameter(misfit.help) from None

    return read
