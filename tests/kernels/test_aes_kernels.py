"""AES, the generator and the hash on every path this processor has."""

from __future__ import annotations

import os

import pytest

from ezlang.compiler.kernels.cipher import WINDOW_BYTES
from ezlang.compiler.kernels.memory import AlignedBytes
from ezlang.compiler.kernels.target import AesPath, available_paths
from tests.support.kernel_calls import Primitives, aes, aes_ctr, reference_hash


@pytest.fixture(scope="module", params=available_paths(), ids=lambda path: path.value)
def primitives(request: pytest.FixtureRequest) -> Primitives:
    path: AesPath = request.param
    return Primitives(path)


# FIPS 197, appendices B and C.1; SP 800-38A, F.1.1.
VECTORS = [
    (
        "2b7e151628aed2a6abf7158809cf4f3c",
        "3243f6a8885a308d313198a2e0370734",
        "3925841d02dc09fbdc118597196a0b32",
    ),
    (
        "000102030405060708090a0b0c0d0e0f",
        "00112233445566778899aabbccddeeff",
        "69c4e0d86a7b0430d8cdb78070b4c55a",
    ),
    (
        "2b7e151628aed2a6abf7158809cf4f3c",
        "6bc1bee22e409f96e93d7e117393172a" + "ae2d8a571e03ac9c9eb76fac45af8e51",
        "3ad77bb40d7a3660a89ecaf32466ef97" + "f5d3d58503b9699de785895a96fdbaaf",
    ),
]

# SP 800-38A, F.5.1: the counter blocks of AES-128 in counter mode, and their encryptions.
COUNTER_BLOCKS = "".join(f"f0f1f2f3f4f5f6f7f8f9fafbfcfd{n:04x}" for n in range(0xFEFF, 0xFF03))
COUNTER_OUTPUT = (
    "ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc5073ae"
    "6a2cc3787889374fbeb4c81b17ba6c44e89c399ff0f198c6d40a31db156cabfe"
)


# H(x, 2) and H(y, 3), computed with the reference.
HASH_VECTOR = "ac57ea8f101d2b0708276e70c9937cfae23e64eded243c5b9bd0e7fb0e4a3fb2"


@pytest.mark.parametrize(("key", "plain", "cipher"), VECTORS)
def test_published_vectors(primitives: Primitives, key: str, plain: str, cipher: str) -> None:
    assert primitives.encrypt(bytes.fromhex(key), bytes.fromhex(plain)).hex() == cipher


def test_counter_mode_vector(primitives: Primitives) -> None:
    key = bytes.fromhex(VECTORS[0][0])
    assert primitives.encrypt(key, bytes.fromhex(COUNTER_BLOCKS)).hex() == COUNTER_OUTPUT


def test_every_byte_goes_through_the_s_box(primitives: Primitives) -> None:
    key = os.urandom(16)
    blocks = b"".join(bytes([value] * 16) for value in range(256))
    assert primitives.encrypt(key, blocks) == aes(key, blocks)


@pytest.mark.parametrize("blocks", [1, 7, 8, 9, 31])
def test_random_blocks(primitives: Primitives, blocks: int) -> None:
    key, data = os.urandom(16), os.urandom(16 * blocks)
    assert primitives.encrypt(key, data) == aes(key, data)


@pytest.mark.parametrize("first", [0, 5, 2**32 - 3])
@pytest.mark.parametrize("blocks", [0, 1, 8, 21])
def test_generator_is_counter_mode(primitives: Primitives, first: int, blocks: int) -> None:
    key = os.urandom(16)
    assert primitives.prg(key, first, blocks) == aes_ctr(key, first, blocks)


@pytest.mark.parametrize("gate", [0, 3, 2**31 - 5, 2**40 + 6])
def test_hash_against_the_reference(primitives: Primitives, gate: int) -> None:
    start, pairs = os.urandom(16), os.urandom(32 * 19)
    expected = b"".join(
        reference_hash(start, pairs[16 * i : 16 * i + 16], 2 * gate + i) for i in range(38)
    )
    assert primitives.hash_pairs(start, gate, pairs) == expected


def test_hash_vector(primitives: Primitives) -> None:
    """A fixed value, so that a change of the formula cannot go unseen."""
    start = bytes(range(16))
    pair = bytes(range(0x10, 0x30))
    assert primitives.hash_pairs(start, 1, pair).hex() == HASH_VECTOR


def test_paths_lay_the_same_schedules() -> None:
    paths = [path for path in available_paths() if path is not AesPath.PORTABLE]
    start, windows = os.urandom(16), []
    for path in paths:
        window = AlignedBytes(WINDOW_BYTES)
        Primitives(path).call("aes_window", start, 2**33 + 16, window)
        windows.append(bytes(window.view))
    assert len(set(windows)) <= 1


def test_without_the_orthomorphism_delta_would_leak() -> None:
    """Why H applies σ first: the evaluator can invert a cipher whose key it knows."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    def xor(*values: bytes) -> bytes:
        total = 0
        for value in values:
            total ^= int.from_bytes(value, "little")
        return total.to_bytes(16, "little")

    start, delta, active = os.urandom(16), os.urandom(16), os.urandom(16)
    other = xor(active, delta)
    decrypt = Cipher(algorithms.AES(start), modes.ECB()).decryptor().update
    # What a half-gate shows where the other permute bit is 1: H(A ⊕ Δ) ⊕ Δ.
    naive = xor(aes(start, other), other, delta)
    assert xor(decrypt(xor(naive, active)), active) == delta
    ours = xor(reference_hash(start, other, 0), delta)
    assert xor(decrypt(xor(ours, active)), active) != delta
