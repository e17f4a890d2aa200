"""The lockstep driver of both parties' protocols; protocols/native/drive.py drives one party's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from functools import partial
from typing import Any

import numpy as np

from ezlang.compiler.cost.ledger import Phase
from ezlang.compiler.ir.ots import OtKind
from ezlang.compiler.ir.parties import COMPUTING, Link, Pair
from ezlang.compiler.protocols.core.steps import Bytes, Ideal, Request, Round, Step, Steps, T, Take
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ..randomness import Randomness
from .ots import Functionalities
from .stock import OtStock
from .wire import Packet, Wire

_Pair = tuple[Request, Request]


@dataclass(slots=True)
class Driver:
    """A driver that answers the requests of both parties' protocols.

    `noise` generates the messages of ideal OTs, and `kind` is the kind of the OTs. `stocks` are the
    stocks of OTs over each link, in the order of their set-up.
    """

    wire: Wire
    noise: Randomness
    boxes: Functionalities
    kind: OtKind
    pair: Pair = COMPUTING
    stocks: dict[Link, OtStock] = field(init=False)

    def __post_init__(self) -> None:
        self.stocks = {
            link: OtStock(self.wire, self.noise, link, self.kind)
            for link in reversed(self.pair.links)
        }

    def run(self, first: Steps[T], second: Steps[T]) -> tuple[T, T]:
        """Run the protocols of both parties to completion; return their results."""
        replies: tuple[Any, Any] = None, None
        while True:
            ended: list[T] = []
            steps: list[Step] = []
            for protocol, reply in zip((first, second), replies, strict=True):
                try:
                    steps.append(protocol.send(reply))
                except StopIteration as end:
                    ended.append(end.value)
            if len(ended) == len(replies):
                return ended[0], ended[1]
            if ended:
                raise CompilerBug("one party's protocol ended before the other's")
            replies = self._meet(list(zip(*steps, strict=True)))

    def _meet(self, pairs: Sequence[_Pair]) -> tuple[list[Any], list[Any]]:
        """Answer the requests of both parties in one step."""
        self._take([pair for pair in pairs if isinstance(pair[0], Take)])
        rounds = [pair for pair in pairs if isinstance(pair[0], Round)]
        forth, back = self.pair.links
        firsts, seconds = [one for one, _ in rounds], [other for _, other in rounds]
        self.wire.exchange({forth: _packets(firsts), back: _packets(seconds)})
        replies: tuple[list[Any], list[Any]] = [], []
        for pair in pairs:
            for party, reply in enumerate(self._reply(pair)):
                replies[party].append(reply)
        return replies

    def _reply(self, pair: _Pair) -> tuple[Any, Any]:
        match pair:
            case (Round() as one, Round() as other):
                return _received(one, other), _received(other, one)
            case (Take(), Take()):
                return None, None
            case (Ideal() as one, Ideal() as other) if one.box == other.box:
                return self.boxes.call(one.box, one.inputs, other.inputs)
            case _:
                raise CompilerBug("the parties' protocols don't fit one another")

    def _take(self, pairs: Sequence[_Pair]) -> None:
        """Take the OTs of all requests at once. The first OTs set up both sessions."""
        forth, back = self.pair.links
        taken = {forth: 0, back: 0}
        for pair in pairs:
            one, other = pair
            if not (isinstance(one, Take) and isinstance(other, Take)):
                raise CompilerBug("one party alone takes OTs")
            if (one.sent, one.received) != (other.received, other.sent):
                raise CompilerBug("the parties take different OTs")
            taken[forth] += one.sent
            taken[back] += one.received
        if not any(taken.values()):
            return
        for stock in self.stocks.values():
            if not stock.ready:
                stock.take(1)
        made = {
            self.stocks[link].made_over: self.stocks[link].take_all(count)
            for link, count in taken.items()
        }
        with self.wire.ledger.within(Phase.PREPROCESSING):
            self.wire.exchange({link: made[link] for link in self.pair.links})


def _packets(requests: Sequence[Request]) -> list[Packet]:
    rounds = [request for request in requests if isinstance(request, Round)]
    return [Packet(r.sent, r.purpose, partial(_data, r)) for r in rounds]


def _data(request: Round) -> bytes:
    return b"".join(array.tobytes() for array in request.send)


def _received(mine: Round, theirs: Round) -> Bytes:
    if mine.receive != theirs.sent:
        raise CompilerBug(f"{mine.receive} bytes are awaited, and {theirs.sent} come")
    return np.frombuffer(bytearray(_data(theirs)), np.uint8)
