"""`ezlang calibrate` measures, and writes a network profile."""

from __future__ import annotations

import subprocess
import sys
from math import inf
from pathlib import Path

import pytest

from ezlang.compiler.cost.profiles import profile_of
from tests.cli.conftest import Ez
from tests.cli.test_party import made, pin
from tests.support.patience import PATIENCE
from tests.support.ports import free_address, free_port

COMMAND = [sys.executable, "-m", "ezlang"]


def test_both_parties_on_this_machine(tmp_path: Path) -> None:
    file = tmp_path / "here.toml"
    result = subprocess.run(
        [*COMMAND, "calibrate", str(file)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    profile = profile_of(str(file))
    assert profile.name == "here"
    assert 0 < profile.rtt < inf
    assert 0 < profile.bandwidth < inf
    assert result.stdout.strip() == file.read_text().strip()


def test_two_parties_get_the_same_profile(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    files = [tmp_path / f"line-{party}" / "line.toml" for party in (0, 1)]
    running = []
    for party, file in enumerate(files):
        file.parent.mkdir()
        own = ["calibrate", str(file), "--party", str(party), "--address", address]
        running.append(subprocess.Popen([*COMMAND, *own], stdout=subprocess.DEVNULL))
    assert [process.wait(timeout=PATIENCE) for process in running] == [0, 0]
    assert files[0].read_text() == files[1].read_text()


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    result = subprocess.run(
        [*COMMAND, "calibrate", str(tmp_path / "no" / "line.toml")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert result.returncode == 2
    assert "cannot be written" in result.stderr


def test_nobody_there(tmp_path: Path) -> None:
    file = tmp_path / "line.toml"
    options = ["--party", "1", "--address", f"127.0.0.1:{free_port()}", "--timeout", "0.5"]
    result = subprocess.run(
        [*COMMAND, "calibrate", str(file), *options],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert result.returncode == 3
    assert not file.exists()


def calibrating(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*COMMAND, "calibrate", "line.toml", *options], cwd=folder)


@pytest.mark.parametrize("names", [("hospital", "vendor"), ("ann", "ben", "cleo")], ids=len)
def test_parties_with_keys_measure_over_tls(ez: Ez, tmp_path: Path, names: tuple[str, ...]) -> None:
    folders = [tmp_path / name for name in names]
    for name, folder in zip(names, folders, strict=True):
        folder.mkdir()
        made(ez, folder, name, "--address", free_address())
    for folder in folders:
        for other in folders:
            if other != folder:
                pin(ez, folder, other / f"{other.name}.card")
    among = ["--among", ",".join(names)]
    running = [
        calibrating(folder, *among, "--party", name)
        for folder, name in zip(folders, names, strict=True)
    ]
    assert [process.wait(timeout=PATIENCE) for process in running] == [0] * len(names)
    texts = {(folder / "line.toml").read_text() for folder in folders}
    assert len(texts) == 1
    assert profile_of(str(folders[0] / "line.toml")).bandwidth > 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--among", "ann,ann", "--party", "ann"], "isn't two to 8 different names"),
        (["--among", "ann", "--party", "ann"], "isn't two to 8 different names"),
        (["--among", "ann,ben"], "`--party` is missing"),
        (["--among", "ann,ben", "--party", "anne"], "no party `anne`"),
        (["--party", "2"], "no party number 2"),
    ],
)
def test_wrong_parties(tmp_path: Path, options: list[str], said: str) -> None:
    done = subprocess.run(
        [*COMMAND, "calibrate", "line.toml", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 2
    assert said in done.stderr
