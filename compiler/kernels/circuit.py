"""The kernel that runs a netlist on labels: `yao_circuit`.

Instances run in chunks of `CHUNK` side by side, so that registers stay in the cache and an
instruction is decoded once for all of them; a single instance has code of its own. A register is a
row of labels, one for each instance of the chunk; public registers hold zeros or ones in all bits.

The ANDs of a group are independent: they run in tiles of 8, instance by instance and gate by gate,
which keeps the AES units busy; the rest of a group runs in tiles of 4, 2 and 1. A tile of t gates
takes consecutive gate numbers from a multiple of t on; skipped numbers are never used. Both parties
follow the same order, which depends only on the netlist and n.
"""

from __future__ import annotations

from typing import Any, Final

from ..circuits.netlist import Opcode
from .abi import FUNCTIONS, I8, I32, I64, NETLIST_TYPE, POINTER, PORT_CLEAR, STATUS_MISUSE
from .build import BLOCK, PAIR, Kernel, Value
from .context import ContextAccess
from .gate_generators import GateGenerator, block_mask
from .layout import CHUNK, TILE
from .schemes import GateAddresses
from .stream import CONTEXT_PARAMETER

_INSTRUCTION_BYTES: Final = 16
_PORT_BYTES: Final = 24
_ADDRESS_BYTES: Final = 24


class Instruction:
    """The instruction at an address: its fields, and the rows that they name."""

    def __init__(self, k: Kernel, pointer: Value, scratch: Value, chunk: int) -> None:
        self._k = k
        self._pointer = pointer
        self._scratch = scratch
        self._row_bytes = 16 * chunk

    def field(self, index: int) -> Value:
        """Return a field: 0 opcode, 1 out, 2 a, 3 b."""
        return self._k.load(self._pointer.at(4 * index), I32, align=4)

    def row(self, index: int) -> Value:
        """Return the address of the row that a field names."""
        return self._scratch.at(self.field(index).to(I64) * self._row_bytes)

    def gate(self, instance: Value | None = None) -> GateAddresses:
        """Return the addresses of an AND for one instance of the chunk."""
        rows = [self.row(i) for i in (2, 3, 1)]
        if instance is not None:
            rows = [row.at(instance << 4) for row in rows]
        return GateAddresses(*rows)


def write_circuit(module: Any, role: GateGenerator) -> None:
    """Write `yao_circuit`."""
    group = _write_group(module, role)
    single = _write_run(module, role, group, 1)
    many = _write_run(module, role, group, CHUNK)
    names = ("context", "netlist", "ports", "out", "n")
    k = Kernel(module, "yao_circuit", tuple(zip(names, FUNCTIONS["yao_circuit"], strict=True)))
    context = ContextAccess(k, k["context"])
    registers = _netlist_fields(k, k["netlist"])[4]
    with k.when(registers > context.get("scratch_registers"), likely=False):
        context.callback("grow", registers)
    with k.either(k["n"].equals(1)) as (then, otherwise):
        with then:
            arguments = (k["netlist"], k["ports"], k["out"], k.i64(0), k.i64(1))
            k.check(k.call(single, k["context"], *arguments))
        with otherwise, k.loop(0, k["n"], CHUNK) as start:
            count = k.minimum(k["n"] - start, CHUNK)
            arguments = (k["netlist"], k["ports"], k["out"], start, count)
            k.check(k.call(many, k["context"], *arguments))
    k.finish()


def _netlist_fields(k: Kernel, netlist: Value) -> list[Value]:
    return [
        k.load(netlist.at(8 * i), type, align=8) for i, type in enumerate(NETLIST_TYPE.elements)
    ]


def _write_tile(module: Any, role: GateGenerator, count: int) -> Kernel:
    """Write a tile of ANDs whose addresses are listed in memory."""
    k = Kernel(
        module,
        f"and_tile_{count}",
        (CONTEXT_PARAMETER, ("gates", POINTER)),
        internal=True,
        inline="noinline",
    )
    gates = [
        GateAddresses(
            *(k.load(k["gates"].at(_ADDRESS_BYTES * i + 8 * j), POINTER) for j in range(3))
        )
        for i in range(count)
    ]
    role.tile(k, ContextAccess(k, k["context"]), gates)
    k.finish()
    return k


