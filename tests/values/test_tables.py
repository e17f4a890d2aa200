import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from ezlang.types.types import BOOL, INT32, ArrayType, Field, StructType
from ezlang.values.files import read_input, read_inputs
from tests.values.test_files import message, written

PATIENTS = "age,weight\n31,70.5\n64,81\n"


def arrow_file(path: Path, table: pa.Table) -> Path:
    (parquet.write_table if path.suffix == ".parquet" else feather.write_feather)(table, path)
    return path


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,2,3\n", [1, 2, 3]),
        ("1\n-2\n\n3\n", [1, -2, 3]),
        ("1, 2\n3, 4\n", [[1, 2], [3, 4]]),
        ("true,false", [True, False]),
        ("1.0,2.5", [1.0, 2.5]),
        ("", []),
        (PATIENTS, [[31, 70.5], [64, 81]]),
        ("age,weight\n31,70.5\n", [[31, 70.5]]),
        ('"age"\n31\n64\n', [31, 64]),
        ("age\n", []),
    ],
)
def test_csv_as_one_input(tmp_path: Path, text: str, value: Any) -> None:
    assert read_input(written(tmp_path, "a.csv", text)) == value


def test_columns_are_inputs_by_name(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", PATIENTS)
    assert read_inputs(path) == {"age": [31, 64], "weight": [70.5, 81]}


def test_rows_are_structs_where_the_program_asks_for_them(tmp_path: Path) -> None:
    struct = StructType("Patient", (Field("age", INT32), Field("ill", BOOL)))
    patients = ArrayType(struct, (2,))
    rows = [{"age": 31, "ill": True}, {"age": 64, "ill": False}]
    path = written(tmp_path, "a.csv", "age,ill\n31,true\n64,false\n")
    assert read_input(path, patients) == rows
    table = pa.table({"age": [31, 64], "ill": [True, False]})
    assert read_input(arrow_file(tmp_path / "a.parquet", table), patients) == rows


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,2\n3\n", "has 1 cell in line 2, and 2 in the first line"),
        ("a,b\n3,4,5\n", "has 3 cells in line 2, and 2 in the first line"),
        ("a,b\n\n1,2\n3,\n", "has an empty cell in line 4, column `b`"),
        ("1,,3\n", "has an empty cell in line 1, column 2"),
        ("1,2\n3,x\n", 'has "x" in line 2, column 2, which is not a number'),
        ("a,b\n1,NA\n", 'has "NA" in line 2, column `b`, which is not a number'),
        ("a,2\n", 'has "a" in line 1, column 1, which is not a number'),
        ("1;2\n3;4\n", 'has "3;4" in line 2, column `1;2`, which is not a number'),
        ("a,b,a\n1,2,3\n", 'has two columns named "a"'),
        ('1\n"2', "is not valid CSV"),
    ],
)
def test_csv_that_cannot_be_read(tmp_path: Path, text: str, expected: str) -> None:
    path = written(tmp_path, "a.csv", text)
    assert message(path, several=False).startswith(f"EZ4102 FILE {expected}")


@pytest.mark.parametrize("suffix", ["arrow", "feather", "parquet"])
def test_arrow(tmp_path: Path, suffix: str) -> None:
    table = pa.table({"age": pa.array([31, 64], pa.int8()), "ill": [True, False]})
    path = arrow_file(tmp_path / f"a.{suffix}", table)
    named = read_inputs(path)
    np.testing.assert_array_equal(named["age"], [31, 64])
    np.testing.assert_array_equal(named["ill"], [True, False])
    assert read_input(path) == [[31, True], [64, False]]


@pytest.mark.parametrize("suffix", ["arrow", "parquet"])
def test_arrow_that_cannot_be_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    arrow_file(path, pa.table({"age": [31, None, 64]}))
    assert message(path) == "EZ4102 FILE has no value in row 2, column `age`"
    arrow_file(path, pa.table({"born": [datetime.date(1990, 1, 1)]}))
    assert message(path).startswith("EZ4102 FILE has a column `born` of date32[day]")
    whole = path.read_bytes()
    for broken in (b"", b"no such thing", whole[: len(whole) // 2], whole[:-3]):
        path.write_bytes(broken)
        assert message(path).startswith("EZ4102 FILE cannot be read as ")
    assert message(tmp_path / "none.parquet") == "EZ4101 There is no input file FILE"
