"""Random programs that copy, change, carry, swap, return and pass on arrays in all ways.

Whether each value still is what it was when it is used is all they are about, so they keep to
few types: int16 scalars, rows `[3]` and tables `[2][3]`, all of one label.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ezlang.compiler.ir import tree as ir
from ezlang.types.labels import PUBLIC, Label
from ezlang.types.types import INT16, INT64
from tests.codegen.ir_programs import Writer

SCALAR: tuple[int, ...] = ()
ROW = (3,)
TABLE = (2, 3)
SHAPES = (SCALAR, ROW, ROW, TABLE, TABLE)

Pool = dict[tuple[int, ...], list[ir.Value]]


@dataclass
class MemoryProgram:
    """Writes one program of `label`, decided by a seed."""

    seed: int
    label: Label
    writer: Writer = field(default_factory=Writer)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.b = self.writer.build
        self.signatures: list[tuple[str, list[ir.TensorType], list[ir.TensorType]]] = []
        self.depth = 0

    def write(self) -> Writer:
        for number in range(self.random.randrange(3)):
            self.function(f"f{number}")
        pool: Pool = {shape: [self.fresh_input(shape) for _ in range(2)] for shape in set(SHAPES)}
        self.statements(pool, self.random.randrange(4, 12))
        shown = [value for values in pool.values() for value in values]
        for number, value in enumerate(self.random.sample(shown, min(len(shown), 8))):
            self.writer.output(f"o{number}", value)
        return self.writer

    def type(self, shape: tuple[int, ...]) -> ir.TensorType:
        return ir.TensorType(INT16, shape, self.label)

    def fresh_input(self, shape: tuple[int, ...]) -> ir.Value:
        size = self.type(shape).size
        data = [self.random.randrange(-999, 999) for _ in range(size)]
        nested: object = data
        if shape == SCALAR:
            nested = data[0]
        elif shape == TABLE:
            nested = [data[:3], data[3:]]
        if self.random.random() < 0.4:
            return self.b.relabel(self.b.constant(INT16, data, shape), self.label)
        return self.writer.given(INT16, shape, self.label, nested)

    # Choosing

    def pick(self, pool: Pool, shape: tuple[int, ...]) -> ir.Value:
        return self.random.choice(pool[shape])

    def index(self, size: int) -> ir.Value:
        # Now and then out of range.
        return self.b.index(self.random.randrange(-1, size + 1))

    def keep(self, pool: Pool, value: ir.Value) -> None:
        pool[value.type.shape].append(value)

    # Statements

    def statements(self, pool: Pool, count: int) -> None:
        plain = [
            self.insert, self.insert, self.insert_row, self.extract, self.extract_row,
            self.column, self.slice, self.add, self.select, self.stack, self.reshape,
            self.repeat, self.affine,
        ]  # fmt: skip
        nested = [self.loop, self.branch, self.repeat_while, self.call]
        for _ in range(count):
            both = plain if self.depth > 2 else plain + nested
            self.random.choice(both)(pool)

    def insert(self, pool: Pool) -> None:
        base = self.pick(pool, self.random.choice((ROW, TABLE)))
        indices = [self.index(n) for n in base.type.shape]
        value = self.pick(pool, SCALAR)
        self.keep(pool, self.b.insert(base, value, indices, (True,) * len(indices)))

    def insert_row(self, pool: Pool) -> None:
        base, row = self.pick(pool, TABLE), self.pick(pool, ROW)
        self.keep(pool, self.b.insert(base, row, [self.index(2)], (True,)))

    def extract(self, pool: Pool) -> None:
        base = self.pick(pool, self.random.choice((ROW, TABLE)))
        indices = [self.index(n) for n in base.type.shape]
        self.keep(pool, self.b.extract(base, indices, (True,) * len(indices)))

    def extract_row(self, pool: Pool) -> None:
        self.keep(pool, self.b.extract(self.pick(pool, TABLE), [self.index(2)], (True,)))

    def column(self, pool: Pool) -> None:
        """Read a column and write it as another one."""
        base = self.pick(pool, TABLE)
        part = self.b.extract(base, [self.index(3)], (False, True))
        self.keep(pool, self.b.insert(base, part, [self.index(3)], (False, True)))

    def slice(self, pool: Pool) -> None:
        row, other = self.pick(pool, ROW), self.pick(pool, ROW)
        part = self.b.extract_slice(row, self.index(2), 2)
        self.keep(pool, self.b.insert_slice(other, part, self.index(2)))

    def add(self, pool: Pool) -> None:
        shape = self.random.choice(SHAPES)
        kind = self.random.choice((ir.BinaryKind.ADD, ir.BinaryKind.SUB, ir.BinaryKind.XOR))
        self.keep(pool, self.b.binary(kind, self.pick(pool, shape), self.pick(pool, shape)))

    def select(self, pool: Pool) -> None:
        shape = self.random.choice((ROW, TABLE))
        x, y, z = (self.pick(pool, shape) for _ in range(3))
        condition = self.b.binary(ir.BinaryKind.LT, x, y)
        self.keep(pool, self.b.select(condition, z, x))

    def stack(self, pool: Pool) -> None:
        self.keep(pool, self.b.stack([self.pick(pool, ROW), self.pick(pool, ROW)]))

    def reshape(self, pool: Pool) -> None:
        flat = self.b.reshape(self.pick(pool, TABLE), (6,))
        flat = self.b.insert(flat, self.pick(pool, SCALAR), [self.index(6)], (True,))
        self.keep(pool, self.b.reshape(flat, TABLE))

    def affine(self, pool: Pool) -> None:
        """Write one table's last row over another's rows, backwards."""
        base, other = self.pick(pool, TABLE), self.pick(pool, TABLE)
        part = self.b.affine_read(base, ((1, 0), (2, -1)), ROW)
        self.keep(pool, self.b.affine_write(other, part, ((0, 0), (0, 1)), (self.b.index(1), None)))

    def repeat(self, pool: Pool) -> None:
        shape = self.random.choice((SCALAR, ROW))
        table = self.b.broadcast(self.pick(pool, shape), TABLE[: 2 - len(shape)])
        if self.random.random() < 0.5:
            table = self.b.binary(ir.BinaryKind.ADD, table, self.pick(pool, TABLE))
        self.keep(pool, table)

    # Control flow

    def inside(
        self, pool: Pool, more: Sequence[ir.Value], shapes: Sequence[tuple[int, ...]]
    ) -> tuple[list[ir.Operation], list[ir.Value]]:
        """Write a region that yields values of `shapes`: new ones, parameters, outer ones."""
        inner = {shape: list(values) for shape, values in pool.items()}
        for value in more:
            # Parameters more often than what is outside.
            inner[value.type.shape] += [value] * 3
        self.depth += 1
        with self.b.nested() as operations:
            self.statements(inner, self.random.randrange(1, 5))
            yields = [self.random.choice(inner[shape][-6:]) for shape in shapes]
            if more and self.random.random() < 0.3:
                # Carried values change places, or stay.
                yields = [
                    self.random.choice([v for v in more if v.type.shape == shape] or [given])
                    for shape, given in zip(shapes, yields, strict=True)
                ]
        self.depth -= 1
        return operations, yields

    def some_shapes(self) -> list[tuple[int, ...]]:
        return [self.random.choice(SHAPES) for _ in range(self.random.randrange(1, 4))]

    def loop(self, pool: Pool) -> None:
        shapes = self.some_shapes()
        initial = [self.pick(pool, shape) for shape in shapes]
        index = self.b.fresh(ir.TensorType(INT64, (), PUBLIC))
        carried = self.b.fresh_like(initial)
        operations, yields = self.inside(pool, carried, shapes)
        bounds = (self.b.index(0), self.b.index(self.random.randrange(4)))
        self.finish(
            pool,
            ir.For(
                operands=(*bounds, *initial),
                results=self.b.fresh_like(initial),
                regions=(self.writer.region(operations, yields, (index, *carried)),),
            ),
        )

    def branch(self, pool: Pool) -> None:
        shapes = self.some_shapes()
        sides = [self.inside(pool, (), shapes) for _ in range(2)]
        which = self.b.binary(
            ir.BinaryKind.LT, self.b.index(self.random.randrange(2)), self.b.index(1)
        )
        self.finish(
            pool,
            ir.If(
                operands=(which,),
                results=tuple(self.b.fresh(self.type(shape)) for shape in shapes),
                regions=tuple(self.writer.region(*side) for side in sides),
            ),
        )

    def repeat_while(self, pool: Pool) -> None:
        shapes = self.some_shapes()
        initial = [self.b.index(self.random.randrange(3)), *(self.pick(pool, s) for s in shapes)]
        asked, given = self.b.fresh_like(initial), self.b.fresh_like(initial)
        with self.b.nested() as test:
            going = self.b.binary(ir.BinaryKind.GT, asked[0], self.b.index(0))
        operations, yields = self.inside(pool, given[1:], shapes)
        with self.b.nested() as last:
            left = self.b.binary(ir.BinaryKind.SUB, given[0], self.b.index(1))
        results = self.b.fresh_like(initial)
        regions = (
            self.writer.region(test, (going,), asked),
            self.writer.region([*operations, *last], (left, *yields), given),
        )
        self.b.emit(ir.While(operands=tuple(initial), results=results, regions=regions))
        for value in results[1:]:
            self.keep(pool, value)

    def finish(self, pool: Pool, operation: ir.For | ir.If) -> None:
        self.b.emit(operation)
        for value in operation.results:
            self.keep(pool, value)

    # Functions

    def function(self, name: str) -> None:
        parameters = [self.b.fresh(self.type(s)) for s in [*self.some_shapes(), SCALAR, ROW, TABLE]]
        shapes = self.some_shapes()
        pool: Pool = {shape: [] for shape in set(SHAPES)}
        for value in parameters:
            pool[value.type.shape].append(value)
        self.depth = 1
        operations, yields = self.inside(pool, parameters, shapes)
        self.depth = 0
        body = self.writer.region(operations, yields, parameters)
        self.writer.functions.append(ir.Function(name=name, body=body, pc=PUBLIC))
        self.signatures.append((name, [v.type for v in parameters], [v.type for v in yields]))

    def call(self, pool: Pool) -> None:
        if not self.signatures:
            return
        name, parameters, results = self.random.choice(self.signatures)
        arguments = tuple(self.pick(pool, type.shape) for type in parameters)
        made = tuple(self.b.fresh(type) for type in results)
        self.b.emit(ir.Call(function=name, operands=arguments, results=made))
        for value in made:
            self.keep(pool, value)


Statement = Callable[[Pool], None]
