"""Choose between shallow circuits on shares and those with the fewest ANDs.

**Purpose.** A circuit of logarithmic depth has few rounds and several times the ANDs of the
smallest one, for which more is sent: that pays for a few elements, or on a slow line.
**Before → after.** A scheduled program → the same, where groups of operations for which it is
cheaper are `deep`.
**Why it is correct.** Both circuits of an operation work out the same.
**What changes in leakage.** Nothing: sizes and the profile are all that decides.
**Cost.** Of a group, the less of both by the profile: the protocols are run at a party that counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from ...cost.counting_party import Notes, counting_party
from ...cost.ghosts import ghost
from ...cost.ots import SECONDS
from ...cost.profiles import Profile
from ...ir import tree as ir
from ...ir.groups import groups
from ...ir.ots import OtKind
from ...ir.sharings import A, B, is_interactive
from ...protocols.core.steps import Round, Take, together
from ...protocols.operations.call import dtype_of
from ...protocols.operations.table import steps_of
from ...protocols.ot.stock import extension_bytes
from ..description import optional

LEAST: Final = 128
"""Elements of a group from which on both circuits are counted."""

_COLUMNS: Final = 4
_COUNTER: Final = 0


@optional("circuits", "chooses circuits on shares: shallow ones, or those with the fewest ANDs")
def choose_circuits(program: ir.Program, profile: Profile) -> ir.Program:
    """Return the program with deep circuits where they are cheaper on a network."""
    functions = tuple(replace(f, body=_region(f.body, profile)) for f in program.functions)
    return replace(program, functions=functions)


def _region(region: ir.Region, profile: Profile) -> ir.Region:
    operations: list[ir.Operation] = []
    for group in groups(region.operations):
        if not is_interactive(group[0]):
            for operation in group:
                regions = tuple(_region(inner, profile) for inner in operation.regions)
                operations.append(replace(operation, regions=regions) if regions else operation)
        elif any(map(_has_circuit, group)) and _is_deep(group, profile):
            operations += (_deep(one) if _has_circuit(one) else one for one in group)
        else:
            operations += group
    return replace(region, operations=tuple(operations))


def _has_circuit(operation: ir.Operation) -> bool:
    """Tell whether an operation's protocol may have a circuit that can be deep."""
    match operation:
        case ir.Convert():
            return operation.operands[0].type.sharing is A and operation.result.type.sharing is B
        case ir.Unary() | ir.Binary() | ir.Cast():
            return True
        case _:
            return False


def _deep(operation: ir.Operation) -> ir.Operation:
    return replace(operation, deep=True)


def _is_deep(group: Sequence[ir.Operation], profile: Profile) -> bool:
    if sum(operation.result.type.size for operation in group) < LEAST:
        return False
    changed = [_deep(operation) if _has_circuit(operation) else operation for operation in group]
    return _seconds(changed, profile) < _seconds(group, profile)


def _seconds(group: Sequence[ir.Operation], profile: Profile) -> float:
    """Return how long a group takes, by what one of the parties asks for."""
    party = counting_party(_COUNTER, Notes(lambda what, count: None))
    run = together(
        [
            steps_of(party, operation, [_ghost(value) for value in operation.operands])
            for operation in group
        ]
    )
    rounds, sent, ots = 0, 0, 0
    replies: list[Any] | None = None
    while True:
        try:
            step = next(run) if replies is None else run.send(replies)
        except StopIteration:
            break
        replies = []
        rounds += any(isinstance(request, Round) for request in step)
        for request in step:
            match request:
                case Round():
                    sent += max(request.sent, request.receive)
                    replies.append(ghost(request.receive))
                case Take(sent=first, received=second):
                    ots += max(first, second)
                    blocks = (ghost(second), ghost((second, 2), "u8"))
                    replies.append((ghost((first, 2), "u8"), blocks))
                case _:
                    replies.append(None)
    made = SECONDS[OtKind.SOFTSPOKEN_4] + 1 / profile.bit_triples
    total = sent + extension_bytes(8 * ots, _COLUMNS) / 8
    return rounds * profile.rtt + total / profile.bandwidth + ots * made


def _ghost(value: ir.Value) -> Any:
    """Return what the party that counts has of an operand."""
    type = value.type
    if type.sharing is None and not type.label.readable_by(_COUNTER):
        return None
    return ghost(type.shape, dtype_of(type))
