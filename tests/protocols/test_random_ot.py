"""Random and chosen OTs over every source of correlated ones."""

from __future__ import annotations

import os

import numpy as np
import pytest

from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.kernels.target import AesPath, available_paths, host_target
from ezlang.compiler.protocols.native.calls import Native
from ezlang.compiler.protocols.ot.chosen import BATCH, OtReceiver, OtSender
from ezlang.compiler.protocols.ot.directions import dealt_session
from ezlang.compiler.protocols.ot.softspoken import CotReceiver, CotSender
from ezlang.compiler.protocols.ot.stock import LARGEST_BATCH, SMALLEST_BATCH, extension_bytes
from ezlang.diagnostics.diagnostic import CompilerBug
from tests.support.kernel_calls import aes_ctr, reference_hash
from tests.support.two_parties import run_pair

COUNTS = (1, 15, 16, 17, 127, 128, 129, 300)


def run_dealt(sender, receiver, path: AesPath | None = None):
    """Run over OTs that were dealt, and are known here."""
    natives = [Native(Engine(host_target(path))) for _ in range(2)]
    one, other = dealt_session(os.urandom(16), *natives)
    return run_pair(
        lambda channel: sender(OtSender(channel, natives[0], one), channel),
        lambda channel: receiver(OtReceiver(channel, natives[1], other), channel),
    )


@pytest.mark.parametrize("path", available_paths(), ids=lambda path: path.value)
def test_the_receiver_has_the_key_of_its_bit(path: AesPath) -> None:
    sent, received = run_dealt(
        lambda ot, _: [ot.random(n) for n in COUNTS],
        lambda ot, _: [ot.random(n) for n in COUNTS],
        path,
    )
    every = set()
    for (zeros, ones), (bits, keys), count in zip(sent, received, COUNTS, strict=True):
        assert len(zeros) == len(ones) == len(bits) == len(keys) == count
        assert np.array_equal(np.where(bits[:, None] == 1, ones, zeros), keys)
        every |= {row.tobytes() for row in np.concatenate([zeros, ones])}
    assert len(every) == 2 * sum(COUNTS)


