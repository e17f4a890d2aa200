"""Choose sharings by what a run costs.

**Purpose.** Assignment by cost goes by a model that leaves out set-ups, batches, and what the
schedule puts together. So the program is prepared with several assignments: those that search ends
at, and those of one policy for all; the ledger (compiler/cost) says which is cheapest.
**Before → after.** A program as `assign` wants it → the same, ready to run. **Why it is correct.**
Every candidate is an assignment. **Guarantees** that by the ledger's prediction the choice is never
worse than a policy for the whole program, apart from policies that the model finds `FAR` worse.
Where costs depend on what a run reveals there is no prediction, and the model decides.
**What changes in leakage.** Nothing: the program and the profile are all that decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ...cost.predict import Forecast
from ...cost.profiles import Profile
from ...cost.summary import total
from ...ir import tree as ir
from ..assign.choice import assigned, model_of
from ..assign.model import Columns, Model
from ..assign.search import ends
from ..assign.solution import FIXED, Policy, fixed

FAR: Final = 5.0
"""How many times slower than the best a policy may be by the model, and be looked at still."""

NEAR: Final = 1.5
"""The same for what search ends at."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A program ready to run, and what is known of its costs."""

    program: ir.Program
    forecast: Forecast


@dataclass(frozen=True, slots=True)
class Choice:
    """A program ready to run, the columns that were chosen, and for which model."""

    finished: Finished
    model: Model
    columns: Columns

    @property
    def program(self) -> ir.Program:
        """The program."""
        return self.finished.program


def choose(
    program: ir.Program,
    profile: Profile,
    finish: Callable[[ir.Program], Finished],
    with_policy: Callable[[Policy], Finished],
) -> Choice:
    """Return the cheapest of several assignments.

    `finish` makes a program whose sharings are assigned ready to run, `with_policy` the whole one.
    """
    model = model_of(program, Policy.AUTO, profile)
    found = ends(model)
    best = model.total(found[0])
    found = [columns for columns in found if model.total(columns) <= NEAR * best]
    choices = [Choice(finish(assigned(model, columns)), model, columns) for columns in found]
    for policy in FIXED:
        columns = fixed(model.problem, policy)
        if columns not in found and model.total(columns) <= FAR * best:
            found.append(columns)
            choices.append(Choice(with_policy(policy), model, columns))
    return _cheapest(choices, profile)


def _cheapest(choices: Iterable[Choice], profile: Profile) -> Choice:
    """Return what costs least, of equals the first; the first where one can't be predicted."""
    candidates = list(choices)
    if len(candidates) == 1:
        return candidates[0]
    seconds = list(_seconds(candidates, profile))
    if len(seconds) < len(candidates):
        return candidates[0]
    return candidates[min(range(len(candidates)), key=seconds.__getitem__)]


def _seconds(choices: Iterable[Choice], profile: Profile) -> Iterator[float]:
    """Yield how long choices take, up to the first for which that isn't known beforehand."""
    for choice in choices:
        walk = choice.finished.forecast.walk(choice.program.ots)
        if walk.unknown:
            return
        yield total(walk.session.ledger).seconds(profile)
