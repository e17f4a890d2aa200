"""Choice of sharings by the predicted cost of a run.

**Purpose.** The cost model of assignment ignores set-ups, batches, and the grouping by the
schedule. Therefore the program is prepared with several assignments: the results of the search, and
one for each uniform protocol choice. The ledger (compiler/cost) determines the cheapest.
**Before → after.** A program prepared for `assign` → the same, ready to run. **Why it is correct.**
Every candidate is a valid assignment. **Guarantees** that, by the ledger's prediction, the choice
is never worse than a uniform protocol choice, except for those that the model rates more than `FAR`
times worse. If costs depend on values that a run reveals, there is no prediction, and the model
decides.
**What changes in leakage.** Nothing: the choice depends only on the program and the profile.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from math import inf
from typing import Final

from ezlang.progress import doing
from ezlang.records import dataclass

from ...cost.predict import Forecast
from ...cost.profiles import Profile
from ...cost.summary import total
from ...ir import tree as ir
from ...ir.sharings import PAIRED
from ..assign.choice import assigned, model_of
from ..assign.model import Assignment, Model
from ..assign.search import ends
from ..assign.solution import FIXED, ProtocolChoice, fixed

FAR: Final = 5.0
"""How much slower than the best, by the model, a protocol choice may be to remain a candidate.

What both have in common doesn't count: the model may rate it far too high, since it doesn't know
homomorphic products.
"""

NEAR: Final = 1.5
"""The same for the results of the search."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A program ready to run, and the forecast of its costs."""

    program: ir.Program
    forecast: Forecast


@dataclass(frozen=True, slots=True)
class Choice:
    """A program ready to run, the chosen assignment, and the model that they refer to."""

    finished: Finished
    model: Model
    sharings: Assignment

    @property
    def program(self) -> ir.Program:
        """The program."""
        return self.finished.program


def choose(
    program: ir.Program,
    profile: Profile,
    finish: Callable[[ir.Program], Finished],
    with_protocol: Callable[[ProtocolChoice], Finished],
    vectorised: Container[ProtocolChoice],
) -> Choice:
    """Return the cheapest of several assignments.

    `finish` makes a program with assigned sharings ready to run. `with_protocol` prepares the
    program with one of the protocol choices `vectorised`, which vectorise other loops, so that it
    replaces an assignment with the same sharings.
    """
    model = model_of(program, ProtocolChoice.AUTO, profile)
    with doing("Looking for the cheapest sharings"):
        found = ends(model)
    best = found[0]
    found = [sharings for sharings in found if _is_within(NEAR, model, best, sharings)]
    paired = len(program.parties) == PAIRED
    protocols = [one for one in FIXED if paired or one is not ProtocolChoice.YAO]
    uniform = [(fixed(model.problem, protocol), protocol) for protocol in protocols]
    for sharings, _ in uniform:
        if sharings not in found and _is_within(FAR, model, best, sharings):
            found.append(sharings)
    choices = []
    for sharings in found:
        protocol = next(
            (one for known, one in uniform if known == sharings and one in vectorised), None
        )
        with doing("Compiling with the cheapest sharings, and with one for all"):
            finished = (
                finish(assigned(model, sharings)) if protocol is None else with_protocol(protocol)
            )
        choices.append(Choice(finished, model, sharings))
    with doing("Comparing the costs of the sharings"):
        return _cheapest(choices, profile)


def _is_within(factor: float, model: Model, best: Assignment, other: Assignment) -> bool:
    """Return whether an assignment is at most `factor` times as slow as the best, by the model."""
    least, seconds = model.apart(best, other)
    return seconds <= factor * least


def _cheapest(choices: Iterable[Choice], profile: Profile) -> Choice:
    """Return the cheapest choice, or the first one on a tie or if a cost is unpredictable.

    A choice whose lower bound is above the time of another one isn't walked through.
    """
    candidates = list(choices)
    if len(candidates) == 1:
        return candidates[0]
    bounds: list[tuple[float, int]] = []
    for number, choice in enumerate(candidates):
        forecast = choice.finished.forecast
        if forecast.walk_without_ots().unknown:
            return candidates[0]
        least = forecast.least(choice.program.ots, choice.program.garbling)
        bounds.append((total(least).seconds(profile), number))
    best, chosen = inf, 0
    for bound, number in sorted(bounds):
        if bound > best:
            break
        program = candidates[number].program
        walk = candidates[number].finished.forecast.walk(program.ots, program.garbling)
        if walk.unknown:
            return candidates[0]
        seconds = total(walk.session.ledger).seconds(profile)
        if (seconds, number) < (best, chosen):
            best, chosen = seconds, number
    return candidates[chosen]
