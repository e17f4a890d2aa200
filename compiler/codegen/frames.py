"""The memory of a whole program at one party: a frame for each function, in one block.

Each function's frame follows those that may call it. The size of the block is known before a run
because functions aren't recursive and sizes are constant.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import tree as ir
from ..ir.numbering import numbered
from .liveness import CallShape
from .representations import PartyView, Representation, element_bytes
from .storage import Plan, plan_function


@dataclass(frozen=True, slots=True)
class Frames:
    """The functions that a party runs, their plans, where their frames begin, and the whole size.

    `plans` and `bases` are by function name; `bases` and `size` are in bytes.
    """

    view: PartyView
    functions: list[ir.Function]
    plans: dict[str, Plan]
    bases: dict[str, int]
    size: int


def frames_of(program: ir.Program, party: int) -> Frames:
    """Plan the memory of a numbered program at a party."""
    view = PartyView(party, {function.name: function for function in program.functions})
    mine = [function for function in program.functions if view.takes_part_in(function)]
    plans: dict[str, Plan] = {}
    shapes: dict[str, CallShape] = {}
    for function in mine:
        plan = plan_function(function, view, shapes)
        plans[function.name] = plan
        shapes[function.name] = plan.shape
    bases = {function.name: 0 for function in mine}
    for function in reversed(mine):
        end = bases[function.name] + plans[function.name].size
        for operation in ir.walk(function.body):
            if isinstance(operation, ir.Call) and operation.function in bases:
                bases[operation.function] = max(bases[operation.function], end)
    size = max(bases[name] + plan.size for name, plan in plans.items())
    return Frames(view, mine, plans, bases, size)


def frame_bytes(program: ir.Program, party: int) -> int:
    """Return the size of the frame of a program at a party."""
    return frames_of(numbered(program), party).size


def taken(program: ir.Program) -> int:
    """Return the largest of the parties' frames, in bytes."""
    return max(frame_bytes(program, party) for party in range(len(program.parties)))


def fits(program: ir.Program, memory: int) -> bool:
    """Return whether neither party's frame takes more than `memory` bytes."""
    view = PartyView(0, {})
    operations = (one for function in program.functions for one in ir.walk(function.body))
    values = (value for operation in operations for value in operation.results)
    most = sum(
        value.type.size * element_bytes(value.type, view.representation(value))
        for value in values
        if view.representation(value) is not Representation.ABSENT
    )
    # Few programs need so much that memory must be planned, which takes time.
    return most <= memory // 2 or taken(program) <= memory
