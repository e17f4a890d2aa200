"""The predicted memory of a run is that of its processes, within a fifth."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ezlang import api
from ezlang.executors.native.executable import executable_of
from ezlang.executors.native.party import compile_for
from tests.support.patience import PATIENCE
from tests.support.ports import free_address
from tests.support.threads import run_threads

# Not `ru_maxrss`: that is also of the process that started this one. Pages of files are those of
# the libraries: how many the system maps depends on how the files came into its cache.
RUN = """
import pathlib, sys
from ezlang.cli import run_command
code = run_command(sys.argv[1:])
status = pathlib.Path("/proc/self/status").read_text()
most, files = (int(status.split(name)[1].split()[0]) for name in ("VmHWM:", "RssFile:"))
print(code, most - files, file=sys.stderr)
"""
LIBRARIES = 60_000_000
"""The pages of libraries that are part of the memory of a process in compiler/cost/memory.py."""
SUMS = """party alice, bob;
param int32 n = 1;
fn main() {
    secret int32[n] a = input(alice, "a");
    secret int32[n] b = input(bob, "b");
    secret int32[n] c;
    for i in 0..n { c[i] = a[i] < b[i] ? a[i] : b[i] * 3; }
    output(all, sum(c), "c");
}
"""


def peaks(folder: Path, *options: str) -> list[int]:
    address = free_address()
    given = ("run", "main.ez", "--address", address, "--timeout", str(PATIENCE), *options)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RUN, *given, "--party", party],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for party in ("alice", "bob")
    ]
    said = [process.communicate(timeout=PATIENCE)[1] for process in processes]
    ends = [text.splitlines()[-1].split() for text in said]
    assert [code for code, _ in ends] == ["0", "0"], said
    return [1024 * int(most) + LIBRARIES for _, most in ends]


def fill_cache(path: Path, protocol: str, count: int) -> None:
    """Compile what a run loads: compilers take memory, too."""
    measured = executable_of(api.load(path, {"n": count}), protocol)
    for party in (0, 1):
        compile_for(measured, party)
    small = executable_of(api.load(path, {"n": 8}), protocol)
    same_kernels = replace(small, program=replace(small.program, ots=measured.program.ots))
    run_threads(same_kernels, {"alice": {"a": [1] * 8}, "bob": {"b": [2] * 8}})


DOT = """party alice, bob;
param int32 n = 1;
fn main() {
    secret int32[n] a = input(alice, "a");
    secret int32[n] b = input(bob, "b");
    output(all, sum(a * b), "c");
}
"""
COMPARE = """party alice, bob;
param int32 n = 1;
fn main() {
    secret int32[n] a = input(alice, "a");
    secret int32[n] b = input(bob, "b");
    output(all, a < b, "c");
}
"""
LARGE = pytest.mark.slow
LONG = 1_000_000


@pytest.mark.parametrize(
    ("text", "count", "protocol"),
    [
        (SUMS, 60_000, "yao"),
        (SUMS, 60_000, "arithmetic"),
        (DOT, 200_000, "arithmetic"),
        pytest.param(DOT, LONG, "arithmetic", marks=LARGE),
        pytest.param(COMPARE, LONG, "boolean", marks=LARGE),
        pytest.param(COMPARE, LONG, "arithmetic", marks=LARGE),
        pytest.param(COMPARE, LONG, "yao", marks=LARGE),
    ],
)
def test_peak_memory(tmp_path: Path, text: str, count: int, protocol: str) -> None:
    (tmp_path / "main.ez").write_text(text)
    for party, name in (("alice", "a"), ("bob", "b")):
        (tmp_path / f"{party}.json").write_text(json.dumps({name: list(range(count))}))
    program = api.load(tmp_path / "main.ez", {"n": count})
    predicted = api.cost(program, protocol=protocol).memory.values()
    options = ("--set", f"n={count}", "--protocol", protocol)
    fill_cache(tmp_path / "main.ez", protocol, count)
    for said, measured in zip(predicted, peaks(tmp_path, *options), strict=True):
        assert abs(said - measured) <= measured / 5
