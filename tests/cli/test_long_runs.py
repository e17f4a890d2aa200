"""What a command that lasts shows, on a real terminal and on pipes."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE

# A run that begins to show what it does at once, instead of after a second.
AT_ONCE = """
import sys
from ezlang import progress
from ezlang.cli import run_command
progress.PATIENCE = 0.0
sys.exit(run_command(sys.argv[1:]))
"""

LONG = """party ann, ben;
param int32 n = 1000000;
fn main() {
    secret int64 a = input(ann, "x");
    secret int64 b = input(ben, "x");
    for i in 0..n {
        a = a * b + i;
    }
    output(all, a, "product");
}
"""

RUN = ("run", "long.ez", "--protocol", "boolean")
BRIEF = (*RUN, "--set", "n=5")
RESULT = "product: 787"


@pytest.fixture(autouse=True)
def _programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "long.ez").write_text(LONG)
    (tmp_path / "many.ez").write_text(LONG.replace("ann, ben;", "ann, ben, cleo;"))
    for name, value in (("ann", 3), ("ben", 3)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"x": value}))
    (tmp_path / "cleo.json").write_text("{}")
    monkeypatch.chdir(tmp_path)


def at_once(*arguments: str) -> list[str]:
    return [sys.executable, "-c", AT_ONCE, *arguments]


def on_terminal(
    command: Sequence[str], until: str | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Return what a command shows on a terminal; end it once it has shown `until`."""
    own, other = pty.openpty()
    process = subprocess.Popen(
        command,
        stdin=other,
        stdout=other,
        stderr=other,
        env={**os.environ, "TERM": "xterm", **(env or {})},
        start_new_session=True,
    )
    os.close(other)
    text = ""
    try:
        while until is None or until not in text:
            try:
                data = os.read(own, 1 << 16)
            except OSError:  # the other end is closed
                break
            if not data:
                break
            text += data.decode(errors="replace")
        if until is not None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)
    finally:
        os.close(own)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return text.replace("\r\n", "\n")


def on_pipes(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        at_once(*arguments), capture_output=True, text=True, timeout=PATIENCE, check=True
    )


def test_a_simulated_run_shows_phase_line_and_costs() -> None:
    shown = on_terminal(at_once(*RUN), until="line 7 · 5")
    assert "% · " in shown
    assert "rounds · " in shown


@pytest.mark.parametrize("program", ["long.ez", "many.ez"])
def test_native_runs_show_them_too(program: str) -> None:
    command = [sys.executable, "-m", "ezlang", "run", program, "--native", "--protocol", "boolean"]
    shown = on_terminal(command, until="line 7 · ")
    assert shown.count("line 7 · ") == 1  # one party shows it


def test_garbled_code_knows_its_lines() -> None:
    command = [sys.executable, "-m", "ezlang", "run", "long.ez", "--native", "--protocol", "yao"]
    assert "left · a = a * b + i;" in on_terminal(
        command, until="left · a = a * b + i;", env={"COLUMNS": "120"}
    )


def test_nothing_remains_of_it() -> None:
    shown = on_terminal(at_once(*BRIEF))
    *_, rest = shown.split("\x1b[K")
    assert rest.startswith(RESULT)


def test_a_dumb_terminal_gets_lines_without_escape_codes() -> None:
    shown = on_terminal(at_once(*RUN), until="line 7 · ", env={"TERM": "dumb"})
    assert "\x1b" not in shown


def test_without_color_there_is_no_color() -> None:
    shown = on_terminal(at_once(*BRIEF, "--stats"), env={"NO_COLOR": "1"})
    assert "\x1b[" not in shown.replace("\x1b[K", "")


def test_pipes_get_nothing_of_it() -> None:
    done = on_pipes(*BRIEF)
    assert done.stdout.startswith(RESULT)
    assert "rounds ·" not in done.stderr
    assert "\r" not in done.stderr


def test_quiet_leaves_results() -> None:
    assert on_terminal(at_once(*BRIEF, "--quiet")) == f"{RESULT}  (told to all)\n"
    assert on_pipes(*BRIEF, "-q").stderr == ""


def test_quiet_leaves_errors(tmp_path: Path) -> None:
    (tmp_path / "ben.json").write_text('{"x": "much"}')
    with pytest.raises(subprocess.CalledProcessError) as failed:
        on_pipes(*BRIEF, "--quiet")
    assert failed.value.stderr.startswith("error[EZ")


@pytest.mark.parametrize("way", [(), ("--native",)], ids=["simulated", "native"])
def test_json_for_machines(way: tuple[str, ...]) -> None:
    done = on_pipes(*BRIEF, *way, "--log-json", "--stats")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    by_name = {event["event"]: event for event in events}
    ended, stats = by_name["ended"], by_name["stats"]
    rounds = sum(part["rounds"] for part in stats["phases"].values())
    # The party that writes may have fewer rounds than the other one.
    assert rounds - ended["rounds"] in ((0, 1) if way else (0,))
    sent = sum(sum(part["bytes"].values()) for part in stats["phases"].values())
    assert ended["bytes"] == sent
    assert set(by_name) <= {"doing", "running", "ended", "stats"}


def test_json_errors(tmp_path: Path) -> None:
    (tmp_path / "ben.json").write_text('{"x": "much"}')
    with pytest.raises(subprocess.CalledProcessError) as failed:
        on_pipes(*BRIEF, "--log-json")
    *others, event = map(json.loads, failed.value.stderr.splitlines())
    assert event["event"] == "error"
    assert event["code"].startswith("EZ")
    assert {one["event"] for one in others} <= {"doing"}
