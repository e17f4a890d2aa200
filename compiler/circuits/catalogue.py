"""The circuit of every scalar operation of the IR.

An operand is SECRET, PUBLIC (a port whose bits everyone knows at run time), SAME (the value of
the first operand once more, without a port of its own), or a known integer, which is built into
the circuit and has no port. Ports stand in the order of the operands; the condition of a
select is an operand of width 1. Outputs are secret registers, whatever the operands are.

Netlists are cached, so one and the same operation is built once in a process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final, assert_never

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.types.types import BOOL, ScalarType

from ..ir.tree import AnyElementwise, Binary, BinaryKind, Bit, Cast, Select, Unary, UnaryKind
from .builder import FALSE, Builder, Wire, constant_wires
from .comparison import nonzero, select
from .kinds import BINARY, UNARY
from .netlist import Netlist
from .schedule import schedule


class Role(Enum):
    """How an operand that isn't a known integer comes into a circuit."""

    SECRET = "secret"
    PUBLIC = "public"
    SAME = "same"

    __hash__ = object.__hash__  # members are alone; Enum's own hashes their names


@dataclass(frozen=True, slots=True)
class Narrow:
    """In how many bits an operation is done, and whether its numbers have no sign."""

    bits: int
    nonnegative: bool

    @property
    def name(self) -> str:
        """What it adds to a circuit's name."""
        return f"{'u' if self.nonnegative else 'i'}{self.bits}"


SECRET: Final = Role.SECRET
PUBLIC: Final = Role.PUBLIC
SAME: Final = Role.SAME

Operand = Role | int
CircuitOperation = AnyElementwise

_CACHED: Final = 4096


def circuit(
    operation: CircuitOperation, operands: Sequence[Operand], *, shallow: bool = False
) -> Netlist:
    """Return the circuit of one element of an operation, for operands of the given kinds.

    Where it is `shallow`, its depth is logarithmic in the width (of a quotient, w·log w).

    What is folded and what it costs is told by the families' own functions; docs/circuits.md has
    a table. Raises CompilerBug if the number of operands is wrong or their types make no sense.
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

    `second` is the type of y where it isn't that of x: the amount of a shift. What is `narrow` has
    numbers of so many bits: the rest of the result extends them.
    """
    b = Builder(shallow=shallow)
    p = _operand(b, element, x)
    q = _operand(b, second or element, y, same=p)
    if len(p) != len(q) and not kind.traits.shifts:
        raise CompilerBug(f"{kind.value} of {element} and {second}")
    name = _name(kind.value, element, x, y) + (f".{second}" if second else "")
    if narrow is None:
        return _finish(b, BINARY[kind](b, p, q, element.signed), name)
    signed = element.signed and not narrow.nonnegative
    result = BINARY[kind](b, p[: narrow.bits], q[: narrow.bits], signed)
    if not kind.traits.gives_bool:
        result = _extended(result, len(p), signed)
    return _finish(b, result, f"{name}.{narrow.name}")


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
    """The circuit of a conversion: free, but to bool, which compares with 0 (w - 1 ANDs)."""
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
    """The circuit that picks one bit: free."""
    b = Builder(shallow=shallow)
    wires = _operand(b, element, x)
    return _finish(b, [wires[position]], _name(f"bit{position}", element, x))


def _operand(
    b: Builder, element: ScalarType, operand: Operand, same: Sequence[Wire] | None = None
) -> list[Wire]:
    """The wires of an operand, with a port if it needs one."""
    match operand:
        case Role.SECRET:
            return b.port(element.width)
        case Role.PUBLIC:
            return b.port(element.width, public=True)
        case Role.SAME:
            if same is None:
                raise CompilerBug("an operand is to be the same as one that isn't there")
            return list(same)
        case value:
            return constant_wires(value, element.width)


def _extended(wires: Sequence[Wire], width: int, signed: bool) -> list[Wire]:
    """Return numbers of fewer bits in all of a type's."""
    return [*wires, *[wires[-1] if signed else FALSE] * (width - len(wires))]


def _finish(b: Builder, outputs: Sequence[Wire], name: str) -> Netlist:
    return schedule(b, outputs, f"shallow.{name}" if b.shallow else name)


def _name(operation: str, element: ScalarType, *operands: Operand) -> str:
    """A name to tell circuits apart by: operation, type, operands."""
    parts = [o.value if isinstance(o, Role) else str(int(o)) for o in operands]
    return ".".join([operation, str(element), *parts])
