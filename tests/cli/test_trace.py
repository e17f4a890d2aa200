"""`ezlang trace`: what it writes, and which calls it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ezlang.cli import run_command

MILLIONAIRES = Path(__file__).resolve().parents[2] / "examples" / "millionaires" / "main.ez"


def test_it_writes_a_page_and_the_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, data = tmp_path / "t.html", tmp_path / "t.json"
    call = ["trace", str(MILLIONAIRES), "-o", str(page), "--json", str(data), "--seed", "1"]
    assert run_command([*call, "--reruns", "0"]) == 0
    trace = json.loads(data.read_text(encoding="utf-8"))
    assert trace["program"]["seed"] == 1
    assert trace["program"]["name"] == "main.ez"
    assert data.read_text(encoding="utf-8").replace("<", "\\u003c") in page.read_text("utf-8")
    said = capsys.readouterr()
    assert said.out == ""
    assert "shows the secrets of all parties" in said.err


def test_data_alone_needs_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(["trace", str(MILLIONAIRES), "--json", "t.json", "--reruns", "0"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["t.json"]


def test_a_dealer_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "t.json"
    call = ["trace", str(MILLIONAIRES), "--json", str(data), "--dealer", "--reruns", "0"]
    assert run_command(call) == 0
    assert json.loads(data.read_text(encoding="utf-8"))["preprocessing"] == "dealer"
    assert "trust the dealer not to collude" in capsys.readouterr().err


def test_a_dealer_is_for_two_parties(capsys: pytest.CaptureFixture[str]) -> None:
    five = MILLIONAIRES.parents[1] / "average-salary" / "main.ez"
    assert run_command(["trace", str(five), "--dealer", "-o", "no.html"]) == 2
    said = capsys.readouterr().err
    assert "A dealer is for programs of two parties, and this one has five" in said


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["-o", "no/such/folder/t.html"], 2, "there is no such folder"),
        (["--lines", "four"], 2, "names no lines"),
        (["--protocol", "none"], 2, "Invalid value for '--protocol'"),
        (["--input", "alice:wealth=missing.json"], 2, "missing.json"),
    ],
)
def test_a_wrong_call_is_refused(
    options: list[str],
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(["trace", str(MILLIONAIRES), *options]) == code
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
