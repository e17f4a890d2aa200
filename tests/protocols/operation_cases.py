"""One operation of the IR on shares: its construction, its run, its expected result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ezlang.compiler.codegen.interface import Exchange
from ezlang.compiler.cost.group_costs import trace_of
from ezlang.compiler.ir import evaluate
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.dtypes import share_dtype
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.ir.sharings import check_sharings, is_interactive
from ezlang.compiler.ir.tree import Sharing, TensorType, Value
from ezlang.compiler.protocols.operations.table import local_of, steps_of
from ezlang.types.labels import PUBLIC, SECRET, Label, owned
from ezlang.types.types import SCALARS, BoolType, IntType, ScalarType
from tests.support.sharing_parties import Outcome, Pair

Array = np.ndarray[Any, Any]
A, B = Sharing.ARITHMETIC, Sharing.BOOLEAN
INTEGERS = [t for t in SCALARS.values() if isinstance(t, IntType)]
LABELS: dict[str, tuple[Label, Sharing | None]] = {
    "A": (SECRET, A),
    "B": (SECRET, B),
    "public": (PUBLIC, None),
    "first": (owned(0), None),
    "second": (owned(1), None),
}


def value(id: int, element: ScalarType, shape: tuple[int, ...], kind: str) -> Value:
    label, sharing = LABELS[kind]
    return Value(id, TensorType(element, shape, label, sharing))


def values_of(element: ScalarType, shape: tuple[int, ...], seed: int) -> Array:
    """Edge values and random ones, small and large, in a random order, in the element's dtype."""
    rng = np.random.default_rng(seed)
    count = int(np.prod(shape))
    if isinstance(element, BoolType):
        return rng.integers(0, 2, shape).astype(bool)
    low, high = element.low, element.high
    edges = [0, 1, 2, 3, 7, high, high - 1, low, low + 1, (low + high) // 2, -1 % (high + 1)]
    drawn = [element.wrap(int(x)) for x in rng.integers(0, 1 << 63, count)]
    small = [element.wrap(int(x)) for x in rng.integers(-20, 20, count)]
    edge = [edges[i % len(edges)] for i in range(count)]
    mixed = [(edge, drawn, small)[(i + seed) % 3][i] for i in range(count)]
    rng.shuffle(mixed)
    return np.array(mixed, evaluate.dtype(element)).reshape(shape)


def at_rest(x: Array, type: TensorType) -> Array:
    """Return values as they lie at a party."""
    return (
        np.asarray(x).astype(share_dtype(type.element))
        if x.dtype == bool
        else x.view(share_dtype(type.element))
    )


def dealt(
    x: Array, type: TensorType, rng: np.random.Generator
) -> tuple[Array | None, Array | None]:
    """Return what either party has of an operand."""
    rest = at_rest(x, type)
    owner = type.label.owner
    if owner is not None:
        return (rest, None) if owner == 0 else (None, rest)
    if type.sharing is None:
        return rest, rest
    raw = rng.integers(0, 256, rest.nbytes, np.uint8).view(rest.dtype).reshape(rest.shape)
    mask = raw & 1 if type.width == 1 else raw
    with np.errstate(all="ignore"):
        other = rest - mask if type.sharing is A else rest ^ mask
    return np.asarray(other, rest.dtype), mask


def put_together(shares: Sequence[Array], type: TensorType) -> Array:
    """Return the value of two shares, in the element's dtype."""
    for share in shares:
        assert share.shape == type.shape
        assert share.dtype == share_dtype(type.element)
        if type.width == 1:
            assert np.all(share <= 1)
    with np.errstate(all="ignore"):
        sum = shares[0] + shares[1] if type.sharing is A else shares[0] ^ shares[1]
    rest = np.asarray(sum, share_dtype(type.element))
    dtype = evaluate.dtype(type.element)
    return rest.astype(bool) if type.width == 1 else rest.view(dtype)


@dataclass(frozen=True)
class Ran:
    """The result, and what it cost; nothing for a local operation."""

    result: Array
    outcome: Outcome | None


def run(
    pair: Pair,
    operation: ir.Operation,
    operands: Sequence[Array],
    *,
    known: Sequence[int | None] = (),
    seed: int = 0,
) -> Ran:
    """Run an operation at both parties, on fresh shares, and put its result together."""
    check_sharings(operation)
    rng = np.random.default_rng(seed)
    given = [
        dealt(x, value.type, rng) for x, value in zip(operands, operation.operands, strict=True)
    ]
    own = [[pair_of[index] for pair_of in given] for index in (0, 1)]
    type = operation.result.type
    if not is_interactive(operation):
        shares = [local_of(party, operation, own[party.index]) for party in pair.parties]
        return Ran(put_together(shares, type), None)
    outcome = pair.run(
        lambda party: steps_of(party, operation, own[party.index], known=tuple(known))
    )
    assert_predicted(outcome, operation, known)
    if type.sharing is None:
        told = [outcome.results[i] for i in (0, 1) if type.label.readable_by(i)]
        hidden = [outcome.results[i] for i in (0, 1) if not type.label.readable_by(i)]
        assert all(result is None for result in hidden)
        for result in told:
            assert np.array_equal(result, told[0])
        return Ran(put_together([told[0], np.zeros_like(told[0])], type), outcome)
    return Ran(put_together(outcome.results, type), outcome)


def assert_predicted(
    outcome: Outcome, operation: ir.Operation, known: Sequence[int | None]
) -> None:
    """Compare the cost of an operation with the prediction from its types alone."""
    numbers = tuple(known) or (None,) * len(operation.operands)
    one, other = (Exchange((operation,), (numbers,), party) for party in (0, 1))
    steps = trace_of((one, other)).steps
    links = COMPUTING.links
    ots = [sum(part.amounts[link] for step in steps for part in step.ots) for link in links]
    sent = [sum(part.amounts[link] for step in steps for part in step.sent) for link in links]
    assert outcome.ots == tuple(ots)
    assert outcome.bytes == tuple(sent)
    assert outcome.rounds <= sum(bool(step.sent) for step in steps)


def wanted(operation: ir.Operation, operands: Sequence[Array]) -> Array:
    """The expected result of the operation."""
    if isinstance(operation, ir.Relabel | ir.Reveal | ir.Convert):
        return operands[0]
    assert isinstance(operation, ir.Computation)
    return evaluate.evaluate(operation, operands)


def agrees(pair: Pair, operation: ir.Operation, operands: Sequence[Array], **more: Any) -> Ran:
    """Run an operation and compare its result with the expected one."""
    ran = run(pair, operation, operands, **more)
    expected = wanted(operation, operands)
    assert np.array_equal(ran.result, expected), (operation, operands, ran.result, expected)
    return ran
