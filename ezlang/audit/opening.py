"""Opening a commitment in the record of a run: its maker shows the inputs and the nonce."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ezlang.check import check
from ezlang.diagnostics.diagnostic import EzError
from ezlang.session.parties import program_digest
from ezlang.syntax.reader import read_source
from ezlang.types.scalar import Setting
from ezlang.values.check import check_party
from ezlang.values.data import Data
from ezlang.values.names import party_number

from .commitments import arrays_of
from .files import check_commitment, wrong_record
from .records import read_record


def check_opening(
    path: Path, program: Path, party: str, inputs: Mapping[str, Data], nonce: Path
) -> str:
    """Return whose commitment in a record fits inputs of the program that was run, and a nonce.

    Raises EzError: exit code 2 if a file can't be read, or doesn't belong to the record; 1 if the
    commitment is to other inputs.
    """
    record = read_record(path)
    said = record["program"]
    result = check(read_source(program), settings=_params(said.get("params")))
    if result.diagnostics:
        raise EzError(*result.diagnostics, exit_code=2)
    if result.program is None or program_digest(result.program) != said.get("text"):
        raise wrong_record(f"{program} is not the program of {path}")
    name = result.program.parties[party_number(result.program.parties, party)]
    arrays = arrays_of(result.program, name, check_party(result.program, name, inputs))
    check_commitment(name, record["parties"].get(name, {}).get("commitment"), arrays, nonce)
    return name


def _params(said: object) -> dict[str, Setting]:
    """Return the params that a record says; others than numbers and bools are none of a program."""
    given = said if isinstance(said, dict) else {}
    return {str(name): one for name, one in given.items() if isinstance(one, bool | int | float)}
