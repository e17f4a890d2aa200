"""Silent OT: against a reference of trees and code, over iterations, with exact traffic."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import pytest

from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.kernels.memory import Blocks
from ezlang.compiler.kernels.target import AesPath, available_paths, host_target
from ezlang.compiler.protocols.ot.directions import extension_ends, silent_ends
from ezlang.compiler.protocols.ot.silent import SilentReceiver, SilentSender
from ezlang.compiler.protocols.ot.softspoken import CotSender
from ezlang.compiler.protocols.ot.source import Bits
from ezlang.compiler.protocols.ot.stock import (
    SILENT,
    Parameters,
    batch_size,
    extension_bytes,
)
from ezlang.diagnostics.diagnostic import CompilerBug
from tests.support.kernel_calls import aes_ctr, reference_hash
from tests.support.two_parties import SocketChannel, run_pair

Sent = TypeVar("Sent")
Received = TypeVar("Received")
TINY = Parameters(trees=40, depth=6, secret_bits=8)


def output_bytes(parameters: Parameters, count: int) -> int:
    """What the sender sends for `count` OTs, a multiple of a tree's, after the set-up."""
    trees = count >> parameters.depth
    iterations = -(-count // parameters.outputs)
    return (trees + iterations * parameters.refill_trees) * parameters.tree_bytes


def odd_delta() -> bytes:
    delta = bytearray(os.urandom(16))
    delta[0] |= 1
    return bytes(delta)


def run(
    sender: Callable[[SilentSender], Sent],
    receiver: Callable[[SilentReceiver], Received],
    parameters: Parameters = TINY,
    path: AesPath | None = None,
    delta: bytes | None = None,
) -> tuple[Sent, Received, Blocks, SocketChannel]:
    """Run both parties; return their results, Δ, and the sender's channel."""
    own = delta or odd_delta()
    channels = []

    def send(channel: SocketChannel) -> Sent:
        channels.append(channel)
        return sender(SilentSender(channel, Engine(host_target(path)), own, parameters))

    def receive(channel: SocketChannel) -> Received:
        return receiver(SilentReceiver(channel, Engine(host_target(path)), parameters))

    return *run_pair(send, receive), np.frombuffer(own, np.uint64), channels[0]


def assert_correlated(q: Blocks, bits: Bits, t: Blocks, delta: Blocks) -> None:
    assert len(q) == len(bits) == len(t)
    assert np.array_equal(t, q ^ (bits.astype(np.uint64)[:, None] * delta))


@pytest.mark.parametrize("path", available_paths(), ids=lambda path: path.value)
def test_correlation_over_iterations(path: AesPath) -> None:
    """Three iterations and more, by odd counts; every path of the cipher."""
    counts = [1, 700, 64, 3 * TINY.outputs, 129]
    sent, received, delta, _ = run(
        lambda party: [party.take(n) for n in counts],
        lambda party: [party.take(n) for n in counts],
        path=path,
    )
    for q, (bits, t) in zip(sent, received, strict=True):
        assert_correlated(q, bits, t, delta)
    rows, bits = np.concatenate(sent), np.concatenate([bits for bits, _ in received])
    assert len({row.tobytes() for row in rows}) == len(rows) == sum(counts)
    assert 0.46 < bits.mean() < 0.54
    # All bits of q but the lowest, which is 0, and those of t look random.
    seen = np.unpackbits(rows.view(np.uint8), bitorder="little").reshape(-1, 128)
    assert not seen[:, 0].any()
    spread = 6 * (len(seen) / 4) ** 0.5
    assert np.all(np.abs(seen[:, 1:].sum(axis=0) - len(seen) / 2) < spread)


class Reference:
    """One iteration at the sender, from the documentation."""

    def __init__(self, start: bytes, code: bytes, delta: int, ots: list[int]) -> None:
        self.start, self.code, self.delta = start, code, delta
        self.secret, self.ots = ots[: 1 << TINY.secret_bits], ots[1 << TINY.secret_bits :]

    def tree(self, number: int) -> tuple[list[int], list[int]]:
        own = self.ots[number * TINY.depth : (number + 1) * TINY.depth]
        nodes, corrections = [own[0], own[0] ^ self.delta], []
        for q in own[1:]:
            left = [self.hash(node, number) for node in nodes]
            total = q
            for node in left:
                total ^= node
            corrections.append(total)
            nodes = left + [a ^ b for a, b in zip(left, nodes, strict=True)]
        return [node & ~1 for node in nodes], corrections

    def hash(self, node: int, number: int) -> int:
        data = reference_hash(self.start, node.to_bytes(16, "little"), number)
        return int.from_bytes(data, "little")

    def outputs(self, number: int) -> list[int]:
        leaves, _ = self.tree(number)
        first = number << TINY.depth
        stream = aes_ctr(self.code, first * 5 // 2, len(leaves) * 5 // 2)
        numbers = np.frombuffer(stream, "<u4").reshape(-1, 10) >> 4 & ((1 << TINY.secret_bits) - 1)
        for j, row in enumerate(numbers):
            for place in row:
                leaves[j] ^= self.secret[place]
        return leaves


def test_the_sender_against_a_reference() -> None:
    """The first iteration: its stock, what it keeps for the next, and all messages."""

    def send(party: SilentSender) -> tuple[list[Any], Blocks, Blocks, bytes]:
        silent = party._silent
        heard: list[bytes] = []
        kept = silent.start
        state: list[Any] = []

        def noted(seeds: bytes, ots: np.ndarray, *, sender: bool) -> None:
            state.extend([seeds, ots.copy()])
            kept(seeds, ots, sender=sender)

        silent.start = noted  # type: ignore[method-assign]
        plain = party.channel.send
        party.channel.send = lambda data: (heard.append(bytes(data)), plain(data))  # type: ignore
        q = party.take(TINY.outputs)
        return state, q, silent._tables[1].blocks.copy(), b"".join(heard)

    (state, q, table, heard), _, delta, _ = run(send, lambda party: party.take(TINY.outputs))
    seeds, ots = state
    blocks = [int.from_bytes(row.tobytes(), "little") for row in ots]
    number = int.from_bytes(delta.tobytes(), "little")
    reference = Reference(seeds[:16], seeds[16:], number, blocks)
    expected = [block for tree in range(TINY.trees) for block in reference.outputs(tree)]
    made = [int.from_bytes(row.tobytes(), "little") for row in np.concatenate([table, q])]
    assert made == expected
    corrections = [c for tree in range(TINY.trees) for c in reference.tree(tree)[1]]
    assert heard.endswith(b"".join(c.to_bytes(16, "little") for c in corrections))


def test_noise_has_one_place_a_tree_and_all_places_occur() -> None:
    """Without the secret part, the receiver's bits are the noise."""

    def receive(party: SilentReceiver) -> np.ndarray:
        silent = party._silent
        kept = silent.start

        def without_secret(seeds: bytes, ots: np.ndarray, *, sender: bool) -> None:
            ots[: 1 << TINY.secret_bits] = 0
            kept(seeds, ots, sender=sender)

        silent.start = without_secret  # type: ignore[method-assign]
        return party.take(TINY.outputs)[0]

    places = []
    for _ in range(4):
        _, bits, _, _ = run(lambda party: party.take(TINY.outputs), receive)
        trees = bits.reshape(-1, 1 << TINY.depth)
        assert np.array_equal(trees.sum(axis=1), np.ones(len(trees)))
        places += trees.argmax(axis=1).tolist()
    assert len(set(places)) > 40
    assert all(sum(p >> bit & 1 for p in places) > len(places) // 4 for bit in range(TINY.depth))


@pytest.mark.parametrize("count", [TINY.outputs, 2 * TINY.outputs - 64, 640])
def test_traffic_is_as_documented(count: int) -> None:
    _, made, _, channel = run(
        lambda party: party.take(count), lambda party: (party.take(count), party.made)[1]
    )
    assert made == count
    # The set-up's OTs come in batches of a power of two.
    setup = extension_bytes(batch_size(TINY.setup_ots), 8)
    assert sum(channel.received) == 32 + 32 * 128 * 7 // 8 + setup
    assert sum(channel.sent) == 32 + 4096 + output_bytes(TINY, count)


def test_batches_are_bounded_and_end_with_the_iteration() -> None:
    sizes = [1, 10**9, 10**9, 64]
    sent, received, _, _ = run(
        lambda party: [party.extend(n) for n in sizes],
        lambda party: [party.extend(n) for n in sizes],
    )
    assert sent == received == [64, TINY.outputs - 64, TINY.outputs, 64]


def test_parameters() -> None:
    outputs = SILENT.outputs
    assert outputs == 2_241_536
    assert SILENT.setup_ots == 154_472
    assert output_bytes(SILENT, outputs) == SILENT.trees * SILENT.tree_bytes
    assert round(output_bytes(SILENT, outputs) / outputs, 4) == 0.1503
    assert SILENT.refill_trees << SILENT.depth >= SILENT.setup_ots


def test_impossible_parameters_and_even_deltas_are_refused() -> None:
    with pytest.raises(CompilerBug, match="silent OT can't run"):
        Parameters(trees=10, depth=6, secret_bits=10)
    with pytest.raises(CompilerBug, match="lowest bit"):
        SilentSender(None, Engine(), bytes(16), TINY)  # type: ignore[arg-type]


def test_the_parameters_end_to_end() -> None:
    """Real parameters, beyond one iteration."""
    count = SILENT.outputs + 1000
    q, (bits, t), delta, _ = run(
        lambda party: party.take(count), lambda party: party.take(count), SILENT
    )
    assert_correlated(q, bits, t, delta)
    assert abs(bits.mean() - 0.5) < 6 * 0.5 / count**0.5


@pytest.mark.parametrize("silent", [True, False])
def test_both_directions_over_one_channel(silent: bool) -> None:
    """Who speaks is asked first, so that neither waits for the other."""

    def run(channel: SocketChannel) -> tuple[dict[bool, list[Any]], Blocks]:
        ends = silent_ends(channel, TINY) if silent else extension_ends(channel)
        sides: list[Any] = [ends.sender, ends.receiver]
        sides.sort(key=lambda side: not side.speaks)
        assert [side.speaks for side in sides] == [True, False]
        made: dict[bool, list[Any]] = {}
        for _ in range(3):
            for side in sides:
                is_sender = isinstance(side, SilentSender | CotSender)
                made.setdefault(is_sender, []).append(side.take(TINY.outputs))
        return made, ends.sender.delta

    (one, one_delta), (other, other_delta) = run_pair(run, run)
    for sent, received, delta in ((one, other, one_delta), (other, one, other_delta)):
        for q, (bits, t) in zip(sent[True], received[False], strict=True):
            assert_correlated(q, bits, t, delta)


def test_wiping_leaves_nothing() -> None:
    def wiped(party: SilentSender | SilentReceiver) -> bool:
        party.take(100)
        party.wipe()
        memories = [*party._silent._tables, party.stock]
        return not any(any(memory.view) for memory in memories)

    first, second, _, _ = run(wiped, wiped)
    assert first
    assert second
