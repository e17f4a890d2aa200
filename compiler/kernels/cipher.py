"""AES-128 [FIPS197] as kernels use it: the interface of the code generators for each path.

Half-gates hashing changes the key with every gate, so key schedules are half of the work. A
*window* holds the schedules of `WINDOW_GATES` consecutive gates, with two keys each.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from .build import Kernel, Value

ROUNDS: Final = 10
RCON: Final = (0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1B, 0x36)
WINDOW_GATES: Final = 8
WINDOW_KEYS: Final = 2 * WINDOW_GATES
WINDOW_BYTES: Final = WINDOW_KEYS * (ROUNDS + 1) * 16
ONE_KEY_BLOCKS: Final = 8
"""The number of blocks that `Cipher.encrypt_one_key` takes."""


class Cipher(ABC):
    """Generates the code of AES for one path."""

    schedule_bytes: int
    """The size of one key's schedule."""

    pairs_at_once: int
    """The number of pairs that are best encrypted together: their states fill the registers."""

    lanes: int
    """The number of blocks in a register of `encrypt_streams`."""

    streams_at_once: int
    """The number of streams that are best encrypted together."""

    @abstractmethod
    def schedule(self, k: Kernel, key: Value, schedule: Value) -> None:
        """Expand the key at the pointer `key` into `schedule`."""

    @abstractmethod
    def encrypt_one_key(self, k: Kernel, blocks: Sequence[Value], schedule: Value) -> list[Value]:
        """Encrypt `ONE_KEY_BLOCKS` blocks under one key."""

    @abstractmethod
    def encrypt_streams(
        self, k: Kernel, registers: Sequence[Value], schedules: Sequence[Value]
    ) -> list[list[Value]]:
        """Encrypt the same `ONE_KEY_BLOCKS` blocks, in registers, under each of some keys."""

    @abstractmethod
    def stream_key(self, k: Kernel, window: Value, number: Value, room: Value) -> Value:
        """Return one key of a window for `encrypt_keyed`; `room` has the size of a schedule."""

    @abstractmethod
    def encrypt_keyed(
        self, k: Kernel, streams: Sequence[Sequence[Value]], keys: Sequence[Value]
    ) -> list[list[Value]]:
        """Encrypt registers, each stream under its `stream_key`."""

    @abstractmethod
    def window(self, k: Kernel, start: Value, first: Value, window: Value) -> None:
        """Fill a window: its key number i is `start` ^ (`first` + i), `first` a multiple of 16."""

    @abstractmethod
    def encrypt_gates(
        self, k: Kernel, gates: Sequence[Sequence[Value]], window: Value, gate: Value
    ) -> list[list[Value]]:
        """Encrypt pairs: those of `gates[i]` under the two keys of gate `gate + i` of the window.

        There are 1, 2, 4 or 8 gates, and `gate` is a multiple of their number.
        """

    @abstractmethod
    def encrypt_rows(self, k: Kernel, rows: Sequence[Value], key: Value) -> list[Value]:
        """Encrypt vectors of equally many blocks, 1, 2, 4 or 8, all under one `stream_key`."""
