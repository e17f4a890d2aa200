"""Programs as values of Python: what they take, what they return, how they fail."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ezlang as ez
from ezlang.api import RunCost
from tests.support.patience import PATIENCE
from tests.support.ports import free_address

KINDS = """party alice, bob;

struct Point { int16 x; fixed[2] y; }

param int32 n = 2;

fn main() {
    secret fixed[n] halves = input(alice, "halves");
    secret uint8[2][n] small = input(alice, "small");
    secret Point[n] points = input(bob, "points");
    secret bool which = input(bob, "which");
    output(alice, small, "small");
    output(bob, halves, "halves");
    output(bob, points, "points");
    output(bob, points[1], "point");
    output(all, which, "which");
    output(all, sum(small[0]), "sum");
}
"""
POINTS = [{"x": -3, "y": [0.5, 1]}, {"x": 4, "y": [2, -0.25]}, {"x": 5, "y": [0, 0]}]
MILLIONAIRES = Path("examples/millionaires/main.ez")


def test_values_go_in_and_come_out_as_numpys() -> None:
    program = ez.loads(KINDS, n=3)
    result = program(
        alice={"halves": np.array([0.5, 1.5, -2]), "small": np.arange(6).reshape(2, 3)},
        bob={"points": POINTS, "which": np.bool_(True)},
    )
    small, halves, points = (
        result["alice"]["small"],
        result["bob"]["halves"],
        result["bob"]["points"],
    )
    assert (small.dtype, small.tolist()) == (np.uint8, [[0, 1, 2], [3, 4, 5]])
    assert (halves.dtype, halves.tolist()) == (np.float64, [0.5, 1.5, -2])
    assert points.dtype == np.dtype([("x", np.int16), ("y", np.float64, (2,))])
    assert points["x"].tolist() == [-3, 4, 5]
    assert points["y"].tolist() == [[0.5, 1], [2, -0.25], [0, 0]]
    assert result["bob"]["point"]["x"] == 4
    assert result["bob"]["point"]["y"].tolist() == [2, -0.25]
    assert result["alice"]["which"] is True
    assert result["bob"]["sum"] == 3


def test_frames_are_arrays_and_records() -> None:
    program = ez.loads(KINDS)
    points = pd.DataFrame({"x": [1, 2], "y": [[0.5, 0], [1, 1]]})
    result = program(
        alice={"halves": pd.Series([0.5, 1]), "small": pd.DataFrame([[1, 2], [3, 4]])},
        bob={"points": points, "which": False},
    )
    assert result["alice"]["small"].tolist() == [[1, 2], [3, 4]]
    assert result["bob"]["halves"].tolist() == [0.5, 1]
    assert result["bob"]["points"]["x"].tolist() == [1, 2]


def test_what_a_program_asks_for_and_tells() -> None:
    program = ez.load(MILLIONAIRES)
    assert program.parties == ("alice", "bob")
    assert str(program.inputs["alice"]["wealth"]) == "int32"
    assert str(program.outputs["bob"]["alice is richer"]) == "bool"
    assert repr(program) == "<ez program; inputs of alice: int32 wealth; bob: int32 wealth>"
    assert [release.name for release in program.leaks()] == ["alice is richer"]


@pytest.mark.parametrize("how", ["clear", "simulated", "native"])
def test_every_way_to_run(how: str) -> None:
    program = ez.load(MILLIONAIRES)
    inputs = {"alice": {"wealth": 5}, "bob": {"wealth": 3}}
    timeout = PATIENCE if how == "native" else None
    result = program.run(inputs, how=how, timeout=timeout)
    assert result["alice"] == result["bob"] == {"alice is richer": True}
    if how != "clear":
        assert isinstance(result.cost, RunCost)
        predicted = program.cost().least.bytes_sent
        assert list(result.cost.bytes.values()) == list(predicted.values())
    with pytest.raises(ValueError, match="how must be"):
        program.run(inputs, how="quickly")


def test_parties_of_their_own() -> None:
    program, address = ez.load(MILLIONAIRES), free_address()

    def run(party: str, wealth: int) -> ez.Result:
        return program.run_party(party, {"wealth": wealth}, address=address, timeout=PATIENCE)

    with ThreadPoolExecutor(2) as threads:
        alice, bob = threads.map(run, ("alice", "bob"), (3, 5))
    assert alice.outputs == {"alice": {"alice is richer": False}}
    assert bob.outputs == {"bob": {"alice is richer": False}}


def test_an_error_is_text_with_the_lines_of_the_program() -> None:
    with pytest.raises(ez.EzError) as caught:
        ez.load(MILLIONAIRES)(alice={"wealth": 2**40}, bob={})
    text = str(caught.value)
    assert text.startswith("error[EZ4105]: alice's input does not fit")
    assert 'secret int32 b = input(bob, "wealth");' in text
    assert text.endswith("2 errors")
    assert caught.value.summary.endswith("; bob's input `wealth` is missing")
    assert "\x1b[" in "".join(caught.value._render_traceback_())


def test_names_are_imported_when_they_are_used() -> None:
    code = (
        "import sys, ezlang; assert 'ezlang.api' not in sys.modules; "
        "assert not hasattr(ezlang, 'nothing'); ezlang.load; assert 'ezlang.api' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
