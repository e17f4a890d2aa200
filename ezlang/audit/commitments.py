"""Commitments to inputs: a hash that says nothing of them, and that fits no other ones.

A commitment is SHA-256 of a random nonce of 32 bytes and of a hash of the inputs. It *hides* the
inputs from who doesn't know the nonce, if SHA-256 is a random oracle [BR93], and *binds* its maker,
who would have to find a collision. It says what was committed to, not what was fed to a run.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import Final

import numpy as np

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.typed.tree import Program
from ezlang.types.types import array_of
from ezlang.values.data import Data, flatten
from ezlang.values.expected import expected_inputs

NONCE_BYTES: Final = 32
_ROWS: Final = 1 << 22
"""About how many numbers are converted at a time."""

_CONTEXT: Final = b"ezlang commitment 1"


def new_nonce() -> str:
    """Return a new nonce, in hexadecimal."""
    return os.urandom(NONCE_BYTES).hex()


def commitment(inputs: Mapping[str, Data], nonce: str) -> str:
    """Return the commitment to inputs, name → array, in hexadecimal.

    Equal numbers have equal commitments, whether a file has them in 32 or in 64 bits.
    Raises EzError (exit code 2) if an input is no array of numbers or bools.
    """
    return hashlib.sha256(_CONTEXT + bytes.fromhex(nonce) + _digest(inputs)).hexdigest()


def arrays_of(program: Program, party: int | str, inputs: Mapping[str, Data]) -> dict[str, Data]:
    """Return a party's checked inputs as the arrays of integers that represent them.

    A struct becomes an array for each of its fields.
    """
    found: dict[str, Data] = {}
    for one in expected_inputs(program, party):
        value = inputs[one.name]
        type = array_of(one.type, (len(value),)) if one.turned else one.type
        for path, integers in flatten(type, value).items():
            found["/".join((one.name, *path))] = np.asarray(integers)
    return found


def _digest(inputs: Mapping[str, Data]) -> bytes:
    digest = hashlib.sha256()
    for name in sorted(inputs):
        value = inputs[name]
        array = _array(name, value)
        kind = {"b": "|u1", "f": "<f8", "i": "<i8", "u": "<u8"}[array.dtype.kind]
        key = name.encode()
        # Lengths come first, so that no two lists of inputs give the same bytes.
        head = [len(key), array.ndim, *array.shape]
        digest.update(np.array(head, "<i8").tobytes() + key + kind.encode())
        flat = array.reshape(-1)
        for start in range(0, len(flat), _ROWS):
            digest.update(flat[start : start + _ROWS].astype(kind).tobytes())
    return digest.digest()


def _array(name: str, value: Data) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "bfiu":
        message = f"the input `{name}` is no array of numbers"
        raise EzError(Diagnostic(code="EZ4111", message=message, span=None), exit_code=2)
    return array
