"""Packing of bits against NumPy's own, and nothing that looks secrets up in a table."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import ezlang.compiler.kernels
import ezlang.compiler.protocols
import ezlang.executors.native
import ezlang.session
from ezlang.compiler.cost.ghosts import Ghost, ghost
from ezlang.compiler.protocols.core.bits import pack, pack_rows, unpack

RNG = np.random.default_rng(5)
COUNTS = (0, 1, 7, 8, 9, 64, 65, 1000)


@pytest.mark.parametrize("count", COUNTS)
def test_packing_is_that_of_numpy(count: int) -> None:
    bits = RNG.integers(0, 2, count, np.uint8)
    packed = pack(bits)
    assert packed.dtype == np.uint8
    assert np.array_equal(packed, np.packbits(bits, bitorder="little"))
    assert np.array_equal(pack(bits.astype(np.bool_)), packed)
    assert np.array_equal(unpack(packed, count), bits)
    assert np.array_equal(pack(bits[::-1]), np.packbits(bits[::-1], bitorder="little"))


@pytest.mark.parametrize("count", COUNTS)
def test_rows_are_packed_each(count: int) -> None:
    rows = RNG.integers(0, 2, (3, 2, count), np.uint8)
    assert np.array_equal(pack_rows(rows), np.packbits(rows, axis=-1, bitorder="little"))


def test_only_bit_0_counts() -> None:
    bytes_ = RNG.integers(0, 256, 96, np.uint8)
    assert np.array_equal(pack(bytes_), np.packbits(bytes_ & 1, bitorder="little"))


def test_every_byte() -> None:
    packed = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(unpack(packed, 2048), np.unpackbits(packed, bitorder="little"))


def test_ghosts_stay_ghosts() -> None:
    for made, size in (
        (pack(ghost(1 << 40)), 1 << 37),
        (pack_rows(ghost((2, 1 << 40))), 1 << 38),
        (unpack(ghost(1 << 37), (1 << 40) - 3), (1 << 40) - 3),
    ):
        assert isinstance(made, Ghost)
        assert made.size == size


SECRETS = (
    ezlang.compiler.protocols,
    ezlang.compiler.kernels,
    ezlang.executors.native,
    ezlang.session,
)
"""The packages that hold a party's secrets."""

BY_TABLES = frozenset({"unpackbits", "packbits"})
"""Functions of NumPy that may read a table at addresses that depend on the data."""

AS_NUMBERS = frozenset({"from_bytes", "getrandbits", "randbytes"})
"""What makes Python's integers, whose time and memory depend on their values."""

PUBLIC = {
    ("kernels/sliced_hash.py", "masks", "from_bytes"),  # of a key that both parties know
    ("kernels/bitslice.py", "_swap", "from_bytes"),  # of a constant
}


def _calls() -> list[tuple[str, str, str]]:
    """Return the file, the function and the name of each function that is an attribute."""
    found = []
    for package in SECRETS:
        root = Path(next(iter(package.__path__)))
        for path in sorted(root.rglob("*.py")):
            place = f"{root.name}/{path.relative_to(root)}"
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for outer in ast.walk(tree):
                if isinstance(outer, ast.FunctionDef):
                    found += [
                        (place, outer.name, node.attr)
                        for node in ast.walk(outer)
                        if isinstance(node, ast.Attribute)
                    ]
    return found


def test_secrets_index_no_tables_and_are_no_numbers_of_python() -> None:
    found = {call for call in _calls() if call[2] in BY_TABLES | AS_NUMBERS}
    assert found == PUBLIC
