"""Memory that native code reads and writes."""

from __future__ import annotations

import ctypes

import numpy as np
import numpy.typing as npt

Blocks = npt.NDArray[np.uint64]
"""Blocks: [count][2], the low 64 bits of each first."""


class AlignedBytes:
    """Zeroed memory aligned to 64 bytes, for native code."""

    def __init__(self, size: int) -> None:
        self._memory = ctypes.create_string_buffer(size + 63)
        self.size = size
        self.address = (ctypes.addressof(self._memory) + 63) & -64
        offset = self.address - ctypes.addressof(self._memory)
        self.view = memoryview(self._memory).cast("B")[offset : offset + size]

    @property
    def blocks(self) -> Blocks:
        """The memory as blocks."""
        return np.frombuffer(self.view, np.uint64).reshape(-1, 2)


def with_room(memory: AlignedBytes, size: int) -> AlignedBytes:
    """Return the memory if it holds `size` bytes, else new memory."""
    return memory if memory.size >= size else AlignedBytes(size)
