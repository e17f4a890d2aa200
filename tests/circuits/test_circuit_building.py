"""The builder's algebra, the scheduler's promises, and the rules of the netlist format."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ezlang.compiler.circuits.builder import FALSE, TRUE, Builder
from ezlang.compiler.circuits.catalogue import (
    SAME,
    SECRET,
    CircuitOperation,
    binary,
    cast,
    circuit,
    unary,
)
from ezlang.compiler.circuits.netlist import Netlist, Opcode, Port
from ezlang.compiler.circuits.schedule import schedule
from ezlang.compiler.ir.tree import (
    Binary,
    BinaryKind,
    Bit,
    Cast,
    Select,
    TensorType,
    Unary,
    UnaryKind,
    Value,
)
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.types.labels import SECRET as SECRET_LABEL
from ezlang.types.types import BOOL, INT8, INT16, UINT8, ScalarType
from tests.circuits.circuit_reference import run
from tests.support.netlist_rules import verify
from tests.support.netlist_values import pack, unpack


def test_free_algebra() -> None:
    b = Builder()
    x, y = b.port(2)
    assert b.xor(x, x) == FALSE
    assert b.xor(x, x ^ 1) == TRUE
    assert b.xor(x, FALSE) == x
    assert b.xor(x, TRUE) == x ^ 1
    assert b.xor(b.xor(x, y), y) == x
    assert b.xor(x ^ 1, y) == b.xor(x, y) ^ 1 == b.xor(y, x ^ 1)
    assert b.conjunction(x, x) == x
    assert b.conjunction(x, x ^ 1) == FALSE
    assert b.conjunction(x, FALSE) == FALSE
    assert b.conjunction(TRUE, x) == x
    assert b.disjunction(x, TRUE) == TRUE
    assert b.mux(TRUE, x, y) == x
    assert b.mux(FALSE, x, y) == y
    assert b.mux(x, y, y) == y
    assert b.all_of([]) == TRUE
    assert b.any_of([]) == FALSE


def test_gates_are_shared() -> None:
    b = Builder()
    x, y = b.port(2)
    outputs = [b.conjunction(p, q) for p in (x, x ^ 1) for q in (y, y ^ 1)]
    netlist = schedule(b, [*outputs, b.conjunction(y, x)], "minterms")
    assert netlist.ands == 1
    results = run(netlist, [3, 1, 2, 0])
    assert results == [0b10001, 0b00010, 0b00100, 0b01000]


def test_dead_gates_are_dropped() -> None:
    b = Builder()
    x, y = b.port(2)
    b.conjunction(x, y)
    netlist = schedule(b, [b.xor(x, y)], "half")
    assert netlist.ands == netlist.depth == 0
    assert len(netlist.code) == 1


def test_outputs_may_be_constant_public_repeated_or_inputs() -> None:
    b = Builder()
    (x,) = b.port(1)
    (p,) = b.port(1, public=True)
    netlist = schedule(b, [TRUE, FALSE, p, p ^ 1, x, x ^ 1, x], "outputs")
    assert run(netlist, [0, 1], [1, 0]) == [0b0100101, 0b1011001]


def test_groups_are_as_few_as_layers() -> None:
    netlist = binary(BinaryKind.MUL, UINT8, SECRET, SECRET)
    verify(netlist)
    assert int((netlist.code[:, 0] == Opcode.GROUP).sum()) == netlist.depth


def test_registers_are_used_again() -> None:
    assert unary(UnaryKind.NEG, INT8, SECRET).registers <= 11
    assert binary(BinaryKind.ADD, INT8, SECRET, SECRET).registers <= 18


def test_code_is_frozen_and_cached() -> None:
    netlist = binary(BinaryKind.ADD, INT8, SECRET, SECRET)
    assert netlist is binary(BinaryKind.ADD, INT8, SECRET, SECRET)
    assert netlist.code.dtype == np.int32
    with pytest.raises(ValueError, match="read-only"):
        netlist.code[0, 0] = 0


def test_packing_is_undone_by_unpacking() -> None:
    values = [0, 1, 2**63, 2**64 - 1, 12345, 77]
    assert unpack(pack(values, 64), len(values)) == values
    assert pack([1, 0, 1, 1], 1) == [0b1101]
    assert unpack(pack([-1, 256], 8), 2) == [255, 0]


BAD = [
    ("reads what isn't written", [(Opcode.XOR, 3, 0, 5)]),
    ("reads a public register as a secret one", [(Opcode.XOR, 3, 0, 2)]),
    ("writes a public register with a secret", [(Opcode.XOR, 2, 0, 1), (Opcode.COPY, 3, 0, 0)]),
    ("AND outside a group", [(Opcode.AND, 3, 0, 1)]),
    ("free gate in a group", [(Opcode.GROUP, 1, 0, 0), (Opcode.XOR, 3, 0, 1)]),
    ("unfilled group", [(Opcode.GROUP, 2, 0, 0), (Opcode.AND, 3, 0, 1)]),
    ("no such register", [(Opcode.XOR, 9, 0, 1)]),
    ("constant isn't a bit", [(Opcode.CONSTANT, 3, 2, 0)]),
    (
        "reads in its group what the group writes",
        [(Opcode.GROUP, 2, 0, 0), (Opcode.AND, 3, 0, 1), (Opcode.AND, 4, 3, 1)],
    ),
    (
        "writes in its group what the group reads",
        [(Opcode.GROUP, 2, 0, 0), (Opcode.AND, 3, 0, 1), (Opcode.AND, 1, 0, 0)],
    ),
    (
        "writes twice in a group",
        [(Opcode.GROUP, 2, 0, 0), (Opcode.AND, 3, 0, 1), (Opcode.AND, 3, 0, 0)],
    ),
    ("miscounts", [(Opcode.GROUP, 1, 0, 0), (Opcode.AND, 3, 0, 1)]),
    ("public output", []),
]


@pytest.mark.parametrize("code", [code for _, code in BAD], ids=[name for name, _ in BAD])
def test_broken_netlists_are_found(code: list[tuple[int, int, int, int]]) -> None:
    ands = (
        5
        if len(code) == 2 and code[1][0] == Opcode.AND
        else sum(row[0] == Opcode.AND for row in code)
    )
    netlist = Netlist(
        name="broken",
        ports=(Port(2), Port(1, public=True)),
        outputs=(3,) if code else (2,),
        code=np.array(code, dtype=np.int32).reshape(-1, 4),
        registers=5,
        ands=ands,
        depth=sum(row[0] == Opcode.GROUP for row in code),
    )
    with pytest.raises(CompilerBug, match="broken"):
        verify(netlist)


def test_miscounted_depth_is_found() -> None:
    netlist = binary(BinaryKind.ADD, INT8, SECRET, SECRET)
    with pytest.raises(CompilerBug, match="miscounted"):
        verify(replace(netlist, depth=1))


def _value(number: int, element: ScalarType) -> Value:
    return Value(number, TensorType(element, (3,), SECRET_LABEL))


def test_circuits_of_operations() -> None:
    x, y, c = _value(0, INT16), _value(1, INT16), _value(2, BOOL)
    small = _value(3, UINT8)
    cases: list[tuple[CircuitOperation, tuple[int, ...], int]] = [
        (Unary(operands=(x,), results=(y,), kind=UnaryKind.NEG), (16,), 16),
        (Binary(operands=(x, y), results=(x,), kind=BinaryKind.ADD), (16, 16), 16),
        (Binary(operands=(x, y), results=(c,), kind=BinaryKind.LT), (16, 16), 1),
        (Binary(operands=(x, small), results=(x,), kind=BinaryKind.SHL), (16, 8), 16),
        (Select(operands=(c, x, y), results=(x,)), (1, 16, 16), 16),
        (Cast(operands=(x,), results=(small,)), (16,), 8),
        (Bit(operands=(x,), results=(c,), position=3), (16,), 1),
    ]
    for operation, widths, outputs in cases:
        netlist = circuit(operation, [SECRET] * len(widths))
        assert tuple(port.width for port in netlist.ports) == widths
        assert len(netlist.outputs) == outputs
        assert not any(port.public for port in netlist.ports)


def test_misuse_is_a_bug() -> None:
    x = _value(0, INT8)
    with pytest.raises(CompilerBug, match="operands"):
        circuit(Unary(operands=(x,), results=(x,), kind=UnaryKind.NEG), [SECRET, SECRET])
    with pytest.raises(CompilerBug, match="same"):
        cast(INT8, UINT8, SAME)
    with pytest.raises(CompilerBug, match="add of int8 and int16"):
        binary(BinaryKind.ADD, INT8, SECRET, SECRET, second=INT16)
