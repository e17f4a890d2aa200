"""From a graph of gates to a netlist: dead gates, order and registers.

- Gates that no output needs are left out.
- Every AND is put into the last group that doesn't make the circuit deeper. So there are as few
  groups as AND layers, and few results wait in registers: operands often have other uses, so that
  they are kept anyway.
- Free gates run just before the group that needs them, those of outputs as soon as possible.
- Registers are allocated by liveness. A free gate may write to the register of an operand that
  dies; the ANDs of a group write no register that any of them reads. A register stays secret or
  public, and the inputs' registers are reused after their last read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ezlang.records import dataclass

from .builder import Builder, Gate, Wire
from .netlist import Netlist, Opcode

_NEVER: Final = 1 << 62
_Operands = dict[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """Gates that run together: a group of ANDs, or one free gate."""

    nodes: tuple[int, ...]
    group: bool


def size(builder: Builder, outputs: Sequence[Wire]) -> tuple[int, int]:
    """Return the number of ANDs and of AND layers of the netlist that `schedule` would make."""
    roots = [builder.secret_node(wire) for wire in outputs]
    live = _live(builder, roots).items()
    return sum(_costs(builder, node, reads) for node, reads in live), _depth(builder, roots)


def _depth(builder: Builder, roots: Sequence[int]) -> int:
    return max((builder.levels[n] for n in roots), default=0)


def _costs(builder: Builder, node: int, reads: Sequence[int]) -> bool:
    """Return whether a node is an AND of secret wires."""
    return builder.gates[node] == Gate.AND and not any(builder.public[n] for n in reads)


def schedule(builder: Builder, outputs: Sequence[Wire], name: str) -> Netlist:
    """Turn the part of a circuit that computes `outputs` into a netlist.

    Public and constant outputs are copied to secret registers. The time is linear.
    """
    roots = [builder.secret_node(wire) for wire in outputs]
    operands = _live(builder, roots)
    depth = _depth(builder, roots)
    groups = _latest_groups(builder, operands, depth)
    steps = _order(builder, operands, groups, roots, depth)
    code, registers, places = _allocate(builder, operands, steps, roots)
    array = np.array(code, dtype=np.int32).reshape(-1, 4)
    array.setflags(write=False)
    return Netlist(
        name=name,
        ports=tuple(builder.ports),
        outputs=places,
        code=array,
        registers=registers,
        ands=sum(len(step.nodes) for step in steps if step.group),
        depth=depth,
    )


def _operands_of(builder: Builder, node: int) -> tuple[int, ...]:
    match builder.gates[node]:
        case Gate.XOR | Gate.AND:
            return builder.left[node], builder.right[node]
        case Gate.NOT:
            return (builder.left[node],)
        case _:
            return ()


def _live(builder: Builder, roots: Sequence[int]) -> _Operands:
    """The nodes that outputs depend on, in ascending order, each with its operands."""
    found: _Operands = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in found:
            found[node] = _operands_of(builder, node)
            stack.extend(found[node])
    return dict(sorted(found.items()))


def _latest_groups(builder: Builder, operands: _Operands, depth: int) -> dict[int, int]:
    """For every AND of secret wires, the last group, from 1 to depth, that is early enough."""
    latest = dict.fromkeys(operands, depth)
    groups: dict[int, int] = {}
    for node, reads in reversed(operands.items()):
        limit = latest[node]
        if _costs(builder, node, reads):
            groups[node] = limit
            limit -= 1
        for operand in reads:
            if latest[operand] > limit:
                latest[operand] = limit
    return groups


def _order(
    builder: Builder,
    operands: _Operands,
    groups: dict[int, int],
    roots: Sequence[int],
    depth: int,
) -> list[_Step]:
    """Return the gates in the order in which they run."""
    ready: dict[int, int] = {}
    for node, reads in operands.items():
        ready[node] = groups.get(node) or max([ready[n] for n in reads], default=0)
    members: list[list[int]] = [[] for _ in range(depth + 1)]
    for node, group in groups.items():
        members[group].append(node)
    due: list[list[int]] = [[] for _ in range(depth + 1)]
    for root in roots:
        due[ready[root]].append(root)

    done = {n for n in operands if builder.gates[n] == Gate.INPUT}
    steps: list[_Step] = []
    for group in range(depth + 1):
        nodes = tuple(reversed(members[group]))
        for node in nodes:
            for operand in operands[node]:
                _demand(operands, operand, done, steps)
        if nodes:
            steps.append(_Step(nodes=nodes, group=True))
            done.update(nodes)
        for root in due[group]:
            _demand(operands, root, done, steps)
    return steps


def _demand(operands: _Operands, node: int, done: set[int], steps: list[_Step]) -> None:
    """Schedule the free gates that a node needs and that haven't run yet, operands first."""
    stack = [node]
    while stack:
        top = stack[-1]
        if top in done:
            stack.pop()
            continue
        waiting = [n for n in operands[top] if n not in done]
        if waiting:
            stack.extend(waiting)
        else:
            done.add(top)
            steps.append(_Step(nodes=(top,), group=False))


