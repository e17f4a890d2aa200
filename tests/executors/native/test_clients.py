"""Two parties that compute, and their clients: who leaves when, and what if one of them dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event
from typing import Any

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.native.executable import Executable, executable_of
from ezlang.executors.native.outcome import PartyOutcome
from ezlang.executors.native.outsourced import run_outsourced
from ezlang.executors.native.party import hello_of
from ezlang.session.address import Address
from ezlang.session.alive import kept_alive, wait_until_ready
from ezlang.session.channel import SocketChannel
from ezlang.session.dealer import Dealer
from ezlang.session.handshake import DEALERS, RECORDS
from ezlang.session.mesh import close_all, connect_all
from ezlang.values.check import check_inputs
from tests.support.agreement import checked
from tests.support.patience import PATIENCE

PROGRAM = """
party a, b, giver, h;
compute a, b;

fn main() {
    secret int32 x = input(giver, "x");
    secret int32 y = input(h, "y");
    output(h, reveal(max(x, y), h), "most");
    output(a, reveal(x + y, a), "sum");
}
"""
INPUTS = {"giver": {"x": 30}, "h": {"y": -7}}
OUTPUTS = {"a": {"sum": 23}, "b": {}, "giver": {}, "h": {"most": 30}}
GIVER, H = 2, 3
NOWHERE = Address("127.0.0.1", 0)

Channels = dict[int, SocketChannel]
Meet = Callable[[Address], list[Address]]


class Parties:
    """All parties of a program as threads of this process, connected by sockets."""

    def __init__(self, text: str, inputs: Mapping[str, Any]) -> None:
        program = checked(text)
        self.executable: Executable = executable_of(program)
        self.inputs = check_inputs(program, inputs)
        self.names = self.executable.program.everybody
        self._barrier, self._ports = Barrier(len(self.names)), [0, 0]
        self.threads = ThreadPoolExecutor(len(self.names))

    def meet(self, number: int) -> Meet:
        def met(own: Address) -> list[Address]:
            if number in COMPUTING:
                self._ports[number] = own.port
            self._barrier.wait(PATIENCE)
            return [Address("127.0.0.1", port) for port in self._ports]

        return met

    def places(self, number: int) -> list[Address]:
        return [NOWHERE] * 2 if number in COMPUTING else self.meet(number)(NOWHERE)

    def run(self, number: int, **more: Any) -> Future[PartyOutcome]:
        def run() -> PartyOutcome:
            own = self.inputs[self.names[number]]
            places = self.places(number)
            meet = self.meet(number)
            return run_outsourced(self.executable, number, own, places, PATIENCE, meet, **more)

        return self.threads.submit(run)

    def act(self, number: int, action: Callable[[Channels], None]) -> Future[None]:
        """Connect as a client, and do something else than a client does."""

        def run() -> None:
            hello = hello_of(self.executable, number, **{DEALERS: 0, RECORDS: 0})
            channels = connect_all(self.places(number), hello, PATIENCE)
            try:
                with kept_alive(channels.values()):
                    wait_until_ready(channels.values())
                    action(channels)
            finally:
                close_all(channels)

        return self.threads.submit(run)


@contextmanager
def parties() -> Iterator[Parties]:
    made = Parties(PROGRAM, INPUTS)
    with made.threads:
        yield made


def summary(error: BaseException | None) -> str:
    assert isinstance(error, EzError)
    assert error.exit_code == 3
    (one,) = error.diagnostics
    return one.message


def test_all_get_what_is_theirs() -> None:
    with parties() as made:
        runs = [made.run(number) for number in range(4)]
        outcomes = [one.result() for one in runs]
    assert {one.party: one.outputs for one in outcomes} == OUTPUTS
    a, b, giver, h = outcomes
    # A client sends each of the two that compute the bits of a share, and is sent as many.
    assert giver.sent == {"a": 4, "b": 4}
    assert giver.received == {"a": 0, "b": 0}
    assert h.received == {"a": 4, "b": 4}
    assert (giver.rounds, h.rounds) == (0, 1)
    assert (a.received["giver"], b.received["giver"]) == (4, 4)


def test_who_has_given_all_leaves_while_others_compute() -> None:
    """The giver ends although h hasn't given anything yet."""
    go_on = Event()

    def wait_and_give(channels: Channels) -> None:
        assert go_on.wait(PATIENCE)
        for channel in channels.values():
            channel.send(bytes(4))
            channel.flush()
        for channel in channels.values():
            channel.receive_into(memoryview(bytearray(4)))
        for channel in channels.values():
            channel.send_last(b"\x06")
        for channel in channels.values():
            channel.receive_into(memoryview(bytearray(1)))

    with parties() as made:
        servers = [made.run(number) for number in COMPUTING]
        giver, h = made.run(GIVER), made.act(H, wait_and_give)
        assert giver.result(PATIENCE).outputs == {}
        assert not any(one.done() for one in servers)
        go_on.set()
        h.result()
        assert servers[0].result().outputs == {"sum": 30}


def test_a_client_that_dies_after_it_has_given_all_is_not_missed() -> None:
    def give_and_die(channels: Channels) -> None:
        for channel in channels.values():
            channel.send(bytes(4))
            channel.flush()

    with parties() as made:
        runs = [made.run(0), made.run(1), made.run(H)]
        made.act(GIVER, give_and_die).result()
        assert [one.result().outputs for one in runs] == [{"sum": -7}, {}, {"most": 0}]


@pytest.mark.parametrize("who", [GIVER, H])
def test_a_client_that_dies_before_it_gives_ends_the_run(who: int) -> None:
    with parties() as made:
        runs = {number: made.run(number) for number in range(4) if number != who}
        made.act(who, lambda channels: None).result()
        errors = {made.names[number]: one.exception() for number, one in runs.items()}
    if who == H:
        assert errors.pop("giver") is None
    said = {summary(error) for error in errors.values()}
    name = made.names[who]
    assert (
        f"{name} disconnected: its side of the connection closed while this one was waiting "
        in ("".join(said) + " ")
    )
    assert all("disconnected" in one for one in said)


def test_a_dealer_deals_to_the_two_that_compute() -> None:
    with Dealer(NOWHERE, PATIENCE) as dealer, parties() as made:
        dealing = ThreadPoolExecutor(1).submit(dealer.serve, patient=True)
        runs = [made.run(number, dealer=dealer.address) for number in COMPUTING]
        runs += [made.run(number) for number in (GIVER, H)]
        assert {one.result().party: one.result().outputs for one in runs} == OUTPUTS
        assert dealing.result().bytes_sent > 0


def test_clients_own_programs_have_no_secrets_of_others() -> None:
    executable = executable_of(checked(PROGRAM))
    for client, program in executable.clients.items():
        for function in program.functions:
            for operation in ir.walk(function.body):
                assert isinstance(operation, ir.Give | ir.Tell | ir.Input | ir.Output)
                labels = [value.type.label for value in operation.operands]
                assert all(label.readable_by(client) for label in labels)
    assert not executable.is_told(GIVER)
    assert executable.is_told(H)
