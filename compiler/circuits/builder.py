"""Circuits under construction: a graph of gates with folding and sharing.

A wire is an integer: twice the number of its node, plus one if it is inverted. So inversion is free
and moves through XOR. Node 0 is the constant false. Equal gates are built only once, and their
operands are plain nodes: `!a & b` is built as `(a & b) ^ b`, so that all four ways of inverting the
operands share an AND. With free XOR [KS08], the cost of a circuit is its number of ANDs of two
secret wires.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from .netlist import Port

Wire = int
FALSE: Final[Wire] = 0
TRUE: Final[Wire] = 1


class Gate(IntEnum):
    """The kinds of nodes of the graph. NOT and CONSTANT occur only where an output needs them."""

    INPUT = 0
    XOR = 1
    AND = 2
    NOT = 3
    CONSTANT = 4


_XOR: Final = int(Gate.XOR)


class Builder:
    """A circuit under construction. Nodes are numbered in an order in which they can be run.

    For node n, `gates[n]` is its kind, `left[n]` and `right[n]` are the nodes of its operands,
    `public[n]` says whether it is public, and `levels[n]` is its AND depth. Circuits built on a
    `shallow` builder have logarithmic depth, at the cost of more ANDs (carries.py).
    """

    def __init__(self, *, shallow: bool = False) -> None:
        self.shallow = shallow
        self.ports: list[Port] = []
        self.inputs: list[int] = []
        self.gates: list[int] = [int(Gate.CONSTANT)]
        self.left: list[int] = [0]
        self.right: list[int] = [0]
        self.public: list[bool] = [True]
        self.levels: list[int] = [0]
        self._shared: dict[tuple[int, int, int], int] = {}

    def port(self, width: int, *, public: bool = False) -> list[Wire]:
        """Add a port and return its wires, least significant first."""
        self.ports.append(Port(width, public))
        nodes = [self._append(int(Gate.INPUT), 0, 0, public, 0) for _ in range(width)]
        self.inputs.extend(nodes)
        return [node << 1 for node in nodes]

    def is_public(self, wire: Wire) -> bool:
        """Return whether a wire is a constant, or known to everyone when the circuit runs."""
        return self.public[wire >> 1]

    def level(self, wire: Wire) -> int:
        """Return the largest number of ANDs of secret wires on a path to a wire."""
        return self.levels[wire >> 1]

    def xor(self, a: Wire, b: Wire) -> Wire:
        """a ^ b. Free. Equal operands cancel, also across one XOR gate."""
        inverted = (a ^ b) & 1
        a >>= 1
        b >>= 1
        if a == b:
            return inverted
        if a > b:
            a, b = b, a
        if a == 0:
            return b << 1 | inverted
        gates, left, right = self.gates, self.left, self.right
        if gates[b] == _XOR:
            if left[b] == a:
                return right[b] << 1 | inverted
            if right[b] == a:
                return left[b] << 1 | inverted
        if gates[a] == _XOR:
            if left[a] == b:
                return right[a] << 1 | inverted
            if right[a] == b:
                return left[a] << 1 | inverted
        return self._gate(_XOR, a, b) << 1 | inverted

    def conjunction(self, a: Wire, b: Wire) -> Wire:
        """a & b. Costs one AND if both are secret and neither decides the result."""
        if a < 2:
            return b if a else FALSE
        if b < 2:
            return a if b else FALSE
        if a >> 1 == b >> 1:
            return a if a == b else FALSE
        low, high = (a >> 1, b >> 1) if a < b else (b >> 1, a >> 1)
        result = self._gate(int(Gate.AND), low, high) << 1
        if a & 1:
            result = self.xor(result, b & ~1)
        if b & 1:
            result = self.xor(result, a)
        return result

    def disjunction(self, a: Wire, b: Wire) -> Wire:
        """a | b, at the cost of an AND."""
        return self.conjunction(a ^ 1, b ^ 1) ^ 1

    def mux(self, condition: Wire, then: Wire, otherwise: Wire) -> Wire:
        """`then` if the condition is true, else `otherwise`; one AND."""
        return self.xor(otherwise, self.conjunction(condition, self.xor(then, otherwise)))

    def all_of(self, wires: Sequence[Wire]) -> Wire:
        """The AND of n wires: n - 1 ANDs in ceil(log2 n) layers."""
        layer = sorted(wires, key=self.level)
        while len(layer) > 1:
            pairs = zip(layer[::2], layer[1::2], strict=False)
            rest = layer[-1:] if len(layer) % 2 else []
            layer = [self.conjunction(a, b) for a, b in pairs] + rest
        return layer[0] if layer else TRUE

    def any_of(self, wires: Sequence[Wire]) -> Wire:
        """The OR of n wires, as `all_of`."""
        return self.all_of([wire ^ 1 for wire in wires]) ^ 1

    def secret_node(self, wire: Wire) -> int:
        """Return a secret node with a wire's value, uninverted, as an output requires."""
        node = wire >> 1
        if node == 0:
            return self._constant(wire & 1)
        if wire & 1:
            node = self._share(int(Gate.NOT), node, node, self.public[node])
        if self.public[node]:
            node = self._share(_XOR, self._constant(0), node, False)
        return node

    def _constant(self, value: int) -> int:
        return self._share(int(Gate.CONSTANT), value, value, False)

    def _gate(self, gate: int, a: int, b: int) -> int:
        """The gate on two input or gate nodes; it is secret unless both are public."""
        return self._share(gate, a, b, self.public[a] and self.public[b])

    def _share(self, gate: int, a: int, b: int, public: bool) -> int:
        key = (gate, a, b)
        node = self._shared.get(key)
        if node is None:
            level = 0
            if gate != Gate.CONSTANT:
                level = max(self.levels[a], self.levels[b])
                level += gate == Gate.AND and not (self.public[a] or self.public[b])
            node = self._shared[key] = self._append(gate, a, b, public, level)
        return node

    def _append(self, gate: int, a: int, b: int, public: bool, level: int) -> int:
        self.gates.append(gate)
        self.left.append(a)
        self.right.append(b)
        self.public.append(public)
        self.levels.append(level)
        return len(self.gates) - 1


def constant_wires(value: int, width: int) -> list[Wire]:
    """Return the wires of a known integer, modulo 2^width."""
    return [value >> i & 1 for i in range(width)]


def known_value(wires: Sequence[Wire]) -> int | None:
    """Return the unsigned integer that constant wires represent, or None if any isn't constant."""
    if any(wire > TRUE for wire in wires):
        return None
    return sum(wire << i for i, wire in enumerate(wires))
