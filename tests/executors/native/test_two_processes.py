"""Two real processes: they agree, or both end with one sentence and exit code 3."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ezlang import api
from ezlang.compiler.codegen.interface import interface_of
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.native.executable import executable_of
from ezlang.executors.native.messages import Job, Meeting, read_message, write_message
from ezlang.executors.native.prepared import packed
from ezlang.executors.native.processes import run_native
from ezlang.executors.native.single import run_party
from tests.support.native_parties import LONG, MILLIONAIRES, Party, Proxy, dial, start
from tests.support.patience import PATIENCE
from tests.support.ports import free_port
from tests.support.threads import run_native_threads

Result = tuple[int, dict[str, Any]]


@pytest.fixture
def millionaires(tmp_path: Path) -> Path:
    return written(tmp_path / "millionaires.ez", MILLIONAIRES)


@pytest.fixture
def long(tmp_path: Path) -> Path:
    return written(tmp_path / "long.ez", LONG)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def both(first: Party, second: Party) -> Iterator[Result]:
    yield first.result()
    yield second.result()


def assert_failed(result: Result, code: str) -> str:
    exit_code, said = result
    assert (exit_code, said.get("codes")) == (3, [code]), said
    return str(said["says"])


def test_one_command_runs_both() -> None:
    program = api.checked(api.check_text(MILLIONAIRES))
    for wealth, richer in ((7, True), (6, False)):
        inputs = {"alice": {"wealth": wealth}, "bob": {"wealth": 6}}
        outcome = run_native(program, inputs)
        expected = {"alice is richer": richer}
        assert outcome.outputs == {"alice": expected, "bob": expected}
        assert outcome.outputs == run_native_threads(program, inputs).outputs
    first, second = outcome.parties
    assert first.bytes_sent == second.bytes_received > 32 * first.ands
    assert second.bytes_sent == first.bytes_received
    assert first.ands == second.ands == 32


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_terminals_in_either_order(millionaires: Path, order: tuple[int, int]) -> None:
    port = free_port()
    inputs = ({"wealth": 5}, {"wealth": 3})
    parties = {}
    for party in order:
        parties[party] = start(millionaires, party, port, inputs[party])
    for exit_code, said in both(parties[0], parties[1]):
        assert (exit_code, said["outputs"]) == (0, {"alice is richer": True})


def test_different_programs(millionaires: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "other.ez", MILLIONAIRES.replace("> b", ">= b"))
    port = free_port()
    runs = start(millionaires, 0, port, {"wealth": 1}), start(other, 1, port, {"wealth": 1})
    for result in both(*runs):
        assert "different programs" in assert_failed(result, "EZ5007")


def test_the_same_program_written_differently(millionaires: Path, tmp_path: Path) -> None:
    text = MILLIONAIRES.replace("fn main", "// The same thing.\n\n\nfn  main")
    other = written(tmp_path / "renamed.ez", text)
    port = free_port()
    runs = start(millionaires, 0, port, {"wealth": 1}), start(other, 1, port, {"wealth": 1})
    assert [code for code, _ in both(*runs)] == [0, 0]


def test_different_params(millionaires: Path) -> None:
    port = free_port()
    runs = (
        start(millionaires, 0, port, {"wealth": 1}, step=3),
        start(millionaires, 1, port, {"wealth": 1}),
    )
    first, second = both(*runs)
    assert "step=3" in assert_failed(first, "EZ5008")
    assert "step=0" in assert_failed(second, "EZ5008")


def test_two_parties_zero(millionaires: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        program = api.load(millionaires)
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(EzError) as caught:
            run_party(program, 0, {"wealth": 1}, address=address)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "EZ5012"
    assert diagnostic.help is not None
    assert "--party 1" in diagnostic.help


def test_a_peer_that_is_killed_in_the_middle(long: Path) -> None:
    port = free_port()
    second: list[Party] = []
    proxy = Proxy(port, 1 << 20, lambda: second[0].kill())
    first = start(long, 0, port, {"x": 3}, turns=100_000)
    second.append(start(long, 1, proxy.port, {"x": 5}, turns=100_000))
    assert_failed(first.result(), "EZ5003")
    assert second[0].result()[0] < 0
    proxy.close()


def test_a_connection_that_stalls(long: Path) -> None:
    port = free_port()
    proxy = Proxy(port, 1 << 20, lambda: None, stall=True)
    waiting = start(long, 0, port, {"x": 3}, turns=100_000)
    dial(port).close()  # it listens: the other one has little time
    first, second = both(waiting, start(long, 1, proxy.port, {"x": 5}, timeout=3, turns=100_000))
    assert_failed(second, "EZ5004")
    # The one that gives up hangs up, so the other needn't wait for a time-out of its own.
    assert first[0] == 3
    assert first[1]["codes"][0] in ("EZ5003", "EZ5004")
    proxy.close()


def test_a_party_that_is_stopped(long: Path) -> None:
    """It is alive for the system, which keeps its connection; it sends no keep-alives."""
    port = free_port()
    first = start(long, 0, port, {"x": 3}, turns=100_000)
    dial(port).close()  # it listens: the other one has little time
    proxy = Proxy(port, 1 << 20, lambda: first.process.send_signal(signal.SIGSTOP))
    second = start(long, 1, proxy.port, {"x": 5}, timeout=3, turns=100_000)
    assert_failed(second.result(), "EZ5004")
    first.kill()
    assert first.result()[0] < 0
    proxy.close()


def test_failures_on_public_data_end_both_alike(tmp_path: Path) -> None:
    path = written(
        tmp_path / "index.ez",
        "party alice, bob;\nfn main() {\n"
        '    secret int32[3] a = input(alice, "a");\n'
        '    secret int32 i = input(bob, "i");\n'
        "    public int32 at = reveal(i);\n"
        '    output(all, a[at], "item");\n}\n',
    )
    port = free_port()
    runs = start(path, 0, port, {"a": [1, 2, 3]}), start(path, 1, port, {"i": 3})
    for result in both(*runs):
        assert_failed(result, "EZ4003")


def test_memory_does_not_grow_with_the_gates(long: Path) -> None:
    peaks = []
    for turns in (10, 2000):
        port = free_port()
        runs = [start(long, party, port, {"x": party + 2}, turns=turns) for party in (0, 1)]
        results = [run.result() for run in runs]
        assert [code for code, _ in results] == [0, 0]
        peaks.append([said["peak"] for _, said in results])
        memory = {said["memory"] for _, said in results}
        assert len(memory) == 1
    # 2000 turns send 130 MB of tables; ru_maxrss is in kilobytes.
    assert all(large - small < 20_000 for small, large in zip(*peaks, strict=True))


def test_only_programs_of_several_parties() -> None:
    program = api.checked(api.check_text("party a;\nfn main() {}\n"))
    for run in (lambda: run_native(program, {}), lambda: run_party(program, 0, {})):
        with pytest.raises(EzError, match="this one has one") as caught:
            run()
        assert (caught.value.diagnostics[0].code, caught.value.exit_code) == ("EZ5013", 2)


def test_addresses_off_this_machine(millionaires: Path) -> None:
    program = api.load(millionaires)
    warnings: list[str] = []
    with pytest.raises(EzError) as caught:
        run_party(program, 0, {"wealth": 1}, address="0.0.0.0:0", warn=warnings.append)
    assert (caught.value.diagnostics[0].code, caught.value.exit_code) == ("EZ5011", 2)
    assert not warnings
    with pytest.raises(EzError) as caught:
        run_party(
            program,
            0,
            {"wealth": 1},
            address="0.0.0.0:0",
            insecure=True,
            timeout=0.01,
            warn=warnings.append,
        )
    assert caught.value.diagnostics[0].code == "EZ5002"
    assert len(warnings) == 1


def test_inputs_are_checked_before_anything_runs(millionaires: Path) -> None:
    program = api.load(millionaires)
    with pytest.raises(EzError) as caught:
        run_party(program, "bob", {"welth": 1}, address="127.0.0.1:1")
    assert caught.value.exit_code == 2
    with pytest.raises(EzError) as caught:
        run_native(program, {"alice": {"wealth": 1}})
    assert caught.value.exit_code == 2


INTERRUPTED = """
import os, signal, sys, threading
from ezlang import api
from ezlang.executors.native.processes import run_native
signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Timer(2.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    program = api.load(sys.argv[1], {"turns": 1_000_000_000})
    run_native(program, {"alice": {"x": 3}, "bob": {"x": 5}})
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_ctrl_c_ends_everything(long: Path) -> None:
    # The workers have this standard error, too: it ends when the last of them has ended.
    command = [sys.executable, "-c", INTERRUPTED, str(long)]
    run = subprocess.run(command, capture_output=True, timeout=PATIENCE)
    assert (run.returncode, run.stderr) == (130, b"")


def test_a_worker_leaves_with_its_parent() -> None:
    program = api.checked(api.check_text(MILLIONAIRES))
    with subprocess.Popen(
        [sys.executable, "-m", "ezlang.executors.native.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        write_message(worker.stdin, Job(packed(program), 0, {"wealth": 1}, 100.0))
        assert isinstance(read_message(worker.stdout), Meeting)
        worker.stdin.close()
        assert worker.wait(PATIENCE) == 3


def test_each_party_knows_its_own_inputs_alone() -> None:
    executable = executable_of(api.checked(api.check_text(MILLIONAIRES)))
    for party in (0, 1):
        slots = interface_of(executable.program, party).inputs
        assert [slot.name for slot in slots] == ["wealth"]


def test_the_fingerprint_is_of_meaning_alone() -> None:
    def fingerprint(text: str, **settings: int) -> str:
        return executable_of(api.checked(api.check_text(text, settings=settings))).fingerprint

    same = fingerprint(MILLIONAIRES)
    assert fingerprint(MILLIONAIRES.replace("\n", "\n\n// more\n")) == same
    assert fingerprint(MILLIONAIRES.replace("bob", "carol")) != same
    assert fingerprint(MILLIONAIRES.replace("alice is", "she is")) != same
    assert fingerprint(MILLIONAIRES, step=1) != same
