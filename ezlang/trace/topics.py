"""The topics: which paragraph of explanations.md says what the protocol does in a step."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.garbling import Garbling
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.ir.sharings import PAIRED, is_interactive
from ezlang.compiler.ir.tree import BinaryKind, Sharing
from ezlang.executors.simulate.two import has_sharings

A, B, Y = Sharing.ARITHMETIC, Sharing.BOOLEAN, Sharing.YAO

_CONVERSIONS: Final[Mapping[tuple[Sharing | None, Sharing | None], str]] = {
    (A, B): "arithmetic-to-boolean",
    (B, A): "boolean-to-arithmetic",
    (A, Y): "arithmetic-to-yao",
    (B, Y): "boolean-to-yao",
    (Y, B): "yao-to-boolean",
    (Y, A): "yao-to-arithmetic",
}
_BINARY: Final[Mapping[BinaryKind, str]] = {
    BinaryKind.MUL: "product",
    BinaryKind.DIV: "division",
    BinaryKind.MOD: "division",
    BinaryKind.SHR: "truncation",
}


_DEALT: Final[Mapping[str, str]] = {
    "share-labels-by-ot": "share-labels-by-dealt-ot",
    "product": "triple-product",
    "matrix-product": "matrix-product-dealt",
    "encrypted-product": "matrix-product-dealt",
    "comparison": "comparison-dealt",
    "select": "select-dealt",
    "lookup": "lookup-dealt",
    "gmw": "gmw-dealt-to-two",
    "boolean-to-arithmetic": "boolean-to-arithmetic-dealt",
    "yao-to-arithmetic": "yao-to-arithmetic-dealt",
}
"""What two parties do in another way if they have a dealer."""


class Way(Enum):
    """The way in which a program runs: two-party protocols, those of many parties, or dealt ones.

    Programs without sharings run with an ideal dealer.
    """

    PAIRED = "paired"
    MANY = "many"
    DEALT = "dealt"


def way_of(program: ir.Program) -> Way:
    """Return the way in which a program runs."""
    if not has_sharings(program):
        return Way.DEALT
    return Way.PAIRED if len(program.parties) == PAIRED else Way.MANY


def topic_of(operation: ir.Operation, *, way: Way, garbling: Garbling, dealt: bool = False) -> str:
    """Return the topic of an operation; `dealt`: of a run of two parties with a dealer."""
    topic = _topic(operation, way, garbling)
    return _DEALT.get(topic, topic) if dealt else topic


def _topic(operation: ir.Operation, way: Way, garbling: Garbling) -> str:
    types = [value.type for value in (*operation.operands, *operation.results)]
    match operation:
        case ir.Input() | ir.Draw():
            return "input"
        case ir.Output():
            return "output"
        case ir.Assert():
            return "assert"
        case ir.Reveal():
            return _reveal(operation)
        case _ if not any(type.label.is_secret for type in types):
            return "public" if all(type.label.is_public for type in types) else "own"
        case ir.Move():
            return "move"
        case ir.Relabel():
            return _share(operation) if way is Way.PAIRED else "share"
        case ir.Convert():
            found = _CONVERSIONS[types[0].sharing, types[1].sharing]
            return f"{found}-of-many" if way is Way.MANY else found
        case _ if way is Way.DEALT:
            return _dealt(operation)
        case _ if way is Way.MANY:
            return _of_many(operation)
        case _:
            return _computed(operation, garbling)


def _reveal(operation: ir.Reveal) -> str:
    given = operation.operands[0].type
    if not given.label.is_secret:
        return "tell"
    return "reveal-yao" if given.sharing is Y else "reveal-shares"


def _share(operation: ir.Relabel) -> str:
    given, made = operation.operands[0].type, operation.result.type
    if given.label.is_public or given.label.is_secret:
        return "share-public"
    if made.sharing is not Y:
        return "share-between-two"
    own = given.label.owner == COMPUTING.garbler
    return "share-labels" if own else "share-labels-by-ot"


def _computed(operation: ir.Operation, garbling: Garbling) -> str:
    """Return the topic of a computation of two parties on secrets."""
    values = (*operation.operands, *operation.results)
    sharings = {value.type.sharing for value in values} - {None}
    if Y in sharings:
        return "garbled-circuit" if garbling is Garbling.HALF_GATES else "three-halves"
    if not is_interactive(operation):
        return "local"
    if A not in sharings and not any(value.type.label.is_owned for value in values):
        return "gmw"
    match operation:
        case ir.MatrixProduct() | ir.Convolution():
            return "encrypted-product" if operation.encrypted else "matrix-product"
        case ir.Lookup():
            return "lookup"
        case ir.Select():
            return "select"
        case ir.Binary() if operation.kind in _BINARY:
            return _BINARY[operation.kind]
        case _:
            return "comparison"


def _of_many(operation: ir.Operation) -> str:
    """Return the topic of a computation of any number of parties on secrets."""
    values = (*operation.operands, *operation.results)
    if not is_interactive(operation):
        return "local"
    if all(value.type.sharing is not A and not value.type.label.is_owned for value in values):
        return "gmw-of-many"
    is_product = isinstance(operation, ir.Product | ir.Binary)
    return "product-of-many" if is_product else "select-of-many"


def _dealt(operation: ir.Operation) -> str:
    """Return the topic of a computation with an ideal dealer."""
    match operation:
        case ir.Binary(kind=BinaryKind.ADD | BinaryKind.SUB | BinaryKind.XOR):
            return "local"
        case ir.Binary(kind=BinaryKind.MUL):
            return "triple-product"
        case _:
            return "gmw-dealt"
