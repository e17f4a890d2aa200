"""Element-wise operations: loops over clear elements and shares, circuits over labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, assert_never

import numpy as np
from llvmlite import ir as llvm

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ..circuits.catalogue import PUBLIC, SECRET, CircuitOperation, circuit
from ..circuits.netlist import Netlist
from ..circuits.operands import operand_roles
from ..ir import tree as ir
from ..kernels.abi import I64, NETLIST_TYPE, POINTER, PORT_CLEAR, PORT_LABELS, declare
from ..kernels.build import Kernel, Value
from . import local_shares, scalar
from .checks import check
from .emitter import Emitter
from .representations import Representation

Compute = Callable[[Emitter, CircuitOperation, Sequence[Value]], Value]
"""Computes one element of a result from those of the operands."""


def elementwise(e: Emitter, operation: CircuitOperation) -> None:
    """Write an element-wise operation; first fail on invalid public operands."""
    check(e, operation)
    match e.representation(operation.result):
        case Representation.LABELS:
            _secret(e, operation)
        case Representation.SHARES:
            _loop(e, operation, local_shares.compute)
        case _:
            _loop(e, operation, _compute)


# In the clear, and on shares


def _loop(e: Emitter, operation: CircuitOperation, compute: Compute) -> None:
    result = operation.result
    if e.representation(result) is Representation.REGISTER:
        e.define(result, compute(e, operation, [e.register(v) for v in operation.operands]))
        return
    fixed = [_fixed(e, operand) for operand in operation.operands]
    sources = [None if f else e.address(o) for f, o in zip(fixed, operation.operands, strict=True)]
    target, stride = e.address(result), e.stride(result)
    with e.kernel.loop(0, e.i64(result.type.size)) as index:
        elements = [
            known or _element(e, operand, source, index)
            for known, operand, source in zip(fixed, operation.operands, sources, strict=True)
        ]
        scalar.store(e.kernel, compute(e, operation, elements), target.at(index * stride))


def _fixed(e: Emitter, operand: ir.Value) -> Value | None:
    """Return the single element of an operand that is the same for all elements of the result."""
    scalar_or_repeated = not operand.type.shape or e.plan.aliases.of(operand).repeated
    return e.register(operand) if scalar_or_repeated else None


def _element(e: Emitter, operand: ir.Value, source: Value | None, index: Value) -> Value:
    if source is None:
        raise CompilerBug("an operand is neither fixed nor in memory")
    return scalar.load(e.kernel, source.at(index * e.stride(operand)), operand.type.element)


def _compute(e: Emitter, operation: CircuitOperation, x: Sequence[Value]) -> Value:
    element = operation.operands[0].type.element
    match operation:
        case ir.Unary():
            return scalar.unary(e.kernel, operation.kind, x[0])
        case ir.Binary():
            return scalar.binary(e.kernel, operation.kind, element, x[0], x[1])
        case ir.Select():
            return e.kernel.select(x[0], x[1], x[2])
        case ir.Cast():
            return scalar.cast(e.kernel, x[0], element, operation.result.type.element)
        case ir.Bit():
            return scalar.bit(x[0], operation.position)
        case _:
            assert_never(operation)


# Under the protocol


def _secret(e: Emitter, operation: CircuitOperation) -> None:
    result = operation.result
    if not result.type.size:
        return
    roles = operand_roles(operation, e.plan.facts)
    ports = [
        operand
        for operand, role in zip(operation.operands, roles, strict=True)
        if role is SECRET or role is PUBLIC
    ]
    run_circuit(e, circuit(operation, roles), ports, result)


@dataclass(frozen=True, slots=True)
class PortData:
    """The data that a port of a netlist reads: see `kernels/abi.py`."""

    address: Value
    stride: int
    kind: int


def run_circuit(e: Emitter, netlist: Netlist, ports: Sequence[ir.Value], result: ir.Value) -> None:
    """Run a netlist on each element of the operands, giving `result`."""
    count = result.type.size
    data = []
    for operand, port in zip(ports, netlist.ports, strict=True):
        secret = e.representation(operand) is Representation.LABELS
        if port.width != operand.type.width or port.public is secret:
            raise CompilerBug(f"{netlist.name}: a port doesn't fit its operand")
        one = operand.type.size != count or e.plan.aliases.of(operand).repeated
        stride = 0 if one else (operand.type.width if secret else e.stride(operand))
        kind = PORT_LABELS if secret else PORT_CLEAR
        data.append(PortData(e.spilled(operand), stride, kind))
    run_netlist(e, netlist, data, e.address(result), e.i64(count))


def run_netlist(
    e: Emitter, netlist: Netlist, ports: Sequence[PortData], out: Value, count: Value
) -> None:
    """Run a netlist on `count` instances."""
    runner = _runner(e, netlist, [(data.stride, data.kind) for data in ports])
    addresses = [data.address for data in ports]
    e.kernel.check(e.kernel.call(runner, e.kernel["context"], *addresses, out, count))


def _runner(e: Emitter, netlist: Netlist, data: Sequence[tuple[int, int]]) -> Kernel:
    """Return a function that runs a netlist on ports of given strides and kinds, at addresses.

    Programs run few netlists in many places, so their common code is in one function.
    """
    code = _netlist(e, netlist)
    key = (code.ir.name, tuple(data))
    known = e.unit.runners.get(key)
    if known is not None:
        return known
    addresses = [f"port{number}" for number in range(len(data))]
    pointers: list[tuple[str, Any]] = [(n, POINTER) for n in ("context", *addresses, "out")]
    name = f"run.{len(e.unit.runners)}"
    kernel = Kernel(e.unit.module, name, [*pointers, ("count", I64)], internal=True)
    kernel.function.attributes.add("noinline")
    table = kernel.bytes_slot(max(len(data), 1) * _PORT_BYTES, 8)
    for number, ((stride, kind), port) in enumerate(zip(data, netlist.ports, strict=True)):
        at = table.at(number * _PORT_BYTES)
        kernel.store(kernel[addresses[number]], at, 8)
        kernel.store(kernel.i64(stride), at.at(8), 8)
        kernel.store(kernel.i32(port.width), at.at(16), 4)
        kernel.store(kernel.i32(kind), at.at(20), 4)
    run = declare(e.unit.module, "yao_circuit")
    code = Value(kernel, code.ir)
    kernel.finish(kernel.call(run, kernel["context"], code, table, kernel["out"], kernel["count"]))
    e.unit.runners[key] = kernel
    return kernel


_PORT_BYTES = 24


def _netlist(e: Emitter, netlist: Netlist) -> Value:
    """Return the address of a netlist's struct in the module; equal netlists share one."""
    before = e.unit.netlists.get(netlist)
    if before is not None:
        return Value(e.kernel, before)
    code = np.ascontiguousarray(netlist.code, dtype="<i4").tobytes()
    outputs = np.array(netlist.outputs, dtype="<i4").tobytes()
    # Keyed by the whole content: if two circuits shared a name, one would run as the other.
    shape = f"{netlist.registers} {netlist.ports} {len(netlist.outputs)} ".encode()
    name = f"netlist.{sha256(shape + outputs + code).hexdigest()}"
    known = e.unit.module.globals.get(name)
    if known is None:
        known = llvm.GlobalVariable(e.unit.module, NETLIST_TYPE, name)
        known.initializer = llvm.Constant(
            NETLIST_TYPE,
            [
                e.unit.embedded(code),
                I64(len(netlist.code)),
                e.unit.embedded(outputs),
                I64(len(netlist.outputs)),
                I64(netlist.registers),
                I64(len(netlist.ports)),
                I64(netlist.ands),
            ],
        )
        known.linkage = "internal"
        known.global_constant = True
        known.type = POINTER
    e.unit.netlists[netlist] = known
    return Value(e.kernel, known)
