"""Telling a user who waits for long what is being done.

Code that may take long says what it does by `doing`. By default nobody listens. The command line
listens on a terminal, and prints what has already taken `PATIENCE` seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

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


class Estimate:
    """How far a series of equal parts is, and how long the rest will take.

    The first call says how many parts were done before; their time doesn't count.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._start: tuple[int, float] | None = None

    def __call__(self, done: int, count: int) -> str:
        """Return a line about `done` parts of `count`, called batches."""
        now = self._clock()
        self._start = self._start or (done, now)
        before, began = self._start
        line = f"{done:,} of {count:,} batches are done"
        if not before < done < count:
            return line
        left = (now - began) / (done - before) * (count - done)
        return f"{line}, about {_time(left)} left"


def _time(seconds: float) -> str:
    """Return a time in two units at most: 40 s, 12 min, 3 h 20 min."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
