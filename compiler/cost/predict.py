"""What a run costs, before it: `predict`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..ir import tree as ir
from ..protocols.demands import CorrelatedOt, Demands, Kind, LabelOt, kind_of
from . import yao
from .ledger import Amounts, Ledger
from .session import OTS, TAKES, Session
from .walk import Plans, Unknown, Walk


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


def predict(program: ir.Program, *, dealt: bool = False) -> Prediction:
    """Return what a program costs, as it goes to code generation; `dealt`: with a dealer."""
    plans = Plans(program, dealt)
    walk = _walked(program, plans, most=False)
    least = walk.session.ledger
    most: Ledger | None = least
    if walk.unknown:
        bounded = all(one.kind != "loop" for one in walk.unknown)
        most = _walked(program, plans, most=True).session.ledger if bounded else None
    unknown = tuple(walk.unknown)
    return Prediction(least=least, most=most, unknown=unknown, sharing=plans.memory)


def predict_demands(program: ir.Program) -> tuple[Demands, tuple[Unknown, ...]]:
    """Return what a program asks of a dealer, and what it isn't known for the sake of.

    It is exact if there is nothing of that sort.
    """
    walk = _walked(program, Plans(program, dealt=True), most=False)
    demands = _kinds_of(walk.session.ledger.amounts)
    kinds: tuple[Kind, ...] = LabelOt(), CorrelatedOt(sender=0), CorrelatedOt(sender=1)
    for source, ots in zip(kinds, walk.session.ots, strict=True):
        demands[source] = ots.taken
    unknown = tuple(one for one in walk.unknown if _decides_demands(one))
    return +demands, unknown


@dataclass(frozen=True, slots=True)
class OtUse:
    """How many OTs are taken, at least; how often some are; whether that is exact."""

    count: int
    takes: int
    exact: bool


def predict_ots(program: ir.Program) -> tuple[OtUse, OtUse]:
    """Return what a program takes for Yao's protocol, and for shares in the fuller direction."""
    walk = _walked(program, Plans(program, dealt=False), most=False)
    yao_ots, first, second = (one.taken for one in walk.session.ots)
    takes = [walk.session.ledger.total(name) for name in TAKES]
    exact = not walk.unknown
    return OtUse(yao_ots, takes[0], exact), OtUse(max(first, second), takes[1], exact)


def _kinds_of(amounts: Amounts) -> Counter[Kind]:
    """Return the units of each kind that are booked."""
    found: Counter[Kind] = Counter()
    for entry, count in amounts.items():
        kind = kind_of(entry.what)
        if kind is not None:
            found[kind] += count
    return found


def _decides_demands(unknown: Unknown) -> bool:
    """Tell whether it depends on some control flow what a dealer is asked for."""
    uses = []
    for amounts in unknown.amounts:
        ots = Counter({e.what: n for e, n in amounts.items() if e.what in OTS})
        uses.append((_kinds_of(amounts), ots))
    if unknown.kind == "loop":
        uses.append((Counter(), Counter()))
    return any(use != uses[0] for use in uses)


def _walked(program: ir.Program, plans: Plans, *, most: bool) -> Walk:
    walk = Walk(program, plans, Session(dealt=plans.dealt, kinds=program.ots), most=most)
    yao.begin(walk.session)
    walk.run()
    return walk
