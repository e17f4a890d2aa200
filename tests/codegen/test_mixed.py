"""Native code of programs whose secrets are in all three sharings, against a plain interpreter."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.parse import parse_program
from ezlang.compiler.ir.verify import verify
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.native.executable import Executable
from ezlang.executors.native.outcome import NativeOutcome, Stopwatch
from ezlang.executors.native.party import compile_for, run_over
from ezlang.session.channel import SocketChannel
from tests.codegen.interpret import Interpreter
from tests.codegen.mixed_programs import Mixed
from tests.support.channels import socket_pair
from tests.support.patience import PATIENCE
from tests.support.threads import run_threads

Inputs = Mapping[str, Mapping[str, Any]]


def agrees(program: ir.Program, inputs: Inputs) -> NativeOutcome:
    """Run a program in two threads and in the plain."""
    outcome = run_threads(Executable(program), inputs)
    alice, bob = (one.outputs for one in outcome.parties)
    for name, value in Interpreter(program, inputs).run().items():
        assert alice.get(name, bob.get(name)) == value, name
    return outcome


def parsed(body: str) -> ir.Program:
    """A program of a main function, given as IR, in which a and b are the parties' `x`."""
    given = "".join(f"  {line.strip()}\n" for line in body.strip().splitlines())
    program = parse_program(f"party alice, bob\n\nfn main() {{\n{given}  yield\n}}\n")
    verify(program)
    return program


@pytest.mark.parametrize("seed", range(12))
def test_random_programs(seed: int) -> None:
    writer = Mixed(seed)
    agrees(writer.program(25), writer.inputs)


EVERY_WAY = """
%0 = input[party=alice, name='x'] : int32[150] @alice
%1 = input[party=bob, name='x'] : int32[150] @bob
%2 = relabel %0 : int32[150] secret arithmetic
%3 = relabel %1 : int32[150] secret yao
%4 = convert %2 : int32[150] secret yao
%5 = convert %3 : int32[150] secret boolean
%6 = convert %2 : int32[150] secret boolean
%7 = convert %3 : int32[150] secret arithmetic
%8 = convert %6 : int32[150] secret yao
%9 = convert %5 : int32[150] secret arithmetic
%10 = binary[kind=add] %4, %8 : int32[150] secret yao
%11 = binary[kind=xor] %5, %6 : int32[150] secret boolean
%12 = binary[kind=sub] %7, %9 : int32[150] secret arithmetic
%13 = reveal %10 : int32[150] public
%14 = reveal %11 : int32[150] @alice
%15 = reveal %12 : int32[150] @bob
output[to=all, name='sum'] %13
output[to=alice, name='xor'] %14
output[to=bob, name='zero'] %15
"""


def test_every_conversion_of_many_elements() -> None:
    x = [(-1) ** i * i * 14_345_678 % 2**31 for i in range(150)]
    y = [i * i - 3 * 2**29 for i in range(150)]
    outcome = agrees(parsed(EVERY_WAY), {"alice": {"x": x}, "bob": {"x": y}})
    for one in outcome.parties:
        # Only additions of shares on their way to Yao, and the addition that is asked for.
        assert one.ands == 2 * 150 * 31
        assert 0 < one.sharing_bytes < one.bytes_sent
        assert one.ots > 150 * 32


DYING = """
%0 = input[party=alice, name='x'] : int64[40] @alice
%1 = input[party=bob, name='x'] : int64[40] @bob
%2 = relabel %0 : int64[40] secret arithmetic
%3 = relabel %1 : int64[40] secret arithmetic
%4 = relabel %0 : int64[40] secret yao
%5 = unary[kind=bitnot] %4 : int64[40] secret yao
%6 = binary[kind=mul] %2, %3 : int64[40] secret arithmetic
%7 = convert %4 : int64[40] secret arithmetic
%8 = convert %5 : int64[40] secret arithmetic
%9 = convert %6 : int64[40] secret yao
%10 = convert %7 : int64[40] secret yao
%11 = convert %8 : int64[40] secret yao
%12 = binary[kind=xor] %9, %10 : int64[40] secret yao
%13 = binary[kind=xor] %12, %11 : int64[40] secret yao
%14 = reveal %13 : int64[40] public
output[to=all, name='out'] %14
"""


