"""Netlists on bits shared by exclusive or [GMW87], many instances at a time.

A register is a vector of bits, one for each instance. Registers lie tile by tile:
[tiles][registers][512 bytes], with 4096 instances in a tile, so that an instruction reads what was
written recently. Instance 8i + j is bit j of byte i; n instances have N = ceil(n/8) bytes in a
register, 512 in every tile except the last.

- `gmw_free(code*, instructions, registers*, register_count, bytes, first_party)`: instructions
  without communication. Party 0 adds known values (`first_party` = −1; at party 1 it is 0).
- `gmw_open(code*, ands, registers*, register_count, bytes, a*, b*, d*, e*)`: d = x ⊕ a, e = y ⊕ b
  of a group's ANDs [Bea91]. All four are [tiles][ands][bytes of the tile], as messages are; all
  have 64 bytes of padding after their end.
- `gmw_close(code*, ands, registers*, register_count, bytes, a*, b*, c*, mine*, theirs*, stride,
  first_party)`: with the openings D, E, the sums of both parties' parts, z = c ⊕ D·b ⊕ E·a ⊕ D·E,
  where only party 0 adds the last term. `mine` and `theirs` contain d and, `stride` bytes later, e.
"""

from __future__ import annotations

from typing import Any, Final

from llvmlite import ir

from ..circuits.netlist import Opcode
from .abi import I32, I64, POINTER
from .build import VOID, Kernel, Value, vector

