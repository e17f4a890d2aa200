"""Operations on shares for which the parties exchange messages, and conversions from and to Yao.

A group of operations (ir/groups.py) is one call back into Python, with a table of the addresses of
operands and results; `protocols/operations/table.py` has the protocols.

Conversions other than those between arithmetic and boolean shares [DSZ15]: from Yao to boolean,
each party's share is the lowest bits of its labels; from Yao to arithmetic, the boolean shares are
converted further; from boolean to Yao, both parties' shares enter the garbling as one value by
exclusive or; from arithmetic to Yao, they enter one after the other and are added by a circuit.
"""

from __future__ import annotations

from ..circuits.catalogue import SECRET, binary
from ..ir import tree as ir
from ..ir.groups import Group, enters_yao
from ..kernels.abi import LABEL_BYTES, PORT_LABELS
from ..kernels.build import Value
from .boundary import arrived, room
from .checks import check
from .elementwise import PortData, run_netlist
from .emitter import Emitter
from .representations import Representation
from .storage import CONVERTED


def exchange(e: Emitter, group: Group) -> None:
    """Run a group of interactive operations."""
    if enters_yao(group[0]):
        _enter_yao(e, group)
        return
    for operation in group:
        check(e, operation)
    addresses: list[Value] = []
    rooms: list[tuple[ir.Value, Value]] = []
    for operation in group:
        addresses += _operands(e, operation)
        for result in operation.results:
            rooms.append((result, room(e, result)))
            addresses.append(rooms[-1][1])
    table = e.kernel.bytes_slot(8 * len(addresses), 8)
    for number, address in enumerate(addresses):
        e.kernel.store(address, table.at(8 * number), 8)
    e.runtime("sharing_run", e.i64(e.unit.interface.exchange_number(group)), table)
    for result, address in rooms:
        arrived(e, result, address)


def _operands(e: Emitter, operation: ir.Operation) -> list[Value]:
    """Return the addresses of operands; labels become boolean shares in the result's memory."""
    if operation.operands and operation.operands[0].type.sharing is ir.Sharing.YAO:
        to_boolean(e, operation.operands[0], operation.results[0])
        return [e.address(operation.results[0])]
    return [
        e.kernel.null if e.representation(value) is Representation.ABSENT else e.spilled(value)
        for value in operation.operands
    ]


def to_boolean(e: Emitter, operand: ir.Value, result: ir.Value) -> None:
    """Convert labels to boolean shares, in the result's memory."""
    size, width = e.i64(operand.type.size), e.i32(operand.type.width)
    e.runtime("yao_colors", e.address(operand), e.address(result), size, width)


def _enter_yao(e: Emitter, group: Group) -> None:
    """Make labels: all of the evaluator's shares first, so that the garbler waits only once."""
    for operation in group:
        (operand,), (result,) = operation.operands, operation.results
        boolean = operand.type.sharing is ir.Sharing.BOOLEAN
        name = "yao_share_both" if boolean else "yao_share_evaluator"
        size, width = e.i64(operand.type.size), e.i32(operand.type.width)
        e.runtime(name, e.address(operand), e.address(result), size, width)
    for operation in group:
        if operation.operands[0].type.sharing is ir.Sharing.ARITHMETIC:
            _add_shares(e, operation.operands[0], operation.results[0])


def _add_shares(e: Emitter, operand: ir.Value, result: ir.Value) -> None:
    """Add the garbler's shares to the evaluator's, whose labels are in the result's memory."""
    element, width = operand.type.element, operand.type.width
    netlist = binary(ir.BinaryKind.ADD, element, SECRET, SECRET)
    total = e.i64(operand.type.size)
    with e.kernel.loop(0, total, CONVERTED) as at:
        count = e.kernel.minimum(total - at, CONVERTED)
        source = e.address(operand).at(at * e.stride(operand))
        target = e.address(result).at(at * (width * LABEL_BYTES))
        e.runtime("yao_share_garbler", source, e.scratch, count, e.i32(width))
        ports = [PortData(one, width, PORT_LABELS) for one in (e.scratch, target)]
        run_netlist(e, netlist, ports, target, count)
