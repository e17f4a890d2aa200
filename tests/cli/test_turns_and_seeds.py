"""Inputs in turns, inputs of all, and seeds on the command line."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Ez

GAME = """\
party alice, bob;

fn main() {
    int32 most = input(all, "most");
    secret int32 number = input(alice, "number");
    for turn in 0..most {
        secret int32 guess = input(bob, "guess", turn);
        output(bob, guess < number, "too low", turn);
    }
    output(all, most, "turns");
}
"""
RANDOM = """\
party alice, bob;

fn main() {
    secret int64 r = random();
    output(all, r, "r");
}
"""


@pytest.fixture
def game(folder: Path) -> Path:
    (folder / "game.ez").write_text(GAME)
    (folder / "alice.json").write_text(json.dumps({"number": 42}))
    (folder / "bob.json").write_text(json.dumps({"guess": [50, 20, 42]}))
    (folder / "most.json").write_text(json.dumps({"most": 3}))
    return folder


def test_one_file_gives_an_input_to_all(ez: Ez, game: Path) -> None:
    inputs = ("--input", "all=most.json", "--input", "alice:number=n.json")
    (game / "n.json").write_text("42")
    (game / "g.json").write_text("[50, 20, 42]")
    done = ez("run", "game.ez", *inputs, "--input", "bob:guess=g.json", "--json")
    assert done.json["outputs"]["bob"] == {"turns": 3, "too low": [False, True, False]}


def test_a_missing_list_is_missing(ez: Ez, game: Path) -> None:
    done = ez("run", "game.ez", "--input", "all=most.json")
    assert done.code == 2
    assert "bob's input `guess` is missing" in done.err
    assert "int32 in each turn" in done.err
    assert '{"guess": [5, …]}' in done.err or '"guess": [' in done.err


def test_lists_of_turns_are_no_columns(ez: Ez, game: Path) -> None:
    for party in ("alice", "bob"):
        own = json.loads((game / f"{party}.json").read_text()) | {"most": 3}
        (game / f"{party}.json").write_text(json.dumps(own))
    done = ez("run", "game.ez", "--output", "o.csv")
    assert done.code == 2
    assert ez("run", "game.ez", "--output", "o.json").code == 0
    assert json.loads((game / "o.json").read_text())["bob.too low"] == [False, True, False]


@pytest.mark.parametrize("way", [[], ["--native"]])
def test_a_party_is_asked_at_the_terminal(game: Path, way: list[str]) -> None:
    """Bob is shown what he was told before each question; standard output has it all at the end."""
    (game / "all.json").write_text(json.dumps({"most": 2}))
    master, terminal = pty.openpty()
    command = [sys.executable, "-m", "ezlang", "run", "game.ez", "--input", "all=all.json"]
    command += ["--input", "alice:number=n.json", *way]
    (game / "n.json").write_text("42")
    (game / "bob.json").unlink()
    with subprocess.Popen(
        command, cwd=game, stdin=terminal, stderr=terminal, stdout=subprocess.PIPE
    ) as run:
        os.close(terminal)
        seen = ""
        for turn, typed in ((0, "7"), (1, "100")):
            seen = _read_to(master, seen, f"bob's guess, turn {turn} (int32): ")
            os.write(master, f"{typed}\n".encode())
        assert run.stdout is not None
        out = run.stdout.read().decode()
        os.close(master)
    assert run.returncode == 0
    assert seen.index("too low: true  (told to bob)") < seen.index("turn 1")
    assert "too low: [true, false]  (told to bob)" in out


def _read_to(terminal: int, seen: str, end: str) -> str:
    until = time.monotonic() + 60
    while end not in seen:
        assert time.monotonic() < until, seen
        seen += os.read(terminal, 4096).decode()
    return seen


def test_a_seed_decides_what_is_drawn(ez: Ez, folder: Path) -> None:
    (folder / "random.ez").write_text(RANDOM)
    ways = ((), (), ("--clear",))
    found = {ez("run", "random.ez", "--seed", "1", *way).out for way in ways}
    assert len(found) == 1
    assert ez("run", "random.ez", "--seed", "2").out not in found


@pytest.mark.parametrize("way", [("--native",), ("--party", "alice")])
def test_real_parties_take_no_seed(ez: Ez, folder: Path, way: tuple[str, ...]) -> None:
    (folder / "random.ez").write_text(RANDOM)
    done = ez("run", "random.ez", "--seed", "1", *way)
    assert done.code == 2
    assert "`--seed` is not for real parties" in done.err
