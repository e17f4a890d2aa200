"""Groups of operations of a region that exchange their messages together.

Adjacent interactive operations (sharings.py) that don't depend on one another form a group. Their
protocols run in parallel, so the group has as many rounds as the longest of them. Conversions to
Yao feed the garbling stream and run no protocol on shares, so they are grouped only with one
another. The same holds for openings from Yao, which all share one message in each direction. The
pass `schedule` makes operations that can form a group adjacent.
"""

from __future__ import annotations

from collections.abc import Sequence

from . import tree as ir
from .sharings import Y, is_interactive

Group = tuple[ir.Operation, ...]


def groups(operations: Sequence[ir.Operation]) -> list[Group]:
    """Split operations into groups, in order. Operations without messages form groups of one."""
    found: list[Group] = []
    current: list[ir.Operation] = []
    made: set[int] = set()
    for operation in operations:
        fits = bool(current) and may_join(current[0], operation)
        if current and not (fits and made.isdisjoint(v.id for v in operation.operands)):
            found.append(tuple(current))
            current, made = [], set()
        current.append(operation)
        made.update(value.id for value in operation.results)
    if current:
        found.append(tuple(current))
    return found


def may_join(first: ir.Operation, second: ir.Operation) -> bool:
    """Return whether two independent operations may be in one group."""
    if leaves_yao(first) or leaves_yao(second):
        return leaves_yao(first) and leaves_yao(second)
    both = is_interactive(first) and is_interactive(second)
    return both and enters_yao(first) == enters_yao(second)


def leaves_yao(operation: ir.Operation) -> bool:
    """Return whether an operation opens a secret of Yao's protocol."""
    return isinstance(operation, ir.Reveal) and operation.operands[0].type.sharing is Y


def enters_yao(operation: ir.Operation) -> bool:
    """Return whether an operation is a conversion to Yao."""
    return isinstance(operation, ir.Convert) and operation.result.type.sharing is Y
