"""Commands for several files or folders: `check`, `fmt` and `test`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ez

WRONG = "party alice, bob;\n\nfn main() {\n    int32 x = y;\n}\n"


def test_check_takes_files_folders_and_standard_input(
    ez: Ez, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = folder / "more" / "below"
    inner.mkdir(parents=True)
    (inner / "wrong.ez").write_text(WRONG)
    assert ez("check", "rich.ez", "sum.ez").err == "2 files have no errors.\n"
    done = ez("check", ".")
    assert done.code == 1
    assert done.err.startswith("2 files have no errors.\nerror[EZ1001]")
    assert "more/below/wrong.ez:4" in done.err
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(WRONG.encode())))
    done = ez("check", "-", "rich.ez", "--json")
    assert done.code == 1
    assert [one["span"]["file"] for one in done.json["diagnostics"]] == ["<standard input>"]


def test_a_folder_without_programs_is_an_error(ez: Ez, folder: Path) -> None:
    (folder / "empty").mkdir()
    done = ez("check", "empty")
    assert (done.code, done.out) == (2, "")
    assert "There is no .ez file in empty" in done.err


def test_fmt_takes_folders(ez: Ez, folder: Path) -> None:
    (folder / "inner").mkdir()
    path = folder / "inner" / "tight.ez"
    path.write_text('party alice,bob;\nfn main(){output(all,1+1,"two");}\n')
    assert ez("fmt", "--check", ".").code == 1
    assert ez("fmt", ".").code == 0
    assert 'output(all, 1 + 1, "two");' in path.read_text()


@pytest.fixture
def tested(folder: Path) -> Path:
    """A folder with a program, its inputs and the outputs that it should give."""
    inner = folder / "rich"
    inner.mkdir()
    (folder / "rich.ez").rename(inner / "main.ez")
    (inner / "alice.json").write_text('{"wealth": 5}')
    (inner / "bob.json").write_text('{"wealth": 3}')
    told = {"alice is richer": True}
    (inner / "expected.json").write_text(json.dumps({"alice": told, "bob": told}))
    return inner


@pytest.mark.parametrize("executor", ["--clear", "--simulated", "--native"])
def test_test_compares_outputs(ez: Ez, tested: Path, executor: str) -> None:
    done = ez("test", executor)
    assert (done.code, done.out) == (0, "passed  rich\n")
    assert done.err.endswith("1 of 1 passed.\n")


def test_test_says_what_differs(ez: Ez, tested: Path) -> None:
    told = {"alice is richer": False, "more": 1}
    (tested / "expected.json").write_text(json.dumps({"alice": told, "bob": {}}))
    done = ez("test", str(tested), "--clear")
    assert done.code == 1
    assert done.out.splitlines()[1:] == [
        "        alice's output `alice is richer` is True, and not False",
        "        alice is not told `more`, which expected.json has",
        "        bob is told `alice is richer`, of which expected.json says nothing",
    ]
    (tested / "bob.json").write_text("{}")
    done = ez("test", "--clear")
    assert done.code == 2
    assert "error[EZ410" in done.err
    assert "FAILED  rich\n        it did not run to its end" in done.out


def test_nothing_to_test_is_an_error(ez: Ez) -> None:
    done = ez("test")
    assert done.code == 2
    assert "No folder here has both main.ez and expected.json" in done.err


def test_a_wrong_number_of_items_names_the_param(ez: Ez, folder: Path) -> None:
    (folder / "x.json").write_text('{"x": [1, 2, 3, 4, 5]}')
    (folder / "y.json").write_text('{"y": 1, "twice": false}')
    inputs = ("--input", "alice=x.json", "--input", "bob=y.json")
    done = ez("run", "sum.ez", *inputs)
    assert done.code == 2
    assert "help: if `n` is that number, add --set n=5" in done.err
    assert ez("run", "sum.ez", *inputs, "--set", "n=5").out == "sum: 16  (told to bob)\n"


def test_text_is_an_array_of_bytes(ez: Ez, folder: Path) -> None:
    (folder / "bytes.ez").write_text(
        "party alice, bob;\n\n"
        "fn main() {\n"
        '    @alice uint8[4] s = input(alice, "s");\n'
        '    output(all, reveal(s), "bytes");\n'
        "}\n"
    )
    (folder / "s.json").write_text('{"s": "aé!"}')
    done = ez("run", "bytes.ez", "--input", "alice=s.json", "--json")
    assert done.json["outputs"]["bob"]["bytes"] == [97, 195, 169, 33]


def test_a_module_that_hides_one_of_the_library_is_named(ez: Ez, folder: Path) -> None:
    (folder / "sort.ez").write_text("fn nothing() {}\n")
    (folder / "sorted.ez").write_text(
        "party alice, bob;\nimport sort;\n\nfn main() {\n    let x = sort.ascending([2, 1]);\n}\n"
    )
    done = ez("check", "sorted.ez")
    assert (
        "The module is the file sort.ez, which hides the library's `sort`: rename it." in done.err
    )
    (folder / "sort.ez").unlink()
    (folder / "sorted.ez").write_text(
        "party alice, bob;\nimport search;\n\nfn main() {\n    let x = search.none([2, 1]);\n}\n"
    )
    assert "It offers `any`, `argmax`, `argmin`, " in ez("check", "sorted.ez").err
