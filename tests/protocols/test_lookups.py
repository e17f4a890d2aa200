"""Lookups of public tables at shared indices: values, bytes, rounds, and uniform shares."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from ezlang.compiler.protocols.arithmetic.lookups import lookup
from ezlang.compiler.protocols.core.lookups import Table
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.steps import Steps
from ezlang.compiler.protocols.dealt.backend import DEALT
from ezlang.compiler.protocols.ot.backend import OT
from tests.support.sharing_parties import Outcome, Pair, assert_uniform, random_numbers, split

Array = np.ndarray[Any, Any]
BACKENDS = {"ots": OT, "dealt": DEALT}


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


def table_of(entries: int, bounds: tuple[tuple[int, int], ...], bits: int) -> Table:
    """A random table with words within bounds, which both occur."""
    rng = np.random.default_rng(entries)
    dtype = np.dtype(f"u{bits // 8}")
    words = []
    for low, high in bounds:
        spread = [int(x) % (high - low + 1) for x in rng.integers(0, 1 << 62, entries)]
        column = [low, high, *(low + x for x in spread[2:])]
        words.append([x % (1 << bits) for x in column])
    return Table(words=np.array(words, dtype), bounds=bounds)


def run(
    pair: Pair, backend: str, table: Table, x: Array, *, signed: bool = False, inside: bool = True
) -> Outcome:
    shares = split(x, 3)

    def protocol(party: SharingParty) -> Steps[Array]:
        party = dataclasses.replace(party, backend=BACKENDS[backend])
        return lookup(party, table, shares[party.index], signed=signed, inside=inside)

    return pair.run(protocol)


def sum_of(outcome: Outcome) -> Array:
    one, other = outcome.results
    return np.asarray(one + other)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@pytest.mark.parametrize(("entries", "index_bits"), [(8, 8), (32, 64), (256, 8), (512, 32)])
def test_whole_words(pair: Pair, backend: str, bits: int, entries: int, index_bits: int) -> None:
    whole = (0, (1 << bits) - 1)
    table = table_of(entries, (whole, whole), bits)
    dtype = np.dtype(f"u{index_bits // 8}")
    x = random_numbers((19,), dtype, 1) & dtype.type(entries - 1)
    outcome = run(pair, backend, table, x)
    assert np.array_equal(sum_of(outcome), table.words[:, x].T)


NARROW = ((-5, 1 << 29), (0, (1 << 23) - 1), (-(1 << 19), 3), (7, 7))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("words", [1, 3, 4])
def test_narrow_words(pair: Pair, backend: str, bits: int, words: int) -> None:
    table = table_of(64, NARROW[:words], bits)
    x = np.arange(64, dtype=np.uint16)
    outcome = run(pair, backend, table, x)
    assert np.array_equal(sum_of(outcome), table.words.T)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("dtype", "signed", "x"),
    [
        ("u1", False, [0, 1, 15, 16, 17, 255]),
        ("u1", True, [0, 15, 16, 127, 128, 240, 255]),
        ("u4", True, [0, 15, 16, 2**31, 2**32 - 1]),
        ("u8", False, [0, 15, 16, 2**63, 2**64 - 16]),
    ],
)
def test_indices_out_of_range(
    pair: Pair, backend: str, dtype: str, signed: bool, x: list[int]
) -> None:
    table = table_of(16, ((1, 200), (-3, 99)), 64)
    index = np.array(x, dtype)
    outcome = run(pair, backend, table, index, signed=signed, inside=False)
    wanted = [table.words[:, i] if i < 16 else [0, 0] for i in x]
    assert np.array_equal(sum_of(outcome), np.array(wanted, np.uint64))


@pytest.mark.parametrize("backend", BACKENDS)
def test_all_signed_bytes(pair: Pair, backend: str) -> None:
    table = table_of(256, ((1, 200),), 16)
    index = np.arange(256, dtype=np.uint8)
    outcome = run(pair, backend, table, index, signed=True, inside=False)
    wanted = np.where(np.arange(256) < 128, table.words[0], 0)
    assert np.array_equal(sum_of(outcome)[:, 0], wanted)


def test_cost_without_a_dealer(pair: Pair) -> None:
    n, entries = 30, 256
    whole = (0, (1 << 64) - 1)
    x = random_numbers((n,), np.dtype("u2"), 4) % entries
    outcome = run(pair, "ots", table_of(entries, (whole,) * 3, 64), x)
    # Half of the lookups in each direction: the bits of indices there, all words back.
    each = n // 2 * 8 // 8 + n // 2 * entries * 3 * 8
    assert outcome.bytes == (each, each)
    assert outcome.rounds == 2
    assert outcome.ots == (8 * n // 2, 8 * n // 2)


def test_cost_of_narrow_words(pair: Pair) -> None:
    n, entries = 32, 256
    x = random_numbers((n,), np.dtype("u2"), 4) % entries
    bounds = ((0, (1 << 30) - 1), (0, (1 << 24) - 1), (0, (1 << 20) - 1))
    outcome = run(pair, "ots", table_of(entries, bounds, 64), x)
    half = n // 2
    # 31, 25 and 21 bits: 4, 4 and 3 bytes; then a bit of each word becomes a number.
    each = half + half * entries * 11 + 3 * half // 8 + 3 * half * 8
    assert outcome.bytes == (each, each)
    assert outcome.rounds == 4
    assert outcome.ots == (11 * half, 11 * half)


@pytest.mark.parametrize(("entries", "size"), [(256, 1), (512, 2)])
def test_opened_bytes_with_a_dealer(pair: Pair, entries: int, size: int) -> None:
    n = 24
    x = random_numbers((n,), np.dtype("u2"), 4) % entries
    whole = table_of(entries, ((0, (1 << 64) - 1),), 64)
    made = pair.run(lambda p: p.preprocessing.one_hots(n, entries, 64))
    outcome = run(pair, "dealt", whole, x)
    assert [a - b for a, b in zip(outcome.bytes, made.bytes, strict=True)] == [n * size] * 2
    assert outcome.rounds - made.rounds == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_shares_are_uniform(pair: Pair, backend: str) -> None:
    table = table_of(8, ((0, 1),), 8)
    x = np.full(4096, 1, np.uint8)
    for share in run(pair, backend, table, x).results:
        assert_uniform(share)


def test_vectors_have_a_one_at_their_place(pair: Pair) -> None:
    one, other = pair.run(lambda p: p.preprocessing.one_hots(9, 16, 32)).results
    places = (one.places + other.places) % 16
    assert np.array_equal(one.vectors + other.vectors, np.eye(16, dtype=np.uint32)[places])
