"""`ezlang prepare`, and runs on what it has made, between real processes."""

from __future__ import annotations

import json
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ez
from tests.cli.test_dealer_command import ENDLESS, Run
from tests.cli.test_party import sides as sides
from tests.support.patience import PATIENCE
from tests.support.ports import free_address

BOTH = ("alice", "bob")
KILLED = """
import os, signal, sys
from ezlang.cli import run_command
from ezlang.store import folder

marked = folder._marked

def kill(path):
    marked(path)
    os.kill(os.getpid(), signal.SIGKILL)

folder._marked = kill
run_command(sys.argv[1:])
"""


@pytest.fixture
def data(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's data, where stores are."""
    found = folder / "data"
    monkeypatch.setenv("XDG_DATA_HOME", str(found))
    for name in BOTH:
        shutil.copy(folder / f"{name[0]}.json", folder / f"{name}.json")
    return found


def start(folder: Path, name: str, place: str, *arguments: str) -> Run:
    given = ("--party", name, "--address", place, "--timeout", str(PATIENCE))
    return Run(folder, *arguments, *given)


def prepare(folder: Path, *more: str, program: str = "rich.ez") -> list[str]:
    """Prepare runs at both parties; return the ids."""
    place = free_address()
    runs = [start(folder, name, place, "prepare", program, *more) for name in BOTH]
    said = []
    for run in runs:
        code, out, err = run.end()
        assert code == 0, err
        said.append(out)
    assert said[0] == said[1]
    return said[0].split()


def compute(
    folder: Path, *more: str, alone: dict[str, tuple[str, ...]] | None = None
) -> list[tuple[int, str, str]]:
    """Run the program at both parties, with options of both and of each."""
    place = free_address()
    runs = [
        start(folder, name, place, "run", "rich.ez", *more, *(alone or {}).get(name, ()))
        for name in BOTH
    ]
    return [run.end() for run in runs]


def results(ended: list[tuple[int, str, str]]) -> list[Any]:
    found = []
    for code, out, err in ended:
        assert code == 0, err
        found.append(json.loads(out))
        assert found[-1]["outputs"] == {"alice is richer": True}
    return found


def materials(data: Path) -> list[Path]:
    return sorted(data.rglob("*.material"))


def cost(ez: Ez, *more: str) -> Any:
    return ez("cost", "rich.ez", "--json", *more).json


def test_a_run_takes_what_was_prepared_once(folder: Path, data: Path, ez: Ez) -> None:
    ids = prepare(folder, "--runs", "2")
    assert len(ids) == len(set(ids)) == 2
    found = materials(data)
    assert sorted(path.stem for path in found) == sorted(2 * ids)
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}
    assert {stat.S_IMODE(path.parent.stat().st_mode) for path in found} == {0o700}
    key = data / "ezlang" / "store.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    predicted, alone = cost(ez, "--prepared"), cost(ez)
    for left in (1, 0):
        costs = [one["cost"] for one in results(compute(folder, "--prepared", "yes", "--json"))]
        assert {name: one["bytes_sent"] for name, one in zip(BOTH, costs, strict=True)} == (
            predicted["totals"]["bytes"]
        )
        assert max(one["rounds"] for one in costs) == predicted["totals"]["rounds"]
        assert len(materials(data)) == 2 * left
    assert len(list(data.rglob("*.used"))) == 4
    # There is none left: a run makes all of it, or fails at once where it must not.
    costs = [one["cost"] for one in results(compute(folder, "--json"))]
    assert {name: one["bytes_sent"] for name, one in zip(BOTH, costs, strict=True)} == (
        alone["totals"]["bytes"]
    )
    done = ez("run", "rich.ez", "--party", "alice", "--prepared", "yes")
    assert (done.code, done.out) == (2, "")
    assert "EZ5060" in done.err


def test_preparing_costs_what_is_predicted(folder: Path, data: Path, ez: Ez) -> None:
    place, predicted = free_address(), cost(ez, "--prepared")["prepared"]
    runs = [start(folder, name, place, "prepare", "rich.ez", "--json") for name in BOTH]
    for name, run in zip(BOTH, runs, strict=True):
        code, out, err = run.end()
        assert code == 0, err
        made = json.loads(out)
        assert made["party"] == name
        # One byte says that all of it is stored; the first party sends the id of 16 bytes.
        more = 17 if name == "alice" else 1
        assert made["cost"]["bytes_sent"] == predicted["making"]["bytes"][name] + more
        assert made["stored"] == predicted["stored"][name]
        (path,) = (path for path in materials(data) if path.parent.name.startswith(name))
        assert path.stem == made["ids"][0]
        content = path.read_bytes()
        header = int.from_bytes(content[24:28])
        assert len(content) == 28 + header + made["stored"]


