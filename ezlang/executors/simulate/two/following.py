"""Following a simulated run: what its ledger has booked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from ezlang.compiler.cost.amounts import Rounds, Sent
from ezlang.compiler.cost.ledger import Ledger
from ezlang.executors.meter import lines_of
from ezlang.progress import running
from ezlang.progress.status import Expected, Status
from ezlang.source import NO_SPAN


@contextmanager
def followed(ledger: Ledger, expected: Expected | None) -> Iterator[None]:
    """Tell of a run in the block, if anybody listens."""
    began = perf_counter()

    def look() -> Status:
        amounts = dict(ledger.amounts)  # a copy at once, as the run goes on
        rounds = dict.fromkeys(ledger.parties, 0)
        sent = 0
        for entry, amount in amounts.items():
            match entry.what:
                case Rounds(party):
                    rounds[party] += amount
                case Sent():
                    sent += amount
        place = ledger.place
        lines = lines_of([] if place == NO_SPAN else [place])
        return Status(
            phase=ledger.phase.value,
            line=lines[0] if lines else None,
            rounds=max(rounds.values()),
            bytes=sent,
            seconds=perf_counter() - began,
            expected=expected,
        )

    with running(look):
        yield
