"""Sessions of sharing: tables, what is used once, and what isn't taken from callers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from sharing_parties import Pair, assert_uniform, both, packed, random_numbers, split

from ezlang.compiler.protocols import arithmetic, boolean, comparison, conversions, matrices, tables
from ezlang.compiler.protocols.correlated import Generator, dealt_session
from ezlang.compiler.protocols.native import Native
from ezlang.compiler.protocols.sharing import Batch, Hash, SendJob, SharingParty
from ezlang.compiler.protocols.truncation import truncate
from ezlang.diagnostics.diagnostic import CompilerBug


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("n", [1, 130, 17_000])
def test_tables(pair: Pair, bits: int, n: int) -> None:
    words = random_numbers((n,), f"u{2 * bits}", bits)
    digits = random_numbers((n,), np.uint8, n) & 15
    outcome = pair.run(
        lambda party: tables.send_tables(party, words),
        lambda party: tables.look_up(party, digits, bits),
    )
    expected = words.astype(np.uint64) >> (digits.astype(np.uint64) * np.uint64(bits))
    assert np.array_equal(outcome.results[1], expected & np.uint64((1 << bits) - 1))
    assert outcome.ots == (4 * n, 0)
    assert outcome.bytes == (words.nbytes, -(-n // 2))
    assert outcome.rounds == 2
    if n > 1000:
        for heard in outcome.heard:
            assert_uniform(heard)


class Recorder:
    """Notes which keys the sender's jobs of a party use, and with which start."""

    def __init__(self, party: SharingParty) -> None:
        self.used: list[tuple[bytes, int, int]] = []
        self._exchange = party.exchange
        party.exchange = self.exchange  # type: ignore[method-assign]

    def exchange(self, batches: Iterable[Batch]) -> None:
        self._exchange((self._watched(send), receive) for send, receive in batches)

    def _watched(self, job: SendJob | None) -> SendJob | None:
        if job is None:
            return None

        def run(hash: Hash, blocks: Any, message: Any) -> None:
            self.used.append((hash.start.tobytes(), hash.first, hash.first + 16 * job.windows))
            assert 16 * 8 * job.windows >= job.ots
            job.run(hash, blocks, message)

        return SendJob(
            ots=job.ots,
            windows=job.windows,
            message_bytes=job.message_bytes,
            chosen=job.chosen,
            run=run,
        )


def test_keys_are_never_used_again() -> None:
    pair = Pair()
    recorders = [Recorder(party) for party in pair.parties]
    x = random_numbers((500,), np.uint32, 1)
    matrix = x[:64].reshape(8, 8)

    def everything(party: SharingParty) -> None:
        boolean.bit_triples(party, 100_000)
        arithmetic.multiply(party, x, x)
        arithmetic.square(party, x)
        matrices.matrix_multiply(party, matrix, matrix)
        conversions.to_numbers(party, x)
        conversions.select(party, comparison.less_than(party, x, x), x)
        arithmetic.triples(party, 5000, 32)

    pair.run(everything)
    starts = set()
    for recorder, party in zip(recorders, pair.parties, strict=True):
        (start,) = {start for start, _, _ in recorder.used}
        starts.add(start)
        end = 0
        for _, first, after in recorder.used:
            assert first == end
            end = after
        assert end == 16 * party.keys_sent
    assert len(starts) == 2


def test_dealt_ots_are_correlated_and_not_repeated() -> None:
    sender, receiver = dealt_session(bytes(16), Native(), Native())
    seen = set()
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
    with pytest.raises(CompilerBug):
        SharingParty(2, party.channel, party.native, None, None)  # type: ignore[arg-type]
    with pytest.raises(CompilerBug):
        boolean.bit_triples(party, 7)
    with pytest.raises(CompilerBug):
        arithmetic.multiply(party, np.zeros(3), np.zeros(3))
    with pytest.raises(CompilerBug):
        tables.look_up(party, np.full(3, 16, np.uint8), 2)
    with pytest.raises(CompilerBug):
        tables.look_up(party, np.zeros(3, np.uint8), 3)


def test_nothing_is_asked_of_empty_arrays(pair: Pair) -> None:
    nothing = np.empty(0, np.uint32)

    def everything(party: SharingParty) -> list[int]:
        results = [
            arithmetic.multiply(party, nothing, nothing),
            arithmetic.square(party, nothing),
            conversions.select(party, packed([]), nothing),
            conversions.to_bits(party, nothing),
            comparison.less_than(party, nothing, nothing),
            comparison.relu(party, nothing),
            truncate(party, nothing, 3),
            comparison.equal(party, nothing, nothing),
        ]
        return [result.size for result in results]

    assert pair.run(everything).results == ([0] * 8, [0] * 8)


def test_parties_may_hold_views(pair: Pair) -> None:
    x = random_numbers((20, 30), np.uint16, 1)
    xs = split(x, 2)
    one, other = both(
        lambda party: arithmetic.multiply_now(
            party, xs[party.index].T[::2], xs[party.index].T[::2]
        ),
        *pair.parties,
    )
    assert np.array_equal(one + other, (x * x).T[::2])
