"""Labels of simulated garbling: what they stand for, what is sent, and that hashes are fresh."""

from __future__ import annotations

import numpy as np
import pytest

from ezlang.compiler.circuits import catalogue
from ezlang.compiler.circuits.catalogue import PUBLIC, SECRET
from ezlang.compiler.ir.garbling import Garbling as Scheme
from ezlang.compiler.ir.ots import OtKind
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.ir.tree import BinaryKind, Sharing, TensorType
from ezlang.compiler.kernels.layout import table_bytes
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.executors.simulate.clear_values import ClearValue
from ezlang.executors.simulate.randomness import Randomness
from ezlang.executors.simulate.two.garbling import Garbling, Rows, masks_of, rows_of, wire_tables
from ezlang.executors.simulate.two.secret_values import Shared, from_bits
from ezlang.executors.simulate.two.wire import Wire
from ezlang.executors.simulate.two.yao import Yao
from ezlang.types.labels import PUBLIC as EVERYONE
from ezlang.types.labels import owned
from ezlang.types.types import BOOL, INT8, INT32, UINT16, IntType, ScalarType
from tests.support.netlist_values import apply

SCHEMES = tuple(Scheme)

CASES = [
    (BinaryKind.ADD, INT32, SECRET, SECRET),
    (BinaryKind.MUL, INT8, SECRET, SECRET),
    (BinaryKind.DIV, INT8, SECRET, SECRET),
    (BinaryKind.LT, INT32, SECRET, PUBLIC),
    (BinaryKind.SHR, UINT16, SECRET, PUBLIC),
    (BinaryKind.MUL, UINT16, PUBLIC, SECRET),
]


def session(seed: int = 3, scheme: Scheme = Scheme.HALF_GATES) -> tuple[Yao, Wire]:
    wire = Wire(record=True)
    own = Randomness("alice", seed), Randomness("bob", seed)
    return Yao(wire, own, Randomness("ideal", seed), OtKind.SOFTSPOKEN_2, scheme), wire


def numbers(element: IntType, count: int, seed: int) -> np.ndarray:
    dtype = np.dtype(f"u{element.width // 8}")
    raw = np.random.default_rng(seed).integers(0, 256, count * dtype.itemsize, np.uint8)
    return raw.view(dtype)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda one: one.value)
@pytest.mark.parametrize("count", [1, 2, 9])
@pytest.mark.parametrize(("kind", "element", "x", "y"), CASES, ids=str)
def test_circuits_on_labels(
    kind: BinaryKind,
    element: IntType,
    x: catalogue.OperandRole,
    y: catalogue.OperandRole,
    count: int,
    scheme: Scheme,
) -> None:
    netlist = catalogue.binary(kind, element, x, y)
    data = [numbers(element, count, seed) for seed in (1, 2)]
    wanted = apply(netlist, *[values.tolist() for values in data])
    yao, wire = session(scheme=scheme)
    ports: list[Shared | ClearValue] = [
        yao.share(ClearValue(element, values, owner), repeated=False)
        if role is SECRET
        else ClearValue(element, values)
        for values, role, owner in zip(data, (x, y), (0, 1), strict=True)
    ]
    result: ScalarType = BOOL if kind is BinaryKind.LT else element
    made = yao.circuit(netlist, ports, result, (count,))
    sent = [m for m in wire.transcript if m.purpose == "tables"]
    assert sum(m.size for m in sent) == table_bytes(scheme, netlist, count)
    assert all(len(m.data) == m.size for m in sent)
    (opened,) = yao.reveal([made], [TensorType(result, (count,), EVERYONE)])
    mask = 1 if result == BOOL else (1 << element.width) - 1
    assert [int(v) & mask for v in opened] == wanted


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda one: one.value)
def test_active_labels_are_one_of_two(scheme: Scheme) -> None:
    """Whatever a wire stands for, the evaluator has W⁰ or W⁰ ⊕ Δ, and Δ's lowest bit is 1."""
    yao, _ = session(scheme=scheme)
    data = numbers(UINT16, 40, 5)
    delta = yao.garbling.delta
    assert delta & 1
    netlist = catalogue.binary(BinaryKind.ADD, UINT16, SECRET, SECRET)
    for owner in (None, 0, 1):
        value = yao.share(ClearValue(UINT16, data, owner), repeated=False)
        for secret, wanted in (
            (value, data),
            (yao.circuit(netlist, [value, value], UINT16, (40,)), data + data),
        ):
            zeros, active = (rows_of(part, 16) for part in secret.parts)
            bits = np.zeros((40, 16), np.uint8)
            for bit, (zero, one) in enumerate(zip(zeros, active, strict=True)):
                for i in range(40):
                    difference = ((zero ^ one) >> (128 * i)) & ((1 << 128) - 1)
                    assert difference in (0, delta)
                    bits[i, bit] = difference == delta
            type = TensorType(UINT16, (40,), EVERYONE)
            assert from_bits(bits, type).tolist() == wanted.tolist()


