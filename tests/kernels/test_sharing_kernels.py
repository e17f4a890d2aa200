"""Kernels of secret sharing against references: every pad, under the key it is said to have."""

from __future__ import annotations

import numpy as np
import pytest

from ezlang.compiler.kernels import sharing
from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.kernels.matrices import bit_order, pad_bits
from ezlang.compiler.kernels.target import AesPath, Target, available_paths, host_target
from ezlang.compiler.protocols.core.lengths import product_message
from ezlang.compiler.protocols.native.calls import Native, empty, padded, zeros
from tests.support.kernel_calls import compile_assembly

from .correlated_ots import DELTA, FIRST, RNG, START, Reference


def chunk_keys(n: int, a_chunk: int) -> list[tuple[int, int, int]]:
    """OT number, element and key, in the OTs' order, for chunks of 128 elements."""
    result = []
    window = ot = 0
    for at in range(0, n, 128):
        for _ in range(a_chunk):
            for lane in range(min(128, n - at)):
                result.append((ot, at + lane, FIRST + 16 * window + lane % 16))
                ot += 1
            window += 1
    return result


@pytest.fixture(scope="module", params=[path.value for path in available_paths()])
def native(request: pytest.FixtureRequest) -> Native:
    loaded = Native(Engine(host_target(AesPath(request.param))))
    loaded.load(sharing.add_bits)
    loaded.load(sharing.add_ring, 8)
    loaded.load(sharing.add_ring, 16)
    return loaded


