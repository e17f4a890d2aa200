"""`ezlang run` between real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Ez
from tests.support.patience import PATIENCE
from tests.support.ports import free_address

RICH = ("rich.ez", "--input", "alice=a.json", "--input", "bob=b.json")


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ezlang", "run", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_native(ez: Ez) -> None:
    done = ez("run", *RICH, "--native")
    assert (done.code, done.out) == (0, "alice is richer: true  (told to all)\n")
    assert "Model: semi-honest." in done.err


def test_one_process_a_party(folder: Path) -> None:
    address = free_address()
    bob = start(folder, "rich.ez", "--party", "1", "--input", "b.json", "--address", address)
    alice = start(
        folder, "rich.ez", "--party", "alice", "--input", "a.json", "--address", address, "--json"
    )
    told, bob_said = bob.communicate(timeout=PATIENCE)
    assert (bob.returncode, told) == (0, "alice is richer: true\n"), bob_said
    assert "this process is bob alone" in bob_said
    printed, alice_said = alice.communicate(timeout=PATIENCE)
    assert alice.returncode == 0, alice_said
    data = json.loads(printed)
    assert data["party"] == "alice"
    assert data["outputs"] == {"alice is richer": True}
    assert set(data["cost"]) == {"rounds", "ands", "bytes_sent", "bytes_received"}
    assert f"{data['cost']['bytes_received']:,} bytes sent" in bob_said


def test_a_party_that_nobody_comes_to(ez: Ez) -> None:
    arguments = ("--party", "alice", "--input", "a.json", "--timeout", "0.2")
    done = ez("run", "rich.ez", *arguments, "--address", free_address())
    assert (done.code, done.out) == (3, "")
    assert "EZ5" in done.err


def test_native_code_is_for_several_parties(ez: Ez, folder: Path) -> None:
    (folder / "three.ez").write_text('party a, b, c;\nfn main() { output(all, 1, "one"); }\n')
    (folder / "alone.ez").write_text('party a;\nfn main() { output(all, 1, "one"); }\n')
    for options in ([], ["--native"]):
        assert ez("run", "three.ez", *options).out == "one: 1  (told to all)\n"
    assert ez("run", "alone.ez").out == "one: 1  (told to all)\n"
    for way in (("--native",), ("--party", "a")):
        done = ez("run", "alone.ez", *way)
        assert done.code == 2
        assert "this one has one" in done.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--party", "a", "--dealer", "127.0.0.1:1"), "A dealer is for programs of two parties"),
        (("--protocol", "yao"), "Yao's protocol is for two parties, and this program has three"),
        (("--party", "a", "--address", "h:1,h:2,h:3"), "it names 3 places, and 2 of 3 parties"),
        (("--party", "a", "--address", ":65535"), "the port of the last party is above 65535"),
    ],
)
def test_what_more_than_two_parties_cannot_do(
    ez: Ez, folder: Path, options: tuple[str, ...], said: str
) -> None:
    (folder / "three.ez").write_text('party a, b, c;\nfn main() { output(all, 1, "one"); }\n')
    done = ez("run", "three.ez", *options)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_leaving_this_machine_has_to_be_typed(ez: Ez) -> None:
    arguments = ("--party", "alice", "--input", "a.json", "--timeout", "0.2")
    done = ez("run", "rich.ez", *arguments, "--address", "192.0.2.1:7000")
    assert done.code == 2
    assert "--insecure" in done.err
