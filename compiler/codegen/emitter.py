"""One function under construction: the slots of its values, reads, copies and checks."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from llvmlite import ir as llvm

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ..circuits.netlist import Netlist
from ..ir import tree as ir
from ..kernels.abi import FUNCTIONS, I8, I32, I64, LABEL_BYTES, POINTER, STATUS_PROGRAM, declare
from ..kernels.build import Kernel, Value, Variable
from . import scalar
from .interface import Interface
from .representations import PartyView, Representation, element_bytes
from .storage import Plan, Slot


@dataclass(slots=True)
class Unit:
    """The module under construction: the state that its functions share."""

    module: Any
    view: PartyView
    interface: Interface
    plans: dict[str, Plan]
    bases: dict[str, int]
    kernels: dict[str, Kernel] = field(default_factory=dict)
    constants: dict[bytes, Any] = field(default_factory=dict)
    netlists: dict[Netlist, Any] = field(default_factory=dict)
    runners: dict[tuple[str, tuple[tuple[int, int], ...]], Kernel] = field(default_factory=dict)
    copiers: dict[int, Kernel] = field(default_factory=dict)

    def embedded(self, data: bytes) -> Any:
        """Return a global constant with these bytes, 64-byte aligned; equal ones are shared."""
        known = self.constants.get(data)
        if known is None:
            type = llvm.ArrayType(I8, len(data))
            known = llvm.GlobalVariable(self.module, type, f"data.{len(self.constants)}")
            known.initializer = llvm.Constant(type, bytearray(data))
            known.linkage = "internal"
            known.global_constant = True
            known.align = 64
            known.type = POINTER
            self.constants[data] = known
        return known


@dataclass(slots=True)
class Emitter:
    """Writes one function of the program.

    `registers` hold clear scalars, and the addresses of inputs and tables, by the root's id.
    """

    unit: Unit
    plan: Plan
    kernel: Kernel
    base: int
    registers: dict[int, Value] = field(default_factory=dict)

    # Registers

    def representation(self, value: ir.Value) -> Representation:
        """Return the representation of the root behind a value."""
        return self.plan.aliases.representation(value)

    def register(self, value: ir.Value) -> Value:
        """Return a clear or shared scalar, or the single element that is repeated in a value."""
        root = self.plan.aliases.of(value).root
        if self.representation(value) in (Representation.CLEAR, Representation.SHARES):
            return scalar.load(self.kernel, self.address(value), root.type.element)
        return self.registers[root.id]

    def define(self, value: ir.Value, register: Value) -> None:
        """Assign a clear result its register; store it if it has a slot in memory."""
        if self.representation(value) is Representation.CLEAR:
            scalar.store(self.kernel, register, self.address(value))
        else:
            self.registers[value.id] = register

    # Memory

    def address(self, value: ir.Value) -> Value:
        """Return the address of a value (of its root)."""
        root = self.plan.aliases.of(value).root
        slot = self.plan.slot(root)
        if slot is not None:
            return self.slot_address(slot)
        return self.registers[root.id]

    def slot_address(self, slot: Slot) -> Value:
        """Return the address of a slot."""
        if slot.parameter is not None:
            return self.kernel[f"p{slot.parameter}"]
        if slot.result is not None:
            return self.kernel[f"r{slot.result}"]
        return self.kernel["frame"].at(self.base + slot.offset)

    @property
    def scratch(self) -> Value:
        """The space in which a parallel copy saves a slot."""
        return self.kernel["frame"].at(self.base + self.plan.scratch)

    def same_place(self, first: ir.Value, second: ir.Value) -> bool:
        """Return whether two values share their memory."""
        a, b = self.plan.slot(first), self.plan.slot(second)
        return a is not None and b is not None and a.index == b.index

    def stride(self, value: ir.Value) -> int:
        """Return the size in bytes of an element of the root behind a value."""
        return element_bytes(self.plan.aliases.of(value).root.type, self.representation(value))

    def spilled(self, value: ir.Value) -> Value:
        """Return the address of a value in memory; a register is stored on the stack for it."""
        if self.representation(value) is not Representation.REGISTER:
            return self.address(value)
        slot = self.kernel.bytes_slot(8, 8)
        scalar.store(self.kernel, self.register(value), slot)
        return slot

    def copy(self, target: Value, source: Value, size: int) -> None:
        """Copy a constant number of bytes."""
        if size:
            self.kernel.copy(target, source, self.kernel.i64(size))

    def copy_value(self, target: ir.Value, source: ir.Value) -> None:
        """Copy a whole value to the slot of another one of its type, unless they share it."""
        if self.representation(target) is Representation.REGISTER:
            self.registers[target.id] = self.register(source)
        elif not self.same_place(target, source):
            self.copy(self.address(target), self.spilled(source), self.plan.bytes_of(target))

    def zero(
        self, target: Value, type: ir.TensorType, representation: Representation, count: int
    ) -> None:
        """Write zeros, or shares of zero: `count` elements of `type`."""
        if count == 0:
            return
        if representation is not Representation.LABELS:
            self.kernel.clear(target, self.kernel.i64(count * element_bytes(type, representation)))
            return
        slot = self.kernel.bytes_slot(8, 8)
        self.kernel.store(self.kernel.constant(I64, 0), slot)
        self.runtime("yao_share_public", slot, target, self.i64(1), self.i32(1))
        self.repeat(target, LABEL_BYTES, count * type.width)

    def repeat(self, target: Value, size: int, count: int) -> None:
        """Repeat the first `size` bytes at `target`, so that there are `count` copies in all."""
        if count > 1:
            with self.kernel.loop(1, self.i64(count)) as number:
                self.copy(target.at(number * size), target, size)

    # Constants, calls and failures

    def i64(self, value: int) -> Value:
        """Return a 64-bit constant."""
        return self.kernel.i64(value)

    def i32(self, value: int) -> Value:
        """Return a 32-bit constant."""
        return self.kernel.i32(value)

    def variable(self, type: ir.TensorType) -> Variable:
        """Return a variable for a clear scalar."""
        return self.kernel.variable(scalar.constant(self.kernel, type.element, 0))

    def embedded(self, data: bytes) -> Value:
        """Return the address of constant bytes."""
        return Value(self.kernel, self.unit.embedded(data))

    def runtime(self, name: str, *arguments: Value) -> None:
        """Call a function of the run-time interface and return if it fails."""
        if len(arguments) + 1 != len(FUNCTIONS[name]):
            raise CompilerBug(f"{name} is called with the wrong number of arguments")
        function = declare(self.unit.module, name)
        self.kernel.check(self.kernel.call(function, self.kernel["context"], *arguments))

    def fail_if(self, condition: Value, operation: ir.Operation) -> None:
        """End the run at an operation's site if a public condition holds."""
        with self.kernel.when(condition, likely=False):
            self.fail(operation)

    def fail(self, operation: ir.Operation) -> None:
        """End the run at an operation's site."""
        number = STATUS_PROGRAM + self.unit.interface.site(operation)
        self.kernel.builder.ret(I32(number))