class _Registers:
    """Allocates registers; those that held public bits never hold secret ones, nor conversely."""

    def __init__(self) -> None:
        self.count = 0
        self._free: dict[bool, list[int]] = {False: [], True: []}

    def take(self, public: bool) -> int:
        if self._free[public]:
            return self._free[public].pop()
        self.count += 1
        return self.count - 1

    def give(self, register: int, public: bool) -> None:
        self._free[public].append(register)


def _allocate(
    builder: Builder, operands: _Operands, steps: Sequence[_Step], roots: Sequence[int]
) -> tuple[list[tuple[int, int, int, int]], int, tuple[int, ...]]:
    """Assign registers; return the code, the number of registers, the outputs' registers."""
    last: dict[int, int] = {}
    for position, step in enumerate(steps):
        for node in step.nodes:
            for operand in operands[node]:
                last[operand] = position
    for root in roots:
        last[root] = _NEVER

    registers = _Registers()
    place = {node: registers.take(builder.public[node]) for node in builder.inputs}
    for node in builder.inputs:
        if node not in last:
            registers.give(place[node], builder.public[node])

    code: list[tuple[int, int, int, int]] = []
    for position, step in enumerate(steps):
        read = dict.fromkeys(n for node in step.nodes for n in operands[node])
        dying = [n for n in read if last[n] == position]
        if step.group:
            code.append((int(Opcode.GROUP), len(step.nodes), 0, 0))
        else:
            for node in dying:
                registers.give(place[node], builder.public[node])
        for node in step.nodes:
            place[node] = registers.take(builder.public[node])
            code.append(_instruction(builder, node, place))
        if step.group:
            for node in dying:
                registers.give(place[node], builder.public[node])
    return code, registers.count, tuple(place[root] for root in roots)


def _instruction(builder: Builder, node: int, place: dict[int, int]) -> tuple[int, int, int, int]:
    """Encode one gate."""
    out, left, right = place[node], builder.left[node], builder.right[node]
    public = builder.public[node]
    match builder.gates[node]:
        case Gate.CONSTANT:
            return int(Opcode.CONSTANT), out, left, 0
        case Gate.NOT:
            return int(Opcode.PUBLIC_NOT if public else Opcode.NOT), out, place[left], 0
        case gate:
            is_xor = gate == Gate.XOR
    if public:
        opcode = Opcode.PUBLIC_XOR if is_xor else Opcode.PUBLIC_AND
    elif builder.public[left] or builder.public[right]:
        opcode = Opcode.XOR_PUBLIC if is_xor else Opcode.AND_PUBLIC
        if builder.public[left]:
            left, right = right, left
    else:
        opcode = Opcode.XOR if is_xor else Opcode.AND
    return int(opcode), out, place[left], place[right]
