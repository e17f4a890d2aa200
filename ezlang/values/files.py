"""Reading inputs from files.

Several inputs by name come from JSON, .npz, or the columns of a table (CSV with a header line,
Arrow, Parquet). One input comes from JSON, .npy, or the rows of a table. The result is unchecked
data; `check` compares it with the program. Every failure is an EzError with exit code 2.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, NoReturn

from ezlang.source import Source, Span
from ezlang.types.types import Type

from .data import Data
from .malformed import file_error, read_bytes, read_text
from .tables import ARROW, read_table

TABLES = ARROW | {".csv"}


def read_inputs(path: Path) -> dict[str, Data]:
    """Read inputs of a party by name: name → value."""
    if path.suffix in TABLES and (table := read_table(path)).names is not None:
        return table.by_name()
    if path.suffix in (".npy", ".csv"):
        columns = ", or write the names of inputs into its first line" * (path.suffix == ".csv")
        raise file_error(
            path,
            "holds one array, and does not say which input it is",
            code="EZ4106",
            help=f"name the input: --input PARTY:NAME={path}{columns}",
        )
    if path.suffix == ".npz":
        return dict(_load_numpy(path))
    read = _read_json(path)
    if not isinstance(read, dict):
        raise file_error(
            path,
            "is not a JSON object of inputs by name",
            help=f'write {{"NAME": value, …}}, or name the input: --input PARTY:NAME={path}',
        )
    return read


def read_input(path: Path, type: Type | None = None) -> Data:
    """Read the value of one input, of which `type` says how the rows of a table are read."""
    if path.suffix in TABLES:
        return read_table(path).rows(type)
    if path.suffix == ".npz":
        raise file_error(
            path,
            "holds several arrays by name",
            code="EZ4106",
            help=f"leave out the input's name: --input PARTY={path}",
        )
    return _load_numpy(path) if path.suffix == ".npy" else _read_json(path)


class _NotJsonError(Exception):
    """A construct that Python's reader accepts, but that is not JSON for inputs."""


def _no_duplicates(pairs: list[tuple[str, Data]]) -> dict[str, Data]:
    found: dict[str, Data] = {}
    for name, value in pairs:
        if name in found:
            raise _NotJsonError(f'the name "{name}" occurs twice')
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise _NotJsonError(f"{name} is not a valid number")


def _read_json(path: Path) -> Data:
    text = read_text(path)
    try:
        return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        end = min(error.pos + 1, len(text))
        span = Span(Source(str(path), text), min(error.pos, end), end)
        raise file_error(
            path,
            f"is not valid JSON: {_lower(error.msg)}, line {error.lineno}",
            span=span,
        ) from None
    except _NotJsonError as error:
        raise file_error(path, f"cannot be used as input: {error}") from None
    except RecursionError:
        raise file_error(path, "is nested too deeply") from None
    except ValueError:
        raise file_error(
            path, "has a number with thousands of digits, which fits no type"
        ) from None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _load_numpy(path: Path) -> Any:
    import numpy

    content = read_bytes(path)
    try:
        loaded = numpy.load(io.BytesIO(content), allow_pickle=False)
        if path.suffix == ".npz":
            return {name: loaded[name] for name in loaded.files}
        return loaded[()]
    except Exception as error:  # numpy and zipfile raise many kinds of exceptions for a broken file
        # NumPy takes everything that it doesn't know for a pickle, and says how to allow those.
        why = "it isn't one, or has more than numbers" if "pickle" in str(error) else str(error)
        raise file_error(path, f"cannot be read as a NumPy file: {why}") from None
