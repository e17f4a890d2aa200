"""Base OTs and the correlated OTs made from them."""

from __future__ import annotations

import ctypes
import os

import numpy as np
import pytest
from nacl import bindings

from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.kernels.extension import BATCH_MULTIPLE
from ezlang.compiler.kernels.memory import Blocks
from ezlang.compiler.kernels.target import AesPath, available_paths, host_target
from ezlang.compiler.protocols.ot.base import BaseOtReceiver, BaseOtSender
from ezlang.compiler.protocols.ot.softspoken import CotReceiver, CotSender
from ezlang.compiler.protocols.ot.source import Bits
from ezlang.compiler.protocols.ot.stock import (
    LARGEST_BATCH,
    SMALLEST_BATCH,
    batch_size,
    extension_bytes,
)
from ezlang.diagnostics.diagnostic import EzError
from tests.support.two_parties import SocketChannel, channel_pair, run_pair


def send_base_ots(channel: SocketChannel, count: int) -> list[tuple[bytes, bytes]]:
    sender = BaseOtSender(channel, count)
    sender.offer()
    sender.accept()
    return sender.pairs()


def receive_base_ots(channel: SocketChannel, choices: Bits) -> list[bytes]:
    receiver = BaseOtReceiver(channel, choices)
    receiver.answer()
    return receiver.keys()


def test_base_ots_give_the_chosen_keys() -> None:
    choices = np.unpackbits(np.frombuffer(os.urandom(2), dtype=np.uint8))
    pairs, keys = run_pair(
        lambda channel: send_base_ots(channel, len(choices)),
        lambda channel: receive_base_ots(channel, choices),
    )
    assert [pair[choice] for pair, choice in zip(pairs, choices, strict=True)] == keys
    everything = {key for pair in pairs for key in pair}
    assert len(everything) == 2 * len(choices)


NO_POINTS = {
    "of order four": bytes(32),
    "the identity": b"\1" + bytes(31),
    "too large": b"\xff" * 32,
    "not on the curve": b"\2" + bytes(31),
    # G plus the point of order two, (0, -1): on the curve, but outside of the subgroup.
    "outside of the subgroup": bindings.crypto_core_ed25519_add(
        bindings.crypto_scalarmult_ed25519_base_noclamp(b"\1" + bytes(31)),
        ((1 << 255) - 20).to_bytes(32, "little"),
    ),
}


@pytest.mark.parametrize("point", NO_POINTS.values(), ids=NO_POINTS)
def test_base_ots_refuse_what_is_no_point(point: bytes) -> None:
    for party in (
        lambda c: send_base_ots(c, 1),
        lambda c: receive_base_ots(c, np.ones(1, np.uint8)),
    ):
        ours, theirs = channel_pair()
        theirs.send(point)
        with pytest.raises(EzError, match="not a valid group element") as caught:
            party(ours)
        assert caught.value.exit_code == 3
        ours.close()
        theirs.close()


def batches(bits: int, sizes: list[int], path: AesPath | None) -> None:
    delta = bytearray(os.urandom(16))
    delta[0] |= 1

    def send(channel: SocketChannel) -> list[Bits]:
        party = CotSender(channel, Engine(host_target(path)), bytes(delta), bits)
        return [extend(party, size) for size in sizes]

    def receive(channel: SocketChannel) -> list[tuple[Bits, Bits, int]]:
        party = CotReceiver(channel, Engine(host_target(path)), bits)
        result = []
        for size in sizes:
            rows = extend(party, size)
            packed = np.frombuffer(bytes(party.choices.view), dtype=np.uint8)
            choices = np.unpackbits(packed, count=len(rows), bitorder="little")
            result.append((rows, choices, party.made))
        return result

    q_batches, t_batches = run_pair(send, receive)
    offset = np.frombuffer(bytes(delta), dtype=np.uint8)
    for q, (t, r, _) in zip(q_batches, t_batches, strict=True):
        assert len(q) == len(t) == len(r)
        assert np.array_equal(t, q ^ r[:, None] * offset)
        assert 0.4 < r.mean() < 0.6
        assert 0.48 < np.unpackbits(q).mean() < 0.52
    rows = np.concatenate(q_batches)
    assert len({row.tobytes() for row in rows}) == len(rows)
    assert t_batches[-1][2] == len(rows)


def extend(party: CotSender | CotReceiver, wanted: int) -> Bits:
    count = party.extend(wanted)
    assert count == batch_size(wanted)
    data = ctypes.string_at(party.stock.address, 16 * count)
    return np.frombuffer(data, dtype=np.uint8).reshape(count, 16)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_correlation_over_several_batches(bits: int) -> None:
    batches(bits, [1, 3000, BATCH_MULTIPLE], None)


@pytest.mark.parametrize("path", available_paths(), ids=lambda path: path.value)
def test_correlation_on_every_path(path: AesPath) -> None:
    batches(2, [1, 1], path)


def test_batch_sizes() -> None:
    assert batch_size(1) == batch_size(BATCH_MULTIPLE) == BATCH_MULTIPLE
    assert batch_size(BATCH_MULTIPLE + 1) == 2 * BATCH_MULTIPLE
    assert batch_size(10**9) == LARGEST_BATCH


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_extension_sends_what_is_documented(bits: int) -> None:
    """32 + 4096 bytes of base OTs, the trees, 128/k − 1 bits an OT."""
    channels = []

    def receive(channel: SocketChannel) -> None:
        channels.append(channel)
        CotReceiver(channel, Engine(), bits).extend(1)

    run_pair(lambda channel: CotSender(channel, Engine(), b"\1" * 16, bits).extend(1), receive)
    (channel,) = channels
    trees = 32 * 128 * (bits - 1) // bits
    assert sum(channel.sent) == 32 + trees + BATCH_MULTIPLE * (128 // bits - 1) // 8
    assert sum(channel.received) == 4096


def test_leftovers_are_kept_and_never_used_twice() -> None:
    """Odd counts, across batches: one after the other, the stock's OTs, each once."""
    counts = [1, 1000, 30, 2500, 7, 1025, 512, 2 * LARGEST_BATCH + 900, 5]
    channels = []

    def send(channel: SocketChannel) -> tuple[list[Blocks], Blocks]:
        source = CotSender(channel, Engine(), os.urandom(16), 2)
        return [source.take(n) for n in counts], source.delta.copy()

    def receive(channel: SocketChannel) -> tuple[list[tuple[Bits, Blocks]], int]:
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
    def send(channel: SocketChannel) -> tuple[Blocks, Blocks]:
        source = CotSender(channel, Engine(), os.urandom(16))
        first = source.take(10)
        source.extend(1)
        return first, source.take(1100)

    def receive(channel: SocketChannel) -> None:
        source = CotReceiver(channel, Engine())
        source.take(10)
        source.extend(1)
        source.take(1100)

    (first, second), _ = run_pair(send, receive)
    assert not {row.tobytes() for row in first} & {row.tobytes() for row in second}