def test_it_is_for_one_program_with_its_params(folder: Path, data: Path, ez: Ez) -> None:
    prepare(folder, program="sum.ez")
    for arguments in (
        ("rich.ez",),
        ("sum.ez", "--set", "n=4"),
        ("sum.ez", "--protocol", "boolean"),
    ):
        done = ez("run", *arguments, "--party", "alice", "--prepared", "yes", "--input", "a.json")
        assert done.code == 2
    assert "(1 for others)" in ez("run", "rich.ez", "--party", "bob", "--prepared", "yes").err
    assert all(code == 0 for code, _, _ in compute(folder))
    assert len(materials(data)) == 2


def test_a_party_without_it(folder: Path, data: Path) -> None:
    prepare(folder)
    for path in data.rglob("bob-*"):
        shutil.rmtree(path)
    results(compute(folder, "--json"))
    ended = compute(folder, alone={"alice": ("--prepared", "yes")})
    for code, out, err in ended:
        assert (code, out) == (3, "")
        assert "EZ5060" in err
        assert "alice runs with it only" in err
    assert len(materials(data)) == 1
    assert all(code == 0 for code, _, _ in compute(folder, alone={"alice": ("--prepared", "no")}))


def test_a_backup_of_one_side_that_comes_back(folder: Path, data: Path) -> None:
    prepare(folder)
    shutil.copytree(data, folder / "backup")
    results(compute(folder, "--json"))
    for path in data.rglob("alice-*"):
        shutil.rmtree(path)
        shutil.copytree(folder / "backup" / path.relative_to(data), path)
    assert len(materials(data)) == 1
    alice, bob = compute(folder)
    assert "is refused: bob has used it" in alice[2]
    assert "or the store of alice is an older copy" in bob[2]
    assert (alice[:2], bob[:2]) == ((0, "alice is richer: true\n"),) * 2
    assert materials(data) == []
    assert "refused" not in compute(folder)[0][2]


