"""Marks: where code that is metered tells the host which operations it runs next.

A mark is a call of the callback for groups with a negative number, without sending what is pending.
Only code that is made to be metered has marks.
"""

from __future__ import annotations

from ..ir.groups import Group
from ..kernels.context import ContextAccess
from .emitter import Emitter


def mark(e: Emitter, group: Group) -> None:
    """Tell the host that the operations of a group are next, if the code is to be metered."""
    number = e.unit.interface.mark_number(group)
    if number is not None:
        context = ContextAccess(e.kernel, e.kernel["context"])
        context.callback("exchange", e.i64(-1 - number), e.kernel.null)
