"""The files of records: a record for everybody, and beside it the nonce of a commitment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.files import replace_file
from ezlang.values.data import Data
from ezlang.values.names import USAGE

from .commitments import NONCE_BYTES, commitment

LONGEST: Final = 1 << 26
"""The largest number of bytes of a file that is read."""

Record = dict[str, Any]
"""A record as JSON can represent it; it has a `party` and a `session`."""


def write_files(path: Path, record: Record, nonce: str) -> None:
    """Write a record, and beside it, for its owner alone, the nonce. Raises EzError (exit code 2).

    The nonce is in a file of the same name that ends in .nonce.
    """
    secret = {"party": record["party"], "session": record["session"], "nonce": nonce}
    try:
        replace_file(path.with_suffix(".nonce"), (json.dumps(secret) + "\n").encode())
        replace_file(path, (json.dumps(record, indent=2) + "\n").encode(), 0o644)
    except OSError as error:
        raise wrong_record(f"{path} cannot be written: {error.strerror or error}") from None


def read_json(path: Path) -> Any:
    """Return what a file has. Raises EzError (exit code 2)."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > LONGEST:
                raise ValueError("it is too long")
            return json.load(file)
    except OSError as error:
        raise wrong_record(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise wrong_record(f"{path} cannot be read: {error}") from None


def check_commitment(name: str, said: object, inputs: Mapping[str, Data], nonce: Path) -> None:
    """Check that a commitment of a party is to inputs, with the nonce in a file.

    Raises EzError: exit code 2 if the file has no nonce, 1 if the commitment is to other inputs.
    """
    found = read_json(nonce)
    opened = found.get("nonce") if isinstance(found, dict) else None
    try:
        is_nonce = isinstance(opened, str) and len(bytes.fromhex(opened)) == NONCE_BYTES
    except ValueError:
        is_nonce = False
    if not is_nonce:
        raise wrong_record(f"{nonce} is no nonce of a record")
    if commitment(inputs, str(opened)) != said:
        raise wrong_record(f"{name} did not commit to these inputs with this nonce", exit_code=1)


def wrong_record(message: str, exit_code: int = USAGE) -> EzError:
    """Return the error about a record."""
    return EzError(Diagnostic(code="EZ4111", message=message, span=None), exit_code=exit_code)
