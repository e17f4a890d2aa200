"""`ezlang run --output FILE`."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Ez

PROGRAM = """
party alice;
party bob;
struct Pair { int32 low; fixed high; }
fn main() {
  secret int32[3] a = input(alice, "a");
  secret int32[3] b = input(bob, "b");
  secret int32[3][2] both;
  secret Pair[3] pairs;
  for i in 0..3 {
    both[i][0] = a[i];
    both[i][1] = b[i];
    pairs[i].low = min(a[i], b[i]);
    pairs[i].high = fixed(max(a[i], b[i])) * 0.5;
  }
  output(all, both, "both");
  output(alice, pairs, "pairs");
  output(alice, a > b, "more");
}
"""


@pytest.fixture
def run(ez: Ez, folder: Path) -> Ez:
    """Run the program in the clear, with its inputs and more arguments."""
    (folder / "pairs.ez").write_text(PROGRAM)
    (folder / "alice.json").write_text('{"a": [1, 5, 3]}')
    (folder / "bob.json").write_text('{"b": [4, 2, 8]}')
    return lambda *arguments: ez("run", "pairs.ez", *arguments)


def test_json(run: Ez, folder: Path) -> None:
    done = run("--output", "out.json")
    assert (done.code, done.out) == (0, "")
    assert "The outputs are in out.json." in done.err
    written = json.loads((folder / "out.json").read_text())
    assert written == {
        "alice.both": [[1, 4], [5, 2], [3, 8]],
        "alice.pairs": [{"low": 1, "high": 2.0}, {"low": 2, "high": 2.5}, {"low": 3, "high": 4.0}],
        "alice.more": [False, True, False],
        "bob.both": [[1, 4], [5, 2], [3, 8]],
    }


def test_csv_has_a_column_for_each_field_and_further_index(run: Ez, folder: Path) -> None:
    assert run("-o", "out.csv", "--clear").code == 0
    head, *rows = csv.reader((folder / "out.csv").open())
    assert head == [
        *("alice.both[0]", "alice.both[1]", "alice.pairs.low", "alice.pairs.high", "alice.more"),
        *("bob.both[0]", "bob.both[1]"),
    ]
    assert rows == [
        ["1", "4", "1", "2.0", "false", "1", "4"],
        ["5", "2", "2", "2.5", "true", "5", "2"],
        ["3", "8", "3", "4.0", "false", "3", "8"],
    ]


def test_npz(run: Ez, folder: Path) -> None:
    assert run("-o", "out.npz", "--native").code == 0
    with np.load(folder / "out.npz") as written:
        assert set(written) == {"alice.both", "alice.pairs", "alice.more", "bob.both"}
        np.testing.assert_array_equal(written["alice.both"], [[1, 4], [5, 2], [3, 8]])
        assert written["alice.both"].dtype == np.int32
        np.testing.assert_array_equal(written["alice.pairs"]["high"], [2.0, 2.5, 4.0])


def test_outputs_that_are_no_table(run: Ez, ez: Ez, folder: Path) -> None:
    (folder / "two.ez").write_text(
        PROGRAM.replace('output(alice, a > b, "more")', 'output(alice, sum(a), "total")')
    )
    done = ez("run", "two.ez", "-o", "out.csv")
    assert done.code == 2
    assert "`alice.both` has 3, and `alice.total` has 1 rows" in done.err
    assert "JSON or .npz" in done.err
    assert not (folder / "out.csv").exists()


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("out", "does not tell by its name how to write outputs"),
        ("out.txt", "give it one of the extensions .json, .csv, .npz"),
        ("none/out.json", "none/out.json cannot be written: there is no such folder"),
    ],
)
def test_files_that_cannot_be_written_are_refused_before_the_run(
    run: Ez, file: str, why: str
) -> None:
    done = run("-o", file)
    assert (done.code, done.out) == (2, "")
    assert why in done.err
    assert "Simulated" not in done.err


def test_outputs_are_printed_if_the_file_cannot_be_written(run: Ez, folder: Path) -> None:
    (folder / "out.json").mkdir()
    done = run("-o", "out.json", "--clear")
    assert done.code == 2
    assert "out.json cannot be written" in done.err
    assert done.json["alice.more"] == [False, True, False]
    assert [one.name for one in folder.iterdir() if one.name.startswith(".new-")] == []
