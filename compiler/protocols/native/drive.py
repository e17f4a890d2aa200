"""Runs protocols over a channel, with OTs from the sessions of both directions.

The messages of a step go out as one, then all that is expected is received: one flush and one wait
a step. OTs that several protocols ask for in a step are taken together. Where a session must make
more, the party that sends for it does so before it waits for the session of the other direction:
its source's `speaks` says which of the two that is. With OT extension both parties' receivers
speak, with silent OT both senders, so that neither waits for the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ..core.channel import Channel
from ..core.sizes import PADDING
from ..core.steps import Bytes, Request, Round, Step, Steps, T, Take
from ..ot.directions import CotReceiverSource, CotSenderSource


class Driver:
    """Meets the requests of one party's protocols. `ots_sent` and `ots_received` count OTs.

    Both parties drive the same protocols in the same order.
    """

    def __init__(
        self,
        channel: Channel,
        sender: CotSenderSource | None = None,
        receiver: CotReceiverSource | None = None,
    ) -> None:
        self.channel = channel
        self.ots_sent = 0
        self.ots_received = 0
        self._sender = sender
        self._receiver = receiver

    def run(self, steps: Steps[T]) -> T:
        """Run a protocol to its end and return its result."""
        send = steps.send
        meet = self._meet
        try:
            step = next(steps)
            while True:
                step = send(meet(step))
        except StopIteration as end:
            self.channel.flush()
            result: T = end.value
            return result

    def _meet(self, step: Step) -> list[Any]:
        if len(step) == 1:
            request = step[0]
            if type(request) is Round:
                self._send(request)
                return [self._receive(request)]
        replies: list[Any] = [None] * len(step)
        takes = [(n, r) for n, r in enumerate(step) if isinstance(r, Take)]
        if takes:
            for (n, _), reply in zip(takes, self._take([r for _, r in takes]), strict=True):
                replies[n] = reply
        rounds = [(n, _round(r)) for n, r in enumerate(step) if not isinstance(r, Take)]
        for _, request in rounds:
            self._send(request, flush=False)
        if rounds:
            self.channel.flush()
        for n, request in rounds:
            replies[n] = self._receive(request)
        return replies

    def _send(self, request: Round, *, flush: bool = True) -> None:
        send = self.channel.send
        for array in request.send:
            if array.nbytes:
                send(array.data.cast("B"))
        # Receiving flushes.
        if flush and not request.receive:
            self.channel.flush()

    def _receive(self, request: Round) -> Bytes:
        size = request.receive
        data: Bytes = np.empty(size + PADDING, np.uint8)[:size]
        if size:
            self.channel.receive_into(data.data)
        return data

    def _take(self, takes: Sequence[Take]) -> list[Any]:
        """Take the OTs of all requests at once, and share them out in order."""
        sent = sum(take.sent for take in takes)
        received = sum(take.received for take in takes)
        if (sent and self._sender is None) or (received and self._receiver is None):
            raise CompilerBug("a protocol asks for OTs where there is no session")
        q = r = t = None
        if self._sender is not None and self._sender.speaks and sent:
            q = self._sender.take(sent)
        if self._receiver is not None and received:
            r, t = self._receiver.take(received)
        if self._sender is not None and q is None and sent:
            q = self._sender.take(sent)
        self.ots_sent += sent
        self.ots_received += received
        if len(takes) == 1:
            return [(q, (r, t))]
        replies = []
        i = j = 0
        for take in takes:
            mine = None if q is None else q[i : i + take.sent]
            i, last = i + take.sent, j
            j += take.received
            theirs = (None, None) if r is None or t is None else (r[last:j], t[last:j])
            replies.append((mine, theirs))
        return replies


def _round(request: Request) -> Round:
    if not isinstance(request, Round):
        raise CompilerBug("only the simulated executor has ideal functionalities")
    return request
