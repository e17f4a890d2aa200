"""What an operation on arithmetic or boolean shares takes, by running its protocol to count.

Its protocol runs at one party that holds no data (cost/counting_party.py), on at most `MOST`
elements; for more, amounts are in proportion. So all that decides which protocol is taken,
constants, known operands, and numbers known to be small, counts here as it does in a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from ezlang.source import NO_SPAN

from ...cost.counting_party import Notes, counting_party
from ...cost.ghosts import ghost
from ...ir import tree as ir
from ...ir.dtypes import share_dtype
from ...ir.known_operands import Numbers
from ...ir.sharings import is_interactive, required
from ...ir.tree import Sharing
from ...protocols.core.steps import Round, Step, Take
from ...protocols.operations.table import steps_of
from .usage import NOTHING, Usage

MOST: Final = 4096
"""Elements of an operation on which its protocol runs."""

_COUNTER: Final = 0
_Signature = tuple[tuple[int, ...], tuple[ir.TensorType, ...], Numbers]


def shared_as(operation: ir.Operation, column: Sharing) -> ir.Operation:
    """Return an operation with the sharings that a column of the table asks for."""
    count = len(operation.operands)
    wants = (column,) * (count + 1)
    if not isinstance(operation, ir.Reveal):
        wants = required(operation, column) or wants
    operands = tuple(map(_shared, operation.operands, wants[:count]))
    results = tuple(_shared(value, wants[-1]) for value in operation.results)
    return replace(operation, operands=operands, results=results)


def _shared(value: ir.Value, sharing: Sharing) -> ir.Value:
    if not value.type.label.is_secret:
        return value
    return replace(value, type=replace(value.type, sharing=sharing))


def counted_usages(operation: ir.Operation, known: Numbers = ()) -> Sequence[Usage]:
    """Return what an operation takes, its sharings given: with each of its circuits, if it has any.

    `known` is what ir/known_operands.py says of its operands.
    """
    if not is_interactive(operation):
        return (NOTHING,)
    size = operation.result.type.size
    if not size:
        return (NOTHING,)
    form, factor = operation, 1.0
    if size > MOST and not isinstance(operation, ir.MatrixProduct | ir.Reduce):
        form, factor = _cut(operation), size / MOST
    values = (*form.operands, *form.results)
    numbers: dict[int, int] = {}
    places = tuple(numbers.setdefault(value.id, len(numbers)) for value in values)
    signature = places, tuple(value.type for value in values), known
    plain = replace(
        form,
        span=NO_SPAN,
        operands=tuple(map(_numbered, form.operands, places)),
        results=tuple(map(_numbered, form.results, places[len(form.operands) :])),
    )
    return tuple(
        _counted(replace(plain, deep=deep), signature).times(factor)
        for deep in ((False, True) if operation.has_circuit else (False,))
    )


def _cut(operation: ir.Operation) -> ir.Operation:
    """Return an operation on fewer elements."""

    def cut(value: ir.Value) -> ir.Value:
        return replace(value, type=replace(value.type, shape=(MOST,)))

    operands = tuple(map(cut, operation.operands))
    return replace(operation, operands=operands, results=tuple(map(cut, operation.results)))


def _numbered(value: ir.Value, number: int) -> ir.Value:
    return replace(value, id=number, hint="")


@lru_cache(maxsize=4096)
def _counted(operation: ir.Operation, signature: _Signature) -> Usage:
    """Run an operation's protocol; values count as equal by number, so types are given, too."""
    triples = 0

    def book(what: str, count: int) -> None:
        nonlocal triples
        triples += count * _ANDS.get(what, 0)

    party = counting_party(_COUNTER, Notes(book))
    ghosts = [_ghost(value) for value in operation.operands]
    run = steps_of(party, operation, ghosts, known=signature[-1])
    rounds, sent, received, ots = 0, 0, 0, 0
    replies: list[Any] | None = None
    while True:
        try:
            step: Step = next(run) if replies is None else run.send(replies)
        except StopIteration:
            break
        replies = []
        rounds += any(isinstance(request, Round) for request in step)
        for request in step:
            match request:
                case Round():
                    sent, received = sent + request.sent, received + request.receive
                    replies.append(ghost(request.receive))
                case Take(sent=first, received=second):
                    ots += first + second
                    blocks = ghost(second), ghost((second, 2), "u8")
                    replies.append((ghost((first, 2), "u8"), blocks))
                case _:
                    replies.append(None)
    return Usage(rounds=rounds, sent=max(sent, received), ots=ots, triples=triples)


_ANDS: Final = {"bit triples": 1, "pairs of bit triples": 2}


def _ghost(value: ir.Value) -> Any:
    """Return what the party that counts has of an operand."""
    type = value.type
    if type.sharing is None and not type.label.readable_by(_COUNTER):
        return None
    return ghost(type.shape, share_dtype(type.element))
