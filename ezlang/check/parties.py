"""The parties of a program: their numbers, who computes, and names for all or some of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ezlang.diagnostics.diagnostic import Diagnostic
from ezlang.syntax import tree as syntax

from .context import Body
from .items import ModuleInfo, PartyInfo
from .messages import names as errors_names
from .messages import programs as errors_programs

COMPUTING: Final = 2
"""How many parties `compute` names."""


def number_parties(program: ModuleInfo) -> tuple[tuple[str, ...], Sequence[Diagnostic]]:
    """Number the parties of a program: those that `compute` names come first, in its order.

    Returns the names by number, and what is wrong.
    """
    parties = {name: item for name, item in program.items.items() if isinstance(item, PartyInfo)}
    items = [item for item in program.tree.items if isinstance(item, syntax.ComputeItem)]
    if not items:
        return tuple(parties), ()
    program.clients = max(len(parties) - COMPUTING, 0)
    wrong = [errors_programs.computes_again(other.span, items[0].span) for other in items[1:]]
    first: dict[str, syntax.Name] = {}
    for name in items[0].names:
        if name.text not in parties:
            wrong.append(errors_names.unknown_party(name, parties))
        elif name.text in first:
            wrong.append(errors_programs.computes_twice(name, first[name.text].span))
        else:
            first[name.text] = name
    if len(items[0].names) != COMPUTING:
        wrong.append(errors_programs.not_two_compute(items[0].span, len(items[0].names)))
    order = (*first, *(name for name in parties if name not in first))
    for number, one in enumerate(order):
        parties[one].index = number
    return order, wrong


def named_parties(body: Body, node: syntax.Expr) -> range | None:
    """Return the numbers of `parties`, or of `clients`; None if an expression is neither.

    `clients` is an ordinary name, and means this only if nothing else has it.
    """
    if not isinstance(node, syntax.Variable):
        return None
    count = len(body.world.parties)
    if node.name.text == "parties":
        return range(count)
    clients = body.module.clients
    if (
        node.name.text != "clients"
        or clients is None
        or (body.find(node.name.text) is not None or node.name.text in body.module.items)
    ):
        return None
    return range(count - clients, count)