def test_a_file_that_was_changed(folder: Path, data: Path) -> None:
    (id,) = prepare(folder)
    (path,) = (path for path in materials(data) if path.parent.name.startswith("alice"))
    whole = path.read_bytes()
    for place in (10, 60, len(whole) // 2, len(whole) - 1):
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        # What precedes the units is read before anybody connects.
        if place <= 60:
            code, out, err = start(folder, "alice", free_address(), "run", "rich.ez").end()
            assert (code, out) == (3, "")
            assert "EZ5062" in err
            assert f"ezlang prepare --forget {id}" in err
    alice, bob = compute(folder)
    assert (alice[:2], bob[:2]) == ((3, ""), (3, ""))
    assert "EZ5062" in alice[2]
    assert str(path) in alice[2]
    assert materials(data) == []
    results(compute(folder, "--json"))


def test_another_key(folder: Path, data: Path, ez: Ez) -> None:
    prepare(folder)
    key = data / "ezlang" / "store.key"
    key.write_text("00" * 32)
    done = ez("run", "rich.ez", "--party", "alice", "--prepared", "yes")
    assert "EZ5060" in done.err
    results(compute(folder, "--json"))
    key.write_text("no key")
    done = ez("run", "rich.ez", "--party", "alice")
    assert done.code == 2
    assert "holds no key of a store" in done.err
    key.chmod(0o644)
    done = ez("run", "rich.ez", "--party", "alice")
    assert "may be read or changed by others" in done.err


@pytest.mark.parametrize("killed", BOTH)
def test_killed_between_the_mark_and_the_run(folder: Path, data: Path, killed: str) -> None:
    (id,) = prepare(folder)
    place = free_address()
    given = ("run", "rich.ez", "--address", place, "--timeout", str(PATIENCE), "--party")
    victim = subprocess.Popen(
        [sys.executable, "-c", KILLED, *given, killed],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    (other,) = (name for name in BOTH if name != killed)
    code, out, _ = start(folder, other, place, "run", "rich.ez").end()
    assert victim.communicate(timeout=PATIENCE)[0] == b""
    assert victim.returncode == -signal.SIGKILL
    assert (code, out) == (3, "")
    # The mark is there, and the material still is, which nobody ever uses.
    assert [path.parent.name[: len(killed)] for path in materials(data)] == [killed]
    ended = compute(folder)
    assert all(run[:2] == (0, "alice is richer: true\n") for run in ended)
    assert all("is used" not in err for _, _, err in ended)
    assert materials(data) == []
    assert [path.stem for path in data.rglob("*.used")] == [id, id]


def test_between_sides_with_keys(sides: tuple[Path, Path], data: Path, ez: Ez) -> None:
    for command in (("prepare", "--json"), ("run", "--prepared", "yes", "--json")):
        runs = [
            Run(folder, command[0], "rich.ez", "--party", name, "--yes", *command[1:])
            for name, folder in zip(BOTH, sides, strict=True)
        ]
        for run in runs:
            code, _, err = run.end()
            assert code == 0, err
        if command[0] == "prepare":
            kept = ez("prepare", "--list", "--json").json["prepared"]
            assert [one["party"] for one in kept] == [*BOTH]
            assert all(len(one["peer"]) == 64 for one in kept)
    for name, folder in zip(BOTH, sides, strict=True):
        key = folder / f"{name}.store.key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert not (data / "ezlang" / "store.key").exists()


def test_what_a_dealer_has_dealt_before(folder: Path, data: Path, ez: Ez) -> None:
    third, place = free_address(), free_address()
    dealer = Run(folder, "dealer", "--address", third, "--timeout", str(PATIENCE), "--runs", "2")
    given = ("rich.ez", "--dealer", third)
    runs = [start(folder, name, place, "prepare", *given, "--runs", "2") for name in BOTH]
    for run in runs:
        code, _, err = run.end()
        assert code == 0, err
        assert "trust the dealer not to collude" in err
    assert dealer.end()[0] == 0
    predicted = cost(ez, "--dealer", "--prepared")
    for path in materials(data):
        content = path.read_bytes()
        name = path.parent.name.partition("-")[0]
        header = int.from_bytes(content[24:28])
        assert len(content) == 28 + header + predicted["prepared"]["stored"][name]
    # The dealer is gone, and a run without one doesn't take what it dealt.
    alone = compute(folder, "--json")
    assert all("is used" not in err for _, _, err in alone)
    ended = compute(folder, "--dealer", third, "--json")
    for (_, _, err), name, one in zip(ended, BOTH, results(ended), strict=True):
        assert "is used, and gone from the store" in err
        assert "trust the dealer not to collude" in err
        assert one["cost"]["bytes_sent"] == predicted["totals"]["bytes"][name]
    assert len(materials(data)) == 2


def test_what_does_not_fit_together(folder: Path, data: Path) -> None:
    for first, second, said in (
        (("prepare", "rich.ez"), ("run", "rich.ez"), "number of runs to prepare is"),
        (
            ("prepare", "rich.ez", "--runs", "2"),
            ("prepare", "rich.ez"),
            "number of runs to prepare",
        ),
        (("prepare", "sum.ez"), ("prepare", "sum.ez", "--set", "n=4"), "n=4"),
        (("prepare", "sum.ez"), ("prepare", "rich.ez"), "EZ500"),
    ):
        place = free_address()
        for run in (start(folder, "alice", place, *first), start(folder, "bob", place, *second)):
            code, out, err = run.end()
            assert (code, out) == (3, "")
            assert said in err
    assert materials(data) == []


def test_keeping_house(folder: Path, data: Path, ez: Ez) -> None:
    assert ez("prepare", "--list").err == "Nothing is prepared.\n"
    store = folder / "elsewhere"
    ids = prepare(folder, "--runs", "2", "--store", str(store), program="sum.ez")
    assert materials(data) == []
    listed = ez("prepare", "--list", "--store", str(store))
    assert [line.split()[0] for line in listed.out.splitlines()] == 2 * sorted(ids)
    assert "sum.ez n=3  alice with bob" in listed.out
    path = materials(store)[0]
    path.write_bytes(b"nothing")
    assert "damaged" in ez("prepare", "--list", "--store", str(store)).out
    forgotten = ez("prepare", "--forget", path.stem[:8], "--store", str(store))
    assert forgotten.err == f"Prepared material {path.stem} is removed.\n"
    assert len(materials(store)) == 2
    assert "has the id" in ez("prepare", "--forget", path.stem, "--store", str(store)).err
    assert ez("prepare", "--forget", "all", "--store", str(store)).code == 0
    assert materials(store) == []
    assert len(list(store.rglob("*.used"))) == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("prepare",), "A program and a party are missing"),
        (("prepare", "rich.ez"), "A program and a party are missing"),
        (("prepare", "rich.ez", "--list"), "are for all programs"),
        (("prepare", "endless.ez", "--party", "alice"), "how often a loop runs"),
        (("prepare", "three.ez", "--party", "a"), "programs of two parties"),
        (("run", "rich.ez", "--prepared", "yes"), "is for a run of one party"),
        (("cost", "three.ez", "--prepared"), "programs of two parties"),
        (("run", "three.ez", "--party", "a", "--prepared", "yes"), "programs of two parties"),
    ],
)
def test_wrong_usage(
    folder: Path, data: Path, ez: Ez, arguments: tuple[str, ...], said: str
) -> None:
    (folder / "endless.ez").write_text(ENDLESS)
    (folder / "three.ez").write_text('party a, b, c;\nfn main() { output(all, 1, "one"); }\n')
    done = ez(*arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_nothing_has_to_be_prepared(folder: Path, data: Path) -> None:
    (folder / "plus.ez").write_text(
        'party alice, bob;\nfn main() { secret int32 a = input(alice, "wealth");\n'
        'secret int32 b = input(bob, "wealth"); output(all, a + b, "sum"); }\n'
    )
    assert prepare(folder, "--protocol", "arithmetic", program="plus.ez") == []
    assert materials(data) == []
