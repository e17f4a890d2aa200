"""`ezlang party`, and runs of two sides that know each other by parties.toml."""

from __future__ import annotations

import os
import pty
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Ez
from tests.cli.test_dealer_command import Run
from tests.support.patience import PATIENCE
from tests.support.ports import free_address


def made(ez: Ez, folder: Path, name: str, *more: str) -> str:
    """Make a key; return the fingerprint."""
    done = ez("party", "init", name, "--parties", str(folder / "parties.toml"), *more)
    assert done.code == 0, done.err
    return done.out.strip()


@pytest.fixture
def sides(ez: Ez, folder: Path) -> tuple[Path, Path]:
    """Two folders with the millionaires, each with its own key and the other's card."""
    text = (folder / "rich.ez").read_text()
    found = []
    for name, wealth in (("alice", 5), ("bob", 3)):
        own = folder / f"at-{name}"
        own.mkdir()
        (own / "rich.ez").write_text(text)
        (own / f"{name}.json").write_text(f'{{"wealth": {wealth}}}')
        made(ez, own, name, *(("--address", free_address()) if name == "alice" else ()))
        found.append(own)
    for own, other, name in ((found[0], found[1], "bob"), (found[1], found[0], "alice")):
        pin(ez, own, other / f"{name}.card")
    return found[0], found[1]


def pin(ez: Ez, own: Path, card: Path) -> None:
    done = ez("party", "add", str(card), "--yes", "--parties", str(own / "parties.toml"))
    assert done.code == 0, done.err


def run(folder: Path, name: str, *more: str) -> Run:
    return Run(folder, "run", "rich.ez", "--party", name, "--timeout", str(PATIENCE), *more)


def test_a_key_a_card_and_a_fingerprint(ez: Ez, folder: Path) -> None:
    said = made(ez, folder, "hospital", "--address", "[::1]:7800")
    assert re.fullmatch(r"[0-9a-f]{4}( [0-9a-f]{4}){15}", said)
    key, card = folder / "hospital.key", (folder / "hospital.card").read_text()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert "PRIVATE KEY" in key.read_text()
    assert "PRIVATE" not in card
    assert 'address = "[::1]:7800"' in card
    assert said in card
    before = key.read_bytes()
    again = ez("party", "init", "hospital", "--parties", str(folder / "parties.toml"))
    assert again.code == 2
    assert "not overwritten" in again.err
    assert key.read_bytes() == before
    assert made(ez, folder, "hospital", "--renew") == said
    assert key.read_bytes() != before
    listed = ez("party", "list", "--parties", str(folder / "parties.toml"))
    assert "hospital: this side (hospital.key), [::1]:7800, valid until" in listed.out
    assert said in listed.out


def test_cards_are_pinned_once(ez: Ez, folder: Path) -> None:
    here, there = folder / "here", folder / "there"
    here.mkdir()
    there.mkdir()
    made(ez, here, "hospital")
    first = made(ez, there, "vendor")
    pin(ez, here, there / "vendor.card")
    pin(ez, here, there / "vendor.card")
    path = here / "parties.toml"
    path.write_text(path.read_text() + "# a remark of the user's\n")
    made(ez, there, "vendor", "--renew")
    pin(ez, here, there / "vendor.card")  # the same key
    assert path.read_text().count("BEGIN CERTIFICATE") == 2
    for name in ("vendor.key", "vendor.card", "parties.toml"):
        (there / name).unlink()
    assert made(ez, there, "vendor") != first
    other = ez("party", "add", str(there / "vendor.card"), "--yes", "--parties", str(path))
    assert other.code == 2
    assert "another key of vendor already" in other.err
    removed = ez("party", "remove", "vendor", "--parties", str(path))
    assert removed.code == 0, removed.err
    assert "vendor" not in ez("party", "list", "--parties", str(path)).out
    pin(ez, here, there / "vendor.card")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text.replace('name = "vendor"', 'name = "../../vendor"'), "is no name"),
        (lambda text: text.replace('name = "vendor"', 'name = "v\\u001b[2J"'), "is no name"),
        (lambda text: text.replace('name = "vendor"', "name = 3"), "no name and certificate"),
        (lambda text: re.sub('fingerprint = "....', 'fingerprint = "zzzz', text), "fingerprint"),
        (lambda text: text.replace("MII", "AAA"), "damaged"),
        (lambda text: text + 'key = "x"\n', "other fields"),
        (lambda text: "[" * 9000, "not a card"),
        (lambda text: text + "#" * 20_000, "not a card"),
        (lambda text: "\0", "not a card"),
    ],
)
def test_cards_that_are_none(ez: Ez, folder: Path, change: object, why: str) -> None:
    assert callable(change)
    made(ez, folder, "vendor")
    card = folder / "vendor.card"
    card.write_text(change(card.read_text()))
    done = ez("party", "add", str(card), "--yes", "--parties", str(folder / "other.toml"))
    assert done.code == 2
    assert why in done.err
    assert "\x1b" not in done.err
    assert not (folder / "other.toml").exists()


def test_a_card_is_not_pinned_unasked(ez: Ez, folder: Path) -> None:
    made(ez, folder, "vendor")
    done = ez("party", "add", str(folder / "vendor.card"), "--parties", str(folder / "o.toml"))
    assert done.code == 2
    assert "no terminal" in done.err


