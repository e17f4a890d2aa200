"""A command line in a folder with a few programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ezlang.cli import run_command

MILLIONAIRES = """\
party alice, bob;

fn main() {
    secret int32 a = input(alice, "wealth");
    secret int32 b = input(bob, "wealth");
    output(all, a > b, "alice is richer");
}
"""

SUM = """\
party alice, bob;
param int32 n = 3;

fn main() {
    secret int64[n] x = input(alice, "x");
    secret int64 y = input(bob, "y");
    secret bool twice = input(bob, "twice");
    output(bob, (twice ? 2 : 1) * (sum(x) + y), "sum");
}
"""


@dataclass(frozen=True)
class Done:
    """The result of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output, as one JSON object."""
        return json.loads(self.out)


Ez = Callable[..., Done]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which commands run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rich.ez").write_text(MILLIONAIRES)
    (tmp_path / "sum.ez").write_text(SUM)
    (tmp_path / "a.json").write_text('{"wealth": 5}')
    (tmp_path / "b.json").write_text('{"wealth": 3}')
    return tmp_path


@pytest.fixture
def ez(folder: Path, capsys: pytest.CaptureFixture[str]) -> Ez:
    """Run a command; returns exit code, standard output and standard error."""

    def type_command(*arguments: str) -> Done:
        code = run_command(list(arguments))
        printed = capsys.readouterr()
        return Done(code, printed.out, printed.err)

    return type_command
