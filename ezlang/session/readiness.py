"""Waiting until all parties are ready to run, which may take long the first time.

Code that isn't in the cache is compiled after the handshake. Meanwhile a party sends a byte every
quarter of a second, so that the time of compiling doesn't count as silence. Then it says that it is
ready, and waits until all others are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from threading import Event, Thread
from typing import Final

from ezlang.diagnostics.diagnostic import EzError

from . import errors
from .channel import SocketChannel

BUSY: Final = b"\x05"
READY: Final = b"\x06"
INTERVAL: Final = 0.25
"""Seconds between two messages of a busy party."""


@contextlib.contextmanager
def preparing(channels: Collection[SocketChannel]) -> Iterator[None]:
    """Tell the peers that this party is alive, until the block ends; then wait for the peers.

    The channels are not to be used in the block. Their counters are reset at the end.
    """
    done = Event()
    thread = Thread(target=_tell, args=(channels, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    for channel in channels:
        channel.send(READY)
        channel.flush()
    for channel in channels:
        said = bytearray(BUSY)
        while said == BUSY:
            channel.receive_into(memoryview(said))
        if said != READY:
            raise errors.not_ezlang("it didn't say when it was ready")
    for channel in channels:
        channel.start_counting()


def _tell(channels: Collection[SocketChannel], done: Event) -> None:
    while not done.wait(INTERVAL):
        for channel in channels:
            # If a peer has gone, waiting for it reports that.
            with contextlib.suppress(EzError):
                channel.send(BUSY)
                channel.flush()
