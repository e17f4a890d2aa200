"""Keep-alives: they tell a party that is slow from one that is gone.

A party may compute alone for longer than another one's time-out, or compile, or wait for a third
one. Meanwhile a thread says over all of its channels that it is there. Native code doesn't stop the
thread. A process that is stopped, or that has no connection any more, is silent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from threading import Event, Thread
from typing import Final

from . import errors
from .channel import SocketChannel

INTERVAL: Final = 0.25
"""Seconds between two keep-alives; the peer's time-out isn't known here."""

READY: Final = b"\x06"


@contextlib.contextmanager
def kept_alive(channels: Collection[SocketChannel]) -> Iterator[None]:
    """Send keep-alives during the block, over channels to peers that do the same."""
    for channel in channels:
        channel.use_records()
    done = Event()
    thread = Thread(target=_tell, args=(channels, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def wait_until_ready(channels: Collection[SocketChannel]) -> None:
    """Say that this party is ready to run, and wait until all peers are; then begin to count."""
    for channel in channels:
        channel.send(READY)
        channel.flush()
    for channel in channels:
        said = bytearray(READY)
        channel.receive_into(memoryview(said))
        if said != READY:
            raise errors.not_ezlang("it didn't say when it was ready")
    for channel in channels:
        channel.start_counting()


def _tell(channels: Collection[SocketChannel], done: Event) -> None:
    while not done.wait(INTERVAL):
        for channel in channels:
            channel.keep_alive()
