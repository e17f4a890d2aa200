"""The meter of a native party: what its channels count, by line and phase.

Native code tells before each operation on secrets which one it is (`codegen/marks.py`). The garbler
holds tables back until they fill a buffer, and the evaluator reads what has arrived before it
counts it, so both are looked at whenever the line changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ezlang.compiler.codegen.interface import Interface
from ezlang.compiler.protocols.core.phases import Phase
from ezlang.compiler.protocols.yao.session import YaoParty
from ezlang.executors.meter import Meter, Tallies
from ezlang.session.channel import SocketChannel
from ezlang.session.turns import Turns

Run = Callable[[int, int], None]


class ChannelMeter(Meter):
    """The meter of the party with the number `own`."""

    def __init__(self, own: int) -> None:
        super().__init__()
        self._own = own
        self._channels: Mapping[int, SocketChannel] = {}
        self._yao: YaoParty | None = None
        self._turns = PhasedTurns(self)
        self._before = _Counts(0, Counter())

    def begin(self, channels: Mapping[int, SocketChannel]) -> None:
        """Begin to count what goes through channels, by peer, that have begun to count."""
        super().__init__()
        self._channels, self._yao = channels, None
        self._turns = PhasedTurns(self)
        for channel in channels.values():
            channel.within = self.within
            channel.turns = self._turns
        self._before = self._counts()

    def watch(self, yao: YaoParty) -> None:
        """Look at what a session of Yao's protocol holds back, too."""
        self._yao = yao

    def watched(self, run: Run, interface: Interface) -> Run:
        """Return a callback for groups and marks."""
        spans = [[one.span for one in group] for group in interface.marks]

        def told(number: int, addresses: int) -> None:
            if number < 0:
                self.at(spans[-number - 1])
            else:
                run(number, addresses)

        return told

    def finished(self) -> Tallies:
        """Return all tallies."""
        self.lap()
        return self.tallies

    def lap(self) -> None:
        """Count time, rounds and bytes since the last lap."""
        super().lap()
        now, before = self._counts(), self._before
        self._before = now
        tally = self.tally()
        tally.rounds[self._own] += now.rounds - before.rounds
        for party, count in now.sent.items():
            tally.sent[party] += count - before.sent[party]

    def early_round(self) -> None:
        """Move a round that has just been counted to the preprocessing."""
        self._before = _Counts(self._before.rounds + 1, self._before.sent)
        self.tally(Phase.PREPROCESSING).rounds[self._own] += 1

    def _counts(self) -> _Counts:
        sent = Counter({peer: one.bytes_received for peer, one in self._channels.items()})
        sent[self._own] = sum(one.bytes_sent for one in self._channels.values())
        if self._yao is not None:
            sent[self._own] += self._yao.pending
        return _Counts(self._turns.rounds, sent)


class _Counts(NamedTuple):
    """The rounds of a party, and the bytes that it and its peers have sent one another."""

    rounds: int
    sent: Counter[int]


class PhasedTurns(Turns):
    """Rounds of a party, where those of flights with preprocessing alone are told to a meter."""

    def __init__(self, meter: ChannelMeter) -> None:
        super().__init__()
        self._meter = meter
        self._online: set[int] = set()

    def send(self) -> None:
        """Note that something is sent."""
        self._note(0)
        super().send()

    def receive(self) -> None:
        """Count a round if the last operation was a send, or if this is the first."""
        self._note(self._behind)
        super().receive()

    def _note(self, behind: int) -> None:
        if self._flight is not None and self._meter.phase is Phase.ONLINE:
            self._online.add(self._flight - behind)

    def _end(self, number: int, *, sent: bool, received: bool) -> None:
        before = self.rounds
        super()._end(number, sent=sent, received=received)
        early = self._meter.phase is Phase.ONLINE and number not in self._online
        if early and self.rounds > before:
            self._meter.early_round()
        self._online.discard(number)
