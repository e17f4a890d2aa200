"""A pass that fails is left out, which is said once, on standard error."""

from pathlib import Path

import pytest

from ezlang.compiler.passes.vectorise import loops
from ezlang.diagnostics.diagnostic import CompilerBug
from tests.cli.conftest import Ez

LOOP = """\
party alice, bob;

fn main() {
    secret int32[4] x = input(alice, "x");
    secret int32 y = input(bob, "y");
    for i in 0..4 { x[i] = min(x[i], y); }
    output(all, x, "x");
}
"""


def fail(*_: object) -> None:
    raise CompilerBug("it was made to fail")


@pytest.fixture
def loop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program with a loop, where the pass that vectorises loops fails."""
    monkeypatch.delenv("EZLANG_VERIFY")
    monkeypatch.setattr(loops, "rewrite_function", fail)
    (folder / "loop.ez").write_text(LOOP)
    (folder / "alice.json").write_text('{"x": [1, 5, 7, 2]}')
    (folder / "bob.json").write_text('{"y": 4}')
    return folder


def is_warning(text: str) -> bool:
    return (
        text.count("Warning: ") == 1
        and "The pass `vectorise` of the compiler failed" in text
        and "CompilerBug: it was made to fail" in text
        and "Please report it" in text
        and "Traceback" not in text
    )


@pytest.mark.parametrize("way", [(), ("--native",)])
def test_run(ez: Ez, loop: Path, way: tuple[str, ...]) -> None:
    done = ez("run", "loop.ez", *way)
    assert done.code == 0
    assert done.out == "x: [1, 4, 4, 2]  (told to all)\n"
    assert is_warning(done.err)


def test_json_stays_one_object(ez: Ez, loop: Path) -> None:
    done = ez("run", "loop.ez", "--json")
    assert done.json["outputs"]["bob"] == {"x": [1, 4, 4, 2]}
    assert is_warning(done.err)
    done = ez("cost", "loop.ez", "--explain", "--ranges", "--json")
    assert done.json["parties"] == ["alice", "bob"]
    assert is_warning(done.err)


def test_every_command_says_it_again(ez: Ez, loop: Path) -> None:
    assert is_warning(ez("cost", "loop.ez").err)
    assert is_warning(ez("cost", "loop.ez").err)


def test_where_it_happened_is_shown_if_asked_for(
    ez: Ez, loop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EZLANG_TRACEBACK", "1")
    assert "in fail" in ez("run", "loop.ez").err


def test_a_pass_that_is_asked_for_must_work(ez: Ez, loop: Path) -> None:
    done = ez("ir", "loop.ez", "--pass", "vectorise")
    assert (done.code, done.out) == (70, "")
    assert "This is a bug of ezlang" in done.err


def test_tests_see_every_failure(ez: Ez, loop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EZLANG_VERIFY", "1")
    assert ez("run", "loop.ez").code == 70
