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
from ..core.phases import Phase
from ..core.sizes import PADDING
from ..core.steps import (
    Bytes,
    Elsewhere,
    Finish,
    Ideal,
    Request,
    Round,
    Step,
    Steps,
    T,
    Transfer,
)
from ..ot.directions import Ends
from .transfer import Pipeline


class Driver:
    """Fulfils the requests of one party's protocols. `ots` counts the OTs over each link.

    `begun` are the transfers that have begun and not ended, by peer; `flight` is the number of the
    last flight (core/channel.py).

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
        self.begun: dict[int, Pipeline] = {}
        self.flight = 0

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
                self.send(request)
                return [self.receive(request)]
        replies: list[Any] = [None] * len(step)
        by_peer = self._by_peer(step)
        if len(self.channels) > 1 and any(map(_takes_ots, step)):
            self._set_up()
        meetings = [
            _Meeting(self, peer, [step[n] for n in numbers]) for peer, numbers in by_peer.items()
        ]
        for one in meetings:
            one.send(flush=len(meetings) > 1)
        for one in meetings:
            one.transfer()
        for one, numbers in zip(meetings, by_peer.values(), strict=True):
            for n, reply in zip(numbers, one.replies(), strict=True):
                replies[n] = reply
        self.flight += 2
        if not self.begun:
            for channel in self.channels.values():
                channel.flight(None)
        return replies

    def _by_peer(self, step: Step) -> dict[int, list[int]]:
        """Return the numbers of the requests to each peer, in the order in which they are met.

        At the time t, parties p and q meet for which p + q = t modulo n. So all parties agree on
        the order, and those that meet at the same time are different ones.
        """
        found: dict[int, list[int]] = {}
        for n, request in enumerate(step):
            if isinstance(request, Ideal):
                raise CompilerBug("only the simulated executor has ideal functionalities")
            if isinstance(request, Elsewhere):
                continue
            found.setdefault(request.peer, []).append(n)
        parties = len(self.channels) + 1
        return dict(sorted(found.items(), key=lambda item: (self.own + item[0]) % parties))

    def _set_up(self) -> None:
        """Set up the OT sessions with all peers at once, before the first OT is taken."""
        ends = {peer: one for peer, one in self._ends.items() if not one.ready}
        if ends:
            # Channels of a party are counted together, so the context of any serves for all.
            with self.channels[min(ends)].within(Phase.SET_UP):
                self._set_up_all(ends)

    def _set_up_all(self, ends: Mapping[int, Ends]) -> None:
        first = self.flight
        for peer, one in ends.items():
            self.channels[peer].flight(first)
            one.offer(self.channels[peer])
            self.channels[peer].flush()
        for peer, one in ends.items():
            self.channels[peer].flight(first + 1, behind=1)
            one.answer(self.channels[peer])
            self.channels[peer].flush()
        for peer, one in ends.items():
            self.channels[peer].flight(first + 2, behind=1)
            one.complete()
        for channel in self.channels.values():
            channel.flight(None)

    def pipeline(self, peer: int, transfers: Sequence[Transfer]) -> Pipeline | None:
        """Return transfers as a pipeline, with OTs set up; None if there are none."""
        if not transfers:
            return None
        ends = self._ends.get(peer)
        if ends is None:
            raise CompilerBug("a protocol asks for OTs where there is no session")
        pipeline = Pipeline(self.channels[peer], ends, transfers, self.flight)
        sent, received = pipeline.taken
        self.ots[Link(self.own, peer)] += sent
        self.ots[Link(peer, self.own)] += received
        return pipeline

    def send(self, request: Round, *, flush: bool = True) -> None:
        """Send the message of a round."""
        channel = self.channels[request.peer]
        send = channel.send
        for array in request.send:
            if array.nbytes:
                send(array.data.cast("B"))
        # Receiving flushes.
        if flush and not request.receive:
            channel.flush()

    def receive(self, request: Round) -> Bytes:
        """Receive the message of a round."""
        size = request.receive
        data: Bytes = np.empty(size + PADDING, np.uint8)[:size]
        if size:
            self.channels[request.peer].receive_into(data.data)
        return data


def _takes_ots(request: Request) -> bool:
    """Return whether OTs are taken for a request, here or between others."""
    return isinstance(request, Elsewhere) or any(request.ots)


class _Meeting:
    """The requests of a step to a peer.

    The order on the wire is that of the rounds, the transfers that end, those without messages, and
    the other ones, which only begin.
    """

    def __init__(self, driver: Driver, peer: int, requests: Sequence[Request]) -> None:
        self._driver = driver
        self._peer = peer
        self._requests = requests
        self._channel = driver.channels[peer]
        self._flight = driver.flight + 1
        transfers = [request for request in requests if isinstance(request, Transfer)]
        self._silent = driver.pipeline(peer, [one for one in transfers if one.is_silent])
        self._begins = driver.pipeline(peer, [one for one in transfers if not one.is_silent])
        self._replies: dict[int, Bytes] = {}

    def send(self, *, flush: bool) -> None:
        """Send the messages of rounds."""
        self._channel.flight(self._flight)
        for request in self._requests:
            if isinstance(request, Round):
                self._driver.send(request, flush=False)
        if flush:
            self._channel.flush()

    def transfer(self) -> None:
        """Run the transfers that end in this step, and begin others."""
        begun = self._driver.begun
        if any(isinstance(request, Finish) for request in self._requests):
            begun.pop(self._peer).finish(self._arrive, self._flight)
        elif self._peer in begun:
            if self._begins is not None:
                raise CompilerBug("a transfer begins before the last one ends")
            begun[self._peer].drain()
        if self._silent is not None:
            self._silent.begin(self._arrive)
            self._silent.finish(self._arrive, self._flight)
        if self._begins is not None:
            self._begins.begin(self._arrive)
            begun[self._peer] = self._begins
        self._channel.flush()

    def replies(self) -> list[Bytes | None]:
        """Return the replies to the requests, once they have arrived."""
        self._arrive()
        return [self._replies.get(n) for n in range(len(self._requests))]

    def _arrive(self) -> None:
        self._channel.flight(self._flight)
        for n, request in enumerate(self._requests):
            if isinstance(request, Round) and n not in self._replies:
                self._replies[n] = self._driver.receive(request)
