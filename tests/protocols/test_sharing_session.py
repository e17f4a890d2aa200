"""Sessions of sharing: tables, what is used once, and what isn't taken from callers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from ezlang.compiler.ir.parties import COMPUTING, Link
from ezlang.compiler.protocols.arithmetic import comparison, matrices
from ezlang.compiler.protocols.arithmetic import products as arithmetic
from ezlang.compiler.protocols.arithmetic.truncation import truncate
from ezlang.compiler.protocols.conversions import bits_and_numbers as conversions
from ezlang.compiler.protocols.core import lengths
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.steps import Steps, together
from ezlang.compiler.protocols.native.batches import KernelSession
from ezlang.compiler.protocols.native.calls import Native
from ezlang.compiler.protocols.native.drive import Driver
from ezlang.compiler.protocols.ot.directions import DealtReceiver, DealtSender, Generator
from ezlang.diagnostics.diagnostic import CompilerBug
from tests.support.sharing_parties import Pair, assert_uniform, packed, random_numbers, split


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("n", [1, 130, 17_000])
def test_tables(pair: Pair, bits: int, n: int) -> None:
    words = random_numbers((n,), f"u{2 * bits}", bits)
    digits = random_numbers((n,), np.uint8, n) & np.uint8(15)
    outcome = pair.run(
        lambda party: party.ots.tables(words, None, bits),
        lambda party: party.ots.tables(None, digits, bits),
    )
    expected = words.astype(np.uint64) >> (digits.astype(np.uint64) * np.uint64(bits))
    assert np.array_equal(outcome.results[1], expected & np.uint64((1 << bits) - 1))
    assert outcome.ots == (4 * n, 0)
    assert outcome.bytes == (words.nbytes, -(-n // 2))
    assert outcome.rounds == 2
    if n > 1000:
        for heard in outcome.heard:
            assert_uniform(heard)


class Recorder(KernelSession):
    """Notes which keys the sender's messages of a party use, and with which start."""

    def __init__(self, session: KernelSession) -> None:
        super().__init__(session.native, session._alive[1])
        self.used: list[tuple[int, int]] = []

    def send(self, kernel: str, first: int, blocks: Any, *arguments: Any) -> None:
        self.used.append((self.own_start, first))
        super().send(kernel, first, blocks, *arguments)


def test_keys_are_never_used_again() -> None:
    pair = Pair()
    recorders = []
    for session in pair.sessions:
        recorders.append(Recorder(session.ots._session))
        session.ots._session = recorders[-1]
    x = random_numbers((500,), np.uint32, 1)
    matrix = x[:64].reshape(8, 8)

    def everything(party: SharingParty) -> Steps[list[Any]]:
        less = yield from comparison.less_than(party, x, x)
        return (
            yield from together(
                [
                    party.preprocessing.bit_triples(100_000),
                    arithmetic.multiply(party, x, x),
                    arithmetic.square(party, x),
                    matrices.matrix_multiply(party, matrix, matrix),
                    conversions.to_numbers(party, x),
                    conversions.select(party, less, x),
                    party.preprocessing.triples(5000, 32),
                ]
            )
        )

    pair.run(everything)
    for recorder, session in zip(recorders, pair.sessions, strict=True):
        assert {start for start, _ in recorder.used} == {recorder.own_start}
        firsts = [first for _, first in recorder.used]
        assert len(set(firsts)) == len(firsts) > 10
        # A window of 16 keys for at most 128 OTs; windows follow one another without gaps.
        sent = session.driver.ots[Link(session.party.index, session.party.side.other)]
        assert 128 * session.ots.windows_sent >= sent
        assert max(firsts) < 16 * session.ots.windows_sent
    one, other = (recorder._alive[1] for recorder in recorders)
    assert not np.array_equal(one.own_start, one.other_start)
    assert np.array_equal(one.own_start, other.other_start)
    assert np.array_equal(other.own_start, one.other_start)


@pytest.mark.parametrize("count", [1, 127, 129, 1000])
def test_windows_cover_all_ots(count: int) -> None:
    batches = [
        *lengths.bit_batches(count),
        *lengths.product_batches(32, count, count),
        *lengths.additive_batches(8, count, count),
        *lengths.table_batches(2, count, count),
    ]
    for batch in batches:
        for half in (batch.sent, batch.received):
            assert half is not None
            assert 128 * half.windows >= half.ots


def test_dealt_ots_are_correlated_and_not_repeated() -> None:
    sender, receiver = DealtSender(Native(), bytes(16)), DealtReceiver(Native(), bytes(16))
    seen: set[bytes] = set()
    for count in (1, 5, 1000):
        blocks = sender.take(count)
        choices, received = receiver.take(count)
        assert np.array_equal(blocks ^ received, choices[:, None] * sender.delta)
        seen.update(block.tobytes() for block in received)
    assert len(seen) == 1006


def test_the_generator_follows_its_seed() -> None:
    one, other, different = (Generator(Native(), seed * 16) for seed in (b"a", b"a", b"b"))
    data = one.bytes(10_000)
    assert np.array_equal(data, other.bytes(10_000))
    assert not np.array_equal(data, different.bytes(10_000))
    assert not np.array_equal(data, one.bytes(10_000))
    assert_uniform(data)


def test_shares_of_the_same_value_differ_between_sessions() -> None:
    x = np.zeros(64, np.uint64)
    results = [Pair().run(lambda p: arithmetic.multiply(p, x, x)).results for _ in range(2)]
    assert not np.array_equal(results[0][0], results[1][0])


def test_misuse_is_refused(pair: Pair) -> None:
    party = pair.parties[0]
    nine = np.zeros(9, np.float64)
    with pytest.raises(CompilerBug):
        COMPUTING.side(2)
    for steps in (
        party.preprocessing.bit_triples(7),
        arithmetic.multiply(party, nine, nine),
        party.ots.tables(None, np.full(3, 16, np.uint8), 2),
        party.ots.tables(None, np.zeros(3, np.uint8), 3),
    ):
        with pytest.raises(CompilerBug):
            next(steps)
    with pytest.raises(CompilerBug):
        Driver(0, {1: pair.channels[0]}).run(party.preprocessing.bit_triples(8))


def test_nothing_is_asked_of_empty_arrays(pair: Pair) -> None:
    nothing = np.empty(0, np.uint32)

    def everything(party: SharingParty) -> Steps[list[int]]:
        results = []
        for steps in (
            arithmetic.multiply(party, nothing, nothing),
            arithmetic.square(party, nothing),
            conversions.select(party, packed([]), nothing),
            conversions.to_bits(party, nothing),
            comparison.less_than(party, nothing, nothing),
            comparison.relu(party, nothing),
            truncate(party, nothing, 3),
            comparison.equal(party, nothing, nothing),
        ):
            results.append((yield from steps).size)
        return results

    outcome = pair.run(everything)
    assert outcome.results == ([0] * 8, [0] * 8)
    assert outcome.bytes == (0, 0)


def test_parties_may_hold_views(pair: Pair) -> None:
    x = random_numbers((20, 30), np.uint16, 1)
    xs = [share.T[::2] for share in split(x, 2)]
    for multiply in (arithmetic.multiply, arithmetic.multiply_now):
        outcome = pair.run(partial(lambda run, p: run(p, xs[p.index], xs[p.index]), multiply))
        assert np.array_equal(sum(outcome.results), (x * x).T[::2])
