"""Tables of input files: CSV, Arrow and Parquet.

A table has columns of equal length. Its columns are inputs by name, or the table is one input: an
array of its rows. Every failure is an EzError with exit code 2, and says in which row and column.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ezlang.records import dataclass
from ezlang.types.types import ArrayType, StructType, Type

from .data import Data
from .malformed import file_error, read_bytes, read_text

ARROW = frozenset({".arrow", ".feather", ".parquet"})
"""The extensions of files in the formats of Apache Arrow."""

INSTALL = "python -m pip install 'ezlang[arrow]'"

_CELLS = "cells are numbers, or true and false, with commas between them"


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` are lists or NumPy arrays of equal length; `names` is None without a header."""

    names: tuple[str, ...] | None
    columns: tuple[Sequence[Data], ...]

    def by_name(self) -> dict[str, Data]:
        """Return the columns by name."""
        return dict(zip(self.names or (), self.columns, strict=True))

    def rows(self, type: Type | None) -> Data:
        """Return the rows as one input, whose type is `type` if that is known.

        They are records for an array of structs, otherwise lists. A single column is a flat list,
        and so is a single row of a table without names.
        """
        if self.names and isinstance(type, ArrayType) and isinstance(type.element, StructType):
            return [dict(zip(self.names, row, strict=True)) for row in self._lists()]
        if len(self.columns) == 1:
            return self.columns[0]
        rows = self._lists()
        return rows[0] if self.names is None and len(rows) == 1 else rows

    def _lists(self) -> list[list[Data]]:
        plain = (one.tolist() if hasattr(one, "tolist") else one for one in self.columns)
        return [list(row) for row in zip(*plain, strict=True)]


def read_table(path: Path) -> Table:
    """Read a file of CSV, Arrow or Parquet."""
    return _arrow(path) if path.suffix in ARROW else _csv(path)


def _csv(path: Path) -> Table:
    reader = csv.reader(io.StringIO(read_text(path)), strict=True)
    try:
        lines = [
            (reader.line_num, [cell.strip() for cell in cells])
            for cells in reader
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error as error:
        raise file_error(path, f"is not valid CSV: {error}, line {reader.line_num}") from None
    names = None
    if lines and all(_is_name(cell) for cell in lines[0][1]):
        names = _names(path, lines[0][1])
        lines = lines[1:]
    width = len(names or (lines[0][1] if lines else ()))
    for line, cells in lines:
        if len(cells) != width:
            have = f"{len(cells)} cell{'s' * (len(cells) != 1)} in line {line}"
            raise file_error(path, f"has {have}, and {width} in the first line")
    columns = [
        [_cell(path, line, cells, place, names) for line, cells in lines] for place in range(width)
    ]
    return Table(names, tuple(columns))


def _is_name(cell: str) -> bool:
    return bool(cell) and _value(cell) is None


def _value(cell: str) -> Data:
    """Return the number or bool that a cell has, or None."""
    if cell in ("true", "false"):
        return cell == "true"
    for read in (int, float):
        try:
            return read(cell)
        except ValueError:
            continue
    return None


def _names(path: Path, cells: list[str]) -> tuple[str, ...]:
    for place, name in enumerate(cells):
        if name in cells[:place]:
            raise file_error(path, f'has two columns named "{name}"')
    return tuple(cells)


def _cell(
    path: Path, line: int, cells: list[str], place: int, names: tuple[str, ...] | None
) -> Data:
    cell = cells[place]
    value = _value(cell)
    if value is not None:
        return value
    where = f"line {line}, {_column(names, place)}"
    if not cell:
        raise file_error(path, f"has an empty cell in {where}", help="no input may be missing")
    shown = cell if len(cell) <= 40 else cell[:37] + "…"
    raise file_error(path, f'has "{shown}" in {where}, which is not a number', help=_CELLS)


def _column(names: Sequence[str] | None, place: int) -> str:
    return f"column {place + 1}" if names is None else f"column `{names[place]}`"


def _arrow(path: Path) -> Table:
    try:
        import pyarrow
        from pyarrow import feather, parquet
    except ImportError:
        raise file_error(
            path, "takes PyArrow to be read", code="EZ4106", help=f"install it: {INSTALL}"
        ) from None
    content = pyarrow.BufferReader(read_bytes(path))
    read = parquet.read_table if path.suffix == ".parquet" else feather.read_table
    try:
        table = read(content)
    except (pyarrow.ArrowException, OSError) as error:
        raise file_error(path, f"cannot be read as {_FORMATS[path.suffix]}: {error}") from None
    names = _names(path, table.column_names)
    columns = zip(names, table.columns, strict=True)
    return Table(names, tuple(_values(path, name, column) for name, column in columns))


_FORMATS = {".arrow": "an Arrow file", ".feather": "an Arrow file", ".parquet": "Parquet"}


def _values(path: Path, name: str, column: Any) -> Any:
    """Return the numbers or bools of a column as a NumPy array."""
    from pyarrow import types

    kind = column.type
    if not (types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind)):
        raise file_error(
            path,
            f"has a column `{name}` of {kind}, and inputs are numbers or bools",
            help="convert or leave out the column",
        )
    if column.null_count:
        row = column.is_null().to_pylist().index(True) + 1
        raise file_error(
            path, f"has no value in row {row}, column `{name}`", help="no input may be missing"
        )
    return column.to_numpy()
