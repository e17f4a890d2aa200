"""`ezlang run` in one process: outputs, messages, inputs, params, exit codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Ez

RICH = ("rich.ez", "--input", "alice=a.json", "--input", "bob=b.json")
TOLD = "alice is richer: true  (told to all)\n"


@pytest.mark.parametrize(
    ("way", "said"), [(("--clear",), "nothing is protected"), ((), "semi-honest")]
)
def test_outputs_alone_go_to_standard_output(ez: Ez, way: tuple[str, ...], said: str) -> None:
    done = ez("run", *RICH, *way)
    assert (done.code, done.out) == (0, TOLD)
    assert said in done.err


def test_json_is_one_object(ez: Ez) -> None:
    clear = ez("run", *RICH, "--clear", "--json")
    outputs = {"alice": {"alice is richer": True}, "bob": {"alice is richer": True}}
    assert clear.json["outputs"] == outputs
    simulated = ez("run", *RICH, "--json").json
    assert simulated["outputs"] == outputs
    assert simulated["cost"]["rounds"] > 0
    assert set(simulated["cost"]["bytes"]) == {"alice", "bob"}
    assert all(seconds >= 0 for seconds in simulated["seconds"].values())


def test_files_called_like_the_parties_beside_the_program(ez: Ez, folder: Path) -> None:
    inside = folder / "inside"
    inside.mkdir()
    for old, new in (("rich.ez", "main.ez"), ("a.json", "alice.json"), ("b.json", "bob.json")):
        (folder / old).rename(inside / new)
    done = ez("run", "inside/main.ez", "--clear")
    assert (done.code, done.out) == (0, TOLD)
    assert "alice's inputs are read from inside/alice.json." in done.err
    (folder / "poor.json").write_text('{"wealth": -1}')
    other = ez("run", "inside/main.ez", "--clear", "--input", "0=poor.json")
    assert other.out == "alice is richer: false  (told to all)\n"


def test_inputs_from_several_files_and_kinds(ez: Ez, folder: Path) -> None:
    (folder / "x.csv").write_text("1\n2\n3\n")
    np.save(folder / "x.npy", np.arange(3, dtype=np.int16))
    np.savez(folder / "x.npz", x=np.array([4, 5, 6]))
    (folder / "y.json").write_text("100")
    (folder / "twice.json").write_text('{"twice": true}')
    bob = ("--input", "bob:y=y.json", "--input", "bob=twice.json")
    for alice, total in (("alice:x=x.csv", 212), ("alice:x=x.npy", 206), ("alice=x.npz", 230)):
        done = ez("run", "sum.ez", "--clear", "--input", alice, *bob)
        assert done.out == f"sum: {total}  (told to bob)\n", done.err


def test_params(ez: Ez, folder: Path) -> None:
    (folder / "alice.json").write_text('{"x": [1, 2]}')
    (folder / "bob.json").write_text('{"y": 0, "twice": false}')
    assert ez("run", "sum.ez", "--clear", "--set", "n=2").out == "sum: 3  (told to bob)\n"
    for wrong in ("n", "n=two", "=2"):
        assert ez("run", "sum.ez", "--clear", "--set", wrong).code == 2
    for unfit in ("m=2", "n=true", "n=4294967296"):
        assert ez("run", "sum.ez", "--clear", "--set", unfit).code == 2
    three = ez("run", "sum.ez", "--clear")
    assert three.code == 2
    assert "`x`: there are 2 items, but int64[3] has 3" in three.err


@pytest.mark.parametrize("seconds", ["nan", "inf", "0", "-1", "1e9", "soon"])
def test_no_time_to_wait(ez: Ez, seconds: str) -> None:
    done = ez("run", *RICH, "--native", "--timeout", seconds)
    assert (done.code, done.out) == (2, "")
    assert "--timeout" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--input", "a.json"), "`--input a.json` does not say whose input it is"),
        (("--input", "alise=a.json"), "The program has no party `alise`"),
        (("--input", "2=a.json"), "The program has no party number 2"),
        (("--input", "alice=none.json"), "There is no input file none.json"),
        (("--input", "alice=a.json", "--input", "alice=a.json"), "is given twice"),
        (("--input", "alice=a.json"), "bob's input `wealth` is missing"),
        (("--clear", "--native"), "exclude each other"),
        (("--address", "localhost:1"), "`--address` is for a run of one party"),
        (("--insecure",), "`--insecure` is for a run of one party"),
        (("--party", "3"), "The program has no party number 3"),
        (("--party", "alice", "--input", "bob=b.json"), "gives bob's input to alice"),
        (("--timeout", "0", "--native"), "--timeout"),
        (("--timeout", "5"), "`--timeout` is for runs between processes"),
        (("--nonsense",), "--nonsense"),
    ],
)
def test_wrong_usage(ez: Ez, arguments: tuple[str, ...], said: str) -> None:
    done = ez("run", "rich.ez", *arguments)
    assert done.code == 2, done.err
    assert said in done.err
    assert done.out == ""
    assert "Traceback" not in done.err


def test_programs_with_errors_and_runs_that_fail(ez: Ez, folder: Path) -> None:
    (folder / "bad.ez").write_text('party alice, bob;\nfn main() { output(all, nothing, "x"); }\n')
    assert ez("run", "bad.ez").code == 1
    assert ez("run", "none.ez").code == 2
    (folder / "fails.ez").write_text(
        "party alice, bob;\nfn main() {\n"
        '    secret int32 a = input(alice, "wealth");\n'
        "    public int32 zero = reveal(a) - 5;\n"
        '    output(all, 1 / zero, "x");\n}\n'
    )
    for way in ("--clear",), ():
        done = ez("run", "fails.ez", *way, "--input", "alice=a.json")
        assert done.code == 3
        assert "EZ4001" in done.err
        assert "fails.ez:5:17" in done.err


def test_values_are_printed_as_they_are(ez: Ez, folder: Path) -> None:
    (folder / "kinds.ez").write_text(
        "party alice, bob;\n"
        "struct Point { int8 x; bool[2] y; }\n"
        "fn main() {\n"
        '    output(all, int8(-5), "negative");\n'
        '    output(alice, uint64(18446744073709551615), "large");\n'
        '    output(bob, [[1, 2], [3, 4]], "rows");\n'
        '    output(bob, Point { x: -1, y: [true, false] }, "point");\n'
        '    output(alice, 1, "own");\n'
        '    output(bob, 2, "own");\n'
        "}\n"
    )
    done = ez("run", "kinds.ez", "--clear")
    assert done.out.splitlines() == [
        "negative: -5  (told to all)",
        "large: 18446744073709551615  (told to alice)",
        "own: 1  (told to alice)",
        "rows: [[1, 2], [3, 4]]  (told to bob)",
        'point: {"x": -1, "y": [true, false]}  (told to bob)',
        "own: 2  (told to bob)",
    ]
    data = ez("run", "kinds.ez", "--clear", "--json").json["outputs"]
    assert data["bob"]["point"] == {"x": -1, "y": [True, False]}
    assert ez("run", "kinds.ez", "--json").json["outputs"] == data