def _write_group(module: Any, role: GateGenerator) -> Kernel:
    """Write `and_group(context, code, ands, scratch, row bytes, instances)`, for any shape."""
    tiles = {count: _write_tile(module, role, count) for count in (1, 2, 4, TILE)}
    k = Kernel(
        module,
        "and_group",
        (
            CONTEXT_PARAMETER,
            ("code", POINTER),
            ("ands", I64),
            ("scratch", POINTER),
            ("row_bytes", I64),
            ("instances", I64),
        ),
        internal=True,
        inline="noinline",
    )
    listed = k.bytes_slot(_ADDRESS_BYTES * TILE)
    count = k.variable(k.i64(0))
    with k.loop(0, k["ands"]) as i:
        pointer = k["code"].at(i * _INSTRUCTION_BYTES)
        fields = [k.load(pointer.at(4 * f), I32, align=4).to(I64) for f in (2, 3, 1)]
        rows = [k["scratch"].at(field * k["row_bytes"]) for field in fields]
        with k.loop(0, k["instances"]) as instance:
            entry = listed.at(count.get() * _ADDRESS_BYTES)
            for j, row in enumerate(rows):
                k.store(row.at(instance << 4), entry.at(8 * j), align=8)
            count.set(count.get() + 1)
            with k.when(count.get().equals(TILE)):
                k.check(k.call(tiles[TILE], k["context"], listed))
                count.set(k.i64(0))
    at = k.variable(listed)
    for size in (4, 2, 1):
        with k.when((count.get() & size).differs(0)):
            k.check(k.call(tiles[size], k["context"], at.get()))
            at.set(at.get().at(_ADDRESS_BYTES * size))
    k.finish()
    return k


def _write_run(module: Any, role: GateGenerator, group: Kernel, chunk: int) -> Kernel:
    """Write `run_1` or `run_8`: load ports, run the code, store outputs, for one chunk."""
    k = Kernel(
        module,
        f"run_{chunk}",
        (
            CONTEXT_PARAMETER,
            ("netlist", POINTER),
            ("ports", POINTER),
            ("out", POINTER),
            ("start", I64),
            ("count", I64),
        ),
        internal=True,
        inline="noinline",
    )
    context = ContextAccess(k, k["context"])
    scratch = context.get("scratch")
    fields = _netlist_fields(k, k["netlist"])
    code, instructions, outputs, output_count, _, port_count, _ = fields
    _load_ports(k, scratch, port_count, chunk)
    _interpret(k, role, group, context, (code, instructions), chunk)
    with k.loop(0, output_count) as bit:
        register = k.load(outputs.at(bit << 2), I32, align=4).to(I64)
        row = scratch.at(register * (16 * chunk))
        with k.loop(0, k["count"]) as i:
            target = k["out"].at(((k["start"] + i) * output_count + bit) << 4)
            k.store(k.load(row.at(i << 4), BLOCK, align=16), target)
    k.finish()
    return k


def _load_ports(k: Kernel, scratch: Value, port_count: Value, chunk: int) -> None:
    """Fill the first registers from the ports."""
    row = k.variable(scratch)
    with k.loop(0, port_count) as p:
        port = k["ports"].at(p * _PORT_BYTES)
        data = k.load(port, POINTER, align=8)
        stride = k.load(port.at(8), I64, align=8)
        width = k.load(port.at(16), I32, align=4).to(I64)
        is_clear = k.load(port.at(20), I32, align=4).equals(PORT_CLEAR)
        with k.loop(0, width) as bit, k.loop(0, k["count"]) as i:
            offset = (k["start"] + i) * stride
            target = row.get().at((bit * chunk + i) << 4)
            with k.either(is_clear) as (then, otherwise):
                with then:
                    byte = k.load(data.at(offset + (bit >> 3)), I8)
                    value = (byte >> (bit & 7).to(I8)) & 1
                    k.store(block_mask(k, value), target, align=16)
                with otherwise:
                    k.store(k.load(data.at((offset + bit) << 4), BLOCK), target, align=16)
        row.set(row.get().at(width * (16 * chunk)))


