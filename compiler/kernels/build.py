"""A small layer over llvmlite.ir in which kernels read like the papers that they implement.

A `Kernel` is one function under construction. Its values support operators (`a ^ b`, `x << 3`),
where Python integers become constants of the other operand's type; comparisons are signed. Pointers
are untyped; `kernel.load` and `kernel.store` give the type at an address, and `pointer.at(bytes)`
moves a pointer. Mutable variables are stack slots that the optimiser turns into registers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from .abi import I8, I32, I64, POINTER

I1: Any = ir.IntType(1)
VOID: Any = ir.VoidType()


def vector(element: Any, count: int) -> Any:
    """Return the vector type `<count x element>`."""
    return ir.VectorType(element, count)


BLOCK: Any = vector(I64, 2)
"""A label or an AES block."""

PAIR: Any = vector(I64, 4)
"""Two blocks side by side."""


class Value:
    """An IR value that knows its kernel."""

    __slots__ = ("ir", "kernel")

    def __init__(self, kernel: Kernel, value: Any) -> None:
        self.kernel = kernel
        self.ir = value

    @property
    def type(self) -> Any:
        """The llvmlite type."""
        return self.ir.type

    def _other(self, other: Value | int) -> Any:
        return other.ir if isinstance(other, Value) else self.kernel.constant(self.type, other).ir

    def _binary(self, name: str, other: Value | int) -> Value:
        return Value(self.kernel, getattr(self.kernel.builder, name)(self.ir, self._other(other)))

    def _compare(self, operator: str, other: Value | int) -> Value:
        builder = self.kernel.builder
        return Value(self.kernel, builder.icmp_signed(operator, self.ir, self._other(other)))

    def __add__(self, other: Value | int) -> Value:
        return self._binary("add", other)

    def __sub__(self, other: Value | int) -> Value:
        return self._binary("sub", other)

    def __mul__(self, other: Value | int) -> Value:
        return self._binary("mul", other)

    def __floordiv__(self, other: Value | int) -> Value:
        """Divide as unsigned integers."""
        return self._binary("udiv", other)

    def __and__(self, other: Value | int) -> Value:
        return self._binary("and_", other)

    def __or__(self, other: Value | int) -> Value:
        return self._binary("or_", other)

    def __xor__(self, other: Value | int) -> Value:
        return self._binary("xor", other)

    def __lshift__(self, other: Value | int) -> Value:
        return self._binary("shl", other)

    def __rshift__(self, other: Value | int) -> Value:
        return self._binary("lshr", other)

    def signed_shift(self, amount: Value | int) -> Value:
        """Shift right and keep the sign."""
        return self._binary("ashr", amount)

    def __invert__(self) -> Value:
        return Value(self.kernel, self.kernel.builder.not_(self.ir))

    def __neg__(self) -> Value:
        return self.kernel.constant(self.type, 0) - self

    def __lt__(self, other: Value | int) -> Value:
        return self._compare("<", other)

    def __le__(self, other: Value | int) -> Value:
        return self._compare("<=", other)

    def __gt__(self, other: Value | int) -> Value:
        return self._compare(">", other)

    def __ge__(self, other: Value | int) -> Value:
        return self._compare(">=", other)

    def equals(self, other: Value | int) -> Value:
        """Return whether both are equal (an i1)."""
        return self._compare("==", other)

    def differs(self, other: Value | int) -> Value:
        """Return whether they differ (an i1)."""
        return self._compare("!=", other)

    def at(self, offset: Value | int) -> Value:
        """Return this pointer moved by `offset` bytes."""
        index = offset.to(I64).ir if isinstance(offset, Value) else I64(offset)
        return Value(self.kernel, self.kernel.builder.gep(self.ir, [index], source_etype=I8))

    def to(self, type: Any) -> Value:
        """Return the integer zero-extended or truncated to `type`."""
        if self.type == type:
            return self
        name = "zext" if self.type.width < type.width else "trunc"
        return Value(self.kernel, getattr(self.kernel.builder, name)(self.ir, type))

    def signed_to(self, type: Any) -> Value:
        """Return the integer, or vector of integers, sign-extended to `type`."""
        return Value(self.kernel, self.kernel.builder.sext(self.ir, type))

    def cast(self, type: Any) -> Value:
        """Return the same bits, reinterpreted as `type`."""
        return Value(self.kernel, self.kernel.builder.bitcast(self.ir, type))

    def shuffle(self, indices: Sequence[int], other: Value | None = None) -> Value:
        """Return the elements at `indices` of this vector, or of the concatenation with `other`."""
        mask = ir.Constant(vector(I32, len(indices)), list(indices))
        second = self.ir if other is None else other.ir
        return Value(self.kernel, self.kernel.builder.shuffle_vector(self.ir, second, mask))

    def element(self, index: int) -> Value:
        """Return one element of this vector."""
        return Value(self.kernel, self.kernel.builder.extract_element(self.ir, I32(index)))


def joined(vectors: Sequence[Value]) -> Value:
    """Return a power of two of equal vectors, one after the other in a single one."""
    current = list(vectors)
    while len(current) > 1:
        order = range(2 * current[0].type.count)
        current = [a.shuffle(order, b) for a, b in zip(current[::2], current[1::2], strict=True)]
    return current[0]


class _Callee:
    """The interface that a call instruction needs of a function that is known by its address."""

    __slots__ = ("_pointer", "function_type", "type")

    def __init__(self, pointer: Any, function_type: Any) -> None:
        self._pointer = pointer
        self.function_type = function_type
        self.type = pointer.type

    def get_reference(self) -> str:
        """Return the operand of the call instruction."""
        return str(self._pointer.get_reference())


class Variable:
    """A mutable local variable."""

    __slots__ = ("_kernel", "_slot", "_type")

    def __init__(self, kernel: Kernel, initial: Value) -> None:
        self._kernel = kernel
        self._type = initial.type
        self._slot = kernel.slot(self._type)
        self.set(initial)

    def get(self) -> Value:
        """Read it."""
        return Value(self._kernel, self._kernel.builder.load(self._slot.ir, typ=self._type))

    def set(self, value: Value) -> None:
        """Write it."""
        self._kernel.builder.store(value.ir, self._slot.ir)


class Kernel:
    """A function under construction.

    With `result` i32 (the default) it returns a status: `check` returns any status but 0 early, and
    `finish` returns 0. `internal` functions aren't visible outside of their module.
    """

    def __init__(
        self,
        module: Any,
        name: str,
        parameters: Sequence[tuple[str, Any]],
        *,
        result: Any = I32,
        internal: bool = False,
        inline: str = "",
    ) -> None:
        self.module = module
        self.name = name
        type = ir.FunctionType(result, [parameter for _, parameter in parameters])
        self.function = ir.Function(module, type, name)
        self.function.attributes.add("nounwind")
        if internal:
            self.function.linkage = "internal"
        if inline:
            self.function.attributes.add(inline)
        self.builder = ir.IRBuilder(self.function.append_basic_block("entry"))
        self.parameters: dict[str, Value] = {}
        for argument, (label, _) in zip(self.function.args, parameters, strict=True):
            argument.name = label
            self.parameters[label] = Value(self, argument)

    def __getitem__(self, name: str) -> Value:
        """Return a parameter."""
        return self.parameters[name]

    def constant(self, type: Any, value: int | Sequence[int]) -> Value:
        """Return a constant; for a vector, one number for each element or one for all of them."""
        if isinstance(type, ir.VectorType):
            numbers = [value] * type.count if isinstance(value, int) else list(value)
            return Value(self, ir.Constant(type, [type.element(n) for n in numbers]))
        return Value(self, ir.Constant(type, value))

    def i32(self, value: int) -> Value:
        """Return a 32-bit constant."""
        return self.constant(I32, value)

    def i64(self, value: int) -> Value:
        """Return a 64-bit constant."""
        return self.constant(I64, value)

    @property
    def null(self) -> Value:
        """The null pointer."""
        return Value(self, ir.Constant(POINTER, None))

    def slot(self, type: Any, align: int = 0) -> Value:
        """Return the address of uninitialised stack memory of a type."""
        with self.builder.goto_entry_block():
            slot = self.builder.alloca(type)
        slot.type = POINTER
        if align:
            slot.align = align
        return Value(self, slot)

    def bytes_slot(self, size: int, align: int = 64) -> Value:
        """Return the address of `size` uninitialised bytes on the stack."""
        return self.slot(ir.ArrayType(I8, size), align)

    def variable(self, initial: Value) -> Variable:
        """Return a new local variable."""
        return Variable(self, initial)

    def load(self, pointer: Value, type: Any, align: int = 1) -> Value:
        """Read a value of `type`; the address is known to be a multiple of `align`."""
        return Value(self, self.builder.load(pointer.ir, align=align, typ=type))

    def store(self, value: Value, pointer: Value, align: int = 1) -> None:
        """Write a value."""
        self.builder.store(value.ir, pointer.ir, align=align)

    def splat(self, value: Value, count: int) -> Value:
        """Return a vector with `value` in all elements."""
        type = vector(value.type, count)
        one = self.builder.insert_element(ir.Constant(type, ir.Undefined), value.ir, I32(0))
        return Value(self, one).shuffle([0] * count)

    def select(self, condition: Value, yes: Value, no: Value) -> Value:
        """Return `yes` where the public `condition` holds, `no` otherwise."""
        return Value(self, self.builder.select(condition.ir, yes.ir, no.ir))

    def hide(self, value: Value) -> Value:
        """Return a 64-bit integer about which the optimiser knows nothing.

        Masks made from secret bits pass through this function, so that the optimiser doesn't turn
        arithmetic into branches.
        """
        type = ir.FunctionType(value.type, [value.type])
        return Value(self, self.builder.asm(type, "", "=r,0", [value.ir], False))

    def minimum(self, a: Value, b: Value | int) -> Value:
        """Return the smaller of two signed public integers."""
        other = b if isinstance(b, Value) else self.constant(a.type, b)
        return self.select(a < other, a, other)

    def intrinsic(self, name: str, result: Any, *arguments: Value) -> Value:
        """Call an LLVM intrinsic by its full name."""
        callee = self.module.globals.get(name)
        if callee is None:
            type = ir.FunctionType(result, [argument.type for argument in arguments])
            callee = ir.Function(self.module, type, name)
        return Value(self, self.builder.call(callee, [argument.ir for argument in arguments]))

    def call(self, callee: Any, *arguments: Value) -> Value:
        """Call another kernel, or a function of the module."""
        function = callee.function if isinstance(callee, Kernel) else callee
        return Value(self, self.builder.call(function, [a.ir for a in arguments]))

    def call_pointer(self, pointer: Value, *arguments: Value) -> Value:
        """Call a C function that returns an i32 through its address."""
        callee = _Callee(pointer.ir, ir.FunctionType(I32, [a.type for a in arguments]))
        return Value(self, self.builder.call(callee, [argument.ir for argument in arguments]))

    def copy(self, target: Value, source: Value, size: Value) -> None:
        """Copy bytes between memory areas that don't overlap."""
        self._memory("llvm.memcpy.p0.p0.i64", target, source, size)

    def move(self, target: Value, source: Value, size: Value) -> None:
        """Copy bytes between memory areas that may overlap."""
        self._memory("llvm.memmove.p0.p0.i64", target, source, size)

    def clear(self, target: Value, size: Value) -> None:
        """Set bytes to zero."""
        self._memory("llvm.memset.p0.i64", target, self.constant(I8, 0), size)

    def _memory(self, name: str, *arguments: Value) -> None:
        volatile = Value(self, ir.Constant(I1, 0))
        self.intrinsic(name, VOID, *arguments, volatile)

    def block(self, name: str) -> Any:
        """Append a new basic block, to be entered with `enter`."""
        return self.function.append_basic_block(name)

    def enter(self, block: Any) -> None:
        """Continue writing in `block`."""
        self.builder.position_at_end(block)

    def jump(self, block: Any) -> None:
        """Jump to `block` unless the current block has already ended."""
        if not self.builder.block.is_terminated:
            self.builder.branch(block)

    @contextmanager
    def loop(self, start: Value | int, stop: Value, step: int = 1) -> Iterator[Value]:
        """Write a loop over index = start, start + step, … < stop."""
        first = start if isinstance(start, Value) else self.constant(stop.type, start)
        index = self.variable(first)
        with self.repeat(lambda: index.get() < stop):
            yield index.get()
            index.set(index.get() + step)

    @contextmanager
    def repeat(self, condition: Any) -> Iterator[None]:
        """Write a loop while `condition()`, which is evaluated before each iteration, holds."""
        head, body, end = self.block("head"), self.block("body"), self.block("end")
        self.jump(head)
        self.enter(head)
        self.builder.cbranch(condition().ir, body, end)
        self.enter(body)
        yield
        self.jump(head)
        self.enter(end)

    @contextmanager
    def when(self, condition: Value, *, likely: bool | None = None) -> Iterator[None]:
        """Write a branch that runs if the public `condition` holds."""
        with self.builder.if_then(condition.ir, likely=likely):
            yield

    @contextmanager
    def either(self, condition: Value) -> Iterator[tuple[Any, Any]]:
        """Write an if and an else: two context managers for the two branches."""
        with self.builder.if_else(condition.ir) as branches:
            yield branches

    def check(self, status: Value) -> None:
        """Return `status` at once if it isn't 0."""
        with self.when(status.differs(0), likely=False):
            self.builder.ret(status.ir)

    def require(self, condition: Value, status: int) -> None:
        """Return `status` at once unless `condition` holds."""
        with self.when(~condition, likely=False):
            self.builder.ret(I32(status))

    def finish(self, value: Value | None = None) -> None:
        """Return `value`, or nothing from a void function, or 0 from one with a status."""
        if value is not None:
            self.builder.ret(value.ir)
        elif isinstance(self.function.function_type.return_type, ir.VoidType):
            self.builder.ret_void()
        else:
            self.builder.ret(I32(0))
