"""The driver of protocols over channels to peers, with OTs from sessions in both directions.

The messages of a step are sent as one, then all expected messages are received: one flush and one
wait per step. OTs that several protocols request in a step are taken together. Where a session must
generate more OTs, the party that sends for it does so before it waits for the session of the other
direction; `speaks` of its source says which of the two sends. With OT extension both parties'
receivers send, with silent OT both senders, so that neither waits for the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ...ir.parties import Link
from ..core.channel import Channel
from ..core.sizes import PADDING
from ..core.steps import Bytes, Request, Round, Step, Steps, T, Take
from ..ot.directions import Ends


class Driver:
    """Fulfils the requests of one party's protocols. `ots` counts the OTs over each link.

    All parties run the same protocols in the same order. There is a channel to each peer, and this
    party's ends of the OT sessions with it, if any.
    """

    def __init__(
        self, own: int, channels: Mapping[int, Channel], ends: Mapping[int, Ends] | None = None
    ) -> None:
        self.own = own
        self.channels = channels
        self.ots: Counter[Link] = Counter()
        self._ends = ends or {}

    def run(self, steps: Steps[T]) -> T:
        """Run a protocol to its end and return its result."""
        send = steps.send
        meet = self._meet
        try:
            step = next(steps)
            while True:
                step = send(meet(step))
        except StopIteration as end:
            for channel in self.channels.values():
                channel.flush()
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
        for peer in sorted({take.peer for _, take in takes}):
            mine = [(n, take) for n, take in takes if take.peer == peer]
            for (n, _), reply in zip(mine, self._take(peer, [t for _, t in mine]), strict=True):
                replies[n] = reply
        rounds = [(n, _round(r)) for n, r in enumerate(step) if not isinstance(r, Take)]
        for _, request in rounds:
            self._send(request, flush=False)
        for peer in {request.peer for _, request in rounds}:
            self.channels[peer].flush()
        for n, request in rounds:
            replies[n] = self._receive(request)
        return replies

    def _send(self, request: Round, *, flush: bool = True) -> None:
        channel = self.channels[request.peer]
        send = channel.send
        for array in request.send:
            if array.nbytes:
                send(array.data.cast("B"))
        # Receiving flushes.
        if flush and not request.receive:
            channel.flush()

    def _receive(self, request: Round) -> Bytes:
        size = request.receive
        data: Bytes = np.empty(size + PADDING, np.uint8)[:size]
        if size:
            self.channels[request.peer].receive_into(data.data)
        return data

    def _take(self, peer: int, takes: Sequence[Take]) -> list[Any]:
        """Take the OTs of all requests with a peer at once and distribute them in order."""
        sent = sum(take.sent for take in takes)
        received = sum(take.received for take in takes)
        ends = self._ends.get(peer)
        if ends is None:
            raise CompilerBug("a protocol asks for OTs where there is no session")
        q = r = t = None
        if ends.sender.speaks and sent:
            q = ends.sender.take(sent)
        if received:
            r, t = ends.receiver.take(received)
        if q is None and sent:
            q = ends.sender.take(sent)
        self.ots[Link(self.own, peer)] += sent
        self.ots[Link(peer, self.own)] += received
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
