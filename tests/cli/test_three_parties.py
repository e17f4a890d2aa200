"""Runs of three sides that know each other by parties.toml, each a process of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Ez
from tests.cli.test_dealer_command import Run
from tests.cli.test_party import made, pin
from tests.support.patience import PATIENCE
from tests.support.ports import free_address

NAMES = ("ann", "ben", "cleo")
PROGRAM = """\
party ann, ben, cleo;

fn main() {
    secret int64 total = 0;
    for p in parties {
        total += input(p, "x");
    }
    output(all, total, "total");
}
"""
TOLD = (0, "total: 6\n")

Folders = dict[str, Path]


def folder_of(folder: Path, name: str, x: int, program: str = PROGRAM) -> Path:
    """Return a folder with a program and a party's input."""
    folder.mkdir()
    (folder / "sum.ez").write_text(program)
    (folder / f"{name}.json").write_text(f'{{"x": {x}}}')
    return folder


@pytest.fixture
def sides(ez: Ez, folder: Path) -> Folders:
    """A folder for each side, with its key and the others' cards; the last one listens nowhere."""
    found = {name: folder_of(folder / f"at-{name}", name, n) for n, name in enumerate(NAMES, 1)}
    for name, own in found.items():
        made(ez, own, name, *(("--address", free_address()) if name != "cleo" else ()))
    for own in found.values():
        for name, other in found.items():
            if other != own:
                pin(ez, own, other / f"{name}.card")
    return found


def run(folder: Path, name: str, *more: str) -> Run:
    given = ("--yes", "--timeout", str(PATIENCE), *more)
    return Run(folder, "run", "sum.ez", "--party", name, *given)


def test_a_run_needs_nothing_more(sides: Folders) -> None:
    for one in [run(sides[name], name) for name in reversed(NAMES)]:
        code, out, err = one.end()
        assert (code, out) == TOLD, err


def test_a_stranger_is_dropped_and_the_run_goes_on(ez: Ez, folder: Path, sides: Folders) -> None:
    """Somebody with a key of their own, in cleo's name, comes before cleo."""
    early = [run(sides[name], name) for name in ("ann", "ben")]
    poser = folder_of(folder / "poser", "cleo", 9)
    made(ez, poser, "cleo")
    for name in ("ann", "ben"):
        pin(ez, poser, sides[name] / f"{name}.card")
    code, out, err = run(poser, "cleo").end()
    assert (code, out) == (3, "")
    assert "it has not pinned the key of this side" in err
    for one in (*early, run(sides["cleo"], "cleo")):
        code, out, err = one.end()
        assert (code, out) == TOLD, err
        dropped = re.findall("was dropped: .*a key that is not pinned here", err)
        assert len(dropped) == (one is early[0])


def test_a_side_that_poses_as_another_is_dropped(ez: Ez, folder: Path, sides: Folders) -> None:
    """Ben, whose key ann has pinned, runs as cleo, too."""
    ann = run(sides["ann"], "ann")
    text = (sides["ben"] / "parties.toml").read_text()
    posing = text.replace('key = "ben.key"', 'plays = ["cleo"]\nkey = "ben.key"')
    posing = re.sub(r"\[party\.cleo\]\n", "[party.nobody]\n", posing)
    (sides["ben"] / "posing.toml").write_text(posing)
    (sides["ben"] / "cleo.json").write_text('{"x": 9}')
    code, out, err = run(sides["ben"], "cleo", "--parties", "posing.toml", "--timeout", "4").end()
    assert (code, out) == (3, ""), err
    for one in (ann, *(run(sides[name], name) for name in ("ben", "cleo"))):
        code, out, err = one.end()
        assert (code, out) == TOLD, err
        assert ("it has the key of ben, and says that it is cleo" in err) == (one is ann)


def test_another_program_ends_the_run_for_all(sides: Folders) -> None:
    (sides["cleo"] / "sum.ez").write_text(PROGRAM.replace("total = 0", "total = 1"))
    runs = [
        Run(sides[name], "run", "sum.ez", "--party", name, "--yes", "--timeout", "8")
        for name in NAMES
    ]
    ends = [one.end() for one in runs]
    assert [(code, out) for code, out, _ in ends] == [(3, "")] * 3
    assert "EZ5007" in ends[2][2]


def test_a_new_program_is_not_run_unasked(ez: Ez, sides: Folders) -> None:
    done = ez("run", str(sides["ben"] / "sum.ez"), "--party", "ben", "--timeout", "0.2")
    assert (done.code, done.out) == (2, "")
    assert "EZ5054" in done.err


def test_plain_tcp_off_this_machine_has_to_be_typed(ez: Ez, folder: Path) -> None:
    own = folder_of(folder / "plain", "cleo", 3)
    given = ("run", str(own / "sum.ez"), "--party", "cleo", "--timeout", "0.2")
    for places in ("192.0.2.1:7800", "127.0.0.1:7800,192.0.2.1:7801"):
        done = ez(*given, "--address", places)
        assert (done.code, done.out) == (2, "")
        assert "EZ5011" in done.err
        assert "neither encrypted nor authenticated" in done.err
    for party in ("ann", "cleo"):
        listed = ("run", str(own / "sum.ez"), "--party", party, "--input", str(own / "cleo.json"))
        done = ez(*listed, "--address", "0.0.0.0:0", "--timeout", "0.2", "--insecure")
        assert done.code == 3
        assert "neither encrypted nor authenticated" in done.err


def test_who_is_who_and_where(ez: Ez, sides: Folders) -> None:
    path = sides["cleo"] / "parties.toml"
    text = path.read_text()
    given = ("run", str(sides["cleo"] / "sum.ez"), "--party", "cleo", "--yes", "--timeout", "0.2")
    assert "No party 0 (ann) answered" in ez(*given).err
    head, ben = text.split("[party.ben]\n")
    path.write_text(f"{head}[party.ben]\n{re.sub('address = .*', '', ben, count=1)}")
    assert "does not say where ben listens" in ez(*given).err
    path.write_text(text.replace("[party.ben]", "[party.dan]"))
    assert "does not say who ben is" in ez(*given).err
