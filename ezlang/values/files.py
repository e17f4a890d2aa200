"""Reading inputs from files: JSON and .npz for several names, .npy, .csv and JSON for one.

The result is unchecked data; `check` compares it with the program. Every failure is an EzError with
exit code 2.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any, NoReturn

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.source import Source, Span

from .data import Data
from .names import USAGE

ONE_ARRAY = frozenset({".npy", ".csv"})
"""The extensions of files that hold an array without a name."""


def read_inputs(path: Path) -> dict[str, Data]:
    """Read all inputs of a party from a JSON object or an .npz archive: name → value."""
    if path.suffix in ONE_ARRAY:
        raise _error(
            "EZ4106",
            f"{path} holds one array, and does not say which input it is",
            help=f"name the input: --input PARTY:NAME={path}",
        )
    if path.suffix == ".npz":
        return _read_npz(path)
    read = _read_json(path)
    if not isinstance(read, dict):
        raise _error(
            "EZ4102",
            f"{path} is not a JSON object of inputs by name",
            help=f'write {{"NAME": value, …}}, or name the input: --input PARTY:NAME={path}',
        )
    return read


def read_input(path: Path) -> Data:
    """Read the value of one input from .npy, .csv or JSON."""
    match path.suffix:
        case ".npy":
            return _read_npy(path)
        case ".csv":
            return _read_csv(path)
        case ".npz":
            raise _error(
                "EZ4106",
                f"{path} holds several arrays by name",
                help=f"leave out the input's name: --input PARTY={path}",
            )
        case _:
            return _read_json(path)


def _error(code: str, message: str, *, span: Span | None = None, help: str = "") -> EzError:
    diagnostic = Diagnostic(code=code, message=message, span=span, help=help or None)
    return EzError(diagnostic, exit_code=USAGE)


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise _error("EZ4101", f"There is no input file {path}") from None
    except OSError as error:
        raise _error(
            "EZ4101", f"The input file {path} cannot be read: {error.strerror or error}"
        ) from None


def _read_text(path: Path) -> str:
    content = _read_bytes(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _error("EZ4102", f"{path} is not UTF-8 text: line {line} has invalid bytes") from None


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
    text = _read_text(path)
    try:
        return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        end = min(error.pos + 1, len(text))
        span = Span(Source(str(path), text), min(error.pos, end), end)
        raise _error(
            "EZ4102",
            f"{path} is not valid JSON: {_lower(error.msg)}, line {error.lineno}",
            span=span,
        ) from None
    except _NotJsonError as error:
        raise _error("EZ4102", f"{path} cannot be used as input: {error}") from None
    except RecursionError:
        raise _error("EZ4102", f"{path} is nested too deeply") from None
    except ValueError:
        raise _error(
            "EZ4102", f"{path} has a number with thousands of digits, which fits no type"
        ) from None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _read_csv(path: Path) -> list[Data]:
    """Return rows of numbers, or of true and false; a single row or column is a flat list."""
    reader = csv.reader(io.StringIO(_read_text(path)), strict=True)
    rows: list[list[Data]] = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append([_cell(path, reader.line_num, cell.strip()) for cell in cells])
    except csv.Error as error:
        raise _error(
            "EZ4102", f"{path} is not valid CSV: {error}, line {reader.line_num}"
        ) from None
    if len(rows) == 1:
        return rows[0]
    return [row[0] for row in rows] if all(len(row) == 1 for row in rows) else list(rows)


def _cell(path: Path, line: int, cell: str) -> Data:
    if cell in ("true", "false"):
        return cell == "true"
    try:
        return int(cell)
    except ValueError:
        pass
    try:
        return float(cell)
    except ValueError:
        shown = cell if len(cell) <= 40 else cell[:37] + "…"
        raise _error(
            "EZ4102",
            f'{path} has "{shown}" in line {line}, which is not a number',
            help="a CSV file of inputs has numbers, or true and false, and no header line",
        ) from None


def _load_numpy(path: Path) -> Any:
    import numpy

    content = _read_bytes(path)
    try:
        loaded = numpy.load(io.BytesIO(content), allow_pickle=False)
        if path.suffix == ".npz":
            return {name: loaded[name] for name in loaded.files}
        return loaded[()]
    except Exception as error:  # numpy and zipfile raise many kinds of exceptions for a broken file
        raise _error("EZ4102", f"{path} cannot be read as a NumPy file: {error}") from None


def _read_npz(path: Path) -> dict[str, Data]:
    return dict(_load_numpy(path))


def _read_npy(path: Path) -> Data:
    return _load_numpy(path)