@pytest.mark.parametrize("sharing", [Sharing.ARITHMETIC, Sharing.BOOLEAN])
def test_shares_become_labels_and_labels_shares(sharing: Sharing) -> None:
    yao, wire = session()
    first, second = numbers(INT32, 7, 1), numbers(INT32, 7, 2)
    before = wire.ledger.bytes_sent
    (labels,) = yao.enter([Shared(sharing, INT32, (first, second))])
    value = first + second if sharing is Sharing.ARITHMETIC else first ^ second
    tables = wire.ledger.bytes_sent[0] - before[0]
    assert (tables > 4096) is (sharing is Sharing.ARITHMETIC)
    left = yao.leave(labels)
    assert left.sharing is Sharing.BOOLEAN
    assert (left.parts[0] ^ left.parts[1]).tolist() == value.tolist()
    assert left.parts[0].tolist() != value.tolist()


@pytest.mark.parametrize(("scheme", "values"), [(Scheme.HALF_GATES, 4), (Scheme.THREE_HALVES, 6)])
def test_the_values_of_a_hash_are_drawn_for_each_gate(scheme: Scheme, values: int) -> None:
    """An input of a gate is hashed by the garbler under a tweak of its own, for 0 and for 1."""
    oracle, same = Randomness("hash", 1), Randomness("hash", 1)
    coins = Randomness("alice", 1)
    garbling = Garbling(delta=(5 << 64) | 1, oracle=oracle, coins=coins, scheme=scheme)
    netlist = catalogue.binary(BinaryKind.MUL, INT8, SECRET, SECRET)
    for count in (1, 3):
        rows = list(range(16))
        garbling.run(netlist, Rows(rows, list(rows)), count)
        for _ in range(values * netlist.ands):
            same.bits(128 * count)
    assert garbling.ands == 4 * netlist.ands
    assert oracle.bits(128) == same.bits(128)


def test_a_hash_is_asked_for_known_labels_alone() -> None:
    oracle, coins = Randomness("hash", 1), Randomness("alice", 1)
    garbling = Garbling(delta=(5 << 64) | 1, oracle=oracle, coins=coins)
    netlist = catalogue.binary(BinaryKind.AND, BOOL, SECRET, SECRET)
    with pytest.raises(CompilerBug, match="a label that the garbler doesn't know"):
        garbling.run(netlist, Rows([8, 16], [8 ^ garbling.delta, 17]), 1)


def test_tables_go_out_gate_by_gate() -> None:
    tables = [(1 | 2 << 128, 3 | 4 << 128), (5 | 6 << 128, 7 | 8 << 128)]
    data = wire_tables(Scheme.HALF_GATES, tables, 2, 128)
    numbers = np.frombuffer(data, np.uint64)[::2]
    assert numbers.tolist() == [1, 3, 2, 4, 5, 7, 6, 8]


def test_control_bits_go_out_packed() -> None:
    table = (1 | 2 << 128, 3 | 4 << 128, 5 | 6 << 128, 1, 0, 1 | 1 << 128, 1 << 128, 0)
    data = wire_tables(Scheme.THREE_HALVES, [table], 2, 50)
    assert np.frombuffer(data[:48], np.uint64).tolist() == [1, 3, 5, 2, 4, 6]
    assert data[48:] == bytes([0b10001101, 0])


def test_masks_of_public_bits() -> None:
    rows = masks_of(np.array([[1, 0], [1, 1]], np.uint8))
    ones = (1 << 128) - 1
    assert rows == [ones | ones << 128, ones << 128]


def test_who_is_told() -> None:
    yao, wire = session()
    secret = yao.share(ClearValue(BOOL, np.array([True, False, True]), 1), repeated=False)
    for owner in (0, 1):
        wire.transcript.clear()
        (opened,) = yao.reveal([secret], [TensorType(BOOL, (3,), owned(owner))])
        assert opened.tolist() == [True, False, True]
        sender = COMPUTING.other(owner)
        assert [(m.sender, m.receiver, m.size) for m in wire.transcript] == [(sender, owner, 1)]
