"""A slow line: a relay between two parties that adds delay and limits the rate in each direction.

Arriving data are sent on at `rate` bytes a second, and delivered `delay` seconds later, in order.
This is a line of that bandwidth and one-way delay whose queue never overflows.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from dataclasses import dataclass
from typing import Final

_PIECE: Final = 1 << 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line: seconds of delay in each direction, bytes a second in each direction."""

    delay: float
    rate: float


WAN: Final = Line(delay=0.02, rate=1.25e7)
"""20 ms each way, 100 Mbit/s."""


class Relay:
    """Listens on loopback; connects the first connection to `target`, over the line."""

    def __init__(self, target: tuple[str, int], line: Line, patience: float = 30.0) -> None:
        self._target = target
        self._line = line
        self._patience = patience
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._server.getsockname()[:2]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with self._server:
            near, _ = self._server.accept()
        far = self._dial()
        for source, sink in ((near, far), (far, near)):
            for end in (source, sink):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pipe: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
            threading.Thread(target=self._take, args=(source, pipe), daemon=True).start()
            threading.Thread(target=_hand_on, args=(sink, pipe), daemon=True).start()

    def _dial(self) -> socket.socket:
        until = time.monotonic() + self._patience
        while True:
            try:
                return socket.create_connection(self._target)
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def _take(self, source: socket.socket, pipe: queue.SimpleQueue[tuple[float, bytes]]) -> None:
        free = 0.0
        data = b"\0"
        while data:
            try:
                data = source.recv(_PIECE)
            except OSError:
                data = b""
            free = max(free, time.monotonic()) + len(data) / self._line.rate
            pipe.put((free + self._line.delay, data))


def _hand_on(sink: socket.socket, pipe: queue.SimpleQueue[tuple[float, bytes]]) -> None:
    while True:
        due, data = pipe.get()
        wait = due - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        try:
            if not data:
                sink.shutdown(socket.SHUT_WR)
                return
            sink.sendall(data)
        except OSError:
            return
