"""Sizes that native code and cost models share."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from ..circuits.netlist import Netlist, Opcode
from ..ir.garbling import Garbling

LABEL_BYTES: Final = 16
"""The size of a wire label."""

TABLE_BYTES: Final = 32
"""The size of a half-gates table: two ciphertexts for each AND."""

CIPHERTEXTS: Final = 3
"""The number of ciphertexts of a three-halves table, of half a label each."""

CONTROL_BITS: Final = 5
"""The number of control bits of a three-halves table."""

TABLE_BUFFER: Final = 1 << 16
BIT_BUFFER: Final = 1 << 16
"""The number of bytes of tables, and of bits, that are sent at a time."""

CHUNK: Final = 8
"""The number of instances that run side by side. The order of gates, and so the wire format,
depends on it.
"""

TILE: Final = 8
"""The number of ANDs that are garbled together; the rest of a group is in tiles of 4, 2 and 1."""


MASKS: Final = 3 * TILE
"""The number of labels that are hashed under one key: three of each gate of a tile."""


def set_up_bytes(garbling: Garbling) -> int:
    """Return the size of the garbler's first message: the hash's keys and the seed of labels."""
    return 32 if garbling is Garbling.HALF_GATES else 48


def control_bytes(gates: int) -> int:
    """Return the bytes of the control bits of a tile, which are packed."""
    return -(-CONTROL_BITS * gates // 8)


def tile_bytes(garbling: Garbling, gates: int) -> int:
    """Return the bytes of the tables of a tile."""
    if garbling is Garbling.HALF_GATES:
        return TABLE_BYTES * gates
    return CIPHERTEXTS * LABEL_BYTES // 2 * gates + control_bytes(gates)


def table_bytes(garbling: Garbling, netlist: Netlist, count: int) -> int:
    """Return the bytes of the tables of `count` instances of a netlist.

    Whole chunks of instances have whole tiles: 197 bytes for 8 ANDs by three-halves.
    """
    if garbling is Garbling.HALF_GATES:
        return TABLE_BYTES * netlist.ands * count
    chunks, rest = divmod(count, CHUNK)
    whole = chunks * netlist.ands * tile_bytes(garbling, TILE) * (CHUNK // TILE)
    return whole + (_rest_bytes(netlist, rest) if rest else 0)


@lru_cache(maxsize=1 << 12)
def _rest_bytes(netlist: Netlist, count: int) -> int:
    """Return the bytes of three-halves tables of fewer instances than a chunk has."""
    sizes = netlist.code[netlist.code[:, 0] == Opcode.GROUP, 1].tolist()
    return sum(_group_bytes(size * count) for size in sizes)


def _group_bytes(gates: int) -> int:
    total, size = 0, TILE
    while gates:
        total += gates // size * tile_bytes(Garbling.THREE_HALVES, size)
        gates %= size
        size //= 2
    return total
