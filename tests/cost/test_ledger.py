"""The ledger counts what the channel counts, for any number of parties."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ezlang.compiler.cost.amounts import Count, Rounds, Sent
from ezlang.compiler.cost.ledger import Ledger, Phase
from ezlang.compiler.ir.parties import COMPUTING, Link
from ezlang.session.channel import SocketChannel
from ezlang.session.turns import Turns
from ezlang.source import Source, Span
from tests.support.channels import socket_pair
from tests.support.patience import PATIENCE

Exchange = tuple[int, int, bool]
"""Bytes of the first party and of the second, and whether they travel at the same time."""

exchanges = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.booleans()), max_size=12)


def run(party: int, channel: SocketChannel, messages: list[Exchange]) -> tuple[int, int, int]:
    for lengths in messages:
        mine, theirs, at_once = lengths[party], lengths[COMPUTING.other(party)], lengths[2]
        if party == COMPUTING.first or at_once:
            channel.send(bytes(mine))
            channel.receive_into(memoryview(bytearray(theirs)))
        else:
            channel.receive_into(memoryview(bytearray(theirs)))
            channel.send(bytes(mine))
    channel.flush()
    return channel.rounds, channel.bytes_sent, channel.bytes_received


def walk(ledger: Ledger, messages: list[Exchange]) -> None:
    forth, back = COMPUTING.links
    for first, second, at_once in messages:
        if at_once:
            ledger.exchange({forth: first, back: second})
        else:
            ledger.message(forth, first)
            ledger.message(back, second)


@settings(max_examples=60)
@given(exchanges)
def test_as_the_channel(messages: list[Exchange]) -> None:
    ledger = Ledger(COMPUTING)
    walk(ledger, messages)
    channels = socket_pair(PATIENCE)
    with ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(run, i, channel, messages) for i, channel in enumerate(channels)]
        counted = [future.result() for future in runs]
    for channel in channels:
        channel.close()
    for party, (rounds, sent, received) in enumerate(counted):
        assert ledger.total(Rounds(party)) == rounds
        assert ledger.bytes_sent[party] == sent
        assert ledger.bytes_sent[COMPUTING.other(party)] == received
    assert ledger.rounds == max(rounds for rounds, _, _ in counted)


@settings(max_examples=60)
@given(exchanges, st.integers(1, 5))
def test_repeating_is_walking(messages: list[Exchange], times: int) -> None:
    slow, fast = Ledger(COMPUTING), Ledger(COMPUTING)
    for _ in range(times + 1):
        walk(slow, messages)
    walk(fast, messages)
    before = fast.snapshot()
    walk(fast, messages)
    assert fast.state == before.state
    fast.repeat(fast.since(before), times - 1)
    assert fast.amounts == slow.amounts


def test_books_by_phase_and_place() -> None:
    source = Source("a.ez", "one\ntwo\n")
    ledger = Ledger(COMPUTING)
    forth, back = COMPUTING.links
    with ledger.within(Phase.SET_UP):
        ledger.message(forth, 32)
    with ledger.at(Span(source, 4, 7)):
        ledger.exchange({forth: 1, back: 1})
        ledger.add(Count.ANDS, 7)
    found = {(e.phase, e.what, amount) for e, amount in ledger.amounts.items()}
    assert (Phase.SET_UP, Sent(forth), 32) in found
    assert (Phase.ONLINE, Count.ANDS, 7) in found
    assert ledger.bytes_sent == {0: 33, 1: 1}
    assert ledger.total(Count.ANDS) == 7
    with pytest.raises(AttributeError):
        next(iter(ledger.amounts)).what = Count.HOPS  # type: ignore[misc]


# Three parties.

LINKS = [Link(a, b) for a in range(3) for b in range(3) if a != b]


def three() -> Ledger:
    return Ledger(range(3))


def rounds_of(ledger: Ledger) -> list[int]:
    return [ledger.total(Rounds(party)) for party in ledger.parties]


def message(ledger: Ledger, sender: int, receiver: int, count: int = 1) -> None:
    ledger.message(Link(sender, receiver), count)


# Schedules that were worked out by hand.


def test_all_tell_all() -> None:
    """Whoever receives from several at the same time waits once."""
    ledger = three()
    everybody = {link: 10 * link.sender + 1 for link in LINKS}
    for times in (1, 2):
        ledger.exchange(everybody)
        assert rounds_of(ledger) == [times] * 3
        assert ledger.total(Count.HOPS) == times
    assert ledger.bytes_sent == {0: 4, 1: 44, 2: 84}
    assert ledger.total(Sent(Link(2, 0))) == 42


def test_a_ring() -> None:
    """Each waits once for its left neighbour, and each message for the one before."""
    ledger = three()
    for sender, receiver in ((0, 1), (1, 2), (2, 0)):
        message(ledger, sender, receiver)
    assert rounds_of(ledger) == [1, 1, 1]
    assert ledger.total(Count.HOPS) == 3
    message(ledger, 0, 1)
    # The second party has sent since it received: it turns to receiving again.
    assert rounds_of(ledger) == [1, 2, 1]
    assert ledger.rounds == 2


def test_one_collects_and_answers() -> None:
    ledger = three()
    message(ledger, 1, 0)
    message(ledger, 2, 0)
    # It begins with receiving, and goes on with it, whoever sends.
    assert rounds_of(ledger) == [1, 0, 0]
    assert ledger.receiving == {0}
    message(ledger, 0, 1)
    message(ledger, 0, 2)
    assert rounds_of(ledger) == [1, 1, 1]
    assert ledger.total(Count.HOPS) == 2
    message(ledger, 1, 2)
    # Still receiving: no further round, but the third hop.
    assert rounds_of(ledger) == [1, 1, 1]
    assert ledger.total(Count.HOPS) == 3


def test_a_message_waits_for_what_its_sender_has_received_alone() -> None:
    ledger = three()
    for _ in range(3):
        message(ledger, 0, 1)
        message(ledger, 1, 0)
    assert ledger.total(Count.HOPS) == 6
    # The third party hasn't waited for anybody.
    message(ledger, 2, 1)
    assert ledger.total(Count.HOPS) == 6
    # What is under way from the first party isn't there yet when another's message is.
    ledger.send(Link(0, 1), 5)
    message(ledger, 2, 1)
    assert ledger.total(Count.HOPS) == 6
    ledger.receive(Link(0, 1), 5)
    assert ledger.total(Count.HOPS) == 7
    assert rounds_of(ledger) == [3, 4, 0]


schedules = st.lists(
    st.dictionaries(st.sampled_from(LINKS), st.integers(0, 40), max_size=6), max_size=6
)


@settings(max_examples=60, deadline=None)
@given(schedules, st.integers(1, 5))
def test_repeating_is_walking_for_three(schedule: list[dict[Link, int]], times: int) -> None:
    together = dict.fromkeys(LINKS, 1)

    def turn(ledger: Ledger) -> None:
        # After all have told all twice, nobody is behind.
        for lengths in (*schedule, together, together):
            ledger.exchange(lengths)

    slow, fast = three(), three()
    for _ in range(times + 1):
        turn(slow)
    turn(fast)
    before = fast.snapshot()
    turn(fast)
    assert fast.state == before.state
    fast.repeat(fast.since(before), times - 1)
    assert fast.amounts == slow.amounts


def run_one(party: int, channels: dict[int, SocketChannel], schedule: list[dict[Link, int]]) -> int:
    """Send all that a party sends in an exchange, then receive; return its rounds."""
    for lengths in schedule:
        for link, count in lengths.items():
            if link.sender == party:
                channels[link.receiver].send(bytes(count))
        for channel in channels.values():
            channel.flush()
        for link, count in lengths.items():
            if link.receiver == party:
                channels[link.sender].receive_into(memoryview(bytearray(count)))
    return next(iter(channels.values())).rounds


@settings(max_examples=30, deadline=None)
@given(schedules)
def test_as_the_channels_of_three(schedule: list[dict[Link, int]]) -> None:
    ledger = three()
    for lengths in schedule:
        ledger.exchange(lengths)
    turns = [Turns() for _ in range(3)]
    channels: list[dict[int, SocketChannel]] = [{}, {}, {}]
    for a, b in ((0, 1), (0, 2), (1, 2)):
        for party, peer, channel in zip((a, b), (b, a), socket_pair(5.0), strict=True):
            channel.turns = turns[party]
            channels[party][peer] = channel
    with ThreadPoolExecutor(3) as threads:
        runs = [threads.submit(run_one, i, channels[i], schedule) for i in range(3)]
        rounds = [future.result() for future in runs]
    assert rounds_of(ledger) == rounds
    for link in LINKS:
        assert ledger.total(Sent(link)) == channels[link.sender][link.receiver].bytes_sent
    for mine in channels:
        for channel in mine.values():
            channel.close()
