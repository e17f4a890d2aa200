"""The ledger counts what the channel counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ezlang.compiler.cost.ledger import ROUNDS, Ledger, Phase
from ezlang.session.channel import SocketChannel
from ezlang.source import Source, Span
from tests.support.channels import socket_pair
from tests.support.patience import PATIENCE

Exchange = tuple[int, int, bool]
"""Bytes of party 0 and of party 1, and whether they travel at the same time."""

exchanges = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.booleans()), max_size=12)


def run(party: int, channel: SocketChannel, messages: list[Exchange]) -> tuple[int, int, int]:
    for lengths in messages:
        mine, theirs, at_once = lengths[party], lengths[1 - party], lengths[2]
        if party == 0 or at_once:
            channel.send(bytes(mine))
            channel.receive_into(memoryview(bytearray(theirs)))
        else:
            channel.receive_into(memoryview(bytearray(theirs)))
            channel.send(bytes(mine))
    channel.flush()
    return channel.rounds, channel.bytes_sent, channel.bytes_received


@settings(max_examples=60)
@given(exchanges)
def test_as_the_channel(messages: list[Exchange]) -> None:
    ledger = Ledger()
    for first, second, at_once in messages:
        if at_once:
            ledger.exchange(first, second)
        else:
            ledger.message(0, first)
            ledger.message(1, second)
    channels = socket_pair(PATIENCE)
    with ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(run, i, channel, messages) for i, channel in enumerate(channels)]
        counted = [future.result() for future in runs]
    for channel in channels:
        channel.close()
    for party, (rounds, sent, received) in enumerate(counted):
        assert ledger.total(ROUNDS[party]) == rounds
        assert ledger.bytes_sent[party] == sent
        assert ledger.bytes_sent[1 - party] == received
    assert ledger.rounds == max(rounds for rounds, _, _ in counted)


@settings(max_examples=60)
@given(exchanges, st.integers(1, 5))
def test_repeating_is_walking(messages: list[Exchange], times: int) -> None:
    def walk(ledger: Ledger) -> None:
        for first, second, at_once in messages:
            if at_once:
                ledger.exchange(first, second)
            else:
                ledger.message(0, first)
                ledger.message(1, second)

    slow, fast = Ledger(), Ledger()
    for _ in range(times + 1):
        walk(slow)
    walk(fast)
    mark = fast.mark()
    walk(fast)
    assert fast.state == mark.state
    fast.repeat(fast.since(mark), times - 1)
    assert fast.amounts == slow.amounts


def test_books_by_phase_and_place() -> None:
    source = Source("a.ez", "one\ntwo\n")
    ledger = Ledger()
    with ledger.within(Phase.SET_UP):
        ledger.message(0, 32)
    with ledger.at(Span(source, 4, 7)):
        ledger.exchange(1, 1)
        ledger.add("ands", 7)
    found = {(e.phase, e.what, amount) for e, amount in ledger.amounts.items()}
    assert (Phase.SET_UP, "bytes sent by party 0", 32) in found
    assert (Phase.ONLINE, "ands", 7) in found
    assert ledger.bytes_sent == (33, 1)
    assert ledger.total("ands") == 7
    with pytest.raises(AttributeError):
        next(iter(ledger.amounts)).what = "other"  # type: ignore[misc]
