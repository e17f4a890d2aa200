"""The circuit of every scalar operation of the IR.

An operand is SECRET, PUBLIC (a port whose bits everyone knows at run time), SAME (the first operand
again, without a port of its own), or a known integer, which is built into the circuit and has no
port. Ports are in the order of the operands; the condition of a select is an operand of width 1.
Outputs are secret registers, whatever the operands are.

Netlists are cached, so a process builds each circuit only once.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from typing import Final, assert_never

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass
from ezlang.types.types import BOOL, ScalarType

from ..ir.tree import AnyElementwise, Binary, BinaryKind, Bit, Cast, Select, Unary, UnaryKind
from .builder import FALSE, Builder, Wire, constant_wires
from .comparison import nonzero, select
from .kinds import BINARY, UNARY
from .netlist import Netlist
from .schedule import schedule, size


class OperandRole(Enum):
    """The role of an operand that isn't a known integer."""

    SECRET = "secret"
    PUBLIC = "public"
    SAME = "same"

    # members are singletons; Enum's own hash is that of the name, which is slower
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class Narrow:
    """The number of bits of an operation, and whether its numbers are unsigned."""

    bits: int
    nonnegative: bool

    @property
    def name(self) -> str:
        """The suffix for a circuit's name."""
        return f"{'u' if self.nonnegative else 'i'}{self.bits}"


SECRET: Final = OperandRole.SECRET
PUBLIC: Final = OperandRole.PUBLIC
SAME: Final = OperandRole.SAME

Operand = OperandRole | int
CircuitOperation = AnyElementwise

_CACHED: Final = 4096


def circuit(
    operation: CircuitOperation, operands: Sequence[Operand], *, shallow: bool = False
) -> Netlist:
    """Return the circuit of one element of an operation, for the given operands.

    The depth of a `shallow` circuit is logarithmic in the width (for a quotient, w·log w).

    The functions of each family document costs and folding; docs/circuits.md has a table. Raises
    CompilerBug if the number of operands is wrong or their types don't match.
    """
    if len(operands) != len(operation.operands):
        raise CompilerBug(f"{len(operands)} operands given for {len(operation.operands)}")
    types = [value.type.element for value in operation.operands]
    match operation:
        case Unary(kind=kind):
            return unary(kind, types[0], *operands, shallow=shallow)
        case Binary(kind=kind):
            narrow = Narrow(operation.bits, operation.nonnegative) if operation.bits else None
            return binary(
                kind, types[0], *operands, second=types[1], shallow=shallow, narrow=narrow
            )
        case Select():
            narrow = Narrow(operation.bits, operation.nonnegative) if operation.bits else None
            return choice(types[1], *operands, shallow=shallow, narrow=narrow)
        case Cast():
            return cast(types[0], operation.result.type.element, *operands, shallow=shallow)
        case Bit(position=position):
            return bit(types[0], position, *operands, shallow=shallow)
        case _:
            assert_never(operation)


@lru_cache(maxsize=_CACHED)
def unary(kind: UnaryKind, element: ScalarType, x: Operand, *, shallow: bool = False) -> Netlist:
    """The circuit of a unary operation; the result has the operand's type."""
    b = Builder(shallow=shallow)
    wires = _operand(b, element, x)
    result = UNARY[kind](b, wires, element.signed)
    return _finish(b, result, _name(kind.value, element, x))


@lru_cache(maxsize=_CACHED)
def binary(
    kind: BinaryKind,
    element: ScalarType,
    x: Operand,
    y: Operand,
    *,
    second: ScalarType | None = None,
    shallow: bool = False,
    narrow: Narrow | None = None,
) -> Netlist:
    """The circuit of a binary operation; the result is a bool for comparisons.

    `second` is the type of y if it isn't that of x: the amount of a shift. A `narrow` operation has
    numbers of fewer bits, which are extended in the result.
    """
    b = Builder(shallow=shallow)
    result = _binary(b, kind, element, x, y, second, narrow)
    name = _name(kind.value, element, x, y) + (f".{second}" if second else "")
    return _finish(b, result, name if narrow is None else f"{name}.{narrow.name}")


