"""Real processes whose secrets are all arithmetic or boolean shares, by `--protocol`."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from ezlang import api
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.executors.native.executable import executable_of
from ezlang.executors.native.processes import run_native
from tests.support.native_parties import LONG, MILLIONAIRES, Party, Proxy, start
from tests.support.ports import free_port
from tests.support.threads import run_native_threads

PROTOCOL_CHOICES = [protocol.value for protocol in ProtocolChoice]

MEAN = """
party alice, bob;
fn main() {
    secret int64[20] x = input(alice, "x");
    secret int64[20] y = input(bob, "y");
    secret int64 total = 0;
    for i in 0..20 { total += x[i] * y[i] > 100 ? x[i] * y[i] : y[i]; }
    public bool positive = reveal(total > 0);
    if positive { output(all, total / 20, "mean"); } else { output(all, 0 - total, "loss"); }
}
"""


@pytest.mark.parametrize(
    ("protocol", "sign"), zip(PROTOCOL_CHOICES, itertools.cycle((1, -1)), strict=False)
)
def test_a_process_a_party(protocol: str, sign: int) -> None:
    program = api.checked(api.check_text(MEAN))
    inputs: Any = {
        "alice": {"x": list(range(20))},
        "bob": {"y": [sign * (3 * i - 5) for i in range(20)]},
    }
    outcome = run_native(program, inputs, protocol=protocol)
    assert outcome.outputs == api.run_clear(program, inputs).outputs
    threads = run_native_threads(program, inputs, protocol=protocol)
    for here, there in zip(outcome.parties, threads.parties, strict=True):
        assert (here.rounds, here.bytes_sent) == (there.rounds, there.bytes_sent)
        assert (here.ots, here.sharing_bytes) == (there.ots, there.sharing_bytes)
    first, second = outcome.parties
    assert first.ots == second.ots == outcome.ots
    assert outcome.sharing_bytes == {one.party: one.sharing_bytes for one in outcome.parties}
    if protocol == "yao":
        assert first.ands > 0
        assert first.sharing_bytes == second.sharing_bytes == 0
    if protocol in ("boolean", "arithmetic"):
        assert first.ands == second.ands == 0
        assert first.sharing_bytes > first.bytes_sent // 2


def test_what_parties_agree_on_has_the_sharings_in_it() -> None:
    program = api.checked(api.check_text(MEAN))
    fingerprints = {
        executable_of(program, protocol).fingerprint for protocol in PROTOCOL_CHOICES[1:]
    }
    assert len(fingerprints) == len(PROTOCOL_CHOICES) - 1


def test_different_protocols(tmp_path: Path) -> None:
    path = tmp_path / "millionaires.ez"
    path.write_text(MILLIONAIRES, encoding="utf-8")
    port = free_port()
    runs = [
        start(path, party, port, {"wealth": 1}, protocol=protocol)
        for party, protocol in enumerate(("boolean", "arithmetic"))
    ]
    for exit_code, said in [run.result() for run in runs]:
        assert (exit_code, said["codes"]) == (3, ["EZ5014"])
        assert "--protocol is" in said["says"]


@pytest.mark.parametrize("protocol", ["boolean", "arithmetic"])
def test_a_peer_that_is_killed_amid_rounds(tmp_path: Path, protocol: str) -> None:
    path = tmp_path / "long.ez"
    path.write_text(LONG, encoding="utf-8")
    port = free_port()
    second: list[Party] = []
    # By then the OTs are set up, and rounds follow one another.
    proxy = Proxy(port, 1 << 17, lambda: second[0].kill())
    first = start(path, 0, port, {"x": 3}, protocol=protocol, turns=100_000)
    second.append(start(path, 1, proxy.port, {"x": 5}, protocol=protocol, turns=100_000))
    exit_code, said = first.result()
    assert (exit_code, said["codes"]) == (3, ["EZ5003"])
    assert "Traceback" not in said["says"]
    assert second[0].result()[0] < 0
    proxy.close()
