"""`ezlang ir`: the intermediate representation, as lowered and after passes."""

from pathlib import Path

import pytest

from ezlang.compiler.ir.parse import parse_program
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.ir.verify import verify
from ezlang.compiler.passes import NAMES
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
