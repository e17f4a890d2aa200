"""Failures on public values happen at both parties, even if only one computes the operation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ezlang import api
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.native.executable import executable_of
from ezlang.executors.native.outcome import Stopwatch
from ezlang.executors.native.party import compile_for, run_over
from ezlang.values.check import check_inputs
from tests.support.channels import socket_pair
from tests.support.patience import PATIENCE

INPUTS: dict[str, Any] = {"alice": {"a": 7, "v": [1, 2, 3, 4]}, "bob": {"b": 0}}
BODIES = {
    "a quotient": ('output(all, a / z, "out");', "EZ4001"),
    "a quotient for one": ('output(bob, a / z, "out");', "EZ4001"),
    "a quotient that nobody needs": ('secret int32 q = a / z; output(all, b, "out");', "EZ4001"),
    "quotients": ('output(all, v / [1, 2, z, 3], "out");', "EZ4001"),
    "a shift": ('output(all, (a >> uint8(z + 40)) * 3, "out");', "EZ4002"),
    "one's own": ('@bob int32 w = 3; output(all, w / z, "out");', "EZ4001"),
    "one's own item": ('@bob int32[2] w = 3; output(all, w[z + 2], "out");', "EZ4003"),
    "one's own array": ('@alice int32[2] w = 3; w[z + 2] = 1; output(bob, w, "out");', "EZ4003"),
    "one's own part": ('@bob int32[4] w = 3; output(bob, w[z + 3..z + 5], "out");', "EZ4006"),
}


@pytest.mark.parametrize("protocol", ["yao", "arithmetic"])
@pytest.mark.parametrize("name", BODIES)
def test_both_parties_fail_alike(name: str, protocol: str) -> None:
    body, code = BODIES[name]
    text = f"""
        party alice, bob;
        fn main() {{
            secret int32 a = input(alice, "a");
            secret int32 b = input(bob, "b");
            secret int32[4] v = input(alice, "v");
            public int32 z = reveal(b);
            {body}
        }}
    """
    program = api.checked(api.check_text(text))
    executable = executable_of(program, protocol)
    inputs = check_inputs(program, INPUTS)
    channels = socket_pair(PATIENCE)
    programs = [compile_for(executable, party) for party in (0, 1)]

    def run(party: int) -> EzError:
        name = executable.program.parties[party]
        channel = channels[party]
        try:
            with pytest.raises(EzError) as caught:
                run_over(executable, programs[party], inputs[name], channel, Stopwatch())
        finally:
            channel.close()
        return caught.value

    with ThreadPoolExecutor(2) as threads:
        failures = list(threads.map(run, (0, 1)))
    for error in failures:
        (diagnostic,) = error.diagnostics
        assert diagnostic.code == code
        assert diagnostic.span is not None
