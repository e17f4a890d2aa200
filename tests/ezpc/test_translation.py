"""`ezlang from-ezpc`: the text of translations, what they compute, and what is refused."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from ezlang import api
from ezlang.cli import run_command
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.results import RunResult
from ezlang.ezpc.program import translate
from ezlang.source import Source
from tests.conftest import Golden

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.ezpc"))


def translated(text: str) -> str:
    return api.format_text(translate(Source("prog.ezpc", text)))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_golden(path: Path, golden: Golden) -> None:
    golden(path.with_suffix(".ez"), translated(path.read_text()))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_results(path: Path) -> None:
    case = json.loads(path.with_suffix(".json").read_text())
    program = api.checked(api.check_text(translated(path.read_text())))
    inputs = {party: case[party] for party in ("server", "client")}
    assert told(api.run_clear(program, inputs)) == case["expected"]
    assert told(api.run_simulated(program, inputs)) == case["expected"]


def told(result: RunResult) -> object:
    """Return the outputs as JSON has them."""
    return json.loads(json.dumps(result.outputs, default=lambda value: value.tolist()))


def in_main(statements: str) -> str:
    return f"def void main() {{ {statements} }}"


REFUSED = [
    ("def int32_al main() { return 1; }", "a program begins in `def void main()`"),
    ("extern void f(int32_al x); def void main() { }", "`f` is a function of EzPC's back ends"),
    (in_main("x = 1;"), "`x` isn't declared"),
    (in_main("f(1);"), "there is no function `f` above"),
    ("def void f(int32_al x) { } " + in_main("f();"), "`f` has 1 parameters"),
    (in_main("int32_al x; x[0] = 1;"), "this is no array"),
    (in_main("int32_pl n = 1; for i = [0:n] { n = n + 1; };"), "its bounds depend on"),
    (in_main("for i = [0:2] { if (i > 0) { output(ALL, i); }; };"), "an output in a branch"),
    (in_main("for i = [0:2] { while (false) { input(SERVER, x, int32_al); }; };"), "an input in"),
    (in_main("output(ALL, 1 / 0);"), "this divides by zero"),
    (in_main("output(ALL, 2 ^^ -1);"), "no negative exponent"),
    (
        "def void f(int32_al[2] a, int32_al[2] b) { a[0] = b[1]; } "
        + in_main("int32_al[2] a; f(a, a);"),
        "`f` changes `a`, and gets it twice",
    ),
    (
        "def void f(int32_pl n, int32_al[n] a, int32_al[n] b) { a[0] = 1; b[0] = 1; } "
        + in_main("int32_al[2] a; int32_al[2] b; f(2, a, b);"),
        "no struct of Ez can have together",
    ),
    ("def void f(int32_pl n, int32_al[n] a) { n = 1; } " + in_main(""), "is assigned to"),
    (
        "def int32_al f(int32_al[1] a) { a[0] = 1; return 2; } "
        + in_main("int32_al[1] a; int32_al x = f(a);"),
        "it can't stand in an expression",
    ),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_has_no_translation_is_named(text: str, message: str) -> None:
    with pytest.raises(EzError) as caught:
        translated(text)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "EZ7002"
    assert diagnostic.span is not None
    assert message in diagnostic.message


UNREAD = [
    ("def void main() { int32_al x = 5 x = 6; }", "EzPC has no `x` here", 33),
    ("def void main() { (* never ends }", "this comment has no end", 18),
    ("def void main() {", "the program ends too early", 17),
    ("", "the program ends too early", 0),
    (in_main("int32_al x = " + "(" * 300 + "1" + ")" * 300 + ";"), "nested more than 200", 230),
    (in_main("int32_al x = " + " + ".join(["x"] * 60_000) + ";"), "nests too deeply", None),
]


@pytest.mark.parametrize(("text", "message", "at"), UNREAD)
def test_what_is_no_ezpc_is_shown(text: str, message: str, at: int | None) -> None:
    with pytest.raises(EzError) as caught:
        translated(text)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "EZ7001"
    assert message in diagnostic.message
    assert (diagnostic.span and diagnostic.span.start) == at


def test_names_that_are_words_of_ez_get_an_underscore() -> None:
    text = translated(in_main("int32_al secret = 1; bool_bl party = false; output(ALL, secret);"))
    assert "secret int32 secret_ = 1;" in text
    assert 'output(all, secret_, "secret");' in text


def test_a_name_that_hides_another_gets_a_number() -> None:
    text = translated(in_main("int32_pl x = 1; for i = [0:2] { int32_pl x = 2; x = x + i; };"))
    assert "public int32 x_2 = 2;" in text
    assert "x_2 = x_2 + i;" in text


def test_mutated_programs_are_translated_or_refused() -> None:
    """Tokens are left out, doubled and swapped: no other exception comes than EzError."""
    source = random.Random(7)
    refused = 0
    for path in PROGRAMS:
        words = path.read_text().split(" ")
        for _ in range(60):
            changed = list(words)
            at, other = source.randrange(len(words)), source.randrange(len(words))
            kind = source.randrange(3)
            if kind == 0:
                del changed[at]
            elif kind == 1:
                changed.insert(at, changed[other])
            else:
                changed[at], changed[other] = changed[other], changed[at]
            try:
                api.check_text(translated(" ".join(changed)))
            except EzError:
                refused += 1
    assert 20 < refused < 120


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, to = tmp_path / "prog.ezpc", tmp_path / "prog.ez"
    path.write_text(in_main("input(SERVER, x, int32_al); output(CLIENT, x * 2);"))
    assert run_command(["from-ezpc", str(path), "-o", str(to)]) == 0
    assert api.check_file(to).diagnostics == ()
    assert run_command(["from-ezpc", str(path)]) == 0
    assert capsys.readouterr().out == to.read_text()
    # EzPC's compiler, too, refuses to branch on a secret, but after its parser.
    path.write_text(in_main("input(SERVER, x, int32_al); while (x > 2) { x = x - 1; };"))
    assert run_command(["from-ezpc", str(path), "-o", str(to)]) == 1
    assert "error[EZ3" in capsys.readouterr().err
    assert "while x > 2" in to.read_text()
    path.write_text(in_main("extern"))
    to.unlink()
    assert run_command(["from-ezpc", str(path), "-o", str(to)]) == 1
    assert not to.exists()
