"""Checks that a netlist follows the rules of its format (see netlist.py).

The rules allow a kernel to load the operands of a group, compute all its ANDs side by side and
store the results, and to keep public bits and secret wires in separate memory.
"""

from __future__ import annotations

from ezlang.compiler.circuits.netlist import Netlist, Opcode
from ezlang.diagnostics.diagnostic import CompilerBug

# For each opcode: whether the result is public, and which operands are (None: not a register).
_SHAPES: dict[Opcode, tuple[bool, tuple[bool, ...]]] = {
    Opcode.XOR: (False, (False, False)),
    Opcode.NOT: (False, (False,)),
    Opcode.AND: (False, (False, False)),
    Opcode.XOR_PUBLIC: (False, (False, True)),
    Opcode.AND_PUBLIC: (False, (False, True)),
    Opcode.CONSTANT: (False, ()),
    Opcode.COPY: (False, (False,)),
    Opcode.PUBLIC_XOR: (True, (True, True)),
    Opcode.PUBLIC_AND: (True, (True, True)),
    Opcode.PUBLIC_NOT: (True, (True,)),
    Opcode.PUBLIC_CONSTANT: (True, ()),
}


def verify(netlist: Netlist) -> None:
    """Raise CompilerBug if a netlist violates a rule.

    Registers are in range, written before they are read, and always secret or always public; every
    AND is in a group, and no AND of a group touches a register that another one writes; constants
    are bits; outputs are secret; the numbers of ANDs and groups are as stated.
    """
    kinds: dict[int, bool] = {}
    for port in netlist.ports:
        for _ in range(port.width):
            kinds[len(kinds)] = port.public
    left_in_group = 0
    groups = ands = 0
    touched: set[int] = set()
    written: set[int] = set()
    rows: list[list[int]] = netlist.code.tolist()
    for index, (number, out, *operands) in enumerate(rows):
        where = f"{netlist.name}, instruction {index}"
        opcode = Opcode(number)
        if opcode is Opcode.GROUP:
            _require(left_in_group == 0 and out > 0, where, "a group isn't filled")
            left_in_group, groups = out, groups + 1
            touched, written = set(), set()
            continue
        public, shape = _SHAPES[opcode]
        reads = operands[: len(shape)]
        for register, kind in zip(reads, shape, strict=True):
            _require(kinds.get(register) == kind, where, f"register {register} can't be read")
        if opcode in (Opcode.CONSTANT, Opcode.PUBLIC_CONSTANT):
            _require(operands[0] in (0, 1), where, "a constant isn't a bit")
        _require(0 <= out < netlist.registers, where, f"there is no register {out}")
        _require(kinds.setdefault(out, public) == public, where, f"register {out} changes kind")
        _require(
            (opcode is Opcode.AND) == (left_in_group > 0),
            where,
            ("an AND is not in a group, or another instruction is"),
        )
        if opcode is Opcode.AND:
            clash = out in touched or not written.isdisjoint(reads)
            _require(not clash, where, "two ANDs of a group touch one register")
            touched.update((out, *reads))
            written.add(out)
            left_in_group -= 1
            ands += 1
    name = netlist.name
    _require(left_in_group == 0, name, "the last group isn't filled")
    _require((ands, groups) == (netlist.ands, netlist.depth), name, "ANDs or groups are miscounted")
    _require(all(kinds.get(o) is False for o in netlist.outputs), name, "an output isn't secret")


def _require(condition: bool, where: str, what: str) -> None:
    if not condition:
        raise CompilerBug(f"{where}: {what}")
