"""What a run costs, before it: `predict`; of several ways to make its OTs: `Forecast`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..ir import tree as ir
from ..ir.ots import OtKinds
from ..protocols.core.backend import Backend
from ..protocols.core.preprocessing import Unit
from ..protocols.dealt.backend import DEALT
from ..protocols.dealt.demands import CorrelatedOt, Demands, Kind, LabelOt, demanded
from ..protocols.ot.backend import OT
from . import yao
from .amounts import Count, Ots, Units
from .ledger import Amounts, Ledger
from .session import Session
from .walk import Control, Plans, Traces, Unknown, Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a run of a program costs.

    `least` is exact if nothing is `unknown`, and `most` is the same then; where a loop runs nobody
    knows how often there is no `most`. `sharing` are the bytes of arrays that computing on shares
    takes at the most, None if there is nothing of that sort.
    """

    least: Ledger
    most: Ledger | None
    unknown: tuple[Unknown, ...]
    sharing: int | None

    @property
    def is_exact(self) -> bool:
        """Whether the costs don't depend on what a run reveals."""
        return not self.unknown


def predict(program: ir.Program, *, backend: Backend = OT) -> Prediction:
    """Return what a program costs with a back end, as it goes to code generation."""
    forecast = Forecast(program, backend)
    walk = forecast.walk(program.ots)
    least = walk.session.ledger
    most: Ledger | None = least
    if walk.unknown:
        bounded = all(one.control is not Control.LOOP for one in walk.unknown)
        most = _walked(forecast.plans, program.ots, True).session.ledger if bounded else None
    unknown = tuple(walk.unknown)
    return Prediction(least=least, most=most, unknown=unknown, sharing=forecast.plans.memory)


def predict_demands(program: ir.Program) -> tuple[Demands, tuple[Unknown, ...]]:
    """Return what a program asks of a dealer, and what it isn't known for the sake of.

    It is exact if there is nothing of that sort.
    """
    walk = Forecast(program, DEALT).walk(program.ots)
    units = _units_of(walk.session.ledger.amounts)
    demands: Counter[Kind] = Counter({unit: demanded(unit, n) for unit, n in units.items()})
    demands[LabelOt()] = walk.session.labels.taken
    for link, ots in walk.session.shares.items():
        demands[CorrelatedOt(sender=link.sender)] = ots.taken
    unknown = tuple(one for one in walk.unknown if _decides_demands(one))
    return +demands, unknown


@dataclass(frozen=True, slots=True)
class OtUse:
    """How many OTs are taken, at least; how often some are; whether that is exact."""

    count: int
    takes: int
    exact: bool


@dataclass(slots=True)
class Forecast:
    """What a program costs at least, for each way in which its OTs may be made.

    What its groups exchange is found once; in `traces`, which may serve several programs.
    """

    program: ir.Program
    backend: Backend = OT
    traces: Traces = field(default_factory=dict)
    plans: Plans = field(init=False)
    _walks: dict[OtKinds, Walk] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.plans = Plans(self.program, self.backend, self.traces)

    def walk(self, kinds: OtKinds) -> Walk:
        """Return the walk through the program with OTs of some kinds."""
        found = self._walks.get(kinds)
        if found is None:
            found = self._walks[kinds] = _walked(self.plans, kinds, False)
        return found


def predict_ots(forecast: Forecast) -> tuple[OtUse, OtUse]:
    """Return what a program takes for Yao's protocol, and for shares in the fuller direction."""
    walk = forecast.walk(forecast.program.ots)
    session, exact = walk.session, not walk.unknown
    for_shares = max(one.taken for one in session.shares.values())
    total = session.ledger.total
    return (
        OtUse(session.labels.taken, total(Count.LABEL_TAKES), exact),
        OtUse(for_shares, total(Count.SHARE_TAKES), exact),
    )


def _units_of(amounts: Amounts) -> Counter[Unit]:
    """Return the units that are booked."""
    found: Counter[Unit] = Counter()
    for entry, count in amounts.items():
        if isinstance(entry.what, Units):
            found[entry.what.unit] += count
    return found


def _decides_demands(unknown: Unknown) -> bool:
    """Tell whether it depends on some control flow what a dealer is asked for."""
    uses = []
    for amounts in unknown.amounts:
        ots = Counter({e.what: n for e, n in amounts.items() if isinstance(e.what, Ots)})
        uses.append((_units_of(amounts), ots))
    if unknown.control is Control.LOOP:
        uses.append((Counter(), Counter()))
    return any(use != uses[0] for use in uses)


def _walked(plans: Plans, kinds: OtKinds, most: bool) -> Walk:
    walk = Walk(plans, Session(backend=plans.backend, kinds=kinds), most=most)
    yao.begin(walk.session)
    walk.run()
    return walk
