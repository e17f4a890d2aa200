"""Outputs of a run in a file: JSON, CSV or .npz by its name, written whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any, Final, TypeVar

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.records import dataclass
from ezlang.typed.tree import Program
from ezlang.types.types import Type

from .data import Data, Leaf, flatten, leaves
from .expected import output_types
from .names import USAGE
from .objects import returned
from .writing import require_folder, write_whole

FORMATS: Final = (".json", ".csv", ".npz")
"""The extensions of files that outputs are written to."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A file for outputs of these types: name → type, None if places of a name disagree."""

    path: Path
    types: Mapping[str, Type | None]

    @classmethod
    def at(cls, path: Path, types: Mapping[str, Type | None]) -> ResultFile:
        """Return the file at a path; it is written later.

        Raises EzError (exit code 2) if outputs of these types can't be written there.
        """
        if path.suffix not in FORMATS:
            raise _error(
                f"{path} does not tell by its name how to write outputs",
                f"give it one of the extensions {', '.join(FORMATS)}",
            )
        require_folder(path)
        if path.suffix == ".csv":
            _require_columns(types)
        return cls(path, types)

    def write(self, outputs: Mapping[str, Data]) -> None:
        """Write outputs, or nothing: raises EzError (exit code 2) if that fails."""
        match self.path.suffix:
            case ".csv":
                write_whole(self.path, self._csv(outputs))
            case ".npz":
                write_whole(self.path, self._npz(outputs))
            case _:
                write_whole(self.path, self._json(outputs))

    def _json(self, outputs: Mapping[str, Data]) -> str:
        return json.dumps(outputs, ensure_ascii=False, indent=2) + "\n"

    def _csv(self, outputs: Mapping[str, Data]) -> str:
        columns: dict[str, list[Data]] = {}
        for name, value in outputs.items():
            type = self.types[name]
            assert type is not None, "`at` refuses it"
            columns |= _columns(name, type, value)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(
            [json.dumps(cell) for cell in row] for row in zip(*columns.values(), strict=True)
        )
        return text.getvalue()

    def _npz(self, outputs: Mapping[str, Data]) -> bytes:
        import numpy as np

        arrays: dict[str, Any] = {}
        for name, value in outputs.items():
            made = returned(self.types[name], value)
            if isinstance(made, dict):
                arrays |= {f"{name}.{field}": one for field, one in made.items()}
            else:
                arrays[name] = made
        content = io.BytesIO()
        np.savez(content, **arrays)
        return content.getvalue()


def results_file(
    path: Path | None, program: Program, party: str | None = None
) -> ResultFile | None:
    """Return the file at a path for the outputs of a party, or of all if it is None.

    Raises EzError (exit code 2) if the program's outputs can't be written there.
    """
    if path is None:
        return None
    if party is not None:
        return ResultFile.at(path, output_types(program, party))
    types = {one: output_types(program, one) for one in program.parties}
    return ResultFile.at(path, of_parties(types))


def of_parties(named: Mapping[str, Mapping[str, T]]) -> dict[str, T]:
    """Return what several parties have by name under the names `PARTY.NAME`."""
    return {f"{party}.{name}": one for party, own in named.items() for name, one in own.items()}


def _require_columns(types: Mapping[str, Type | None]) -> None:
    """Raise EzError if outputs of these types aren't columns of one length."""
    other = "write them to a file in JSON or .npz"
    first: tuple[str, int] | None = None
    for name, type in types.items():
        if type is None:
            raise _error(f"The output `{name}` has several types, so it is no column", other)
        for leaf in leaves(type):
            rows = _rows(leaf)
            first = first or (name, rows)
            if rows != first[1]:
                lengths = f"`{first[0]}` has {first[1]}, and `{name}` has {rows}"
                raise _error(f"The outputs are no columns of one table: {lengths} rows", other)


def _columns(name: str, type: Type, value: Data) -> dict[str, list[Data]]:
    """Return an output as columns: one for each struct field and index but the first one."""
    flat = flatten(type, value)
    columns: dict[str, list[Data]] = {}
    for leaf in leaves(type):
        cells = leaf.element.decode_all(list(flat[leaf.path]))
        called = ".".join((name, *leaf.path))
        indices = list(product(*map(range, leaf.shape[1:])))
        for place, index in enumerate(indices):
            column = called + "".join(f"[{i}]" for i in index)
            columns[column] = cells[place :: len(indices)]
    return columns


def _rows(leaf: Leaf) -> int:
    return leaf.shape[0] if leaf.shape else 1


def _error(message: str, help: str) -> EzError:
    return EzError(
        Diagnostic(code="EZ4106", message=message, span=None, help=help), exit_code=USAGE
    )
