"""docs/two-machines.md in two network namespaces, as root: see CONTRIBUTING.md."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE

pytestmark = pytest.mark.namespaces

SIDES = {"hospital": "10.87.0.1", "vendor": "10.87.0.2"}
SIX = {"hospital": "fd87::1", "vendor": "fd87::2"}
PROGRAM = (Path(__file__).parents[2] / "docs" / "two-machines.md").read_text().split("```ez\n")[1]


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[dict[str, Path]]:
    """A folder for each side, whose namespaces have a cable between them and nothing else."""
    for name in SIDES:
        ip("netns", "add", f"ez-{name}")
    try:
        ip("link", "add", "ez-a", "netns", "ez-hospital", "type", "veth",
           "peer", "name", "ez-b", "netns", "ez-vendor")  # fmt: skip
        for (name, address), end in zip(SIDES.items(), ("ez-a", "ez-b"), strict=True):
            space = ("-n", f"ez-{name}")
            ip(*space, "address", "add", f"{address}/24", "dev", end)
            ip(*space, "address", "add", f"{SIX[name]}/64", "dev", end, "nodad")
            ip(*space, "link", "set", end, "up")
            ip(*space, "link", "set", "lo", "up")
        found = {name: tmp_path / name for name in SIDES}
        for (name, folder), wealth in zip(found.items(), (5, 3), strict=True):
            folder.mkdir()
            (folder / "rich.ez").write_text(PROGRAM.partition("```")[0])
            (folder / f"{name}.json").write_text(f'{{"wealth": {wealth}}}')
        yield found
    finally:
        for name in SIDES:
            ip("netns", "delete", f"ez-{name}")


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    space = ["ip", "netns", "exec", f"ez-{folder.name}"]
    return subprocess.Popen(
        [*space, sys.executable, "-m", "ezlang", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def done(process: subprocess.Popen[str], code: int = 0) -> tuple[str, str]:
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, err
    return out, err


@pytest.mark.parametrize("address", [f"{SIDES['hospital']}:7800", f"[{SIX['hospital']}]:7800"])
def test_two_machines_in_ten_minutes(folders: dict[str, Path], address: str) -> None:
    hospital, vendor = folders.values()
    said = done(start(hospital, "party", "init", "hospital", "--address", address))[0]
    done(start(vendor, "party", "init", "vendor"))
    assert done(start(vendor, "party", "add", "../hospital/hospital.card", "--yes"))[0] == said
    done(start(hospital, "party", "add", "../vendor/vendor.card", "--yes"))
    runs = [
        start(folder, "run", "rich.ez", "--party", folder.name, "--yes")
        for folder in (vendor, hospital)
    ]
    for run in runs:
        assert done(run)[0] == "the hospital is richer: true\n"


def test_plain_tcp_has_to_be_typed_and_is_told(folders: dict[str, Path]) -> None:
    hospital, vendor = folders.values()
    given = ("--address", f"{SIDES['hospital']}:7800")
    for folder in (hospital, vendor):
        err = done(start(folder, "run", "rich.ez", "--party", folder.name, *given), 2)[1]
        assert "EZ5011" in err
    runs = [
        start(folder, "run", "rich.ez", "--party", folder.name, *given, "--insecure")
        for folder in (vendor, hospital)
    ]
    for run in runs:
        out, err = done(run)
        assert out == "the hospital is richer: true\n"
        assert "neither encrypted nor authenticated" in err