def test_keys_are_the_documented_hash() -> None:
    """Also: no two OTs of a session share both a key of the hash and a call."""
    natives = [Native() for _ in range(2)]
    one, other = dealt_session(bytes(16), *natives)
    same, _ = dealt_session(bytes(16), *natives)
    counts = (130, 20)

    def send(channel):
        ot = OtSender(channel, natives[0], one)
        return ot._start.tobytes(), [ot.random(n) for n in counts]

    (start, made), _ = run_pair(
        send, lambda channel: OtReceiver(channel, natives[1], other).random(1)
    )
    first, tweaks = 0, []
    for (zeros, ones), count in zip(made, counts, strict=True):
        blocks = same.take(count)
        for n in range(count):
            tweak = first + n // 128 * 16 + n % 16
            tweaks.append(tweak)
            for key, block in ((zeros[n], blocks[n]), (ones[n], blocks[n] ^ same.delta)):
                assert key.tobytes() == reference_hash(start, block.tobytes(), tweak)
        first += -(-count // 128) * 16
    assert max(tweaks.count(tweak) for tweak in tweaks) <= 8


@pytest.mark.parametrize("size", [1, 8, 16, 17, 100])
@pytest.mark.parametrize("count", [1, 40, BATCH + 3])
def test_chosen_messages(size: int, count: int) -> None:
    random = np.random.default_rng(size * count)
    pair = random.integers(0, 256, (2, count, size), np.uint8)
    choices = random.integers(0, 2, count, np.uint8)

    def send(ot, channel):
        ot.send(pair[0], pair[1])
        return channel

    def receive(ot, channel):
        return ot.receive(choices, size), channel

    sender, (got, receiver) = run_dealt(send, receiver=receive)
    assert np.array_equal(got, np.where(choices[:, None] == 1, pair[1], pair[0]))
    assert sum(sender.sent) == 16 + 2 * count * size
    assert sum(receiver.sent) == -(-count // 8)


@pytest.mark.parametrize("count", [1, 9, BATCH + 5])
def test_chosen_bits(count: int) -> None:
    random = np.random.default_rng(count)
    first, second, choices = random.integers(0, 2, (3, count), np.uint8)

    def send(ot, channel):
        ot.send_bits(first, second)
        return channel

    sender, got = run_dealt(send, lambda ot, _: ot.receive_bits(choices))
    assert np.array_equal(got, np.where(choices == 1, second, first))
    assert sum(sender.sent) == 16 + 2 * -(-count // 8)
    assert sum(sender.received) == -(-count // 8)


def test_messages_must_have_one_shape() -> None:
    with pytest.raises(CompilerBug, match="same shape"):
        run_dealt(
            lambda ot, _: ot.send(np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8)),
            lambda ot, _: None,
        )


def test_what_travels_looks_random_whatever_the_values() -> None:
    """The sender sees random bits; without the other key, the other message is noise."""
    count = 4096
    zeros = np.zeros((count, 16), np.uint8)
    choices = np.zeros(count, np.uint8)
    heard: list[bytes] = []

    def send(ot, channel):
        receive = channel.receive_into

        def noted(buffer):
            receive(buffer)
            heard.append(bytes(buffer))

        channel.receive_into = noted
        ot.send(zeros, zeros)

    def receive(ot, channel):
        keys = ot._choose(choices)
        offered = np.empty((count, 2, 16), np.uint8)
        channel.receive_into(memoryview(offered).cast("B"))
        return keys, offered

    _, (keys, offered) = run_dealt(send, receive)
    assert 0.46 < np.unpackbits(np.frombuffer(heard[0], np.uint8)).mean() < 0.54
    assert np.array_equal(offered[:, 0], keys.view(np.uint8))
    assert 0.495 < np.unpackbits(offered[:, 1]).mean() < 0.505


def test_long_masks_are_streams_under_the_key() -> None:
    native = Native()
    one, _ = dealt_session(os.urandom(16), native, native)
    ot = run_pair(lambda c: OtSender(c, native, one), lambda c: c.receive_into(bytearray(16)))[0]
    keys = np.frombuffer(os.urandom(48), np.uint64).reshape(3, 2)
    masks = ot._masks(keys, 70)
    assert [row.tobytes() for row in masks] == [aes_ctr(k.tobytes(), 0, 5)[:70] for k in keys]


def test_leftovers_are_kept_and_never_used_twice() -> None:
    """Odd counts, across batches: one after the other, the stock's OTs, each once."""
    counts = [1, 1000, 30, 2500, 7, 1025, 512, 2 * LARGEST_BATCH + 900, 5]
    channels = []

    def send(channel):
        source = CotSender(channel, Engine(), os.urandom(16), 2)
        return [source.take(n) for n in counts], source.delta.copy()

    def receive(channel):
        channels.append(channel)
        source = CotReceiver(channel, Engine(), 2)
        return [source.take(n) for n in counts], source.made

    (sent, delta), (received, made) = run_pair(send, receive)
    for q, (bits, t) in zip(sent, received, strict=True):
        assert np.array_equal(t, q ^ (bits.astype(np.uint64)[:, None] * delta))
    rows = {row.tobytes() for q in sent for row in q}
    assert len(rows) == sum(counts)
    # 1 and 1000 fit a first batch, 30 needs another, and so on; nothing is made in advance.
    assert made % SMALLEST_BATCH == 0
    assert made - sum(counts) < 4096 + 2048
    assert sum(channels[0].sent) == 32 + 2048 + extension_bytes(made)


def test_a_new_batch_discards_what_was_left() -> None:
    def send(channel):
        source = CotSender(channel, Engine(), os.urandom(16))
        first = source.take(10)
        source.extend(1)
        return first, source.take(1100)

    def receive(channel):
        source = CotReceiver(channel, Engine())
        source.take(10)
        source.extend(1)
        source.take(1100)

    (first, second), _ = run_pair(send, receive)
    assert not {row.tobytes() for row in first} & {row.tobytes() for row in second}
