"""Opening a commitment in the record of a run: its maker shows the inputs and the nonce."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ezlang.check import check
from ezlang.diagnostics.diagnostic import EzError
from ezlang.session.parties import program_digest
from ezlang.syntax.reader import read_source
from ezlang.values.check import check_party
from ezlang.values.data import Data
from ezlang.values.names import party_number

from .commitments import NONCE_BYTES, arrays_of, commitment
from .records import read_record, wrong_record


def check_opening(
    path: Path, program: Path, party: str, inputs: Mapping[str, Data], nonce: Path
) -> str:
    """Return whose commitment in a record fits inputs of the program that was run, and a nonce.

    Raises EzError: exit code 2 if a file can't be read, or doesn't belong to the record; 1 if the
    commitment is to other inputs.
    """
    record = read_record(path)
    said = record["program"]
    result = check(read_source(program), settings=said.get("params", {}))
    if result.diagnostics:
        raise EzError(*result.diagnostics, exit_code=2)
    if result.program is None or program_digest(result.program) != said.get("text"):
        raise wrong_record(f"{program} is not the program of {path}")
    name = result.program.parties[party_number(result.program.parties, party)]
    try:
        opened = json.loads(nonce.read_bytes())["nonce"]
        is_nonce = isinstance(opened, str) and len(bytes.fromhex(opened)) == NONCE_BYTES
    except (OSError, ValueError, KeyError, TypeError):
        is_nonce = False
    if not is_nonce:
        raise wrong_record(f"{nonce} is no nonce of a record")
    arrays = arrays_of(result.program, name, check_party(result.program, name, inputs))
    if commitment(arrays, opened) != record["parties"].get(name, {}).get("commitment"):
        raise wrong_record(f"{name} did not commit to these inputs with this nonce", exit_code=1)
    return name