def test_a_run_needs_nothing_more(sides: tuple[Path, Path]) -> None:
    bob = run(sides[1], "bob", "--yes")
    alice = run(sides[0], "alice", "--yes")
    for one in (alice, bob):
        code, out, err = one.end()
        assert (code, out) == (0, "alice is richer: true\n"), err


def test_a_stranger_is_dropped_and_the_run_goes_on(
    ez: Ez, folder: Path, sides: tuple[Path, Path]
) -> None:
    """Somebody with a key of their own, in bob's name, comes before bob."""
    alice = run(sides[0], "alice", "--yes")
    poser = folder / "poser"
    poser.mkdir()
    (poser / "rich.ez").write_text((folder / "rich.ez").read_text())
    (poser / "bob.json").write_text('{"wealth": 1}')
    made(ez, poser, "bob")
    pin(ez, poser, sides[0] / "alice.card")
    code, out, err = run(poser, "bob", "--yes").end()
    assert (code, out) == (3, "")
    assert "it has not pinned the key of this side" in err
    bob = run(sides[1], "bob", "--yes")
    assert bob.end()[:2] == (0, "alice is richer: true\n")
    code, out, err = alice.end()
    assert (code, out) == (0, "alice is richer: true\n")
    assert err.count("was dropped: ") == 1
    assert "a key that is not pinned here" in err


def test_a_new_program_is_not_run_unasked(ez: Ez, sides: tuple[Path, Path]) -> None:
    program = str(sides[0] / "rich.ez")
    done = ez("run", program, "--party", "alice", "--timeout", "0.2")
    assert (done.code, done.out) == (2, "")
    assert "EZ5054" in done.err
    (line,) = re.findall(r'"[0-9a-f]{64}" = "rich.ez"', done.err)
    path = sides[0] / "parties.toml"
    path.write_text(f"{path.read_text()}\n[approved]\n{line}\n")
    done = ez("run", program, "--party", "alice", "--timeout", "0.2")
    assert (done.code, "EZ5002" in done.err) == (3, True)
    Path(program).write_text(Path(program).read_text() + "// changed\n")
    done = ez("run", program, "--party", "alice", "--timeout", "0.2")
    assert "EZ5054" in done.err


@pytest.mark.parametrize("answer", ["y", "n"])
def test_a_terminal_shows_the_releases_and_asks(sides: tuple[Path, Path], answer: str) -> None:
    mine, theirs = pty.openpty()
    command = [sys.executable, "-m", "ezlang", "run", "rich.ez", "--party", "alice"]
    process = subprocess.Popen(
        [*command, "--timeout", "0.2"], cwd=sides[0], stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    os.write(mine, f"{answer}\n".encode())
    said = b""
    try:
        while more := os.read(mine, 1 << 12):
            said += more
    except OSError:  # the terminal is closed
        pass
    os.close(mine)
    process.wait(timeout=PATIENCE)
    text = said.decode()
    assert "rich.ez is new to this side." in text
    assert "output to all" in text or "alice is richer" in text
    approved = "[approved]" in (sides[0] / "parties.toml").read_text()
    assert approved == (answer == "y")
    assert process.returncode == (3 if answer == "y" else 130)


def test_a_dealer_with_a_key(ez: Ez, folder: Path, sides: tuple[Path, Path]) -> None:
    third = folder / "at-carol"
    third.mkdir()
    made(ez, third, "carol", "--address", free_address())
    for own, name in zip(sides, ("alice", "bob"), strict=True):
        pin(ez, own, third / "carol.card")
        pin(ez, third, own / f"{name}.card")
    dealer = Run(third, "dealer", "--timeout", str(PATIENCE))
    parties = [
        run(own, name, "--yes", "--dealer", "carol")
        for own, name in zip(sides, ("alice", "bob"), strict=True)
    ]
    for one in parties:
        code, out, err = one.end()
        assert (code, out) == (0, "alice is richer: true\n"), err
    assert dealer.end()[0] == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[party", "not valid TOML"),
        ("x = 1", "only party and approved"),
        ("party = 1", "only party and approved"),
        ("[party.alice]\nx = 1", "other fields"),
        ("[party.alice]\nplays = 3", "wrong type"),
        ('[party.alice]\ncertificate = "x"\nfingerprint = "y"', "damaged"),
    ],
)
def test_files_that_say_nothing(ez: Ez, folder: Path, text: str, why: str) -> None:
    (folder / "parties.toml").write_text(text)
    given = ("--parties", str(folder / "parties.toml"), "--party", "alice", "--timeout", "0.2")
    done = ez("run", str(folder / "rich.ez"), *given)
    assert (done.code, done.out) == (2, "")
    assert why in done.err


def test_roles_and_places(ez: Ez, folder: Path, sides: tuple[Path, Path]) -> None:
    path = sides[0] / "parties.toml"
    text = path.read_text()
    program = str(sides[0] / "rich.ez")
    given = ("run", program, "--party", "0", "--yes", "--timeout", "0.2")
    path.write_text(text.replace('key = "alice.key"\n', ""))
    assert "This side has no key of alice" in ez(*given).err
    path.write_text(re.sub(r"address = .*\n", "", text))
    assert "does not say where alice listens" in ez(*given).err
    path.write_text(text.replace("[party.bob]", "[party.vendor]"))
    assert "does not say who bob is" in ez(*given).err
    path.write_text(text.replace("[party.bob]", '[party.vendor]\nplays = ["bob"]'))
    assert "EZ5002" in ez(*given).err
    assert "exclude each other" in ez(*given, "--insecure", "--parties", str(path)).err
