"""What a benchmark counts is held to a formula, so that it can't measure something else.

ANDs follow from the circuits, and bytes and rounds from the cost model. A benchmark whose run
differs ends with an error instead of a figure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ezlang import api
from ezlang.compiler.cost.amounts import Rounds
from ezlang.compiler.cost.counting_party import counting_pair, reply_to
from ezlang.compiler.cost.counting_preprocessing import Notes
from ezlang.compiler.cost.counting_session import CountingSession
from ezlang.compiler.cost.group_costs import TraceStep, add, book_step
from ezlang.compiler.cost.ledger import Phase
from ezlang.compiler.ir.ots import OtKind, OtKinds
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.protocols.core.backend import Backend
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.steps import Step, Steps
from ezlang.compiler.protocols.ot.backend import OT
from ezlang.session.channel import SocketChannel
from ezlang.source import NO_SPAN
from ezlang.types.sharing import DEFAULT_MEMORY

KINDS: Mapping[int, OtKind] = {
    2: OtKind.SOFTSPOKEN_2,
    4: OtKind.SOFTSPOKEN_4,
    8: OtKind.SOFTSPOKEN_8,
}
"""The kind of OT extension by its number of columns in a group."""


def expect(name: str, what: str, counted: object, expected: object) -> None:
    """End the benchmark if a count isn't the expected one."""
    if counted != expected:
        raise SystemExit(f"{name}: counted {counted} {what}, but the formula says {expected}")


def expect_prediction(
    program: Path,
    settings: Mapping[str, int],
    results: list[dict[str, Any]],
    *,
    protocol: str = "auto",
    network: str = "lan",
    memory: int = DEFAULT_MEMORY,
) -> None:
    """Hold both parties' costs, as `ezlang run --json` prints them, to the prediction."""
    loaded = api.load(program, dict(settings))
    report = api.cost(loaded, protocol=protocol, network=network, memory=memory)
    if not report.is_exact:
        return
    costs = [result["cost"] for result in results]
    sent = [report.least.bytes_sent.get(party, 0) for party in range(len(costs))]
    expect(program.stem, "bytes sent", [cost["bytes_sent"] for cost in costs], sent)
    expect(program.stem, "rounds", max(cost["rounds"] for cost in costs), report.least.rounds)
    expect(program.stem, "ANDs", costs[0].get("ands", 0), report.least.ands)


Counted = tuple[int, int, int]
"""Bytes sent, bytes received, rounds."""


def counted(channel: SocketChannel) -> Counted:
    """Return what a channel has counted so far."""
    return channel.bytes_sent, channel.bytes_received, channel.rounds


def since(channel: SocketChannel, before: Counted) -> Counted:
    """Return what a channel has counted since then."""
    sent, received, rounds = (x - y for x, y in zip(counted(channel), before, strict=True))
    return sent, received, rounds


class ExpectedSession:
    """The bytes and rounds of protocols on shares at one party, as the cost model counts them.

    `kind` is that of the OTs, or None if an ideal dealer deals them. The session begins after its
    set-up, as `extension_ends` and `silent_ends` leave it.
    """

    def __init__(self, party: int, kind: OtKind | None, backend: Backend = OT) -> None:
        self._party = party
        self._dealt = kind is None
        self._backend = backend
        self._session = CountingSession(kinds=OtKinds(shares=kind or OtKind.SOFTSPOKEN_2))
        self._session.begin()

    def check(self, name: str, run: Callable[[SharingParty], Steps[Any]], found: Counted) -> None:
        """Run a protocol without data; end the benchmark if its bytes or rounds are others."""
        expect(name, "bytes sent, bytes received and rounds", found, self._run(run))

    def _run(self, run: Callable[[SharingParty], Steps[Any]]) -> Counted:
        before = self._counted()
        # It is counted at the first party; the second one's messages are the other direction.
        steps = run(
            counting_pair(COMPUTING.side(0), Notes(lambda unit, count: None), backend=self._backend)
        )
        replies: list[Any] | None = None
        while True:
            try:
                step = next(steps) if replies is None else steps.send(replies)
            except StopIteration:
                break
            self._book(step)
            replies = [reply_to(request) for request in step]
        sent, received, rounds = (x - y for x, y in zip(self._counted(), before, strict=True))
        return sent, received, rounds

    def meet(self) -> None:
        """Exchange a byte."""
        self._session.ledger.exchange(dict.fromkeys(COMPUTING.links, 1))

    def _book(self, step: Step) -> None:
        found = TraceStep()
        for request in step:
            add(found, COMPUTING.links[0], request, 0, Phase.ONLINE)
        if self._dealt:
            found.ots = []
        book_step(self._session, found, [NO_SPAN])

    def _counted(self) -> Counted:
        ledger, other = self._session.ledger, COMPUTING.other(self._party)
        sent = ledger.bytes_sent
        return sent[self._party], sent[other], ledger.total(Rounds(self._party))
