"""The context of a compiled program that runs protocols on shares alone, without Yao's protocol."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from ezlang.diagnostics.diagnostic import CompilerBug

from ...kernels import abi
from ...kernels.context import EXCHANGE, Context
from ...kernels.memory import AlignedBytes


class SharesContext:
    """A context whose only callback is `exchange`: the number of a group, a table of addresses."""

    def __init__(self, exchange: Callable[[int, int], None]) -> None:
        self._exchange = exchange
        self._error: BaseException | None = None
        self._memory = AlignedBytes(ctypes.sizeof(Context))
        state = Context.from_address(self._memory.address)
        self._callback: Any = EXCHANGE(self._run)
        state.exchange = ctypes.cast(self._callback, ctypes.c_void_p).value

    @property
    def address(self) -> int:
        """The context pointer that programs pass to all native functions."""
        return self._memory.address

    def check(self, status: int) -> None:
        """Raise the error of a nonzero status: the callback's exception, or a CompilerBug."""
        if status == abi.STATUS_OK:
            return
        error, self._error = self._error, None
        if status == abi.STATUS_CALLBACK and error is not None:
            raise error
        raise CompilerBug(f"native code on shares ended with status {status}")

    def _run(self, number: int, addresses: int) -> int:
        try:
            self._exchange(number, addresses)
        except BaseException as error:
            self._error = error
            return abi.STATUS_CALLBACK
        return abi.STATUS_OK