TILE: Final = 512
_STEP: Final = 64
_BITS: Final = vector(I64, _STEP // 8)


class _Tiles:
    """The loop over tiles, and the registers in one."""

    def __init__(self, k: Kernel) -> None:
        self.k = k
        self.base = k["registers"]
        self.size = k.i64(TILE)

    def set(self, at: Value) -> None:
        """Move to the tile that begins at byte `at` of the registers."""
        k = self.k
        self.base = k["registers"].at(at * k["register_count"])
        self.size = k.minimum(k["bytes"] - at, TILE)

    def register(self, row: Value, field: int) -> Value:
        """Return the address of the register that a field of an instruction names."""
        number = Value(self.k, self.k.builder.sext(self.k.load(row.at(4 * field), I32, 4).ir, I64))
        return self.base.at(number * TILE)


def _instructions() -> dict[Opcode, Any]:
    """Return the effect of each instruction on vectors: f(kernel, a, b, first party's mask)."""
    return {
        Opcode.XOR: lambda k, a, b, own: a ^ b,
        Opcode.NOT: lambda k, a, b, own: a ^ own,
        Opcode.XOR_PUBLIC: lambda k, a, b, own: a ^ (b & own),
        Opcode.AND_PUBLIC: lambda k, a, b, own: a & b,
        Opcode.COPY: lambda k, a, b, own: a,
        Opcode.PUBLIC_XOR: lambda k, a, b, own: a ^ b,
        Opcode.PUBLIC_AND: lambda k, a, b, own: a & b,
        Opcode.PUBLIC_NOT: lambda k, a, b, own: ~a,
    }


_UNARY: Final = (Opcode.NOT, Opcode.COPY, Opcode.PUBLIC_NOT)
_CONSTANTS: Final = (Opcode.CONSTANT, Opcode.PUBLIC_CONSTANT)


def write_free(module: Any) -> Kernel:
    """Write `gmw_free`."""
    pointers = (("code", POINTER), ("instructions", I64), ("registers", POINTER))
    numbers = [(name, I64) for name in ("register_count", "bytes", "first_party")]
    k = Kernel(module, "gmw_free", (*pointers, *numbers), result=VOID)
    tiles = _Tiles(k)
    own = k.splat(k["first_party"], _BITS.count)
    with k.loop(0, k["bytes"], TILE) as at:
        tiles.set(at)
        with k.loop(0, k["instructions"]) as i:
            row = k["code"].at(i << 4)
            opcode = k.load(row, I32, 4)
            out = tiles.register(row, 1)
            end = k.block("next")
            chooser = k.builder.switch(opcode.ir, end)
            for name, work in _instructions().items():
                block = k.block(name.name.lower())
                chooser.add_case(I32(int(name)), block)
                k.enter(block)
                a = tiles.register(row, 2)
                b = a if name in _UNARY else tiles.register(row, 3)
                with k.loop(0, tiles.size, _STEP) as lane:
                    x = k.load(a.at(lane), _BITS)
                    y = x if name in _UNARY else k.load(b.at(lane), _BITS)
                    k.store(work(k, x, y, own), out.at(lane))
                k.jump(end)
            for name in _CONSTANTS:
                block = k.block(name.name.lower())
                chooser.add_case(I32(int(name)), block)
                k.enter(block)
                value = -k.load(row.at(8), I32, 4).to(I64)
                bits = k.splat(value, _BITS.count)
                with k.loop(0, tiles.size, _STEP) as lane:
                    k.store(bits & own if name == Opcode.CONSTANT else bits, out.at(lane))
                k.jump(end)
            k.enter(end)
    k.finish()
    return k


def _group_kernel(module: Any, name: str, pointers: str, numbers: str) -> Kernel:
    parameters = [("code", POINTER), ("ands", I64), ("registers", POINTER)]
    parameters += [("register_count", I64), ("bytes", I64)]
    parameters += [(p, POINTER) for p in pointers.split()] + [(p, I64) for p in numbers.split()]
    return Kernel(module, name, parameters, result=VOID)


def write_open(module: Any) -> Kernel:
    """Write `gmw_open`."""
    k = _group_kernel(module, "gmw_open", "a b d e", "")
    tiles = _Tiles(k)
    with k.loop(0, k["bytes"], TILE) as at:
        tiles.set(at)
        with k.loop(0, k["ands"]) as i:
            row = k["code"].at(i << 4)
            place = at * k["ands"] + i * tiles.size
            x, y = tiles.register(row, 2), tiles.register(row, 3)
            with k.loop(0, tiles.size, _STEP) as lane:
                offset = place + lane
                for value, mask, out in ((x, "a", "d"), (y, "b", "e")):
                    masked = k.load(value.at(lane), _BITS) ^ k.load(k[mask].at(offset), _BITS)
                    k.store(masked, k[out].at(offset))
    k.finish()
    return k


def _product(k: Kernel, offset: Value, stride: Value, own: Value) -> Value:
    """Return the share of the product of 512 bits whose triples and openings are at `offset`."""
    a, b, c = (k.load(k[name].at(offset), _BITS) for name in "abc")
    mine, theirs = k["mine"].at(offset), k["theirs"].at(offset)
    d = k.load(mine, _BITS) ^ k.load(theirs, _BITS)
    e = k.load(mine.at(stride), _BITS) ^ k.load(theirs.at(stride), _BITS)
    return c ^ (d & b) ^ (e & a) ^ (d & e & own)


def write_close(module: Any) -> Kernel:
    """Write `gmw_close`."""
    k = _group_kernel(module, "gmw_close", "a b c mine theirs", "stride first_party")
    tiles = _Tiles(k)
    own = k.splat(k["first_party"], _BITS.count)
    with k.loop(0, k["bytes"], TILE) as at:
        tiles.set(at)
        with k.loop(0, k["ands"]) as i:
            out = tiles.register(k["code"].at(i << 4), 1)
            place = at * k["ands"] + i * tiles.size
            with k.loop(0, tiles.size, _STEP) as lane:
                k.store(_product(k, place + lane, k["stride"], own), out.at(lane))
    k.finish()
    return k


def write_planes(module: Any, bits: int) -> Kernel:
    """Write `to_planes{ℓ}(x*, planes*, n, register_count)`: integers to registers 0 … ℓ − 1.

    `planes` is the first of those registers in the first tile; 32 elements of padding after x.
    """
    k = Kernel(module, f"to_planes{bits}", _plane_parameters(), result=VOID)
    words = vector(ir.IntType(bits), 32)
    bytes = vector(ir.IntType(8), 32)
    with k.loop(0, k["n"], 32) as at:
        x = [k.load(k["x"].at(at * (bits // 8)), words)]
        place = _plane_address(k, at)
        for byte in range(bits // 8):
            part = x[0] >> (8 * byte) if byte else x[0]
            part = part if bits == 8 else Value(k, k.builder.trunc(part.ir, bytes))
            for bit in range(8):
                found = (part & _byte_constant(1 << bit)).differs(0).cast(I32)
                k.store(found, place.at(TILE * (8 * byte + bit)))
    k.finish()
    return k


def write_words(module: Any, bits: int) -> Kernel:
    """Write `from_planes{ℓ}(x*, planes*, n, register_count)`: the inverse of `to_planes`."""
    k = Kernel(module, f"from_planes{bits}", _plane_parameters(), result=VOID)
    words = vector(ir.IntType(bits), 32)
    flags, bytes = vector(ir.IntType(1), 32), vector(ir.IntType(8), 32)
    with k.loop(0, k["n"], 32) as at:
        place = _plane_address(k, at)
        total = k.constant(words, 0)
        for byte in range(bits // 8):
            part = k.constant(bytes, 0)
            for bit in range(8):
                plane = k.load(place.at(TILE * (8 * byte + bit)), I32)
                part = part | (plane.cast(flags).signed_to(bytes) & _byte_constant(1 << bit))
            wide = part if bits == 8 else Value(k, k.builder.zext(part.ir, words))
            total = total | (wide << (8 * byte) if byte else wide)
        k.store(total, k["x"].at(at * (bits // 8)))
    k.finish()
    return k


def _byte_constant(value: int) -> int:
    """Return a byte as a signed integer, the form in which constants are written."""
    return value - 256 if value > 127 else value


def _plane_parameters() -> tuple[tuple[str, Any], ...]:
    return (("x", POINTER), ("planes", POINTER), ("n", I64), ("register_count", I64))


def _plane_address(k: Kernel, at: Value) -> Value:
    """Return the address of instance `at` of the first plane."""
    byte = at >> 3
    tile = byte & -TILE
    return k["planes"].at(tile * k["register_count"] + (byte & (TILE - 1)))


SYMBOLS: Final = ("gmw_free", "gmw_open", "gmw_close")
