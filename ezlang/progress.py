"""Telling a user who waits for long what is being done.

Code that may take long says what it does by `doing`. By default nobody listens. The command line
listens on a terminal, and prints what has already taken `PATIENCE` seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

PATIENCE = 2.0
"""Seconds that something takes without being told to the user."""

Listener = Callable[[str], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def told_to(listener: Listener | None) -> Iterator[None]:
    """Let `listener` be told what takes long in the block; it is called in another thread."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Say that the block does `what`, if it takes long and somebody listens."""
    listener = _listener.get()
    if listener is None:
        yield
        return
    from threading import Timer  # seldom needed

    timer = Timer(PATIENCE, listener, [what])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
