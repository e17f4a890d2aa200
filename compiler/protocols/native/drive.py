"""The driver of protocols over channels to peers, with OTs from sessions in both directions.

The messages of a step are sent as one, then all expected messages are received: one flush and one
wait per step. The transfers that begin in a step are run as one pipeline (`transfer.py`), and end
in the same step, too.
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
from ..core.steps import Bytes, Finish, Ideal, Request, Round, Step, Steps, T, Transfer
from ..ot.directions import Ends
from .transfer import Pipeline


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
        self._begun: dict[int, Pipeline] = {}
        self._flight = 0

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
        for peer, numbers in _by_peer(step).items():
            found = self._meet_peer(peer, [step[n] for n in numbers])
            for n, reply in zip(numbers, found, strict=True):
                replies[n] = reply
        self._flight += 2
        if not self._begun:
            for channel in self.channels.values():
                channel.flight(None)
        return replies

    def _meet_peer(self, peer: int, requests: Sequence[Request]) -> list[Any]:
        """Fulfil the requests to a peer; return the replies.

        The order on the wire is that of the rounds, the transfers that end, those without messages,
        and the other ones, which only begin.
        """
        channel = self.channels[peer]
        transfers = [request for request in requests if isinstance(request, Transfer)]
        silent = self._pipeline(peer, [one for one in transfers if one.is_silent])
        begun = self._pipeline(peer, [one for one in transfers if not one.is_silent])
        replies: dict[int, Bytes] = {}

        def arrive() -> None:
            channel.flight(self._flight + 1)
            for n, request in enumerate(requests):
                if isinstance(request, Round) and n not in replies:
                    replies[n] = self._receive(request)

        channel.flight(self._flight + 1)
        for request in requests:
            if isinstance(request, Round):
                self._send(request, flush=False)
        if any(isinstance(request, Finish) for request in requests):
            self._begun.pop(peer).finish(arrive, self._flight + 1)
        elif peer in self._begun:
            if begun is not None:
                raise CompilerBug("a transfer begins before the last one ends")
            self._begun[peer].drain()
        if silent is not None:
            silent.begin(arrive)
            silent.finish(arrive, self._flight + 1)
        if begun is not None:
            begun.begin(arrive)
            self._begun[peer] = begun
        channel.flush()
        arrive()
        return [replies.get(n) for n in range(len(requests))]

    def _pipeline(self, peer: int, transfers: Sequence[Transfer]) -> Pipeline | None:
        """Return transfers as a pipeline, with OTs set up; None if there are none."""
        if not transfers:
            return None
        ends = self._ends.get(peer)
        if ends is None:
            raise CompilerBug("a protocol asks for OTs where there is no session")
        pipeline = Pipeline(self.channels[peer], ends, transfers, self._flight)
        sent, received = pipeline.taken
        self.ots[Link(self.own, peer)] += sent
        self.ots[Link(peer, self.own)] += received
        return pipeline

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


def _by_peer(step: Step) -> dict[int, list[int]]:
    """Return the numbers of the requests to each peer."""
    found: dict[int, list[int]] = {}
    for n, request in enumerate(step):
        if isinstance(request, Ideal):
            raise CompilerBug("only the simulated executor has ideal functionalities")
        found.setdefault(request.peer, []).append(n)
    return dict(sorted(found.items()))
