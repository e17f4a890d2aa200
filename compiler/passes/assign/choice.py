"""Assignment of sharings.

**Purpose.** Assign a sharing to every secret and insert conversions, by a protocol choice: one
sharing for all, or the cheapest assignment for a network profile according to a cost model.
**Needs** a program without oblivious accesses whose sharings are explicit (share.py). **Keeps**
meaning and labels. **Guarantees** that operations have operands in the sharings that
compiler/ir/sharings.py requires; that a value is converted once for each sharing in which it is
used, and never inside a loop if it is defined outside; that a known value is shared directly in the
sharings of its uses; and that, according to the model, the choice by cost is never worse than a
uniform one. **Does not** split the computation of one operation between sharings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ezlang.records import dataclass
from ezlang.source import Span

from ...cost.profiles import LAN, Profile
from ...ir import tree as ir
from ...ir.sharings import PAIRED
from ...ir.text import print_operation
from ...ir.tree import Sharing
from ..description import required
from ..general.dce import remove_dead
from .exact import certified
from .forward_clear import use_known
from .model import Assignment, Model
from .problem import problem_of
from .rebuild import rebuild
from .search import judged, search
from .solution import ProtocolChoice, Solution, fixed


@required("assign", "gives each secret a sharing, and inserts conversions", before_sharings=True)
def assign(
    program: ir.Program, protocol: ProtocolChoice = ProtocolChoice.AUTO, profile: Profile = LAN
) -> ir.Program:
    """Return the program with a sharing for every secret."""
    model = model_of(program, protocol, profile)
    if protocol is ProtocolChoice.AUTO:
        return assigned(model, search(model).sharings)
    return assigned(model, fixed(model.problem, protocol))


def assigned(model: Model, sharings: Assignment) -> ir.Program:
    """Return a model's program with the sharings given by an assignment."""
    return remove_dead(rebuild(model, sharings))


def model_of(program: ir.Program, protocol: ProtocolChoice, profile: Profile) -> Model:
    """Return the model of a program whose sharings are explicit."""
    # The only detour leads through Yao's protocol, which is for two parties.
    detours = protocol is ProtocolChoice.AUTO and len(program.parties) == PAIRED
    return Model(problem_of(*use_known(program), profile), detours=detours)


def solve(model: Model, protocol: ProtocolChoice) -> Solution:
    """Return the assignment of a protocol choice."""
    if protocol is not ProtocolChoice.AUTO:
        sharings = fixed(model.problem, protocol)
        total = model.total(sharings)
        return Solution(sharings, total, total, True, protocol)
    return search(model)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an operation has its sharing.

    `seconds` is the time of the operation alone. `alternatives` is the increase of the total run
    time if only this operation were in another sharing, including the necessary conversions.
    `asked` says whether the program requests the sharing.
    """

    span: Span
    operation: str
    sharing: Sharing
    seconds: float
    alternatives: Mapping[Sharing, float]
    asked: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a program has its sharings: for each operation, and for the whole program.

    `solution` has the cost of the choice and a lower bound for all choices, according to the model.
    """

    operations: list[Explanation]
    solution: Solution


def explain(model: Model, chosen: Assignment, protocol: ProtocolChoice) -> Explained:
    """Return why each operation of a model's program has the sharing that was chosen."""
    sharings = tuple(chosen)
    if protocol is ProtocolChoice.AUTO:
        solution = certified(model, judged(model, sharings))
    else:
        total = model.total(sharings)
        solution = Solution(sharings, total, total, True, protocol)
    return Explained(list(_operations(model, sharings)), solution)


def _operations(model: Model, chosen: Assignment) -> Iterator[Explanation]:
    program, sharings = model.problem.program, list(chosen)
    total = model.total(sharings)
    for variable in model.problem.variables:
        operation, own = variable.operation, sharings[variable.index]
        if operation is None:
            continue
        others = {}
        for sharing in variable.domain:
            if sharing is not own:
                sharings[variable.index] = sharing
                others[sharing] = model.total(sharings) - total
        sharings[variable.index] = own
        costs = model.costs[variable.index]
        seconds = costs.seconds[own] + costs.latency[own] * variable.scope.weight
        text = print_operation(operation, program.everybody)
        asked = operation.requested is not None
        yield Explanation(operation.span, text, own, seconds, others, asked)