@pytest.mark.parametrize("n", [5, 16, 130])
def test_bits_of_pads(native: Native, n: int) -> None:
    reference = Reference(n)
    v, b, u = (zeros(64, np.uint8) for _ in range(3))
    native.call("pairs_sender", START, FIRST, reference.sent, DELTA, v, b, n, 32)
    native.call("pairs_receiver", START, FIRST, reference.received, u, n, 32)
    for ot, _, key in chunk_keys(n, 1):
        pads = reference.pads(ot, key)
        for copy in (0, 1):
            zero, one = (pad >> copy & 1 for pad in pads)
            found = [int(x[32 * copy + ot // 8]) >> ot % 8 & 1 for x in (v, b, u)]
            assert found == [zero, zero ^ one, one if reference.choices[ot] else zero]
    assert max(reference.keys.values()) <= 8


def test_flip(native: Native) -> None:
    blocks = RNG.integers(0, 1 << 63, (37, 2), np.uint64)
    flips = RNG.integers(0, 2, 37, np.uint8)
    expected = blocks ^ (DELTA * flips[:, None].astype(np.uint64))
    native.call("flip", blocks, DELTA, np.packbits(flips, bitorder="little"), 37)
    assert np.array_equal(blocks, expected)


@pytest.mark.parametrize("n", [3, 130])
def test_additive_messages(native: Native, n: int) -> None:
    reference = Reference(n)
    x = padded(RNG.integers(0, 1 << 16, n, np.uint16))
    share, message, other = (empty(n, np.uint16) for _ in range(3))
    arguments = (START, FIRST, reference.sent, DELTA, x, share, message, n)
    native.call("additive_sender16", *arguments)
    for ot, _, key in chunk_keys(n, 1):
        zero, one = reference.pads(ot, key)
        assert message[ot] == (zero - one + int(x[ot])) % 65536
        assert share[ot] == -zero % 65536
    received = (START, FIRST, reference.received, reference.choices, message, other, n)
    native.call("additive_receiver16", *received)
    assert np.array_equal(share + other, x * reference.choices)


@pytest.mark.parametrize("n", [3, 131])
def test_product_messages_are_packed_and_masked(native: Native, n: int) -> None:
    bits = 8
    reference = Reference(bits * n)
    x = padded(RNG.integers(0, 256, n, np.uint8))
    share, message = zeros(n, np.uint8), empty(5 * n, np.uint8)
    arguments = (START, FIRST, reference.sent, DELTA, x, share, message, n)
    native.call("gilboa_sender8", *arguments)
    keys = iter(chunk_keys(n, bits))
    position = 0
    for at in range(0, n, 128):
        count = min(128, n - at)
        words = [[0] * count for _ in range(bits)]
        totals = [0] * count
        for bit in range(bits):
            for lane in range(count):
                ot, _, key = next(keys)
                zero, one = reference.pads(ot, key)
                words[bit][lane] = (zero - one + int(x[at + lane])) % (1 << (bits - bit))
                totals[lane] -= zero << bit
        assert [total % 256 for total in totals] == share[at : at + count].tolist()
        rows = bytes(words[0])
        half = (count + 1) // 2
        middle = words[4] + [0]
        rows += bytes(middle[j] | middle[j + half] << 4 for j in range(half))
        for bit in range(1, bits // 2):
            pairs = zip(words[bit], words[bits - bit], strict=True)
            rows += bytes(low | high << (bits - bit) for low, high in pairs)
        assert message[position : position + len(rows)].tobytes() == rows
        position += len(rows)
    assert max(reference.keys.values()) <= 8


@pytest.mark.parametrize("fields", [1, 2])
def test_leaves_hold_all_sixteen_answers(native: Native, fields: int) -> None:
    n = 130
    reference = Reference(4 * n)
    digits = padded(RNG.integers(0, 16, n, np.uint8))
    masks = padded(RNG.integers(0, 1 << fields, n, np.uint8))
    message = empty(2 * fields * n, np.uint8)
    arguments = (START, FIRST, reference.sent, DELTA, digits, masks, message, n)
    native.call(f"leaves{fields}_sender", *arguments)
    pads: dict[int, list[tuple[int, int]]] = {}
    for ot, leaf, key in chunk_keys(n, 4):
        pads.setdefault(leaf, []).append(reference.pads(ot, key))
    for leaf, word in enumerate(message.view(f"u{2 * fields}").tolist()):
        x, mask = int(digits[leaf]), int(masks[leaf])
        for k in range(16):
            clear = (x < k) | (x == k) << 1 if fields == 2 else int(x == k)
            field = word >> (fields * k)
            for bit in range(4):
                field ^= pads[leaf][bit][k >> bit & 1] >> (fields * k)
            assert field & ((1 << fields) - 1) == clear ^ mask
    assert max(reference.keys.values()) <= 8


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@pytest.mark.parametrize("columns", [5, 128])
@pytest.mark.parametrize(("height", "before"), [(2, 0), (1, 0), (2, 1), (3, 2)])
def test_matrix_messages(native: Native, bits: int, columns: int, height: int, before: int) -> None:
    """Rows that choose among those of their own product of a batch."""
    rows, inner, stride, half = 2, 2, 512, bits // 2
    items = [(before + i) // height for i in range(rows)]
    native.load(sharing.add_ring, bits)
    dtype = np.dtype(f"u{bits // 8}")
    reference = Reference(rows * inner * bits)
    y = zeros((items[-1] + 1) * inner * stride, dtype).reshape(-1, inner, stride)
    y[:, :, :columns] = RNG.integers(0, 1 << bits, (len(y), inner, columns), dtype)
    share = zeros(rows * stride, dtype)
    message = empty(rows * inner * product_message(bits, columns), np.uint8)
    sizes = (rows, inner, columns, stride, height, before)
    arguments = (START, FIRST, reference.sent, DELTA, y, share, message)
    native.call(f"matrix_sender{bits}", *arguments, *sizes)
    place = ot = 0
    totals = np.zeros((rows, columns), dtype)
    for i in range(rows):
        for j in range(inner):
            words = {}
            for number, bit in enumerate(bit_order(bits)):
                width = pad_bits(bits, bit)
                # Elements of eight bits have as many keys as a window, only half of them used.
                key = FIRST + (i * inner + j) * max(bits, 16) + number
                count = -(-columns * width // 128)
                blocks = [reference.pads(ot, key, c) for c in range(count)]
                zero, one = (
                    np.frombuffer(
                        b"".join(b[v].to_bytes(16, "little") for b in blocks), f"u{width // 8}"
                    )[:columns].astype(dtype)
                    for v in (0, 1)
                )
                words[bit] = zero - one + y[items[i], j, :columns]
                totals[i] -= zero << dtype.type(bit)
                ot += 1
            expected = words[0].tobytes()
            if bits == 8:
                low = (columns + 1) // 2
                nibbles = np.append(words[half] & 15, np.zeros(columns & 1, dtype))
                expected += (nibbles[:low] | nibbles[low:] << np.uint8(4)).tobytes()
            else:
                expected += words[half].astype(f"u{bits // 16}").tobytes()
            for bit in range(1, half):
                kept = dtype.type((1 << (bits - bit)) - 1)
                high = words[bits - bit] << dtype.type(bits - bit)
                expected += ((words[bit] & kept) | high).tobytes()
            assert message[place : place + len(expected)].tobytes() == expected
            place += len(expected)
    assert np.array_equal(share.reshape(rows, stride)[:, :columns], totals)
    assert len(reference.keys) == rows * inner * bits


@pytest.mark.parametrize(
    ("target", "instruction"),
    [
        (Target("x86_64-unknown-linux-gnu", "znver5", "+vaes", AesPath.VAES512), "%zmm"),
        (Target("aarch64-unknown-linux-gnu", "generic", "+aes,+neon", AesPath.ARMV8), "aese"),
    ],
)
def test_other_processors(target: Target, instruction: str) -> None:
    for text in (sharing.build_bits(target), sharing.build_ring(target, 64)):
        assert instruction in compile_assembly(text, target)
