"""Operators whose results depend on digits that fixed point doesn't have.

A logarithm of 1e-10 is -23, and with 16 fraction bits, the nearest number that has a logarithm is
2^-16, whose logarithm is -11. A quotient by such a number is as wrong. So each operand of a float
run tells how far it may be moved by rounding before the result is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from ezlang.records import dataclass

from .graph import Array, Graph, Node, Value
from .problems import Problems
from .surroundings import Surroundings

WRONG: Final = 1 / 16
"""The most that rounding of an operand may change a result, in terms of the larger of 1 and it."""

_Operands = tuple[Array, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steep:
    """A node by its title, the smallest operand, and how far operands may be moved."""

    title: str
    smallest: float
    room: float

    def is_wrong(self, fraction: int) -> bool:
        """Whether rounding to a number of fraction bits, by half an ulp, is too much."""
        return 2.0 ** -(fraction + 1) > self.room

    @property
    def fraction(self) -> int:
        """The least number of fraction bits that is enough."""
        return int(np.ceil(-np.log2(self.room))) - 1


def steep(node: Node, values: Mapping[str, Array]) -> Steep | None:
    """Return how steep a node is at the values of a float run; None if it is never steep."""
    operands = [_data(value, values) for value in node.inputs]
    given = [one for one in operands if one is not None]
    return _steep(node, *given) if given and len(given) == len(operands) else None


def _steep(node: Node, *given: Array) -> Steep | None:
    known = _KINDS.get(node.op) if not node.domain else None
    if known is None:
        return None
    with np.errstate(all="ignore"):
        at, room = known(*(one.astype(np.float64) for one in given))
    finite = np.isfinite(at) & (at > 0) & ~np.isnan(room)
    if not finite.any():
        return None
    return Steep(title=node.title, smallest=float(at[finite].min()), room=float(room[finite].min()))


def floors(graph: Graph) -> Iterator[Steep]:
    """Yield how steep logarithms are at the smallest numbers that a constant leaves them.

    `log(x + 1e-10)` is written for an x that may be 0.
    """
    around = Surroundings(graph)
    for node in graph.nodes:
        maker = around.maker(node.inputs[0], "Add", "Max", "Clip") if node.op == "Log" else None
        if maker is None or node.domain:
            continue
        given: list[Any] = [value.data for value in maker.inputs[:2] if value is not None]
        for bound in (*given, maker.attributes.get("min")):
            if bound is not None and np.size(bound) == 1:
                found = _steep(node, np.reshape(bound, ()))
                if found is not None:
                    yield found


def check_steepness(nodes: Sequence[Steep], fraction: int) -> None:
    """Raise EzError (exit code 2) if results hang on digits that fixed point doesn't have."""
    problems = Problems()
    wrong: dict[str, Steep] = {}
    for one in (steep for steep in nodes if steep.is_wrong(fraction)):
        wrong[one.title] = min(one, wrong.get(one.title, one), key=lambda steep: steep.room)
    for title, one in wrong.items():
        problems.add(
            f"{title} takes numbers as small as {one.smallest:.2g}, and with {fraction} fraction "
            f"bits its results are wrong by more than a sixteenth: it needs {one.fraction}",
            "give real data by --samples, or leave the result out by --output-name",
        )
    problems.check()


def _data(value: Value | None, values: Mapping[str, Array]) -> Array | None:
    if value is None:
        return None
    return values.get(value.name) if value.data is None else value.data


def _logarithm(x: Array) -> _Operands:
    """Return x, and the r for which ln(x + r) - ln(x) is the most that is allowed."""
    return x, x * np.expm1(_allowed(np.log(x)))


def _quotient(x: Array, y: Array) -> _Operands:
    """Return |y|, and the r for which |x| / |y| - |x| / (|y| + r) is the most that is allowed."""
    size = np.abs(y)
    quotient = np.abs(x) / size
    allowed = _allowed(quotient)
    room = np.where(quotient > allowed, size * allowed / (quotient - allowed), np.inf)
    return np.broadcast_to(size, room.shape), room


def _reciprocal(x: Array) -> _Operands:
    return _quotient(np.ones_like(x), x)


def _allowed(result: Array) -> Array:
    return WRONG * np.maximum(1, np.abs(result))


_KINDS: Final[dict[str, Callable[..., _Operands]]] = {
    "Log": _logarithm,
    "Div": _quotient,
    "Reciprocal": _reciprocal,
}