def test_members_of_a_group_do_not_disturb_one_another() -> None:
    x = [2**63 - 1 - i * 10**17 for i in range(40)]
    agrees(parsed(DYING), {"alice": {"x": x}, "bob": {"x": list(range(40))}})


REPEATED = """
%0 = input[party=bob, name='x'] : uint8[0] @bob
%1 = input[party=bob, name='flag'] : bool @bob
%2 = relabel %0 : uint8[0] secret arithmetic
%3 = relabel %1 : bool secret boolean
%4 = broadcast %3 : bool[9] secret boolean
%5 = constant[data=(200)] : uint8[9] public
%6 = relabel %5 : uint8[9] secret boolean
%7 = constant[data=(7)] : uint8[9] public
%8 = select %4, %6, %7 : uint8[9] secret boolean
%9 = binary[kind=mul] %2, %2 : uint8[0] secret arithmetic
%10 = convert %9 : uint8[0] secret yao
%11 = reduce[kind=add] %9 : uint8 secret arithmetic
%12 = reveal %8 : uint8[9] public
%13 = reveal %11 : uint8 public
%14 = reveal %10 : uint8[0] public
output[to=all, name='chosen'] %12
output[to=all, name='nothing'] %13
output[to=all, name='empty'] %14
"""


@pytest.mark.parametrize("flag", [False, True])
def test_repeated_elements_and_empty_arrays(flag: bool) -> None:
    agrees(parsed(REPEATED), {"alice": {}, "bob": {"x": [], "flag": flag}})


DIVISION = """
%0 = input[party=alice, name='x'] : int16[2] @alice
%1 = input[party=bob, name='x'] : int16[2] @bob
%2 = relabel %0 : int16[2] secret arithmetic
%3 = reveal %1 : int16[2] public
%4 = binary[kind=div, checked=True] %2, %3 : int16[2] secret arithmetic
%5 = reveal %4 : int16[2] public
output[to=all, name='quotient'] %5
"""


def test_division_of_shares_by_what_everyone_knows() -> None:
    program = parsed(DIVISION)
    agrees(program, {"alice": {"x": [-77, 500]}, "bob": {"x": [10, -3]}})
    with pytest.raises(EzError) as failed:
        run_threads(Executable(program), {"alice": {"x": [1, 2]}, "bob": {"x": [1, 0]}})
    assert failed.value.exit_code == 3


ROUNDS = """
%0 = input[party=alice, name='x'] : int32 @alice
%1 = relabel %0 : int32 secret arithmetic
%2 = constant[data=(0)] : int64 public
%3 = constant[data=(100000)] : int64 public
%4 = for %2, %3, %1 : int32 secret arithmetic { (%5: int64 public, %6: int32 secret arithmetic):
%7 = binary[kind=mul] %6, %6 : int32 secret arithmetic
yield %7
}
%8 = reveal %4 : int32 public
output[to=all, name='power'] %8
"""


class Vanishing(SocketChannel):
    """A channel whose party goes away when it has sent so much."""

    limit = 40_000

    def send(self, data: Any) -> None:
        if self.bytes_sent > self.limit:
            self.close()
            raise ConnectionAbortedError
        super().send(data)


@pytest.mark.parametrize("leaver", [0, 1])
def test_a_peer_that_vanishes_amid_rounds(leaver: int) -> None:
    executable = Executable(parsed(ROUNDS))
    inputs: Inputs = {"alice": {"x": 3}, "bob": {}}
    channels = socket_pair(PATIENCE)
    channels[leaver].__class__ = Vanishing

    def run(party: int) -> None:
        name = executable.program.parties[party]
        program = compile_for(executable, party)
        try:
            run_over(executable, program, inputs[name], channels[party], Stopwatch())
        finally:
            channels[party].close()

    with ThreadPoolExecutor(max_workers=2) as threads:
        runs = [threads.submit(run, party) for party in (0, 1)]
        with pytest.raises(ConnectionAbortedError):
            runs[leaver].result()
        with pytest.raises(EzError) as failed:
            runs[1 - leaver].result()
    assert failed.value.exit_code == 3
    (diagnostic,) = failed.value.diagnostics
    assert diagnostic.code in ("EZ5002", "EZ5003", "EZ5004")
    assert "\n" not in diagnostic.message
