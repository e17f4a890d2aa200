"""Marks: where code notes which operations it runs next, for those who follow a run.

A mark is a number in the context, which another thread of the host may read. In code that is made
to be metered, it is also a call of the callback for groups with a negative number, without sending
what is pending.
"""

from __future__ import annotations

from ..ir.groups import Group
from ..kernels.context import ContextAccess
from .emitter import Emitter


def mark(e: Emitter, group: Group) -> None:
    """Note that the operations of a group are next."""
    number = e.unit.interface.mark_number(group)
    if number is None:
        return
    context = ContextAccess(e.kernel, e.kernel["context"])
    context.set("mark", e.i64(number))
    if e.unit.interface.metered:
        context.callback("exchange", e.i64(-number), e.kernel.null)
