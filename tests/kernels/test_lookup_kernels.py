"""Kernels of lookups against references: every pad, under the key it is said to have."""

from __future__ import annotations

import numpy as np
import pytest

from ezlang.compiler.kernels import lookups, sharing
from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.kernels.target import AesPath, available_paths, host_target
from ezlang.compiler.protocols.core import sizes
from ezlang.compiler.protocols.native.calls import Native, empty, padded

from .correlated_ots import DELTA, FIRST, RNG, START, Array, Reference

WIDTHS = (8, 16, 32, 64)
CASES = [(8, 1, 5), (16, 2, 3), (32, 3, 3), (32, 4, 2), (64, 5, 2), (64, 7, 2), (64, 8, 2)]


@pytest.fixture(scope="module", params=[path.value for path in available_paths()])
def native(request: pytest.FixtureRequest) -> Native:
    loaded = Native(Engine(host_target(AesPath(request.param))))
    for bits in WIDTHS:
        loaded.load(sharing.add_lookups, bits)
    return loaded


def planes_of(message: Array, entries: int, size: int) -> Array:
    """Return the entries of a message."""
    found = np.zeros(entries, np.uint64)
    at = shift = 0
    for plane in (8, 4, 2, 1):
        if size & plane:
            part = message[at : at + entries * plane].view(f"u{plane}").astype(np.uint64)
            found |= part << np.uint64(shift)
            at, shift = at + entries * plane, shift + 8 * plane
    return found


def test_kernels_and_lengths_agree_on_windows() -> None:
    assert lookups.CHUNK_BYTES == sizes.LOOKUP_KEY_BYTES


@pytest.mark.parametrize("entries", [8, 64, 512])
@pytest.mark.parametrize(("bits", "size", "count"), CASES)
def test_entries_are_rotated_and_masked(
    native: Native, bits: int, size: int, count: int, entries: int
) -> None:
    ots, width = entries.bit_length() - 1, bits // 8
    dtype = np.dtype(f"u{width}")
    reference = Reference(ots * count)
    table = padded(RNG.integers(0, 1 << 63, entries, np.uint64).astype(dtype))
    shifts = padded(RNG.integers(0, entries, count, np.uint16))
    masks = padded(RNG.integers(0, 1 << 63, count, np.uint64).astype(dtype))
    twice = padded(np.tile(table, 2))
    message: Array = empty(count * entries * size, np.uint8)
    sizes_ = (entries, ots, size, count)
    native.call(
        f"lookup_sender{bits}",
        *(START, FIRST, reference.sent, DELTA, twice, shifts, masks, message, *sizes_),
    )
    kept = (1 << 8 * size) - 1
    windows = -(-entries * width // lookups.CHUNK_BYTES)
    digits = np.zeros(count, np.uint16)
    for item in range(count):
        found = planes_of(message[item * entries * size :], entries, size)
        bits_of = reference.choices[ots * item : ots * (item + 1)].astype(int)
        digits[item] = sum(bit << i for i, bit in enumerate(bits_of))
        for j in {0, 1, entries // 2, entries - 1, int(digits[item])}:
            place = j * width
            chunk, block, shift = place >> 10, place % 1024 >> 4, 8 * (place % 16)
            expected = int(table[(j + int(shifts[item])) % entries]) - int(masks[item])
            for ot in range(ots):
                key = FIRST + 16 * (item * windows + chunk) + ot
                pads = reference.pads(item * ots + ot, key, block)
                expected = expected % (1 << bits) ^ pads[j >> ot & 1] >> shift & (1 << bits) - 1
            assert int(found[j]) == expected & kept
    out: Array = empty(count, dtype)
    received = (START, FIRST, reference.received, padded(digits), message, out, *sizes_)
    native.call(f"lookup_receiver{bits}", *received)
    wanted = table[(digits + shifts) % entries] - masks & dtype.type(kept)
    assert np.array_equal(out, wanted)


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("entries", [8, 256])
def test_sums_of_rotated_tables(native: Native, bits: int, entries: int) -> None:
    dtype = np.dtype(f"u{bits // 8}")
    table = RNG.integers(0, 1 << 63, (3, entries), np.uint64).astype(dtype)
    vectors = RNG.integers(0, 1 << 63, (5, entries), np.uint64).astype(dtype)
    offsets = RNG.integers(0, entries, 5, np.uint16)
    out: Array = empty(15, dtype)
    twice = padded(np.concatenate((table, table), axis=1))
    arguments = (padded(vectors.reshape(-1)), twice, padded(offsets), out, entries, 3, 5)
    native.call(f"rotated_sums{bits}", *arguments)
    for item, row in enumerate(out.reshape(5, 3)):
        for word in range(3):
            turned = np.roll(table[word], -int(offsets[item]))
            assert row[word] == (turned * vectors[item]).sum(dtype=dtype)