@lru_cache(maxsize=_CACHED)
def binary_size(
    kind: BinaryKind, element: ScalarType, x: Operand, y: Operand, *, shallow: bool = False
) -> tuple[int, int]:
    """The ANDs and AND layers of the circuit of `binary`, in half the time that it takes."""
    b = Builder(shallow=shallow)
    return size(b, _binary(b, kind, element, x, y))


def _binary(
    b: Builder,
    kind: BinaryKind,
    element: ScalarType,
    x: Operand,
    y: Operand,
    second: ScalarType | None = None,
    narrow: Narrow | None = None,
) -> Sequence[Wire]:
    p = _operand(b, element, x)
    q = _operand(b, second or element, y, same=p)
    if len(p) != len(q) and not kind.traits.shifts:
        raise CompilerBug(f"{kind.value} of {element} and {second}")
    if narrow is None:
        return BINARY[kind](b, p, q, element.signed)
    signed = element.signed and not narrow.nonnegative
    result = BINARY[kind](b, p[: narrow.bits], q[: narrow.bits], signed)
    return result if kind.traits.gives_bool else _extended(result, len(p), signed)


@lru_cache(maxsize=_CACHED)
def choice(
    element: ScalarType,
    condition: Operand,
    x: Operand,
    y: Operand,
    *,
    shallow: bool = False,
    narrow: Narrow | None = None,
) -> Netlist:
    """The circuit of a select; the condition's port has width 1. y may be SAME as x."""
    b = Builder(shallow=shallow)
    (bit,) = _operand(b, BOOL, condition)
    p = _operand(b, element, x)
    q = _operand(b, element, y, same=p)
    name = _name("select", element, condition, x, y)
    if narrow is None:
        return _finish(b, select(b, bit, p, q), name)
    signed = element.signed and not narrow.nonnegative
    result = select(b, bit, p[: narrow.bits], q[: narrow.bits])
    return _finish(b, _extended(result, len(p), signed), f"{name}.{narrow.name}")


@lru_cache(maxsize=_CACHED)
def cast(source: ScalarType, target: ScalarType, x: Operand, *, shallow: bool = False) -> Netlist:
    """The circuit of a conversion: free, except to bool, which compares with 0 (w - 1 ANDs)."""
    b = Builder(shallow=shallow)
    wires = _operand(b, source, x)
    if target.is_logical:
        wires = [nonzero(b, wires)]
    fill = wires[-1] if source.signed else FALSE
    width = target.width
    result = [*wires[:width], *[fill] * (width - len(wires))]
    return _finish(b, result, _name("cast", source, x) + f".{target}")


@lru_cache(maxsize=_CACHED)
def bit(element: ScalarType, position: int, x: Operand, *, shallow: bool = False) -> Netlist:
    """The circuit that selects one bit: free."""
    b = Builder(shallow=shallow)
    wires = _operand(b, element, x)
    return _finish(b, [wires[position]], _name(f"bit{position}", element, x))


def _operand(
    b: Builder, element: ScalarType, operand: Operand, same: Sequence[Wire] | None = None
) -> list[Wire]:
    """The wires of an operand, with a port if it needs one."""
    match operand:
        case OperandRole.SECRET:
            return b.port(element.width)
        case OperandRole.PUBLIC:
            return b.port(element.width, public=True)
        case OperandRole.SAME:
            if same is None:
                raise CompilerBug("an operand is to be the same as one that does not exist")
            return list(same)
        case value:
            return constant_wires(value, element.width)


def _extended(wires: Sequence[Wire], width: int, signed: bool) -> list[Wire]:
    """Return numbers of fewer bits, extended to the width of their type."""
    return [*wires, *[wires[-1] if signed else FALSE] * (width - len(wires))]


def _finish(b: Builder, outputs: Sequence[Wire], name: str) -> Netlist:
    return schedule(b, outputs, f"shallow.{name}" if b.shallow else name)


def _name(operation: str, element: ScalarType, *operands: Operand) -> str:
    """A name that identifies a circuit: operation, type, operands."""
    parts = [o.value if isinstance(o, OperandRole) else str(int(o)) for o in operands]
    return ".".join([operation, str(element), *parts])
