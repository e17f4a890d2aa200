"""Counting the rounds of a party."""

from __future__ import annotations


class Turns:
    """Rounds of a party, which its channels share.

    `rounds` counts how often it turned to receiving after it had sent, or began by receiving: how
    often it had to wait for an answer, regardless of the peers. The messages of flights
    (`core/channel.py`) are counted at the end of the last one, in the order of the flights.
    """

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin to count."""
        self.rounds = 0
        self.receiving = False
        self._flight: int | None = None
        self._behind = 0
        self._sent: set[int] = set()
        self._received: set[int] = set()

    def send(self) -> None:
        """Note that something is sent."""
        if self._flight is not None:
            self._sent.add(self._flight)
        else:
            self.receiving = False

    def receive(self) -> None:
        """Count a round if the last operation was a send, or if this is the first."""
        if self._flight is not None:
            self._received.add(self._flight - self._behind)
        elif not self.receiving:
            self.receiving = True
            self.rounds += 1

    def flight(self, number: int | None, behind: int = 0) -> None:
        """Begin or continue a flight, or end all flights."""
        self._flight, self._behind = number, behind
        if number is not None:
            return
        sent, received = self._sent, self._received
        self._sent, self._received = set(), set()
        for one in sorted(sent | received):
            self._end(one, sent=one in sent, received=one in received)

    def _end(self, number: int, *, sent: bool, received: bool) -> None:
        """Count a flight."""
        if sent:
            self.send()
        if received:
            self.receive()
