"""Exceptions of Python's callbacks, carried past the native code that calls them."""

from __future__ import annotations

from collections.abc import Callable

from ezlang.diagnostics.diagnostic import CompilerBug

from . import abi


class Guard:
    """Turns exceptions of callbacks into statuses, and these into exceptions again.

    `code` names the native code in the error for a status that no callback returned.
    """

    def __init__(self, code: str) -> None:
        self._code = code
        self._error: BaseException | None = None

    def wrap(self, action: Callable[..., None]) -> Callable[..., int]:
        """Return a callback that stores exceptions for `check`, and returns a status."""

        def run(*arguments: int) -> int:
            try:
                action(*arguments)
            except BaseException as error:
                self._error = error
                return abi.STATUS_CALLBACK
            return abi.STATUS_OK

        return run

    def check(self, status: int) -> None:
        """Raise the error of a nonzero status: the callback's exception, or a CompilerBug."""
        if status == abi.STATUS_OK:
            return
        error, self._error = self._error, None
        if status == abi.STATUS_CALLBACK and error is not None:
            raise error
        raise CompilerBug(f"{self._code} ended with status {status}")
