"""Products of matrices of integers, which wrap, for what a party computes alone.

C [m][n] = A [m][k] · B [k][n]. A *tile* of C stays in registers while a *panel* of B, `DEPTH` rows
of as many columns as the tile has, is read once: each element of A is multiplied by a row of the
panel [GG08]. Panels are packed on the stack, with zeros after the last column, so that rows of B
may lie anywhere. Rows of A that fill no tile are done one at a time.

The order of instructions and of memory accesses depends on the sizes alone.
"""

from __future__ import annotations

from typing import Any, Final

from llvmlite import ir

from .abi import I64, POINTER
from .build import VOID, Kernel, Value, vector
from .engine import Engine
from .target import Target

DEPTH: Final = 256
"""The rows of a panel, which stays in the first-level cache."""

_SIZES: Final = ("m", "k", "n", "a_row", "a_column", "b_row", "b_column", "c_row")


class Tile:
    """The shape of tiles: rows, and vectors in each, for registers of `vector_bytes`."""

    def __init__(self, bits: int, vector_bytes: int) -> None:
        self.bytes = bits // 8
        self.element = ir.IntType(bits)
        self.lanes = vector_bytes // self.bytes
        self.type = vector(self.element, self.lanes)
        # 32 registers of 512 bits; 16 of others, of which products of 64 bits need several.
        self.rows, self.vectors = (8, 3) if vector_bytes == 64 else (4, 2)
        self.columns = self.vectors * self.lanes


def write_multiply(module: Any, bits: int, vector_bytes: int) -> Kernel:
    """Write `multiply(a*, b*, c*, m, k, n, a_row, a_column, b_row, b_column, c_row)`.

    The last five are the distances from one row or column to the next, in elements. C's columns
    are consecutive. It overlaps neither A nor B. k is at least 1.
    """
    shape = Tile(bits, vector_bytes)
    parameters = [(p, POINTER) for p in "abc"] + [(size, I64) for size in _SIZES]
    k = Kernel(module, f"multiply{bits}", parameters, result=VOID)
    panel = k.bytes_slot(DEPTH * shape.columns * shape.bytes)
    size = shape.bytes
    whole = (k["m"] // shape.rows) * shape.rows
    with k.loop(0, k["k"], DEPTH) as first:
        depth = k.minimum(k["k"] - first, DEPTH)
        with k.loop(0, k["n"], shape.columns) as column:
            width = k.minimum(k["n"] - column, shape.columns)
            b = k["b"].at((first * k["b_row"] + column * k["b_column"]) * size)
            _pack(k, shape, panel, b, depth, width)

            def tile(row: Value, rows: int) -> None:
                a = k["a"].at((row * k["a_row"] + first * k["a_column"]) * size)
                c = k["c"].at((row * k["c_row"] + column) * size)
                _write_tile(k, shape, rows, (a, panel, c), depth, width, first)

            with k.loop(0, whole, shape.rows) as row:
                tile(row, shape.rows)
            with k.loop(whole, k["m"]) as row:
                tile(row, 1)
    k.finish()
    return k


def _pack(k: Kernel, shape: Tile, panel: Value, b: Value, depth: Value, width: Value) -> None:
    """Copy `depth` rows of B to a panel, with zeros from column `width` on."""
    size = shape.bytes
    full = width.equals(shape.columns) & k["b_column"].equals(1)
    with k.either(full) as (straight, other):
        with straight, k.loop(0, depth) as row:
            for number in range(shape.vectors):
                at = number * shape.lanes * size
                part = k.load(b.at(row * k["b_row"] * size).at(at), shape.type)
                k.store(part, panel.at(row * (shape.columns * size)).at(at), 64)
        with other, k.loop(0, depth) as row:
            target = panel.at(row * (shape.columns * size))
            for number in range(shape.vectors):
                k.store(k.constant(shape.type, 0), target.at(number * shape.lanes * size), 64)
            with k.loop(0, width) as column:
                source = b.at((row * k["b_row"] + column * k["b_column"]) * size)
                k.store(k.load(source, shape.element), target.at(column * size))


def _write_tile(
    k: Kernel,
    shape: Tile,
    rows: int,
    places: tuple[Value, Value, Value],
    depth: Value,
    width: Value,
    first: Value,
) -> None:
    """Multiply rows of A by a panel; store the tile of C, or add to it unless `first` is 0."""
    a, panel, c = places
    size = shape.bytes
    zero = k.constant(shape.type, 0)
    sums = [[k.variable(zero) for _ in range(shape.vectors)] for _ in range(rows)]
    starts = [a.at(k["a_row"] * (size * row)) for row in range(rows)]
    step = k["a_column"] * size
    with k.loop(0, depth) as inner:
        line = panel.at(inner * (shape.columns * size))
        factors = [
            k.load(line.at(v * shape.lanes * size), shape.type, 64) for v in range(shape.vectors)
        ]
        at = inner * step
        for start, row in zip(starts, sums, strict=True):
            one = k.splat(k.load(start.at(at), shape.element), shape.lanes)
            for total, factor in zip(row, factors, strict=True):
                total.set(total.get() + one * factor)
    with k.either(width.equals(shape.columns)) as (straight, other):
        with straight:
            for number, row in enumerate(sums):
                target = c.at(k["c_row"] * (size * number))
                _store(k, shape, target, [total.get() for total in row], first)
        with other:
            _store_part(k, shape, c, [[t.get() for t in row] for row in sums], width, first)


def _store(k: Kernel, shape: Tile, target: Value, row: list[Value], first: Value) -> None:
    """Store a row of a tile, or add to it unless `first` is 0."""
    places = [target.at(v * shape.lanes * shape.bytes) for v in range(shape.vectors)]
    with k.either(first.equals(0)) as (begin, later):
        with begin:
            for place, total in zip(places, row, strict=True):
                k.store(total, place)
        with later:
            for place, total in zip(places, row, strict=True):
                k.store(k.load(place, shape.type) + total, place)


def _store_part(
    k: Kernel, shape: Tile, c: Value, rows: list[list[Value]], width: Value, first: Value
) -> None:
    """Store the first `width` columns of a tile, or add to them unless `first` is 0."""
    size = shape.bytes
    buffer = k.bytes_slot(len(rows) * shape.columns * size)
    for number, row in enumerate(rows):
        for v, total in enumerate(row):
            k.store(total, buffer.at((number * shape.columns + v * shape.lanes) * size), 64)
    with k.loop(0, k.i64(len(rows))) as line, k.loop(0, width) as column:
        total = k.load(buffer.at((line * shape.columns + column) * size), shape.element)
        place = c.at((line * k["c_row"] + column) * size)
        before = k.load(place, shape.element)
        start = k.select(first.equals(0), k.constant(shape.element, 0), before)
        k.store(start + total, place)


def declare_multiply(module: Any, bits: int) -> Any:
    """Declare `multiply` in a module that calls it, once."""
    name = f"multiply{bits}"
    known = module.globals.get(name)
    if known is not None:
        return known
    type = ir.FunctionType(VOID, [*(POINTER for _ in "abc"), *(I64 for _ in _SIZES)])
    return ir.Function(module, type, name)


def build_products(target: Target, bits: int) -> str:
    """Write the unit of products of numbers of a width."""
    module = ir.Module(f"products{bits}")
    write_multiply(module, bits, target.vector_bytes)
    return str(module)


def add_products(engine: Engine, bits: int) -> None:
    """Load the unit of products of numbers of a width."""

    def build(target: Target) -> str:
        return build_products(target, bits)

    engine.add_unit(f"products{bits}", build, (f"multiply{bits}",))
