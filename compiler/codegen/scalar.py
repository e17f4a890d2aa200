"""Clear arithmetic on LLVM integers, exactly as docs/language.md defines it.

Bools are i1 in registers and one byte in memory. Nothing here can reach LLVM's undefined behaviour:
divisors and shift amounts that are out of range are replaced before they are used.
"""

from __future__ import annotations

from typing import Any, assert_never

from llvmlite import ir as llvm

from ezlang.types.types import ScalarType

from ..ir.tree import BinaryKind, UnaryKind
from ..kernels.abi import I8, I64
from ..kernels.build import I1, Kernel, Value


def register_type(element: ScalarType) -> Any:
    """Return the LLVM type of a clear scalar."""
    return llvm.IntType(element.width)


def constant(kernel: Kernel, element: ScalarType, number: int) -> Value:
    """Return a constant of an element type."""
    type = register_type(element)
    return kernel.constant(type, number & ((1 << type.width) - 1))


def load(kernel: Kernel, pointer: Value, element: ScalarType) -> Value:
    """Read a clear element from memory."""
    if element.width == 1:
        return kernel.load(pointer, I8).differs(0)
    return kernel.load(pointer, register_type(element))


def store(kernel: Kernel, value: Value, pointer: Value) -> None:
    """Write a clear element to memory."""
    kernel.store(value.to(I8) if value.type.width == 1 else value, pointer)


def index(value: Value, element: ScalarType) -> Value:
    """Return an index as an i64 that, read as unsigned, is in range exactly if the index is."""
    if value.type.width == 64:
        return value
    return value.signed_to(I64) if element.signed else value.to(I64)


def unary(kernel: Kernel, kind: UnaryKind, x: Value) -> Value:
    """Return NEG, ABS, BITNOT or NOT of x."""
    match kind:
        case UnaryKind.NEG:
            return -x
        case UnaryKind.ABS:
            return kernel.select(x < 0, -x, x)
        case UnaryKind.BITNOT | UnaryKind.NOT:
            return ~x
        case UnaryKind.COUNT_ONES:
            return Value(kernel, kernel.builder.ctpop(x.ir))
        case _:
            assert_never(kind)


def cast(kernel: Kernel, x: Value, source: ScalarType, target: ScalarType) -> Value:
    """Return x as `target`: modulo 2^width; to bool as `!= 0`."""
    if target.is_logical:
        return x if source == target else x.differs(0)
    type = register_type(target)
    if source.signed and type.width > x.type.width:
        return x.signed_to(type)
    return x.to(type)


def bit(x: Value, position: int) -> Value:
    """Return one bit of x as i1."""
    return (x >> position).to(I1)


_ORDER = {BinaryKind.LT: "<", BinaryKind.LE: "<=", BinaryKind.GT: ">", BinaryKind.GE: ">="}
_DIRECT = {
    BinaryKind.ADD: "add",
    BinaryKind.SUB: "sub",
    BinaryKind.MUL: "mul",
    BinaryKind.AND: "and_",
    BinaryKind.OR: "or_",
    BinaryKind.XOR: "xor",
}


def binary(kernel: Kernel, kind: BinaryKind, element: ScalarType, x: Value, y: Value) -> Value:
    """Return `x kind y`; `element` is the type of x (and of y, except in shifts)."""
    signed = element.signed
    if kind in _DIRECT:
        return Value(kernel, getattr(kernel.builder, _DIRECT[kind])(x.ir, y.ir))
    match kind:
        case BinaryKind.EQ:
            return x.equals(y)
        case BinaryKind.NE:
            return x.differs(y)
        case BinaryKind.LT | BinaryKind.LE | BinaryKind.GT | BinaryKind.GE:
            return _compare(kernel, _ORDER[kind], signed, x, y)
        case BinaryKind.MIN:
            return kernel.select(_compare(kernel, "<", signed, x, y), x, y)
        case BinaryKind.MAX:
            return kernel.select(_compare(kernel, ">", signed, x, y), x, y)
        case BinaryKind.DIV | BinaryKind.MOD:
            return _divide(kernel, kind, signed, x, y)
        case BinaryKind.SHL | BinaryKind.SHR:
            return _shift(kernel, kind, signed, x, y)
        case _:
            raise AssertionError(kind)


def _compare(kernel: Kernel, operator: str, signed: bool, x: Value, y: Value) -> Value:
    compare = kernel.builder.icmp_signed if signed else kernel.builder.icmp_unsigned
    return Value(kernel, compare(operator, x.ir, y.ir))


def _divide(kernel: Kernel, kind: BinaryKind, signed: bool, x: Value, y: Value) -> Value:
    """Round toward zero; by zero: all bits set, remainder x; by -1: no processor division."""
    zero = y.equals(0)
    one = kernel.constant(y.type, 1)
    minus_one = y.equals(-1)
    odd = zero | minus_one if signed else zero
    divisor = kernel.select(odd, one, y)
    if kind is BinaryKind.DIV:
        name = "sdiv" if signed else "udiv"
        quotient = Value(kernel, getattr(kernel.builder, name)(x.ir, divisor.ir))
        if signed:
            quotient = kernel.select(minus_one, -x, quotient)
        return kernel.select(zero, kernel.constant(x.type, -1), quotient)
    # A remainder by one is zero, which is also right for -1.
    name = "srem" if signed else "urem"
    remainder = Value(kernel, getattr(kernel.builder, name)(x.ir, divisor.ir))
    return kernel.select(zero, x, remainder)


def _shift(kernel: Kernel, kind: BinaryKind, signed: bool, x: Value, y: Value) -> Value:
    """Shift by an amount read as unsigned; from the width on all bits are shifted out."""
    width = x.type.width
    past = shifts_out(kernel, y, width)
    zero = kernel.constant(x.type, 0)
    amount = kernel.select(past, zero, y.to(x.type))
    if kind is BinaryKind.SHL:
        return kernel.select(past, zero, x << amount)
    if not signed:
        return kernel.select(past, zero, x >> amount)
    amount = kernel.select(past, kernel.constant(x.type, width - 1), amount)
    return x.signed_shift(amount)


def shifts_out(kernel: Kernel, y: Value, width: int) -> Value:
    """Return whether an amount, read as unsigned, is at least `width`."""
    return Value(kernel, kernel.builder.icmp_unsigned(">=", y.ir, y.type(width)))
