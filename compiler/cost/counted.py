"""Costs of operations on shares, found by running their protocols at a counting party.

`count` runs the protocols at one party, which holds no data. This suffices to compare sharings and
circuits before the program is final. A trace (group_costs.py) records the messages of both parties
of a final program, phase by phase.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import field, fields
from functools import lru_cache
from typing import Any, Final

from ezlang.records import dataclass

from ..ir import tree as ir
from ..ir.facts import ConstantOperands
from ..protocols.core.preprocessing import Unit
from ..protocols.core.steps import Amounts, Step, Steps, together
from .amounts import SHARED_ANDS
from .counting_party import counting_party, reply_to, steps_on_ghosts
from .counting_preprocessing import Notes
from .usage import Usage

_COUNTER: Final = 0
"""The party at which protocols are counted."""

_NODE: Final = frozenset(f.name for f in fields(ir.OperationNode)) - {"deep"}


def count(operations: Sequence[ir.Operation], known: Sequence[ConstantOperands]) -> Usage:
    """Return the costs of interactive operations that run in parallel.

    `known` has the compile-time facts about the operands of each (ir/facts.py), which determine the
    choice of protocols. Bytes are those of the longer message of each round. Results are cached for
    groups with the same signature.
    """
    return _count(_Alike(signature(operations, known), tuple(operations), tuple(known)))


def signature(operations: Sequence[ir.Operation], known: Sequence[ConstantOperands]) -> Hashable:
    """Return a key that determines a group's messages: groups with equal keys exchange the same."""
    numbers: dict[int, int] = {}
    members = []
    for operation, given in zip(operations, known, strict=True):
        values = (*operation.operands, *operation.results)
        places = tuple(numbers.setdefault(value.id, len(numbers)) for value in values)
        kind = tuple(getattr(operation, f.name) for f in fields(operation) if f.name not in _NODE)
        members.append((type(operation), kind, places, tuple(v.type for v in values), given))
    return tuple(members)


@dataclass(frozen=True, slots=True)
class _Alike:
    """A group of operations; groups with the same signature are equal."""

    signature: Hashable
    operations: tuple[ir.Operation, ...] = field(compare=False)
    known: tuple[ConstantOperands, ...] = field(compare=False)


@lru_cache(maxsize=4096)
def _count(group: _Alike) -> Usage:
    triples = 0

    def book(unit: Unit, amount: int) -> None:
        nonlocal triples
        triples += SHARED_ANDS.get(unit, 0) * amount

    party = counting_party(_COUNTER, Notes(book))
    members = zip(group.operations, group.known, strict=True)
    rounds = sent = ots = 0
    for step in _driven(together([steps_on_ghosts(party, *member) for member in members])):
        both = sum((request.bytes for request in step), Amounts())
        rounds += any(both)
        sent += max(both)
        ots += sum(map(sum, (request.ots for request in step)))
    return Usage(rounds=rounds, sent=sent, ots=ots, triples=triples)


def _driven(steps: Steps[Any]) -> Iterator[Step]:
    """Yield the steps of protocols, and reply to them with ghosts."""
    replies: list[Any] | None = None
    while True:
        try:
            step = next(steps) if replies is None else steps.send(replies)
        except StopIteration:
            return
        yield step
        replies = [reply_to(request) for request in step]
