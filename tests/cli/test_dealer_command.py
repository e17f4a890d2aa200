"""`ezlang dealer` and `ezlang run --dealer`, all of them processes of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Ez
from tests.support.patience import PATIENCE
from tests.support.ports import free_address

PRODUCTS = """\
party alice, bob;

#[protocol(arithmetic)]
fn main() {
    secret int64[50] x = input(alice, "x");
    secret int64[50] y = input(bob, "y");
    output(all, x * y, "products");
    output(all, x > y, "larger");
}
"""

ENDLESS = """\
party alice, bob;

#[protocol(boolean)]
fn main() {
    secret int32 x = input(alice, "wealth");
    while (reveal(x > 0)) {
        x -= 2;
    }
    output(all, x, "rest");
}
"""


class Run:
    """A command, typed and running."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ezlang", *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell that runs the tests in the background ignores interrupts for all processes.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def end(self) -> tuple[int, str, str]:
        """Wait for it; return exit code, standard output and standard error."""
        out, err = self.process.communicate(timeout=PATIENCE)
        assert "Traceback" not in err
        assert "bug of ezlang" not in err
        return self.process.returncode, out, err


def party(folder: Path, name: str, program: str, place: str, *more: str) -> Run:
    given = ("--input", f"{name[0]}.json", "--address", place, "--timeout", str(PATIENCE))
    return Run(folder, "run", program, "--party", name, *given, *more)


@pytest.mark.parametrize("program", ["rich.ez", "products.ez"])
def test_three_processes(folder: Path, program: str) -> None:
    (folder / "products.ez").write_text(PRODUCTS)
    wealth = {"a": 5, "b": 3}
    for name, numbers in (("a", list(range(50))), ("b", list(range(-25, 25)))):
        key = {"a": "x", "b": "y"}[name]
        (folder / f"{name}.json").write_text(f'{{"wealth": {wealth[name]}}}')
        if program == "products.ez":
            (folder / f"{name}.json").write_text(f'{{"{key}": {numbers}}}')
    place, third = free_address(), free_address()
    bob = party(folder, "bob", program, place, "--dealer", third)
    dealer = Run(folder, "dealer", "--address", third, "--timeout", str(PATIENCE))
    alice = party(folder, "alice", program, place, "--dealer", third)
    for run in (alice, bob):
        code, out, err = run.end()
        assert code == 0, err
        assert "Dealer: alice and bob trust the dealer not to collude" in err
        assert "dealer 0." in err
        if program == "rich.ez":
            assert out == "alice is richer: true\n"
        else:
            products = [a * b for a, b in zip(range(50), range(-25, 25), strict=True)]
            assert out.splitlines()[0] == f"products: {products}"
    code, out, err = dealer.end()
    assert (code, out) == (0, "")
    assert f"Dealer: listening at {third}" in err
    assert "no input and no share. Together with either party" in err
    assert "bytes to party 1." in err


def test_its_cost_is_predicted(folder: Path, ez: Ez) -> None:
    (folder / "products.ez").write_text(PRODUCTS)
    (folder / "a.json").write_text(f'{{"x": {[3] * 50}}}')
    (folder / "b.json").write_text(f'{{"y": {[-2] * 50}}}')
    place, third = free_address(), free_address()
    dealer = Run(folder, "dealer", "--address", third)
    bob = party(folder, "bob", "products.ez", place, "--dealer", third, "--json")
    alice = party(folder, "alice", "products.ez", place, "--dealer", third, "--json")
    found = [json.loads(run.end()[1])["cost"] for run in (alice, bob)]
    predicted = json.loads(ez("cost", "products.ez", "--dealer", "--json").out)
    assert predicted["totals"]["bytes"] == {
        "alice": found[0]["bytes_sent"],
        "bob": found[1]["bytes_sent"],
    }
    assert predicted["totals"]["rounds"] == max(one["rounds"] for one in found)
    assert f": {predicted['dealt']:,} bytes to party 1." in dealer.end()[2]


def test_no_dealer_for_what_only_a_run_reveals(ez: Ez, folder: Path) -> None:
    (folder / "endless.ez").write_text(ENDLESS)
    done = ez("cost", "endless.ez", "--dealer")
    assert (done.code, done.out) == (2, "")
    assert "EZ5035" in done.err


def test_a_dealer_that_only_one_party_has(folder: Path) -> None:
    place = free_address()
    alice = party(folder, "alice", "rich.ez", place, "--dealer", free_address())
    bob = party(folder, "bob", "rich.ez", place)
    for run in (alice, bob):
        code, out, err = run.end()
        assert (code, out) == (3, "")
        assert "number of dealers is" in err


def test_no_dealer(folder: Path) -> None:
    place, third = free_address(), free_address()
    arguments = ("--dealer", third, "--timeout", "10")
    runs = [party(folder, name, "rich.ez", place, *arguments) for name in ("alice", "bob")]
    codes = []
    for run in runs:
        code, out, err = run.end()
        assert (code, out) == (3, "")
        codes.append("EZ5030" in err)
    assert any(codes)


def test_nobody_comes(ez: Ez) -> None:
    done = ez("dealer", "--address", free_address(), "--timeout", "0.2")
    assert (done.code, done.out) == (3, "")
    assert "EZ5034" in done.err


def test_a_dealer_waits_for_parties_that_compile(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --timeout, only a party that has come waits for a limited time."""
    code = "import ezlang.cli.dealer as d; d.TIMEOUT = 0.2; from ezlang.cli import app; app()"
    address = free_address()
    command = [sys.executable, "-c", code, "dealer", "--address", address]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "listening" in process.stderr.readline()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)


def test_a_dealer_that_stays_is_interrupted(folder: Path) -> None:
    dealer = Run(folder, "dealer", "--address", free_address(), "--keep")
    assert dealer.process.stderr is not None
    assert "listening" in dealer.process.stderr.readline()
    dealer.process.send_signal(signal.SIGINT)
    assert dealer.end()[0] == 130


def test_a_program_whose_demands_only_the_run_reveals(ez: Ez, folder: Path) -> None:
    (folder / "endless.ez").write_text(ENDLESS)
    given = ("--party", "alice", "--input", "a.json", "--dealer", free_address())
    done = ez("run", "endless.ez", *given, "--timeout", "1")
    assert done.code == 2
    assert "EZ5035" in done.err
    assert "how often a loop runs" in done.err
    assert "endless.ez:6" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dealer", "--address", "192.0.2.1:7000"), "--insecure"),
        (("dealer", "--address", "nonsense:port"), "HOST:PORT"),
        (("dealer", "--runs", "2", "--keep"), "exclude each other"),
        (("dealer", "--runs", "0"), "--runs"),
        (("dealer", "--timeout", "nan"), "not a valid number of seconds"),
        (("run", "rich.ez", "--dealer", "127.0.0.1:7801"), "`--dealer` is for a run of one party"),
        (("run", "rich.ez", "--native", "--dealer", ":7801"), "for a run of one party"),
        (
            ("run", "rich.ez", "--party", "alice", "--input", "a.json", "--dealer", "192.0.2.1:1"),
            "--insecure",
        ),
    ],
)
def test_wrong_usage(ez: Ez, arguments: tuple[str, ...], said: str) -> None:
    done = ez(*arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
