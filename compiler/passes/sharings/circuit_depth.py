"""Choice between shallow circuits on shares and circuits with the fewest ANDs.

**Purpose.** A circuit of logarithmic depth has few rounds, but several times the ANDs of the
smallest circuit, and so sends more. It pays off for few elements or at high latency.
**Before → after.** A scheduled program → the same, where the operations of groups are `deep` if
that is cheaper.
**Why it is correct.** Both circuits of an operation compute the same function.
**What changes in leakage.** Nothing: the choice depends only on sizes and the profile.
**Cost.** The minimum of both for each group, by the profile. A group is priced by the ledger, as if
it ran alone, because its OTs are generated, too, by a kind that isn't chosen yet: the cheapest one
for the group is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Final

from ezlang.records import dataclass, replace

from ...codegen.interface import exchanges_of
from ...cost.counting_session import CountingSession
from ...cost.group_costs import Traces, book, trace_in
from ...cost.ots import choose_kind
from ...cost.profiles import Profile
from ...cost.summary import total
from ...ir import tree as ir
from ...ir.facts import Constants, constant_operands, facts_of
from ...ir.groups import groups
from ...ir.ots import OtKinds
from ...ir.sharings import PAIRED, is_interactive
from ..description import optional

LEAST: Final = 128
"""The minimum number of elements of a group for which deep circuits are considered."""


@optional("circuits", "chooses circuits on shares: shallow ones, or those with the fewest ANDs")
def choose_circuits(
    program: ir.Program, profile: Profile, traces: Traces | None = None
) -> ir.Program:
    """Select deep circuits where they are cheaper on a network.

    `traces` are those of groups that are known already; new ones are added.
    """
    known = {} if traces is None else traces
    functions = []
    for function in program.functions:
        choice = _Choice(profile, known, facts_of(function).constants, len(program.parties))
        functions.append(replace(function, body=choice.region(function.body)))
    return replace(program, functions=tuple(functions))


@dataclass(frozen=True, slots=True)
class _Choice:
    """The choice of circuits in one function, which has the constants `constants`.

    `known` are the times of traces, by identity; groups with the same messages share one.
    """

    profile: Profile
    traces: Traces
    constants: Constants
    parties: int
    known: dict[int, float] = field(default_factory=dict)

    def region(self, region: ir.Region) -> ir.Region:
        """Choose the circuits of the groups of a region."""
        operations: list[ir.Operation] = []
        for group in groups(region.operations):
            if not is_interactive(group[0]):
                for operation in group:
                    regions = tuple(self.region(inner) for inner in operation.regions)
                    operations.append(replace(operation, regions=regions) if regions else operation)
            else:
                operations += self._chosen(group)
        return replace(region, operations=tuple(operations))

    def _chosen(self, group: Sequence[ir.Operation]) -> Sequence[ir.Operation]:
        """Return a group with deep circuits if it takes less time with them."""
        if sum(operation.result.type.size for operation in group) < LEAST:
            return group
        known = [constant_operands(one, self.constants) for one in group]
        has = [one.has_circuit(given) for one, given in zip(group, known, strict=True)]
        if not any(has):
            return group
        pairs = zip(group, has, strict=True)
        deep = [replace(one, deep=True) if runs else one for one, runs in pairs]
        return deep if self._seconds(deep) < self._seconds(group) else group

    def _seconds(self, group: Sequence[ir.Operation]) -> float:
        """Return the predicted time of a group, with the set-up before it."""
        exchanges = exchanges_of(group, self.constants, self.parties)
        trace = trace_in(self.traces, exchanges)
        found = self.known.get(id(trace))
        if found is None:
            kind = choose_kind(self.profile, trace.most_ots, silent=self.parties == PAIRED)
            session = CountingSession(self.parties, kinds=OtKinds(shares=kind))
            book(session, trace, [one.span for one in group])
            found = self.known[id(trace)] = total(session.ledger).seconds(self.profile)
        return found
