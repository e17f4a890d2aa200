"""Inputs, outputs, and changes of who knows a value."""

from __future__ import annotations

from ezlang.types.labels import Label

from ..ir import tree as ir
from ..ir.groups import Group
from ..ir.parties import COMPUTING
from ..kernels.abi import I32, POINTER, TO_BOTH, TO_EVALUATOR, TO_GARBLER
from ..kernels.build import Value
from . import local_shares, scalar
from .emitter import Emitter
from .interface import HostStruct
from .representations import Representation, element_bytes

_ASK, _TELL = HostStruct.ask.offset, HostStruct.tell.offset


def _entry(e: Emitter, table: int, number: int) -> Value:
    """Return entry `number` of the host's table `table` (see interface.py)."""
    rows = e.kernel.load(e.kernel["host"].at(8 * table), POINTER, 8)
    return e.kernel.load(rows.at(8 * number), POINTER, 8)


def take_input(e: Emitter, operation: ir.Input | ir.Draw) -> None:
    """Find an input in its buffer, which is read-only; copy that of a turn, and a draw."""
    result = operation.result
    number = e.unit.interface.input_number(operation)
    asked = False
    if isinstance(operation, ir.TurnInput | ir.Draw):
        asked = True
        _call_back(e, _ASK, number, operation)
    address = _entry(e, 0, number)
    if e.representation(result) is Representation.REGISTER:
        e.registers[result.id] = scalar.load(e.kernel, address, result.type.element)
    elif asked:
        e.copy(e.address(result), address, e.plan.bytes_of(result))
    else:
        e.registers[result.id] = address


def _call_back(
    e: Emitter, place: int, number: int, operation: ir.TurnInput | ir.Draw | ir.TurnOutput
) -> None:
    """Call the host for a buffer, with the turn or bound, and fail where it says so."""
    callback = e.kernel.load(e.kernel["host"].at(place), POINTER, 8)
    last = e.register(operation.operands[-1]) if operation.operands else e.i64(0)
    status = e.kernel.call_pointer(callback, e.i64(number), last)
    if operation.failure is not None:
        e.fail_if(status.differs(0), operation)


def output(e: Emitter, operation: ir.Output) -> None:
    """Fill our buffer, and say so; fail if a receiver already has an output of this name."""
    slot = e.unit.interface.output_slot(operation)
    if isinstance(operation, ir.TurnOutput):
        _fill(e, operation, slot.number)
        _call_back(e, _TELL, slot.number, operation)
        return
    given = e.kernel.load(e.kernel["host"].at(16), POINTER, 8)
    for key in slot.keys:
        flag = given.at(4 * key)
        e.fail_if(e.kernel.load(flag, I32, 4).differs(0), operation)
        e.kernel.store(e.i32(slot.number + 1), flag, 4)
    _fill(e, operation, slot.number)


def _fill(e: Emitter, operation: ir.Output, number: int) -> None:
    """Write what is output to its buffer, if this party receives it."""
    operand = operation.operands[0]
    if operation.to not in (None, e.unit.view.party):
        return
    address = _entry(e, 1, number)
    if e.representation(operand) is Representation.REGISTER:
        scalar.store(e.kernel, e.register(operand), address)
    else:
        e.copy(address, e.address(operand), operand.type.size * e.stride(operand))


def assertion(e: Emitter, operation: ir.Assert) -> None:
    """Fail if the condition doesn't hold."""
    e.fail_if(~e.register(operation.operands[0]), operation)


def reshape(e: Emitter, operation: ir.Reshape) -> None:
    """Move between a register and an array of one element; any other reshape is a view."""
    e.define(operation.result, e.register(operation.operands[0]))


def relabel(e: Emitter, operation: ir.Relabel) -> None:
    """Share a clear value; every other relabelling is a view.

    Into arithmetic and boolean shares, only public values are shared here: exchanges.py does the
    rest.
    """
    (operand,), result = operation.operands, operation.result
    if e.representation(result) is Representation.SHARES:
        local_shares.relabel(e, operand, result)
    if e.representation(result) is not Representation.LABELS:
        return
    width = result.type.width
    address = e.address(result)
    repeated = e.plan.facts.origins.is_repeated(operand)
    count = 1 if repeated else result.type.size
    if not count:
        return
    name = _sharing_of(operand.type.label.owner)
    known = e.representation(operand) is not Representation.ABSENT
    source = e.spilled(operand) if known else e.kernel.null
    e.runtime(name, source, address, e.i64(count), e.i32(width))
    if repeated:
        e.repeat(address, e.stride(result), e.plan.aliases.count(result))


def _sharing_of(owner: int | None) -> str:
    """Return the function that makes labels of an owned value, or of a public one."""
    if owner is None:
        return "yao_share_public"
    return "yao_share_garbler" if owner == COMPUTING.garbler else "yao_share_evaluator"


def reveal(e: Emitter, operation: ir.Reveal) -> None:
    """Open a single secret value, or send an owned value to those who are to know it."""
    (operand,), result = operation.operands, operation.result
    if operand.type.label.is_secret:
        open_all(e, (operation,))
    elif result.type.size and operand.type.label != result.type.label:
        _tell(e, operand, result)


def open_all(e: Emitter, group: Group) -> None:
    """Open secrets of Yao's protocol: all to the evaluator first, then all to the garbler."""
    opened = [
        (operation.operands[0], operation.result, room(e, operation.result))
        for operation in group
        if operation.result.type.size
    ]
    for direction in (TO_EVALUATOR, TO_GARBLER):
        for operand, result, target in opened:
            if _receivers(result.type.label) & direction:
                size, width = e.i64(result.type.size), e.i32(result.type.width)
                to = e.i32(direction)
                e.runtime("yao_reveal", e.address(operand), target, size, width, to)
    for _, result, target in opened:
        arrived(e, result, target)


def _receivers(label: Label) -> int:
    if label.owner is None:
        return TO_BOTH
    return TO_GARBLER if label.owner == COMPUTING.garbler else TO_EVALUATOR


def _tell(e: Emitter, operand: ir.Value, result: ir.Value) -> None:
    """Send at the owner; receive at others who may know the result. Public values aren't sent."""
    party = e.unit.view.party
    owner = operand.type.label.owner
    if owner is None:
        return
    size = result.type.size * element_bytes(result.type, Representation.CLEAR)
    if owner == party:
        e.runtime("channel_send", e.spilled(operand), e.i64(size))
    elif e.representation(result) is not Representation.ABSENT:
        target = room(e, result)
        e.runtime("channel_receive", target, e.i64(size))
        arrived(e, result, target)


def room(e: Emitter, result: ir.Value) -> Value:
    """Return the address of a result; null if this party doesn't know it."""
    match e.representation(result):
        case Representation.ABSENT:
            return e.kernel.null
        case Representation.REGISTER:
            slot = e.kernel.bytes_slot(8, 8)
            e.kernel.store(e.i64(0), slot, 8)
            return slot
        case _:
            return e.address(result)


def arrived(e: Emitter, result: ir.Value, target: Value) -> None:
    """Load a scalar from where it was written."""
    if e.representation(result) is Representation.REGISTER:
        e.registers[result.id] = scalar.load(e.kernel, target, result.type.element)
