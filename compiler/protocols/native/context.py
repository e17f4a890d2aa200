"""The context of a compiled program that runs protocols on shares alone, without Yao's protocol."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from ...kernels.context import EXCHANGE, Context
from ...kernels.guard import Guard
from ...kernels.memory import AlignedBytes


class SharesContext:
    """A context whose only callback is `exchange`: the number of a group, a table of addresses."""

    def __init__(self, exchange: Callable[[int, int], None]) -> None:
        guard = Guard("native code on shares")
        self.check = guard.check
        self._memory = AlignedBytes(ctypes.sizeof(Context))
        self._state = state = Context.from_address(self._memory.address)
        self._callback: Any = EXCHANGE(guard.wrap(exchange))
        state.exchange = ctypes.cast(self._callback, ctypes.c_void_p).value

    @property
    def mark(self) -> int:
        """The last mark of the program, 0 if there was none."""
        return int(self._state.mark)

    @property
    def address(self) -> int:
        """The context pointer that programs pass to all native functions."""
        return self._memory.address
