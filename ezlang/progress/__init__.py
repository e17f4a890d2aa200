"""Telling a user who waits for long what is being done.

Code that may take long says what it does by `doing`, and a run by `running`. By default nobody
listens. The command line listens on a terminal, and shows what has already taken `PATIENCE`
seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .status import Status

PATIENCE = 1.0
"""Seconds that something takes without being told to the user."""


class Listener(Protocol):
    """Shows what is told. It is called in another thread, by one at a time.

    `name` is for `listener_of`, which makes the same in another process. `pause` is the time in
    seconds between two states of a run.
    """

    name: str
    pause: float

    def say(self, what: str) -> None:
        """Show what is being done."""

    def show(self, status: Status) -> None:
        """Show the state of a run."""

    def end(self, status: Status) -> None:
        """Show no more of a run, whose last state this is."""


_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def told_to(listener: Listener | None) -> Iterator[None]:
    """Let `listener` be told what takes long in the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def listener() -> Listener | None:
    """Return who listens, if anybody does."""
    return _listener.get()


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Say that the block does `what`, if it takes long and somebody listens."""
    listener = _listener.get()
    if listener is None:
        yield
        return
    from threading import Timer  # seldom needed

    timer = Timer(PATIENCE, listener.say, [what])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def running(look: Callable[[], Status]) -> Iterator[None]:
    """Tell of a run in the block, if it takes long and somebody listens.

    `look` returns the state of the run, and is called in another thread.
    """
    listener = _listener.get()
    if listener is None:
        yield
        return
    from threading import Event, Thread  # seldom needed

    over = Event()

    def follow() -> None:
        pause = PATIENCE
        while not over.wait(pause):
            listener.show(look())
            pause = listener.pause

    thread = Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        listener.end(look())
