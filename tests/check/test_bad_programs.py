"""Programs with errors, at least one for each code, with their diagnostics."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ezlang.check import CheckResult, check, find_module
from ezlang.diagnostics.catalogue import all_codes, explain
from ezlang.diagnostics.render import render_all
from ezlang.source import Source
from tests.support.error_pages import parse_page

BAD = Path(__file__).parents[1] / "programs" / "bad"
PROGRAMS = sorted(BAD.glob("EZ*.ez"))
CODES = [code for code in all_codes() if code[2] in "123"]


def _settings(text: str) -> dict[str, int | bool]:
    """Return what the comments of a program set: `// --set n=3`."""
    return {name: int(value) for name, value in re.findall(r"--set (\w+)=(\d+)", text)}


def _check(path: Path) -> CheckResult:
    text = path.read_text(encoding="utf-8")

    def load(name: str, importer: Source) -> Source | None:
        beside = BAD / f"{name}.ez"
        if beside.exists():
            return Source(beside.name, beside.read_text(encoding="utf-8"))
        return find_module(name, importer)

    return check(Source(path.name, text), settings=_settings(text), load_module=load)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.stem)
def test_diagnostics(path: Path, golden: Callable[[Path, str], None]) -> None:
    result = _check(path)
    golden(path.with_suffix(".txt"), render_all(result.diagnostics))
    assert result.program is None
    code = path.stem.split("_")[0]
    codes = {d.code for d in result.diagnostics}
    assert codes == {code} or path.stem.startswith("EZ_")


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.stem)
def test_diagnostics_have_a_place_and_are_said_once(path: Path) -> None:
    diagnostics = _check(path).diagnostics
    assert all(d.span is not None and d.message[-1] not in ".!" for d in diagnostics)
    assert len({(d.code, d.span) for d in diagnostics}) == len(diagnostics)
    assert list(diagnostics) == sorted(diagnostics, key=lambda d: d.sort_key)


def test_every_code_has_a_program() -> None:
    assert {p.stem.split("_")[0] for p in PROGRAMS} >= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_programs_of_the_page(code: str) -> None:
    text = explain(code)
    assert text is not None
    page = parse_page(text)
    assert (page.wrong_program is None) == (page.right_program is None)
    if page.wrong_program is not None and page.right_program is not None:
        wrong = check(Source("page.ez", page.wrong_program))
        assert {d.code for d in wrong.diagnostics} == {code}
        right = check(Source("page.ez", page.right_program))
        assert right.program is not None, render_all(right.diagnostics)
