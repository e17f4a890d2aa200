"""Random programs whose secrets are in all three sharings, as the assignment may leave them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.build import Builder
from ezlang.compiler.ir.sharings import required
from ezlang.compiler.ir.tree import BinaryKind, Sharing, UnaryKind
from ezlang.compiler.ir.verify import verify
from ezlang.typed.operators import UnaryOp
from ezlang.types.labels import PUBLIC, SECRET, owned
from ezlang.types.types import BOOL, INT8, INT32, INT64, UINT8, UINT16, UINT64, IntType, ScalarType
from ezlang.values.data import nested

A, B, Y = Sharing.ARITHMETIC, Sharing.BOOLEAN, Sharing.YAO
PARTIES = ("alice", "bob")
SHAPES: tuple[tuple[int, ...], ...] = ((), (3,), (2, 3))
INTEGERS: tuple[IntType, ...] = (INT8, UINT8, UINT16, INT32, INT64, UINT64)
SHIFTS = (BinaryKind.SHL, BinaryKind.SHR)
DIVISIONS = (BinaryKind.DIV, BinaryKind.MOD)
BITWISE = (BinaryKind.AND, BinaryKind.OR, BinaryKind.XOR)


@dataclass
class Mixed:
    """Writes one program: `inputs` are its parties', `pool` the values that are at hand."""

    seed: int
    build: Builder = field(default_factory=Builder)
    pool: list[ir.Value] = field(default_factory=list)
    functions: list[ir.Function] = field(default_factory=list)
    inputs: dict[str, dict[str, Any]] = field(default_factory=lambda: {"alice": {}, "bob": {}})

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.top = self.build.operations
        self.elements: tuple[ScalarType, ...] = (*self.random.sample(INTEGERS, 2), BOOL)

    # Values

    def made(
        self, type: ir.TensorType, make: Callable[..., ir.Operation], **fields: Any
    ) -> ir.Value:
        """Emit an operation with one result of a type."""
        result = self.build.fresh(type)
        self.build.emit(make(results=(result,), **fields))
        self.pool.append(result)
        return result

    def numbers(self, element: ScalarType, size: int) -> list[int]:
        if not isinstance(element, IntType):
            return [self.random.randrange(2) for _ in range(size)]
        edges = [element.low, element.high, 0, 1, 2, element.high // 3]
        some = [self.random.randint(element.low, element.high) for _ in range(4)]
        return [self.random.choice(edges + some) for _ in range(size)]

    def given(self, element: ScalarType, shape: tuple[int, ...]) -> ir.Value:
        """An input of either party, read where the program begins."""
        party = self.random.randrange(2)
        mine = self.inputs[PARTIES[party]]
        name = f"x{len(mine)}"
        result = self.build.fresh(ir.TensorType(element, shape, owned(party)))
        data = self.numbers(element, result.type.size)
        mine[name] = nested(data, shape) if shape else data[0]
        self.top.insert(0, ir.Input(party=party, name=name, results=(result,)))
        return result

    def public(self, element: ScalarType, shape: tuple[int, ...]) -> ir.Value:
        found = self.pick(lambda t: t.label.is_public and (t.element, t.shape) == (element, shape))
        if found is not None and self.random.random() < 0.5:
            return found
        type = ir.TensorType(element, shape, PUBLIC)
        count = self.random.choice((1, type.size))
        return self.made(type, ir.Constant, data=tuple(self.numbers(element, count)))

    def pick(self, fits: Callable[[ir.TensorType], bool]) -> ir.Value | None:
        found = [value for value in self.pool if fits(value.type)]
        return self.random.choice(found) if found else None

    def secret(
        self, element: ScalarType, shape: tuple[int, ...], sharing: Sharing | None
    ) -> ir.Value:
        """A secret in a sharing: one that is there, perhaps converted, or a new one."""
        found = self.pick(lambda t: t.label.is_secret and (t.element, t.shape) == (element, shape))
        if found is None or self.random.random() < 0.15:
            known = self.random.random() < 0.3
            source = self.public(element, shape) if known else self.given(element, shape)
            kept = sharing or self.sharing(element)
            found = self.made(
                ir.TensorType(element, shape, SECRET, kept), ir.Relabel, operands=(source,)
            )
        if sharing is not None and found.type.sharing is not sharing:
            found = self.made(replace(found.type, sharing=sharing), ir.Convert, operands=(found,))
        return found

    def sharing(self, element: ScalarType) -> Sharing:
        return self.random.choice((B, Y) if element == BOOL else (A, B, Y))

    def element(self) -> ScalarType:
        return self.random.choice(self.elements)

    def integer(self) -> IntType:
        chosen = self.random.choice(self.elements[:2])
        assert isinstance(chosen, IntType)
        return chosen

    def shape(self) -> tuple[int, ...]:
        return self.random.choice(SHAPES)

    # Operations

    def computed(
        self,
        element: ScalarType,
        make: Callable[..., ir.Operation],
        operands: Sequence[tuple[ScalarType, tuple[int, ...]]],
        *,
        shape: tuple[int, ...] | None = None,
        public: Sequence[int] = (),
        **fields: Any,
    ) -> ir.Value | None:
        """Emit an operation in a random column of the table of sharings, if it fits there.

        Operands in `public` are known to everyone, others now and then.
        """
        shown = operands[0][1] if shape is None else shape
        draft = [ir.Value(-1 - n, ir.TensorType(e, s, SECRET)) for n, (e, s) in enumerate(operands)]
        for n in public:
            draft[n] = ir.Value(-1 - n, replace(draft[n].type, label=PUBLIC))
        column = self.random.choice((A, B, Y))
        result = ir.Value(-9, ir.TensorType(element, shown, SECRET))
        needed = required(make(operands=tuple(draft), results=(result,), **fields), column)
        if needed is None or (element == BOOL and needed[-1] is A):
            return None
        first = self.random.randrange(len(operands))
        values = [
            self.public(*operand)
            if n in public or (n != first and self.random.random() < 0.3)
            else self.secret(*operand, sharing)
            for n, (operand, sharing) in enumerate(zip(operands, needed, strict=False))
        ]
        if all(value.type.label.is_public for value in values):
            return None
        type = ir.TensorType(element, shown, SECRET, needed[-1])
        return self.made(type, make, operands=tuple(values), **fields)

    def step(self, depth: int) -> None:
        """Emit something."""
        plain = [
            self.unary, self.binary, self.binary, self.binary, self.bits, self.shift, self.compare,
            self.select, self.cast, self.bit, self.reduce, self.matrices, self.moved, self.moved,
            self.moved, self.converted, self.revealed, self.owned_product,
            self.convolution,
        ]  # fmt: skip
        nested: list[Callable[[int], object]] = [self.loop, self.branch, self.call]
        if depth < 2 and self.random.random() < 0.15:
            self.random.choice(nested)(depth)
        else:
            self.random.choice(plain)()

    def unary(self) -> object:
        element = self.element()
        kinds = [kind for kind in UnaryKind if UnaryOp[kind.name].domain.has(element)]
        kind = self.random.choice(kinds)
        return self.computed(element, ir.Unary, [(element, self.shape())], kind=kind)

    def binary(self) -> object:
        element, shape = self.integer(), self.shape()
        kinds = [k for k in BinaryKind if not (k.traits.gives_bool or k.traits.shifts)]
        weights = [0.2 if kind in DIVISIONS else 1 for kind in kinds]
        (kind,) = self.random.choices(kinds, weights)
        return self.computed(element, ir.Binary, [(element, shape)] * 2, kind=kind)

    def bits(self) -> object:
        kind = self.random.choice((*BITWISE, BinaryKind.EQ, BinaryKind.NE))
        return self.computed(BOOL, ir.Binary, [(BOOL, self.shape())] * 2, kind=kind)

    def shift(self) -> object:
        element, shape = self.integer(), self.shape()
        public = (1,) if self.random.random() < 0.8 else ()
        operands = [(element, shape), (self.integer(), shape)]
        kind = self.random.choice(SHIFTS)
        return self.computed(element, ir.Binary, operands, public=public, kind=kind)

    def compare(self) -> object:
        comparisons = [kind for kind in BinaryKind if kind.traits.gives_bool]
        kind = self.random.choice(sorted(comparisons, key=lambda k: k.value))
        return self.computed(BOOL, ir.Binary, [(self.integer(), self.shape())] * 2, kind=kind)

    def select(self) -> object:
        element, shape = self.element(), self.shape()
        condition = self.random.choice(((), shape))
        public = (0,) if self.random.random() < 0.4 else ()
        operands = [(BOOL, condition), (element, shape), (element, shape)]
        return self.computed(element, ir.Select, operands, shape=shape, public=public)

    def cast(self) -> object:
        source, target = self.element(), self.element()
        if source == target:
            target = self.random.choice((INT8, INT64))
        return self.computed(target, ir.Cast, [(source, self.shape())])

    def bit(self) -> object:
        element = self.integer()
        position = self.random.choice((0, element.width - 1, 3))
        return self.computed(BOOL, ir.Bit, [(element, self.shape())], position=position)

    def reduce(self) -> object:
        x = self.pick(lambda t: t.sharing in (A, B) and len(t.shape) > 0)
        if x is None:
            return None
        axis = self.random.choice((None, *range(len(x.type.shape))))
        shape = () if axis is None else x.type.shape[:axis] + x.type.shape[axis + 1 :]
        kind = BinaryKind.ADD if x.type.sharing is A else BinaryKind.XOR
        if x.type.sharing is B and self.random.random() < 0.3 and axis is not None:
            axis = None
            shape = ()
        type = replace(x.type, shape=shape)
        return self.made(type, ir.Reduce, operands=(x,), kind=kind, axis=axis)

    def matrices(self) -> object:
        element = self.integer()
        items = self.random.choice(((), (2,)))
        m, k, n = 2, 3, self.random.choice((1, 2))
        left = self.secret(element, (*items, m, k), A)
        base = (
            self.secret(element, (2, 3), A)
            if self.random.random() < 0.5
            else self.public(element, (2, 3))
        )
        flat = replace(base.type, shape=(6,))
        rows = self.made(flat, ir.Reshape, operands=(base,))
        index_map = ((0, *(0 for _ in items), n, 1),)
        right = self.made(
            replace(base.type, shape=(*items, k, n)),
            ir.AffineRead,
            operands=(rows,),
            index_map=index_map,
        )
        type = ir.TensorType(element, (*items, m, n), SECRET, A)
        return self.made(type, ir.MatrixProduct, operands=(left, right))

    def convolution(self) -> object:
        """Images and filters of arithmetic shares, or of one party's numbers."""
        element = self.integer()
        given = self.random.random() < 0.5
        x = self.secret(element, (1, 2, 3, 4), A)
        y = self.given(element, (2, 1, 2, 2)) if given else self.secret(element, (2, 1, 2, 2), A)
        stride, padding = self.random.choice((((1, 1), (0, 0, 0, 0)), ((2, 1), (1, 0, 0, 1))))
        type = ir.TensorType(element, (1, 2, 2, 3 + padding[3]), SECRET, A)
        return self.made(
            type, ir.Convolution, operands=(x, y), groups=2, stride=stride, padding=padding
        )

    def owned_product(self) -> object:
        """A party's own number times arithmetic shares."""
        element, shape = self.integer(), self.shape()
        mine, other = self.given(element, shape), self.secret(element, shape, A)
        operands = (mine, other) if self.random.random() < 0.5 else (other, mine)
        return self.made(other.type, ir.Binary, operands=operands, kind=BinaryKind.MUL)

    def converted(self) -> object:
        x = self.pick(lambda t: t.sharing is not None)
        if x is None:
            return None
        others = [s for s in (A, B, Y) if s is not x.type.sharing]
        if x.type.element == BOOL:
            others.remove(A) if A in others else None
        target = self.random.choice(others)
        return self.made(replace(x.type, sharing=target), ir.Convert, operands=(x,))

    def revealed(self) -> object:
        x = self.pick(lambda t: t.sharing is not None)
        if x is None:
            return None
        return self.made(replace(x.type, label=PUBLIC, sharing=None), ir.Reveal, operands=(x,))

    def moved(self) -> object:
        """Something that moves elements."""
        element, sharing = self.element(), None
        x = self.secret(element, self.random.choice(SHAPES[1:]), sharing)
        type, shape = x.type, x.type.shape
        index = self.made(
            ir.TensorType(INT64, (), PUBLIC), ir.Constant, data=(self.random.randrange(-1, 4),)
        )
        row = replace(type, shape=shape[1:])
        match self.random.randrange(11):
            case 0:
                return self.made(row, ir.Extract, operands=(x, index), dimensions=(True,))
            case 1:
                part = self.secret(element, shape[1:], type.sharing)
                return self.made(type, ir.Insert, operands=(x, part, index), dimensions=(True,))
            case 2:
                two = replace(type, shape=(2, *shape[1:]))
                return self.made(two, ir.ExtractSlice, operands=(x, index))
            case 3:
                if len(shape) == 2:
                    return None
                part = self.secret(element, shape, type.sharing)
                return self.made(type, ir.InsertSlice, operands=(x, part, index))
            case 4:
                index_map = tuple((n - 1, *(-int(d == k) for k in range(len(shape))))
                               for d, n in enumerate(shape))  # fmt: skip
                return self.made(type, ir.AffineRead, operands=(x,), index_map=index_map)
            case 5:
                part = self.secret(element, shape, type.sharing)
                index_map = tuple((n - 1, *(-int(d == k) for k in range(len(shape))))
                               for d, n in enumerate(shape))  # fmt: skip
                return self.made(type, ir.AffineWrite, operands=(x, part), index_map=index_map)
            case 6:
                one = self.secret(element, (), type.sharing)
                if self.random.random() < 0.5:
                    return self.made(replace(type, shape=(3,)), ir.Broadcast, operands=(one,))
                line = self.secret(element, (3,), type.sharing)
                return self.made(replace(type, shape=(2, 3)), ir.Broadcast, operands=(line,))
            case 7:
                parts = [self.secret(element, (3,), type.sharing) for _ in range(2)]
                return self.made(replace(type, shape=(2, 3)), ir.Stack, operands=tuple(parts))
            case 8 | 9:
                numbers = self.random.sample(range(-1, 1 + shape[0]), 2)
                two = replace(type, shape=(2, *shape[1:]))
                at = self.made(ir.TensorType(INT64, (2,), PUBLIC), ir.Constant, data=tuple(numbers))
                if self.random.random() < 0.5:
                    return self.made(two, ir.Gather, operands=(x, at))
                part = self.secret(element, two.shape, type.sharing)
                return self.made(type, ir.Scatter, operands=(x, part, at))
            case _:
                return self.made(replace(type, shape=(type.size,)), ir.Reshape, operands=(x,))

    # Control flow

    def body(self, length: int, depth: int) -> tuple[list[ir.Operation], list[ir.Value]]:
        """Return operations of an inner region, and what is at hand at its end."""
        before = list(self.pool)
        with self.build.nested() as operations:
            for _ in range(length):
                self.step(depth + 1)
        inner, self.pool = self.pool, before
        return operations, inner

    def matching(
        self, operations: list[ir.Operation], pool: list[ir.Value], types: Sequence[ir.TensorType]
    ) -> tuple[ir.Value, ...]:
        """Return values of the types, newest first in luck, converted where need be."""
        before, self.pool = self.pool, pool
        outer, self.build.operations = self.build.operations, operations
        found = []
        for type in types:
            same = [v for v in pool if v.type == type]
            if same and self.random.random() < 0.7:
                found.append(self.random.choice(same[-3:]))
            elif type.sharing is None:
                found.append(self.public(type.element, type.shape))
            else:
                found.append(self.secret(type.element, type.shape, type.sharing))
        self.pool, self.build.operations = before, outer
        return tuple(found)

    def some(self, count: int) -> list[ir.Value]:
        found = [v for v in self.pool if v.type.label.is_secret or v.type.label.is_public]
        return [self.random.choice(found) for _ in range(count)] if found else []

    def loop(self, depth: int) -> None:
        carried = self.some(self.random.randrange(1, 4))
        bounds = [
            self.made(ir.TensorType(INT64, (), PUBLIC), ir.Constant, data=(n,))
            for n in (0, self.random.randrange(4))
        ]
        before = list(self.pool)
        parameters = self.build.fresh_like(carried)
        index = self.build.fresh(bounds[0].type)
        self.pool += [index, *parameters]
        operations, inner = self.body(4, depth)
        self.pool += [v for v in inner if v not in self.pool]
        yields = self.matching(operations, inner, [v.type for v in carried])
        self.pool = before
        region = ir.Region(
            parameters=(index, *parameters), operations=tuple(operations), yields=yields
        )
        results = self.build.fresh_like(carried)
        self.build.emit(ir.For(operands=(*bounds, *carried), results=results, regions=(region,)))
        self.pool += results

    def branch(self, depth: int) -> None:
        condition = self.public(BOOL, ())
        types = [v.type for v in self.some(2)]
        regions = []
        for _ in range(2):
            operations, inner = self.body(3, depth)
            yields = self.matching(operations, inner, types)
            regions.append(ir.Region(operations=tuple(operations), yields=yields))
        results = tuple(self.build.fresh(type) for type in types)
        self.build.emit(ir.If(operands=(condition,), results=results, regions=tuple(regions)))
        self.pool += results

    def call(self, depth: int) -> None:
        """Call a function that is new, or one that is there."""
        known = [f for f in self.functions if self.random.random() < 0.5]
        function = known[0] if known else self.function(self.some(3))
        arguments = self.matching(
            self.build.operations, self.pool, [v.type for v in function.body.parameters]
        )
        results = tuple(self.build.fresh(v.type) for v in function.body.yields)
        self.build.emit(ir.Call(operands=arguments, results=results, function=function.name))
        self.pool += results

    def function(self, like: Sequence[ir.Value]) -> ir.Function:
        before, top = self.pool, self.top
        parameters = self.build.fresh_like(like)
        self.pool = list(parameters)
        with self.build.nested() as operations:
            self.top = operations
            for _ in range(4):
                self.step(2)
        types = [v.type for v in self.some(2)]
        yields = self.matching(operations, self.pool, types)
        self.pool, self.top = before, top
        body = ir.Region(parameters=parameters, operations=tuple(operations), yields=yields)
        function = ir.Function(name=f"f{len(self.functions)}", body=body, pc=PUBLIC)
        self.functions.append(function)
        return function

    def program(self, length: int) -> ir.Program:
        """Return a program that shows some of what it has computed."""
        for _ in range(length):
            self.step(0)
        for number, value in enumerate(self.pool[-12:]):
            shown = value
            if value.type.label.is_secret:
                to = self.random.choice((PUBLIC, owned(0), owned(1)))
                shown = self.build.fresh(replace(value.type, label=to, sharing=None))
                self.build.emit(ir.Reveal(operands=(value,), results=(shown,)))
            name = f"out{number}"
            self.build.emit(ir.Output(to=shown.type.label.owner, name=name, operands=(shown,)))
        body = ir.Region(operations=tuple(self.build.operations))
        main = ir.Function(name="main", pc=PUBLIC, body=body)
        program = ir.Program(parties=PARTIES, functions=(*self.functions, main))
        verify(program)
        return program
