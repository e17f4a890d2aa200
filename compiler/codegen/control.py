"""Regions, branches, loops and calls.

Values that leave a region are copied in parallel to the slots of its parameters or results;
nothing is copied if the plan has assigned the same slot to both. Clear scalars that are carried
are variables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..ir import tree as ir
from ..ir.groups import groups, leaves_yao
from ..ir.sharings import is_exchanged
from ..kernels.build import Value, Variable
from . import boundary, exchanges, scalar
from .checks import check
from .emitter import Emitter
from .marks import mark
from .moves import SCRATCH, schedule
from .representations import Representation

Write = Callable[[Emitter, ir.Operation], None]
"""Writes one operation."""


def region(e: Emitter, region: ir.Region, write: Write) -> None:
    """Write the operations of a region that this party takes part in."""
    for group in groups(region.operations):
        if is_exchanged(group[0], e.unit.interface.parties):
            mark(e, group)
            exchanges.exchange(e, group)
            continue
        if leaves_yao(group[0]):
            mark(e, group)
            boundary.open_all(e, group)
            continue
        for operation in group:
            if e.unit.view.only_fails(operation):
                check(e, operation)
            elif e.unit.view.runs(operation):
                mark(e, (operation,))
                write(e, operation)


def parallel_copy(e: Emitter, targets: Sequence[ir.Value], sources: Sequence[ir.Value]) -> None:
    """Copy values in memory, as if all at once."""
    pairs: list[tuple[int, int]] = []
    addresses: dict[int, Value] = {SCRATCH: e.scratch}
    sizes: dict[int, int] = {}
    outside: list[tuple[ir.Value, ir.Value]] = []
    for target, source in zip(targets, sources, strict=True):
        slot, origin = e.plan.slot(target), e.plan.slot(source)
        if slot is None:
            continue
        if origin is None:
            # Inputs, tables and registers lie in memory that nothing here writes.
            outside.append((target, source))
            continue
        addresses[slot.index] = e.slot_address(slot)
        addresses[origin.index] = e.slot_address(origin)
        sizes[slot.index] = e.plan.bytes_of(target)
        pairs.append((slot.index, origin.index))
    for to, from_ in schedule(pairs):
        size = sizes[to] if to != SCRATCH else sizes[from_]
        e.copy(addresses[to], addresses[from_], size)
    for target, source in outside:
        e.copy_value(target, source)


class Carried:
    """Variables for the clear scalars among values that change between iterations."""

    def __init__(self, e: Emitter, values: Sequence[ir.Value]) -> None:
        self.e = e
        self.values = values
        self.variables: list[Variable | None] = [
            e.variable(value.type) if e.representation(value) is Representation.REGISTER else None
            for value in values
        ]

    def assign(self, sources: Sequence[ir.Value]) -> None:
        """Assign all their next values in parallel, including those in memory."""
        registers = [
            None if variable is None else self.e.register(source)
            for variable, source in zip(self.variables, sources, strict=True)
        ]
        for variable, register in zip(self.variables, registers, strict=True):
            if variable is not None and register is not None:
                variable.set(register)
        parallel_copy(self.e, self.values, sources)

    def read_into(self, values: Sequence[ir.Value]) -> None:
        """Set the registers of `values` to the current values of the variables."""
        for value, variable in zip(values, self.variables, strict=True):
            if variable is not None:
                self.e.registers[value.id] = variable.get()


def branch(e: Emitter, operation: ir.If, write: Write) -> None:
    """Write an If, one of whose regions runs."""
    condition = e.register(operation.operands[0])
    results = Carried(e, operation.results)
    with e.kernel.builder.if_else(condition.ir) as sides:
        for side, inner in zip(sides, operation.regions, strict=True):
            with side:
                region(e, inner, write)
                results.assign(inner.yields)
    results.read_into(operation.results)


def for_loop(e: Emitter, operation: ir.For, write: Write) -> None:
    """Write a For. The index stops at the upper bound, so that it cannot wrap around."""
    (body,) = operation.regions
    low, high, *initial = operation.operands
    index, *parameters = body.parameters
    bound = e.register(high)
    counter = e.kernel.variable(e.register(low))
    signed = index.type.signed
    carried = Carried(e, parameters)
    carried.assign(initial)

    def going() -> Value:
        builder = e.kernel.builder
        compare: Any = builder.icmp_signed if signed else builder.icmp_unsigned
        return Value(e.kernel, compare("<", counter.get().ir, bound.ir))

    with e.kernel.repeat(going):
        e.registers[index.id] = counter.get()
        carried.read_into(parameters)
        region(e, body, write)
        carried.assign(body.yields)
        counter.set(counter.get() + 1)
    carried.read_into(operation.results)
    parallel_copy(e, operation.results, parameters)


def while_loop(e: Emitter, operation: ir.While, write: Write) -> None:
    """Write a While: the condition region runs before each iteration."""
    condition, body = operation.regions
    carried = Carried(e, condition.parameters)
    carried.assign(operation.operands)

    def going() -> Value:
        carried.read_into(condition.parameters)
        region(e, condition, write)
        return e.register(condition.yields[0])

    with e.kernel.repeat(going):
        carried.read_into(body.parameters)
        parallel_copy(e, body.parameters, condition.parameters)
        region(e, body, write)
        carried.assign(body.yields)
    carried.read_into(operation.results)
    parallel_copy(e, operation.results, condition.parameters)


def call(e: Emitter, operation: ir.Call) -> None:
    """Write a Call. Arguments that the function changes are first copied to memory of its own."""
    plan = e.unit.plans[operation.function]
    parameters = plan.function.body.parameters
    arguments = [e.kernel[name] for name in ("context", "frame", "host")]
    for position, argument in enumerate(operation.operands):
        representation = plan.aliases.representation(parameters[position])
        if representation is Representation.ABSENT:
            continue
        if position in plan.shape.changed:
            number = plan.shape.changed[position]
            target = (
                operation.results[number]
                if number is not None
                else e.plan.liveness.extra[operation.number, position]
            )
            e.copy_value(target, argument)
            arguments.append(e.address(target))
        else:
            register = representation is Representation.REGISTER
            arguments.append(e.register(argument) if register else e.spilled(argument))
    outs: list[tuple[ir.Value, Value]] = []
    for result, slot in zip(operation.results, plan.outs, strict=True):
        representation = e.representation(result)
        if representation is Representation.REGISTER:
            out = e.kernel.bytes_slot(8, 8)
            outs.append((result, out))
            arguments.append(out)
        elif representation.in_memory and (slot is None or slot.parameter is None):
            arguments.append(e.address(result))
    e.kernel.check(e.kernel.call(e.unit.kernels[operation.function], *arguments))
    for result, out in outs:
        e.registers[result.id] = scalar.load(e.kernel, out, result.type.element)
