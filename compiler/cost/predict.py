"""Cost prediction: `predict` for one run, `Forecast` for several ways to generate its OTs."""

from __future__ import annotations

from collections import Counter
from dataclasses import field

from ezlang.records import dataclass, replace

from ..ir import tree as ir
from ..ir.garbling import Garbling
from ..ir.ots import OtKinds
from ..protocols.core.backend import Backend
from ..protocols.core.preprocessing import Unit
from ..protocols.dealt.backend import DEALT, dealt_batches
from ..protocols.dealt.demands import CorrelatedOt, Demands, Kind, LabelOt, demanded
from ..protocols.ot.backend import OT
from ..protocols.ot.stock import LARGEST_BATCH
from .amounts import Count, Ots, Sent, Units
from .apart import walked, walked_apart
from .counting_session import CountingSession
from .group_costs import Traces
from .ledger import Amounts, Ledger
from .ots import work_of
from .plans import Plans
from .walk import Control, RevealedControl, Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """The predicted cost of a run.

    `least` is exact if nothing is `unknown`, and then equals `most`. There is no `most` if the
    number of iterations of a loop is unknown. `sharing` is the peak number of bytes of arrays for
    computing on shares, or None if nothing is computed on shares.
    """

    least: Ledger
    most: Ledger | None
    unknown: tuple[RevealedControl, ...]
    sharing: int | None

    @property
    def is_exact(self) -> bool:
        """Whether the costs are independent of revealed values."""
        return not self.unknown


def predict(
    program: ir.Program, *, backend: Backend = OT, forecast: Forecast | None = None
) -> Prediction:
    """Return the cost with a back end of a program in the form passed to code generation.

    `forecast` is the program's forecast with this back end, if it was made already.
    """
    forecast = forecast or Forecast(program, backend)
    walk = forecast.walk(program.ots, program.garbling)
    least = walk.session.ledger
    most: Ledger | None = least
    if walk.unknown:
        bounded = all(one.control is not Control.LOOP for one in walk.unknown)
        given = forecast.plans, program.ots, program.garbling
        most = walked(*given, most=True).session.ledger if bounded else None
    unknown = tuple(walk.unknown)
    return Prediction(least=least, most=most, unknown=unknown, sharing=forecast.plans.memory)


def predict_demands(
    program: ir.Program, backend: Backend = DEALT
) -> tuple[Demands, tuple[RevealedControl, ...]]:
    """Return what a program demands before the run, and the unknown control flow that affects it.

    `backend`: of a dealer, or of the parties themselves.

    The demands are exact if there is no such control flow.
    """
    walk = Forecast(program, backend).walk(program.ots, program.garbling)
    units = _units_of(walk.session.ledger.amounts)
    demands: Counter[Kind] = Counter({unit: demanded(unit, n) for unit, n in units.items()})
    demands[LabelOt()] = walk.session.labels.taken
    for link, ots in walk.session.shares.items():
        demands[CorrelatedOt(sender=link.sender)] = ots.taken
    unknown = tuple(one for one in walk.unknown if _decides_demands(one))
    return +demands, unknown


@dataclass(frozen=True, slots=True)
class OtUse:
    """The minimum number of OTs taken, the number of takes, and whether both are exact."""

    count: int
    takes: int
    exact: bool


@dataclass(slots=True)
class Forecast:
    """The minimum cost of a program for each way of generating its OTs, and of garbling.

    The messages of its groups are determined once and kept in `traces`, which several programs may
    share.
    """

    program: ir.Program
    backend: Backend = OT
    traces: Traces = field(default_factory=dict)
    plans: Plans = field(init=False)
    _walks: dict[tuple[OtKinds, Garbling], Walk] = field(default_factory=dict)
    _without_ots: dict[Garbling, Walk] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.plans = Plans(self.program, self.backend, self.traces)

    def walk(self, kinds: OtKinds, garbling: Garbling = Garbling.HALF_GATES) -> Walk:
        """Return the walk through the program with OTs of some kinds and a garbling scheme."""
        found = self._walks.get((kinds, garbling))
        if found is None:
            without_ots = self.walk_without_ots(garbling)
            found = walked_apart(self.plans, kinds, without_ots, garbling)
            self._walks[kinds, garbling] = found
        return found

    def walk_without_ots(self, garbling: Garbling = Garbling.HALF_GATES) -> Walk:
        """Return the walk as if OTs existed before the run.

        It has the OTs that are taken, and at most the other amounts of a walk with any OTs. Without
        batches of OTs, the iterations of a loop soon cost the same, so that it takes little time.
        """
        found = self._without_ots.get(garbling)
        if found is None:
            backend = replace(self.backend, batches=dealt_batches)
            found = walked(self.plans, OtKinds(), garbling, backend=backend)
            self._without_ots[garbling] = found
        return found

    def least(self, kinds: OtKinds, garbling: Garbling = Garbling.HALF_GATES) -> Ledger:
        """Return amounts of which the walk with the same arguments has at least as many.

        They include making the OTs that are taken, without what is left of batches.
        """
        walked = self.walk_without_ots(garbling).session
        ledger = walked.ledger.copy()
        session = CountingSession(len(self.program.parties), self.backend, kinds)
        for used, one in zip(walked.ots, session.ots, strict=True):
            if used.taken:
                one.plan.next(LARGEST_BATCH)  # which may include a part of the set-up
                made = one.plan.next(LARGEST_BATCH)
                ledger.add(Sent(one.made_over), used.taken * made.bytes // made.count)
                ledger.add(Count.OT_WORK, int(used.taken * work_of(one.kind)))
                ledger.add(Count.SET_UPS, int(bool(one.plan.set_up())))
        return ledger


def predict_ots(forecast: Forecast) -> tuple[OtUse, OtUse]:
    """Return the OTs of a program for Yao's protocol, and for shares in the direction with more."""
    walk = forecast.walk_without_ots()
    session, exact = walk.session, not walk.unknown
    for_shares = max((one.taken for one in session.shares.values()), default=0)
    total = session.ledger.total
    return (
        OtUse(session.labels.taken, total(Count.LABEL_TAKES), exact),
        OtUse(for_shares, total(Count.SHARE_TAKES), exact),
    )


def predict_ands(forecast: Forecast) -> int:
    """Return the number of ANDs of a program's garbled circuits, or a lower bound."""
    return forecast.walk_without_ots().session.ledger.total(Count.ANDS)


def _units_of(amounts: Amounts) -> Counter[Unit]:
    """Return the booked units."""
    found: Counter[Unit] = Counter()
    for entry, count in amounts.items():
        if isinstance(entry.what, Units):
            found[entry.what.unit] += count
    return found


def _decides_demands(unknown: RevealedControl) -> bool:
    """Return whether the demands on a dealer depend on some control flow."""
    uses = []
    for amounts in unknown.amounts:
        ots = Counter({e.what: n for e, n in amounts.items() if isinstance(e.what, Ots)})
        uses.append((_units_of(amounts), ots))
    if unknown.control is Control.LOOP:
        uses.append((Counter(), Counter()))
    return any(use != uses[0] for use in uses)
