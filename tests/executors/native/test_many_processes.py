"""Runs of more than two parties as processes of their own: agreement, and what fails."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from ezlang import api
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.clear import run_clear
from ezlang.executors.native.processes import run_native
from ezlang.typed.tree import Program
from ezlang.values.expected import expected_inputs
from tests.support.native_parties import Party, start

NAMES = ("ann", "ben", "cleo", "dan", "eve", "fay", "gil", "hal")

BEST = """
party {names};
param int32 more = 0;
fn main() {{
    secret int32 best = more;
    secret int64 total = 0;
    for p in parties {{
        secret int32 x = input(p, "x");
        best = max(best, x);
        total += x * best;
    }}
    output(all, best, "best");
    output(ann, total / 7, "total");
}}
"""

LONG = """
party ann, ben, cleo;
fn main() {
    secret int64 a = input(ann, "x");
    secret int64 b = input(ben, "x");
    for i in 0..100000 { a = a * b + i; }
    output(all, a, "product");
}
"""


def written(tmp_path: Path, parties: int) -> Path:
    path = tmp_path / "best.ez"
    path.write_text(BEST.format(names=", ".join(NAMES[:parties])), "utf-8")
    return path


def free_ports(count: int) -> int:
    """Return the first of consecutive ports that nobody listens at."""
    while True:
        with socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                for number in range(1, count):
                    with socket.socket() as other:
                        other.bind(("127.0.0.1", port + number))
            except (OSError, OverflowError):
                continue
            return port


def inputs_of(parties: int) -> dict[str, dict[str, int]]:
    return {name: {"x": (37 * n) % 11 - 5} for n, name in enumerate(NAMES[:parties])}


def started(path: Path, parties: int, order: list[int], **options: Any) -> dict[int, Party]:
    port = free_ports(parties)
    given = inputs_of(parties)
    return {
        n: start(path, n, port, given[NAMES[n]], **{"protocol": "auto", **options}) for n in order
    }


@pytest.mark.parametrize("parties", [3, 5, 8])
def test_all_executors_agree(tmp_path: Path, parties: int) -> None:
    agree(api.load(written(tmp_path, parties)), parties)


@pytest.mark.parametrize("parties", [3, 4, 5])
def test_the_first_transfer_of_some_beside_a_message_of_others(parties: int) -> None:
    """Bits become a number by a transfer between two parties, while the last one shares its input.

    All parties set up OTs before that, whether they have a part in the transfer or not.
    """
    names = NAMES[:parties]
    text = f"""party {", ".join(names)};
    fn main() {{
        secret int64 x = input(ann, "x");
        secret int64 y = input(ben, "x");
        secret int64 z = input({names[-1]}, "x");
        output(cleo, (x ^ y) + z, "sum");
    }}"""
    agree(api.checked(api.check_text(text)), parties)


def agree(program: Program, parties: int) -> None:
    """Check that all executors tell the same, and that the costs are those of the prediction."""
    asked = {name: expected_inputs(program, name) for name in NAMES[:parties]}
    given = {name: own if asked[name] else {} for name, own in inputs_of(parties).items()}
    native = run_native(program, given)
    simulated = api.run_simulated(program, given)
    predicted = api.cost(program).least
    assert native.outputs == simulated.outputs == run_clear(program, given).outputs
    assert simulated.cost is not None
    assert native.rounds == simulated.cost.rounds == predicted.rounds
    assert native.bytes_sent == simulated.cost.bytes
    sent = [predicted.bytes_sent[party] for party in range(parties)]
    assert list(native.bytes_sent.values()) == sent


def test_parties_start_in_any_order(tmp_path: Path) -> None:
    path = written(tmp_path, 4)
    expected = run_clear(api.load(path), inputs_of(4)).outputs
    running = started(path, 4, [2, 3, 0, 1])
    for number, party in sorted(running.items()):
        code, said = party.result()
        assert code == 0, said
        assert said["outputs"] == expected[NAMES[number]]


def test_a_party_with_another_program_ends_the_run(tmp_path: Path) -> None:
    port, given = free_ports(3), inputs_of(3)
    path = written(tmp_path, 3)
    options: dict[str, Any] = {"protocol": "auto", "timeout": 5}
    running = [start(path, n, port, given[NAMES[n]], **options, more=int(n == 1)) for n in range(3)]
    results = [party.result() for party in running]
    assert [code for code, _ in results] == [3, 3, 3]
    codes = {code for _, said in results for code in said["codes"]}
    assert "EZ5008" in codes
    assert codes <= {"EZ5001", "EZ5002", "EZ5003", "EZ5008"}


def test_a_party_that_is_there_twice(tmp_path: Path) -> None:
    port, given = free_ports(3), inputs_of(3)
    path = written(tmp_path, 3)
    first = start(path, 0, port, given["ann"], protocol="auto", timeout=8)
    twice = [start(path, 2, port, given["cleo"], protocol="auto", timeout=8) for _ in range(2)]
    results = [party.result() for party in (first, *twice)]
    assert [code for code, _ in results] == [3, 3, 3]


@pytest.mark.parametrize("victim", [0, 1, 2])
def test_a_party_that_is_killed(tmp_path: Path, victim: int) -> None:
    path = tmp_path / "long.ez"
    path.write_text(LONG, "utf-8")
    port = free_ports(3)
    options: dict[str, Any] = {"protocol": "arithmetic", "timeout": 120}
    running = [start(path, n, port, {"x": 3} if n < 2 else {}, **options) for n in range(3)]
    # Party 0 has accepted two, and party 1 one: greeting takes no time then.
    while [_accepted(port), _accepted(port + 1)] != [2, 1]:
        assert all(one.process.poll() is None for one in running)
        time.sleep(0.1)
    time.sleep(1.0)
    running[victim].kill()
    for number, party in enumerate(running):
        code, said = party.result()
        if number == victim:
            assert code == -signal.SIGKILL
        else:
            assert code == 3
            assert set(said["codes"]) <= {"EZ5003", "EZ5015"}, said


def _accepted(port: int) -> int:
    """Return how many connections to a port of this machine are open, at the end that listens."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


def test_a_failure_of_the_program_is_told_by_all(tmp_path: Path) -> None:
    path = tmp_path / "fails.ez"
    path.write_text(
        "party ann, ben, cleo;\n"
        "fn main() {\n"
        '    secret int32 x = input(ann, "x");\n'
        "    public int32 y = reveal(x * x);\n"
        '    assert(y > 100, "too small");\n'
        "}\n",
        "utf-8",
    )
    with pytest.raises(EzError, match="too small") as caught:
        run_native(api.load(path), {"ann": {"x": 3}, "ben": {}, "cleo": {}})
    assert caught.value.exit_code == 3


def test_no_process_is_left(tmp_path: Path) -> None:
    program = api.load(written(tmp_path, 5))
    run_native(program, inputs_of(5))
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    if children.exists():
        assert not children.read_text().split()


def test_inputs_of_parties_stay_in_their_processes(tmp_path: Path) -> None:
    """What a party is told is in its outcome alone."""
    program = api.load(written(tmp_path, 3))
    outcome = run_native(program, inputs_of(3))
    names = [set(one.outputs) for one in outcome.parties]
    assert names == [{"best", "total"}, {"best"}, {"best"}]
    assert json.dumps(outcome.parties[1].outputs) == json.dumps(outcome.parties[2].outputs)
