"""The slot of each value of a function in memory.

Values that don't interfere are merged into *slots* along their affinities, most expensive copies
first. Places then get offsets in the function's frame, where those that are never live together
overlap. The caller determines the address of a slot that holds a parameter (or a result).
"""

from __future__ import annotations

from dataclasses import field

from ezlang.records import dataclass

from ..ir import tree as ir
from ..ir.facts import Facts, facts_of
from .aliases import Aliases
from .liveness import CallShape, Liveness, bits
from .moves import SCRATCH, schedule
from .representations import PartyView, Representation, element_bytes

ALIGNMENT = 64
CONVERTED = 64
"""The number of arithmetic shares that are added at a time under Yao's protocol: a multiple of 8,
so that instances stay side by side.
"""


@dataclass(frozen=True, slots=True)
class Slot:
    """Memory for a merged set of values: an offset in the frame, a parameter, or a result."""

    index: int
    size: int
    offset: int = 0
    parameter: int | None = None
    result: int | None = None


@dataclass(slots=True)
class Plan:
    """A function at one party: views, slots, the size of its frame, its calling convention.

    `facts` are what the program's text determines about its values, at either party.

    After the slots, at `scratch`, is space for breaking one cycle of a parallel copy, or for
    labels of one party's arithmetic shares that are being converted to Yao's sharing.
    """

    function: ir.Function
    facts: Facts
    aliases: Aliases
    liveness: Liveness
    slots: dict[int, Slot] = field(default_factory=dict)
    outs: list[Slot | None] = field(default_factory=list)
    shape: CallShape = field(default_factory=lambda: CallShape({}))
    scratch: int = 0
    size: int = 0

    def slot(self, value: ir.Value) -> Slot | None:
        """Return the slot of the root behind `value`, if it has one in our memory."""
        number = self.liveness.number(value)
        return None if number is None else self.slots[number]

    def bytes_of(self, value: ir.Value) -> int:
        """Return the size in bytes of the root behind `value` in memory."""
        root = self.aliases.of(value).root
        return self.aliases.count(root) * element_bytes(
            root.type, self.aliases.representation(root)
        )


def plan_function(function: ir.Function, view: PartyView, calls: dict[str, CallShape]) -> Plan:
    """Assign memory to the values of a function; `calls` has the shapes of its callees."""
    facts = facts_of(function)
    aliases = Aliases(view, facts.origins)
    aliases.see(function.body)
    liveness = Liveness(aliases, calls)
    liveness.analyse(function)
    plan = Plan(function, facts, aliases, liveness)
    groups = _Groups(liveness)
    groups.merge()
    _assign(plan, groups)
    return plan


class _Groups:
    """A union-find structure over numbered values, with each group's members and interference."""

    def __init__(self, liveness: Liveness) -> None:
        self.liveness = liveness
        count = len(liveness.order)
        self.parent = list(range(count))
        self.members = [1 << number for number in range(count)]
        self.against = list(liveness.interference)
        self.conflicts = list(liveness.conflicts)

    def find(self, number: int) -> int:
        """Return the group of a value."""
        while self.parent[number] != number:
            self.parent[number] = self.parent[self.parent[number]]
            number = self.parent[number]
        return number

    def merge(self) -> None:
        """Merge along all affinities that interference allows, most expensive copies first."""
        # A stable order: the frames of a program must not vary between runs.
        for affinity in sorted(self.liveness.affinities, key=lambda a: -a.weight):
            a, b = self.find(affinity.first), self.find(affinity.second)
            if a != b and not self.members[a] & self.against[b]:
                self.parent[b] = a
                self.members[a] |= self.members[b]
                self.against[a] |= self.against[b]
                self.conflicts[a] |= self.conflicts[b]

    def leaders(self) -> list[int]:
        """Return one number for each group."""
        return [number for number, parent in enumerate(self.parent) if number == parent]


def _assign(plan: Plan, groups: _Groups) -> None:
    liveness = plan.liveness
    leaders = groups.leaders()
    sizes = {
        leader: max(plan.bytes_of(liveness.order[n]) for n in bits(groups.members[leader]))
        for leader in leaders
    }
    parameters = _positions(groups, plan.function.body.parameters)
    results = _positions(groups, tuple(liveness.outs))
    offsets, end = _offsets(groups, sizes, set(parameters) | set(results))
    by_leader = {
        leader: Slot(
            index=leader,
            size=sizes[leader],
            offset=offsets.get(leader, 0),
            parameter=parameters.get(leader),
            result=None if leader in parameters else results.get(leader),
        )
        for leader in leaders
    }
    for number in range(len(liveness.order)):
        plan.slots[number] = by_leader[groups.find(number)]
    plan.outs = [plan.slot(value) for value in liveness.outs]
    plan.shape = CallShape(
        {
            position: results.get(leader)
            for leader, position in parameters.items()
            if groups.members[leader] & (groups.members[leader] - 1)
        }
    )
    plan.scratch = end
    plan.size = end + _aligned(
        max(_largest_saved(groups, sizes), _largest_converted(plan), _most_marks(plan))
    )


def _largest_saved(groups: _Groups, sizes: dict[int, int]) -> int:
    """Return the size of the largest slot that a parallel copy has to save."""
    saved = [0]
    for pairs in groups.liveness.parallels:
        found = [(groups.find(target), groups.find(source)) for target, source in pairs]
        saved += [sizes[source] for target, source in schedule(found) if target == SCRATCH]
    return max(saved)


def _largest_converted(plan: Plan) -> int:
    """Return the size of the labels that conversions from arithmetic shares need at a time."""
    return max(
        (
            min(operation.result.type.size, CONVERTED)
            * element_bytes(operation.result.type, Representation.LABELS)
            for operation in ir.walk(plan.function.body)
            if isinstance(operation, ir.Convert)
            and operation.operands[0].type.sharing is ir.Sharing.ARITHMETIC
            and operation.result.type.sharing is ir.Sharing.YAO
        ),
        default=0,
    )


def _most_marks(plan: Plan) -> int:
    """Return the number of bytes that the largest check of indices needs for its marks."""
    separates = (one for one in ir.walk(plan.function.body) if isinstance(one, ir.Separate))
    return max((one.size for one in separates), default=0)


def _positions(groups: _Groups, values: tuple[ir.Value, ...]) -> dict[int, int]:
    """Return the positions of parameters or results, by their groups."""
    found = {}
    for position, value in enumerate(values):
        number = groups.liveness.number(value)
        if number is not None:
            found[groups.find(number)] = position
    return found


def _offsets(
    groups: _Groups, sizes: dict[int, int], elsewhere: set[int]
) -> tuple[dict[int, int], int]:
    """Assign an offset to each group that isn't the caller's: largest first, as low as possible."""
    offsets: dict[int, int] = {}
    end = placed = 0
    for leader in sorted(sizes.keys() - elsewhere, key=lambda x: (-sizes[x], x)):
        against = (groups.against[leader] | groups.conflicts[leader]) & placed
        placed |= groups.members[leader]
        others = set(map(groups.find, bits(against)))
        taken = sorted((offsets[other], offsets[other] + sizes[other]) for other in others)
        offset = 0
        for low, high in taken:
            if offset + sizes[leader] <= low:
                break
            offset = max(offset, _aligned(high))
        offsets[leader] = offset
        end = max(end, _aligned(offset + sizes[leader]))
    return offsets, end


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
