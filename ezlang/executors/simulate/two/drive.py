"""Runs both parties' protocols in lock step, as protocols/native/drive.py runs one party's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from ezlang.compiler.cost.ledger import Phase
from ezlang.compiler.ir.ots import OtKind
from ezlang.compiler.protocols.core.steps import Bytes, Ideal, Request, Round, Step, Steps, T, Take
from ezlang.diagnostics.diagnostic import CompilerBug

from ..randomness import Randomness
from .ots import Functionalities
from .stock import OtStock
from .wire import Packet, Wire

_Pair = tuple[Request, Request]


@dataclass(slots=True)
class Driver:
    """Meets the requests of both parties' protocols; `noise` is what ideal OTs show.

    `kind` is that of the OTs."""

    wire: Wire
    noise: Randomness
    boxes: Functionalities
    kind: OtKind
    stocks: tuple[OtStock, OtStock] = field(init=False)
    """The OTs that party 0 receives, and those that party 1 does."""

    def __post_init__(self) -> None:
        first, second = (OtStock(self.wire, self.noise, party, self.kind) for party in (0, 1))
        self.stocks = first, second

    def run(self, first: Steps[T], second: Steps[T]) -> tuple[T, T]:
        """Run party 0's protocol and party 1's to their ends, and return their results."""
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
        """Meet the requests of one step, of both parties."""
        self._take([pair for pair in pairs if isinstance(pair[0], Take)])
        rounds = [pair for pair in pairs if isinstance(pair[0], Round)]
        self.wire.exchange(_packets([r for r, _ in rounds]), _packets([r for _, r in rounds]))
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
        """Take the OTs of all requests at once. Both sessions are set up with the first ones."""
        received = [0, 0]
        for pair in pairs:
            one, other = pair
            if not (isinstance(one, Take) and isinstance(other, Take)):
                raise CompilerBug("one party alone takes OTs")
            if (one.sent, one.received) != (other.received, other.sent):
                raise CompilerBug("the parties take different OTs")
            received[0] += one.received
            received[1] += other.received
        if not any(received):
            return
        for stock in self.stocks:
            if not stock.ready:
                stock.take(1)
        sent = {
            stock.speaker: stock.take_all(count)
            for stock, count in zip(self.stocks, received, strict=True)
        }
        with self.wire.ledger.within(Phase.PREPROCESSING):
            self.wire.exchange(sent[0], sent[1])


def _packets(requests: Sequence[Request]) -> list[Packet]:
    rounds = [request for request in requests if isinstance(request, Round)]
    return [Packet(r.sent, r.purpose, partial(_data, r)) for r in rounds]


def _data(request: Round) -> bytes:
    return b"".join(array.tobytes() for array in request.send)


def _received(mine: Round, theirs: Round) -> Bytes:
    if mine.receive != theirs.sent:
        raise CompilerBug(f"{mine.receive} bytes are awaited, and {theirs.sent} come")
    return np.frombuffer(bytearray(_data(theirs)), np.uint8)
