"""The commands other than `run`, and the behaviour that all commands share."""

from __future__ import annotations

import errno
import io
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ezlang.cli
from ezlang.diagnostics.diagnostic import CompilerBug
from tests.cli.conftest import Ez

LEAK = """\
party alice, bob;

fn main() {
    secret int32 a = input(alice, "a");
    public int32 b = a;
    output(all, b, "b");
}
"""


def test_check(ez: Ez, folder: Path) -> None:
    fine = ez("check", "rich.ez")
    assert (fine.code, fine.out) == (0, "")
    assert fine.err == "rich.ez has no errors.\n"
    (folder / "leak.ez").write_text(LEAK)
    done = ez("check", "leak.ez")
    assert (done.code, done.out) == (1, "")
    assert re.search(r"error\[EZ3\d{3}\]", done.err)
    assert "leak.ez:5" in done.err
    assert "\x1b[" not in done.err


def test_check_gives_places_as_json(ez: Ez, folder: Path) -> None:
    (folder / "leak.ez").write_text(LEAK)
    done = ez("check", "leak.ez", "--json")
    assert done.code == 1
    (diagnostic,) = done.json["diagnostics"]
    assert diagnostic["span"]["line"] == 5
    assert diagnostic["span"]["file"] == "leak.ez"
    assert ez("check", "rich.ez", "--json").json == {"diagnostics": []}
    missing = ez("check", "none.ez", "--json")
    assert missing.code == 2
    assert len(missing.json["diagnostics"]) == 1


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe", b"((((" * 5000, b"party", b"fn main("])
@pytest.mark.parametrize("command", ["check", "run", "leaks", "fmt"])
def test_whatever_a_file_has_is_answered_in_sentences(
    ez: Ez, folder: Path, content: bytes, command: str
) -> None:
    (folder / "odd.ez").write_bytes(content)
    done = ez(command, "odd.ez")
    assert done.code in (0, 1, 2)
    assert "Traceback" not in done.err
    assert "bug of ezlang" not in done.err


def test_explain(ez: Ez) -> None:
    page = ez("explain", "EZ4001")
    assert page.code == 0
    assert page.out.startswith("# EZ4001: division by a public zero\n")
    assert ez("explain", "ez4001").out == page.out
    unknown = ez("explain", "EZ400l")
    assert (unknown.code, unknown.out) == (2, "")
    assert "did you mean `EZ400" in unknown.err
    assert "help" not in ez("explain", "nothing").err


def test_new_lays_down_what_its_readme_runs(ez: Ez, folder: Path) -> None:
    assert ez("new", "meeting").code == 0
    inside = folder / "meeting"
    expected = json.loads((inside / "expected.json").read_text())
    os.chdir(inside)
    readme = (inside / "README.md").read_text()
    assert readme.startswith("# meeting\n")
    commands = re.findall(r"^ezlang (.*)$", readme, re.MULTILINE)
    assert len(commands) == 8
    for command in commands:
        if "--native" in command or "--party" in command:
            continue  # tests/native runs processes
        done = ez(*command.split())
        assert done.code == 0, done.err
        if command.startswith("run"):
            assert done.out == "answers that agree: 3  (told to all)\n"
            assert ez(*command.split(), "--json").json["outputs"] == expected
    assert ez("fmt", "--check", "main.ez").code == 0


def test_new_writes_over_nothing(ez: Ez, folder: Path) -> None:
    (folder / "meeting").mkdir()
    done = ez("new", "meeting")
    assert done.code == 2
    assert "already exists" in done.err
    assert list((folder / "meeting").iterdir()) == []


UGLY = 'party alice,bob;\nfn main(){output(all,1+1,"two");}\n'


def test_fmt(ez: Ez, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "ugly.ez"
    path.write_text(UGLY)
    path.chmod(0o640)
    assert ez("fmt", "--check", "ugly.ez").code == 1
    assert path.read_text() == UGLY
    assert ez("fmt", "ugly.ez").code == 0
    laid_out = path.read_text()
    assert 'output(all, 1 + 1, "two");' in laid_out
    assert path.stat().st_mode & 0o777 == 0o640
    assert ez("fmt", "--check", "ugly.ez").code == 0
    assert sorted(p.name for p in folder.iterdir() if p.suffix == ".ez") == [
        "rich.ez",
        "sum.ez",
        "ugly.ez",
    ]
    stdin = io.TextIOWrapper(io.BytesIO(UGLY.encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    assert ez("fmt", "-").out == laid_out


def test_fmt_leaves_what_it_cannot_read(ez: Ez, folder: Path) -> None:
    (folder / "broken.ez").write_text("party alice bob")
    done = ez("fmt", "broken.ez", "none.ez", "rich.ez")
    assert done.code == 2
    assert (folder / "broken.ez").read_text() == "party alice bob"


def test_leaks(ez: Ez) -> None:
    done = ez("leaks", "rich.ez")
    assert done.code == 0
    assert "alice is richer" in done.out
    assert "What rich.ez releases" in done.out
    assert "6:5" in done.out
    (release,) = ez("leaks", "rich.ez", "--json").json["releases"]
    assert release["to"] == "all"
    assert [given["party"] for given in release["depends_on"]] == ["alice", "bob"]


def test_mistakes_of_ezlang_say_so(ez: Ez, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise CompilerBug("a register is used before it is written")

    monkeypatch.setattr(ezlang.cli.app, "main", broken)
    monkeypatch.delenv("EZLANG_TRACEBACK", raising=False)
    done = ez("check", "rich.ez")
    assert done.code == 70
    assert "This is a bug of ezlang" in done.err
    assert "Traceback" not in done.err
    monkeypatch.setenv("EZLANG_TRACEBACK", "1")
    assert "Traceback" in ez("check", "rich.ez").err


def test_an_interrupt_is_quiet(ez: Ez, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ezlang.api.check_file", interrupted)
    done = ez("check", "rich.ez")
    assert (done.code, done.out) == (130, "")
    assert "Traceback" not in done.err


def test_an_interrupt_while_loading_is_quiet() -> None:
    loading = (
        "import sys\nfrom ezlang.__main__ import main\n"
        "class Interrupting:\n"
        "    def find_spec(*arguments):\n"
        "        raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting)\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", loading], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_a_full_disk_is_no_mistake_of_ezlang(ez: Ez, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("ezlang.api.check_file", full)
    done = ez("check", "rich.ez")
    assert (done.code, done.out) == (3, "")
    assert "no space left" in done.err


def test_version_and_help(ez: Ez) -> None:
    assert ez("--version").out.startswith("ezlang ")
    helped = ez("--help").out
    for command in ("check", "run", "leaks", "fmt", "new", "explain"):
        assert command in helped


def test_help_needs_neither_the_parser_nor_numpy() -> None:
    code = (
        "import sys\nfrom ezlang.cli import run_command\nrun_command(['run', '--help'])\n"
        "heavy = {'numpy', 'lark', 'llvmlite', 'nacl', 'socket', 'ezlang.check'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def on_a_terminal(
    arguments: list[str], typed: bytes, folder: Path, **environment: str
) -> tuple[int, str]:
    """Run a command on a terminal of its own and return its exit code and what it shows."""
    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-m", "ezlang", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env=kept | environment,
    )
    os.close(theirs)
    os.write(ours, typed)
    shown = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the terminal has nobody on its other side any more
            break
        shown += part
    os.close(ours)
    return process.wait(), shown.decode()


def test_a_terminal_asks_for_what_is_missing(folder: Path) -> None:
    arguments = ["run", "rich.ez", "--clear", "--input", "alice=a.json"]
    code, shown = on_a_terminal(arguments, b"much\n99999999999\n7\n", folder)
    assert code == 0, shown
    assert "bob's wealth (int32)" in shown
    assert "write a number from -2147483648 to 2147483647" in shown
    assert "int32 ranges from -2147483648 to 2147483647" in shown
    assert "alice is richer: false" in shown


def test_errors_have_colors_on_a_terminal_alone(folder: Path) -> None:
    (folder / "leak.ez").write_text(LEAK)
    code, shown = on_a_terminal(["check", "leak.ez"], b"", folder)
    assert code == 1
    assert "\x1b[" in shown
    assert "\x1b[" not in on_a_terminal(["check", "leak.ez"], b"", folder, NO_COLOR="1")[1]


COMPLETED = {
    "ezlang ru": {"run"},
    "ezlang run --proto": {"--protocol"},
    "ezlang run --protocol ": {"auto", "arithmetic", "boolean", "yao"},
    "ezlang explain ez300": {f"EZ300{digit}" for digit in range(1, 10)},
}


@pytest.mark.parametrize("typed", COMPLETED)
def test_shells_complete_what_is_typed(typed: str) -> None:
    environment = {
        **os.environ,
        "_EZLANG_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split(" ")) - 1),
    }
    done = subprocess.run(
        [Path(sys.executable).parent / "ezlang"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found = {line.removeprefix("plain,") for line in done.stdout.splitlines()}
    assert found == COMPLETED[typed]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_are_told_how_to_complete(shell: str) -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "ezlang"],
        env={**os.environ, "_EZLANG_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"_EZLANG_COMPLETE={shell}_complete" in done.stdout