def _interpret(
    k: Kernel,
    role: GateGenerator,
    group: Kernel,
    context: ContextAccess,
    netlist: tuple[Value, Value],
    chunk: int,
) -> None:
    """Decode and run the instructions one after the other."""
    code, instructions = netlist
    scratch = context.get("scratch")
    at = k.variable(code)
    end = code.at(instructions * _INSTRUCTION_BYTES)
    head, unknown, done = k.block("head"), k.block("unknown"), k.block("done")
    k.jump(head)
    k.enter(head)
    decode = k.block("decode")
    k.builder.cbranch((at.get()).differs(end).ir, decode, done)
    k.enter(decode)
    instruction = Instruction(k, at.get(), scratch, chunk)
    at.set(at.get().at(_INSTRUCTION_BYTES))
    switch = k.builder.switch(instruction.field(0).ir, unknown)
    for opcode in Opcode:
        block = k.block(opcode.name.lower())
        switch.add_case(I32(int(opcode)), block)
        k.enter(block)
        match opcode:
            case Opcode.GROUP:
                _run_group(k, role, group, context, at, instruction, chunk)
            case Opcode.AND:
                k.builder.ret(I32(STATUS_MISUSE))
            case _:
                _run_rows(k, role, context, opcode, instruction, chunk)
        k.jump(head)
    k.enter(unknown)
    k.builder.ret(I32(STATUS_MISUSE))
    k.enter(done)


def _run_group(
    k: Kernel,
    role: GateGenerator,
    group: Kernel,
    context: ContextAccess,
    at: Any,
    instruction: Instruction,
    chunk: int,
) -> None:
    """Run a group: its most common shapes inline, others by `and_group`."""
    scratch = context.get("scratch")
    ands = instruction.field(1).to(I64)
    first = at.get()
    at.set(first.at(ands * _INSTRUCTION_BYTES))
    simple = ands.equals(1) if chunk == 1 else k["count"].equals(chunk)
    with k.either(simple) as (then, otherwise):
        with then:
            if chunk == 1:
                role.tile(k, context, [Instruction(k, first, scratch, 1).gate()])
            else:
                with k.loop(0, ands) as i:
                    pointer = first.at(i * _INSTRUCTION_BYTES)
                    rows = Instruction(k, pointer, scratch, chunk)
                    gates = [rows.gate(k.i64(j)) for j in range(chunk)]
                    role.tile(k, context, gates)
        with otherwise:
            arguments = (first, ands, scratch, k.i64(16 * chunk), k["count"])
            k.check(k.call(group, context.pointer, *arguments))


def _run_rows(
    k: Kernel,
    role: GateGenerator,
    context: ContextAccess,
    opcode: Opcode,
    i: Instruction,
    chunk: int,
) -> None:
    """Run a free instruction on the whole row."""
    type, size = (BLOCK, 16) if chunk == 1 else (PAIR, 32)
    out, a, b = (i.row(field) for field in (1, 2, 3))
    ones = k.splat(-i.field(2).to(I64), type.count)
    results = []
    for offset in range(0, 16 * chunk, size):
        x = k.load(a.at(offset), type, align=16)
        y = k.load(b.at(offset), type, align=16)
        match opcode:
            case Opcode.XOR | Opcode.PUBLIC_XOR:
                results.append(x ^ y)
            case Opcode.AND_PUBLIC | Opcode.PUBLIC_AND:
                results.append(x & y)
            case Opcode.NOT:
                results.append(role.negate(context, x))
            case Opcode.PUBLIC_NOT:
                results.append(~x)
            case Opcode.XOR_PUBLIC:
                results.append(role.add_public(context, x, y))
            case Opcode.CONSTANT:
                results.append(role.known(context, ones))
            case Opcode.PUBLIC_CONSTANT:
                results.append(ones)
            case _:
                results.append(x)
    for number, result in enumerate(results):
        k.store(result, out.at(size * number), align=16)
