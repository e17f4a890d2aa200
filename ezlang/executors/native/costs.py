"""What a run of a program will cost, as users are told.

The compiler is imported only to predict it: a report from the cache takes no more than a check.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ezlang.compiler.ir.parties import COMPUTING
from ezlang.records import dataclass
from ezlang.recursion import deep_recursion
from ezlang.typed.tree import Program

from .numbers_of_parties import require_two_parties
from .prepared import prepared, remembered, unpacked

if TYPE_CHECKING:
    from ezlang.compiler.cost.profiles import Profile
    from ezlang.compiler.cost.summary import Cost, SourceLine
    from ezlang.compiler.cost.walk import RevealedControl
    from ezlang.compiler.passes.assign import Explained

    from .executable import Executable


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What `ezlang prepare` makes for a run, and party → the bytes that it stores.

    `making`: what the parties send for it; None if a dealer makes it.
    """

    making: Cost | None
    stored: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostReport:
    """The predicted cost of a run, according to the model of compiler/cost.

    `least` is exact unless there is something `unknown`: control flow that depends on values that a
    run reveals; `most` is None if such a loop has no bound. `memory`: party → peak bytes.
    `explained`, if asked for: why each operation has its sharing, and how good the choice is.
    `dealt`: the bytes that a dealer sends to the second party; None if there is no dealer.
    `prepared`: what is made before a run that is prepared; None for others.
    """

    name: str
    parties: tuple[str, ...]
    computing: tuple[str, ...]
    protocol: str
    profile: Profile
    least: Cost
    most: Cost | None
    memory: Mapping[int, int]
    phases: dict[str, Cost]
    lines: list[tuple[SourceLine, Cost]]
    unknown: list[tuple[RevealedControl, tuple[Cost, ...]]]
    explained: Explained | None
    dealt: int | None = None
    prepared: Prepared | None = None

    @property
    def is_exact(self) -> bool:
        """Whether the costs are the same whatever a run reveals."""
        return not self.unknown


def cost_report(
    program: Program,
    protocol: str,
    profile: Profile,
    memory: int,
    *,
    explained: bool,
    dealer: bool,
    ahead: bool,
) -> CostReport:
    """Predict the cost of a program, or take it from the cache.

    `explained`: say why each operation has its sharing. `dealer`: as with a dealer, whose time
    isn't counted. `ahead`: as on what `ezlang prepare` has made. Raises EzError (exit code 2) if
    nothing can be dealt, or made, before a run.
    """

    def make() -> CostReport:
        return _predicted(program, protocol, profile, memory, explained, dealer, ahead)

    found: CostReport = unpacked(
        remembered(("cost", protocol, profile, memory, explained, dealer, ahead), program, make)
    )
    return found


def _predicted(
    program: Program,
    protocol: str,
    profile: Profile,
    memory: int,
    explained: bool,
    dealer: bool,
    ahead: bool,
) -> CostReport:
    from ezlang.compiler.cost import summary
    from ezlang.compiler.cost.memory import peak_bytes
    from ezlang.compiler.cost.predict import Forecast, predict
    from ezlang.compiler.protocols.ahead.backend import AHEAD
    from ezlang.compiler.protocols.dealt.backend import DEALT
    from ezlang.compiler.protocols.dealt.demands import CORRECTED, correction_bytes
    from ezlang.compiler.protocols.ot.backend import OT

    from .demands import demands_of

    backend = DEALT if dealer else AHEAD if ahead else OT
    if backend is not OT:
        what = "A dealer" if backend is DEALT else "`ezlang prepare`"
        require_two_parties(program.computing if backend is DEALT else program.parties, what)
    # The choice of sharings predicts a run without a dealer, unless it comes from the cache.
    forecasts: list[Forecast] = []
    executable = prepared(program, protocol, profile, memory, forecasts.append)
    ready = executable.program
    dealt = correction_bytes(demands_of(executable)) if backend is DEALT else None
    with deep_recursion():
        known = forecasts[0] if forecasts and backend is OT else None
        found = predict(ready, backend=backend, forecast=known)
        peaks = {
            party: peak_bytes(executable.program_of(party), party, found)
            for party in range(len(program.parties))
        }
    # Corrections are kept until they are used.
    if dealt is not None:
        peaks[CORRECTED] += dealt
    phases, waiter = summary.by_phase(found.least), summary.waiter_of(found.least)
    return CostReport(
        name=program.main.span.source.name,
        parties=program.parties,
        computing=program.computing,
        protocol=protocol,
        profile=profile,
        least=summary.total(found.least),
        most=None if found.most is None else summary.total(found.most),
        memory=peaks,
        phases={phase.value: total for phase, total in phases.items()},
        lines=summary.by_line(found.least, profile),
        unknown=[
            (
                one,
                tuple(
                    summary.sum_of(amounts.items(), waiter, len(program.computing))
                    for amounts in one.amounts
                ),
            )
            for one in found.unknown
        ],
        explained=_explained(program, protocol, profile, memory) if explained else None,
        dealt=dealt,
        prepared=_prepared(executable, dealer=dealer) if ahead else None,
    )


def _prepared(executable: Executable, *, dealer: bool) -> Prepared:
    """Return what is made before a run."""
    from ezlang.compiler.cost import summary
    from ezlang.compiler.cost.ahead import predict_making
    from ezlang.store.units import stored_bytes

    from .demands import demands_ahead, demands_of

    demands = demands_of(executable) if dealer else demands_ahead(executable)
    stored = {party: stored_bytes(demands, party) if demands else 0 for party in COMPUTING}
    making = None if dealer else summary.total(predict_making(demands, executable.program.ots))
    return Prepared(making=making, stored=stored)


def _explained(program: Program, protocol: str, profile: Profile, memory: int) -> Explained:
    from ezlang.compiler.lower import lower
    from ezlang.compiler.passes.assign import ProtocolChoice
    from ezlang.compiler.passes.prepare import explained

    with deep_recursion():
        return explained(lower(program), ProtocolChoice(protocol), profile, memory)
