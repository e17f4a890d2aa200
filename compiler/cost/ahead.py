"""The cost of making preprocessing ahead of a run: the messages of `protocols/native/making.py`."""

from __future__ import annotations

from functools import lru_cache

from ezlang.source import NO_SPAN

from ..ir.ots import OtKinds
from ..protocols.ahead.making import make_units
from ..protocols.core.preprocessing import Unit
from ..protocols.dealt.demands import CorrelatedOt, Demands, LabelOt
from ..protocols.dealt.expansion import parts_of
from .counting_party import counting_pair
from .counting_session import CountingSession
from .group_costs import Trace, book_step, trace_of_steps
from .ledger import Ledger, Phase


def predict_making(demands: Demands, kinds: OtKinds) -> Ledger:
    """Return the cost of making what a run of two parties demands, with OTs of some kinds.

    All of it is preprocessing, and the set-up of the OTs.
    """
    session = CountingSession(kinds=kinds)
    with session.ledger.within(Phase.PREPROCESSING):
        for kind, part in parts_of(demands):
            count = part.stop - part.start
            if isinstance(kind, LabelOt):
                while count:
                    count -= session.labels.take(count)
                continue
            for step in _trace(kind, count).steps:
                book_step(session, step, (NO_SPAN,))
    return session.ledger


@lru_cache(maxsize=256)
def _trace(kind: Unit | CorrelatedOt, count: int) -> Trace:
    return trace_of_steps(lambda side, notes: make_units(counting_pair(side, notes), kind, count))
