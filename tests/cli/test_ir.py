"""`ezlang ir`: the intermediate representation, as lowered and after passes."""

import io
import re
import sys
from pathlib import Path

import pytest

from ezlang.compiler.ir.parse import parse_program
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.ir.verify import verify
from ezlang.compiler.passes import NAMES
from ezlang.compiler.passes.catalogue import passes_for
from tests.cli.conftest import Ez


def test_as_lowered_and_after_each_pass(ez: Ez, folder: Path) -> None:
    texts = {}
    for name in (None, *NAMES):
        done = ez("ir", "sum.ez", "--set", "n=7", *(("--after", name) if name else ()))
        assert (done.code, done.err) == (0, "")
        program = parse_program(done.out)
        verify(program)
        assert print_program(program) == done.out
        texts[name] = done.out
    assert "int64[7] @alice" in texts[None]
    assert "reduce[kind=add]" in texts["vectorise"]


@pytest.mark.parametrize("protocol", ["auto", "yao", "boolean", "arithmetic"])
def test_what_two_parties_run(ez: Ez, folder: Path, protocol: str) -> None:
    for stage in ("share", "assign", "schedule"):
        done = ez("ir", "rich.ez", "--after", stage, "--protocol", protocol)
        assert done.code == 0
        program = parse_program(done.out)
        verify(program)
        assert print_program(program) == done.out
        kept = [f" secret {one}" in done.out for one in ("arithmetic", "boolean", "yao")]
        assert any(kept) == (stage != "share")


def test_an_unknown_pass(ez: Ez, folder: Path) -> None:
    done = ez("ir", "sum.ez", "--after", "magic")
    assert (done.code, done.out) == (2, "")
    assert "There is no pass `magic`" in done.err
    assert "vectorise" in done.err


@pytest.mark.parametrize("arguments", [("none.ez",), ("leak.ez",)])
def test_errors_are_those_of_the_program(ez: Ez, folder: Path, arguments: tuple[str, ...]) -> None:
    (folder / "leak.ez").write_text('party alice, bob;\nfn main() { output(all, x, "x"); }\n')
    done = ez("ir", *arguments)
    assert done.code in (1, 2)
    assert done.out == ""
    assert "error[EZ" in done.err


FOLDED = """\
party alice, bob;
fn main() { int32 k = 2; k += 3; secret int32 a = input(alice, "a"); output(all, a * k, "b"); }
"""


def test_passes_are_applied_in_the_order_they_are_given(ez: Ez, folder: Path) -> None:
    (folder / "folded.ez").write_text(FOLDED)
    folded = ez("ir", "folded.ez", "--pass", "constants")
    assert (folded.code, folded.err) == (0, "")
    (folder / "folded.ir").write_text(folded.out)
    both = ez("ir", "folded.ez", "--pass", "constants", "--pass", "dce").out
    assert ez("ir", "folded.ir", "--pass", "dce").out == both
    other = ez("ir", "folded.ez", "--pass", "dce", "--pass", "constants").out
    assert [text.count("constant") for text in (folded.out, both, other)] == [3, 1, 3]


@pytest.mark.parametrize("name", passes_for())
def test_each_pass_by_name_on_text(ez: Ez, folder: Path, name: str) -> None:
    (folder / "sum.ir").write_text(ez("ir", "sum.ez").out)
    for file in ("sum.ez", "sum.ir"):
        done = ez("ir", file, "--pass", name)
        assert (done.code, done.err) == (0, "")
        verify(parse_program(done.out))


def test_options_of_passes(ez: Ez, folder: Path) -> None:
    for protocol in ("yao", "boolean"):
        done = ez("ir", "rich.ez", "--pass", "share", "--pass", "assign", "--protocol", protocol)
        assert f" : bool secret {protocol}\n" in done.out


def test_after_a_stage(ez: Ez, folder: Path) -> None:
    done = ez("ir", "rich.ez", "--after", "assign", "--pass", "schedule")
    assert done.code == 0
    assert " secret yao" in done.out


@pytest.mark.parametrize("head", ["", "\n// The same.\n"])
def test_standard_input(ez: Ez, folder: Path, monkeypatch: pytest.MonkeyPatch, head: str) -> None:
    lowered = ez("ir", "rich.ez").out
    for text in (head + lowered, (folder / "rich.ez").read_text()):
        given = io.TextIOWrapper(io.BytesIO(text.encode()))
        monkeypatch.setattr(sys, "stdin", given)
        done = ez("ir", "-")
        assert (done.code, done.out, done.err) == (0, lowered, "")


def test_what_is_ir_without_saying_so(ez: Ez, folder: Path) -> None:
    lowered = ez("ir", "rich.ez").out
    (folder / "rich.txt").write_text(lowered)
    assert ez("ir", "rich.txt").out == lowered
    (folder / "forgotten.ez").write_text("party alice, bob\nfn main() {}\n")
    done = ez("ir", "forgotten.ez")
    assert (done.code, done.out) == (1, "")
    assert "error[EZ00" in done.err


def test_the_documentation_lists_all_passes() -> None:
    text = (Path(__file__).parents[2] / "docs" / "ir.md").read_text()
    tables = re.findall(r"^\| pass \|.*\n\|.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    rows = re.findall(r"^\| `(\w+)`( \(required\))? \|", "".join(tables), re.MULTILINE)
    assert {name: bool(required) for name, required in rows} == {
        name: one.is_required for name, one in passes_for().items()
    }


def test_the_list_of_passes(ez: Ez, folder: Path) -> None:
    done = ez("ir", "--passes")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == list(passes_for())
    assert "tensor operations (required)" in done.out


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("kind=gt", "kind=greater", "This is not IR: `binary` can't have this `kind`"),
        ("%3.wealth : bool", "%9 : bool", "This is not IR: %9 is not defined before"),
        (": bool secret", ": int32 secret", "rule of the IR: the result has another element type"),
        (": bool secret", ": bool public", "rule of the IR: "),
    ],
)
def test_wrong_text_is_refused_with_its_line(
    ez: Ez, folder: Path, old: str, new: str, says: str
) -> None:
    text = ez("ir", "rich.ez").out
    assert text.splitlines()[7].startswith("  %4 = binary[kind=gt]")
    (folder / "rich.ir").write_text(text.replace(old, new))
    done = ez("ir", "rich.ir", "--pass", "dce")
    assert (done.code, done.out) == (1, "")
    assert says in done.err
    assert "--> rich.ir:8:" in done.err


def test_text_that_just_ends(ez: Ez, folder: Path) -> None:
    (folder / "rich.ir").write_text("\n".join(ez("ir", "rich.ez").out.splitlines()[:5]))
    done = ez("ir", "rich.ir")
    assert (done.code, done.out) == (1, "")
    assert "This is not IR: the text can't end here" in done.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("sum.ez", "--pass", "magic"), "There is no pass `magic`"),
        (("rich.ir", "--after", "dce"), "`--after` is for programs, and rich.ir is IR"),
        (("rich.ir", "--set", "n=3"), "`--set` is for programs, and rich.ir is IR"),
        (
            ("rich.ez", "--after", "assign", "--pass", "share"),
            "The pass `share` is for programs whose secrets have no sharings yet",
        ),
    ],
)
def test_what_makes_no_sense(ez: Ez, folder: Path, arguments: tuple[str, ...], says: str) -> None:
    (folder / "rich.ir").write_text(ez("ir", "rich.ez").out)
    done = ez("ir", *arguments)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
