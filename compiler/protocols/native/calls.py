"""Calls of native kernels with NumPy arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ...kernels.engine import Engine
from ..core import sizes

BLOCK_BYTES: Final = 16
PADDING: Final = sizes.PADDING
"""The minimum number of bytes past the end of an array that kernels on shares may touch."""

Array = npt.NDArray[Any]

_first: Final[Callable[[Any], Any]] = ctypes.c_char.from_buffer
_address: Final = ctypes.addressof


class Native:
    """An engine's functions, called with arrays (by address), addresses and counts.

    It owns the engine; no other code loads units into it.
    """

    def __init__(self, engine: Engine | None = None) -> None:
        self.engine = Engine() if engine is None else engine
        _keep_memory()
        self._functions: dict[str, Any] = {}
        self._units: set[tuple[Any, ...]] = set()

    def load(self, add: Callable[..., None], *arguments: int) -> None:
        """Load a unit with its function `add(engine, *arguments)`, once."""
        unit = (add, *arguments)
        if unit not in self._units:
            add(self.engine, *arguments)
            self._units.add(unit)

    def function(self, name: str, count: int) -> Callable[..., None]:
        """Return a kernel without a result that takes `count` addresses and numbers."""
        function: Callable[..., None] | None = self._functions.get(name)
        if function is None:
            kinds = [ctypes.c_int64] * count
            function = self._functions[name] = self.engine.function(name, *kinds, result=None)
        return function

    def call(self, name: str, *arguments: Array | int) -> None:
        """Call a kernel without a result. Arrays are contiguous, and padded where the kernel
        requires it.
        """
        function = self._functions.get(name) or self.function(name, len(arguments))
        function(*[a if type(a) is int else address_of(a) for a in arguments])


_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_KEPT: Final = 1 << 30
"""Parameter numbers of glibc's malloc.h, and the amount of freed memory the process retains."""


@cache
def _keep_memory() -> None:
    """Configure glibc, if it is in use, to retain freed memory.

    Batches repeatedly free and allocate megabytes. Fresh pages from the system, cleared on first
    access, took a third of the time of operations on words alone.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_MMAP_THRESHOLD, _KEPT)
        libc.mallopt(_TRIM_THRESHOLD, _KEPT)


def address_of(array: Array | int) -> int:
    """Return the address of an array; an address is returned unchanged."""
    try:
        return _address(_first(array))
    except (TypeError, ValueError, BufferError):
        # An address; or an array that is read-only, empty or not contiguous, for which this path
        # takes five times as long.
        if isinstance(array, int):
            return array
        address: int = array.__array_interface__["data"][0]
        return address


def empty(count: int, dtype: npt.DTypeLike) -> Array:
    """Return an uninitialised vector with `PADDING` bytes past its end.

    The padding is zero: kernels also compute on it, and no stale memory may leak into messages.
    """
    size = count * np.dtype(dtype).itemsize
    if size <= PADDING:
        return np.zeros(size + PADDING, np.uint8)[:size].view(dtype)
    memory = np.empty(size + PADDING, np.uint8)
    memory[size:] = 0
    return memory[:size].view(dtype)


def zeros(count: int, dtype: npt.DTypeLike) -> Array:
    """Return a vector of zeros with padding."""
    result = empty(count, dtype)
    result.fill(0)
    return result


def padded(values: Array) -> Array:
    """Return a flat copy of an array, with padding."""
    result = empty(values.size, values.dtype)
    if values.ndim == 1:
        result[:] = values
    else:
        np.copyto(result.reshape(values.shape), values)
    return result
