"""Lowering of expressions: one value for each leaf of the expression's type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass, replace
from ezlang.typed import tree as typed
from ezlang.types.fixed_point import fraction_of_product
from ezlang.types.labels import PUBLIC, Label, owned
from ezlang.types.types import (
    BOOL,
    INT64,
    StructType,
    Type,
    element_of,
    scalar,
    scalar_element,
    shape_of,
)

from ..ir import tree as ir
from ..ir.build import Builder
from ..ir.tree import BinaryKind, UnaryKind
from . import fixed
from .array_parts import Access, Indices, Items
from .high_products import high_half
from .leaves import leaf_range, leaves
from .randomness import random
from .state import LoweringState

Values = tuple[ir.Value, ...]

Signatures = Mapping[str, tuple[Type, Label]]
"""The result type and label of each function."""

_OTHER_NAMES = {
    typed.BinaryOp.BITAND: BinaryKind.AND,
    typed.BinaryOp.BITOR: BinaryKind.OR,
    typed.BinaryOp.BITXOR: BinaryKind.XOR,
    typed.BinaryOp.LOGAND: BinaryKind.AND,
    typed.BinaryOp.LOGOR: BinaryKind.OR,
}
"""The operators that aren't called what their kinds are."""


def constant_data(expr: typed.Expr) -> tuple[int, ...] | None:
    """Return the elements of a literal array (or scalar), row-major; None for any other value."""
    match expr:
        case typed.Literal():
            return (int(expr.value),)
        case typed.Relabel():
            return constant_data(expr.operand)
        case typed.ArrayLiteral():
            data: list[int] = []
            for element in expr.elements:
                part = constant_data(element)
                if part is None:
                    return None
                data += part
            return tuple(data)
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Expressions:
    """Lowers the expressions of a function. `signatures` are the results of all functions."""

    state: LoweringState
    signatures: Signatures

    @property
    def access(self) -> Access:
        """The reads and writes of parts of arrays in this context."""
        return Access(self.state.build, checked=not self.state.alone)

    def scalar(self, expr: typed.Expr) -> ir.Value:
        """Lower an expression that has one leaf."""
        (value,) = self.lower(expr)
        return value

    def lower(self, expr: typed.Expr) -> Values:
        """Lower an expression; the values have the labels of its node."""
        with self.state.build.at(expr.span):
            return self.labelled(self._lower(expr), expr.type, expr.label)

    def labelled(self, values: Sequence[ir.Value], type: Type, label: Label) -> Values:
        """Change the labels of values to those of a `type` with `label`; they only lose readers."""
        result = []
        for value, leaf in zip(values, leaves(type, label), strict=True):
            have, want = value.type.label, leaf.type.label
            if value.type.element != leaf.type.element or value.type.shape != leaf.type.shape:
                raise CompilerBug(f"{self.state.build.span}: {value.type} is not {leaf.type}")
            if not have.flows_to(want):
                raise CompilerBug(f"{self.state.build.span}: {have} does not flow to {want}")
            result.append(self.state.build.relabel(value, want))
        return tuple(result)

    def _lower(self, expr: typed.Expr) -> Values:
        build = self.state.build
        match expr:
            case typed.Literal():
                element = scalar(expr.type).representation
                return (build.constant(element, (int(expr.value),)),)
            case typed.Zero():
                return tuple(build.zeros(leaf.type) for leaf in leaves(expr.type, expr.label))
            case typed.ArrayLiteral():
                return self._array(expr)
            case typed.StructLiteral():
                return tuple(value for part in expr.values for value in self.lower(part))
            case typed.Read():
                return self.state.read(expr.variable)
            case typed.Unary():
                return (build.unary(UnaryKind[expr.op.name], self.scalar(expr.operand)),)
            case typed.Binary():
                return (self._binary(expr),)
            case typed.Power():
                return (self._power(expr),)
            case typed.ShortCircuit():
                return self._short_circuit(expr)
            case typed.Conditional():
                return self._branch(
                    expr,
                    self.scalar(expr.condition),
                    lambda: self.lower(expr.then),
                    lambda: self.lower(expr.otherwise),
                )
            case typed.Select():
                return self._select(expr)
            case typed.Index() | typed.GetField():
                return self._part(expr)
            case typed.Slice():
                return self._slice(expr)
            case typed.Call():
                return self._call(expr)
            case typed.Cast():
                return (self._cast(expr),)
            case typed.Broadcast():
                own, shape = shape_of(expr.operand.type), shape_of(expr.type)
                return tuple(_repeated(build, x, own, shape) for x in self.lower(expr.operand))
            case typed.Reshape():
                return self._reshaped(expr)
            case typed.Sum():
                return (self._sum(expr),)
            case typed.SumOfProducts():
                return (self._sum_of_products(expr),)
            case typed.Relabel() | typed.Reinterpret():
                return self.lower(expr.operand)
            case typed.Reveal():
                return self._reveal(expr)
            case typed.Random(below=below):
                bound = None if below is None else self.scalar(below)
                return (random(self.state.build, expr, bound),)
            case typed.Input():
                return self._input(expr)
            case _:
                assert_never(expr)

    def _array(self, expr: typed.ArrayLiteral) -> Values:
        build = self.state.build
        data, element = constant_data(expr), scalar_element(expr.type)
        if data is not None and element is not None:
            return (build.constant(element.representation, data or (0,), shape_of(expr.type)),)
        if not expr.elements:
            return tuple(build.zeros(leaf.type) for leaf in leaves(expr.type, expr.label))
        elements = [self.lower(element) for element in expr.elements]
        return tuple(build.stack(column) for column in zip(*elements, strict=True))

    def _binary(self, expr: typed.Binary) -> ir.Value:
        left, right = self.scalar(expr.left), self.scalar(expr.right)
        if expr.op is typed.BinaryOp.MULHI:
            return high_half(self.state.build, left, right)
        kind = _OTHER_NAMES.get(expr.op) or BinaryKind[expr.op.name]
        fails = kind.traits.failure is not None
        can_fail = fails and right.type.label.is_public and not self.state.alone
        types = [scalar(element_of(side.type)) for side in (expr.left, expr.right)]
        if kind is BinaryKind.MUL and any(type.is_fixed for type in types):
            return fixed.product(self.state.build, left, right, *types)
        if kind is BinaryKind.DIV and types[0].is_fixed:
            return fixed.quotient(self.state.build, left, right, types[1], checked=can_fail)
        return self.state.build.binary(kind, left, right, checked=can_fail)

    def _power(self, expr: typed.Power) -> ir.Value:
        build, type = self.state.build, scalar(element_of(expr.type))
        values = [self.scalar(expr.operand)]
        if expr.exponent == 0:
            element, one = type.representation, type.conversion(None)(1)
            ones = build.constant(element, (one,), values[0].type.shape)
            return build.relabel(ones, expr.label)
        for i, j in typed.products_of_power(expr.exponent):
            if type.is_fixed:
                values.append(fixed.product(build, values[i], values[j], type, type))
            else:
                values.append(build.binary(BinaryKind.MUL, values[i], values[j]))
        return values[-1]

    def _short_circuit(self, expr: typed.ShortCircuit) -> Values:
        """Lower `x && y` to `x ? y : false` and `x || y` to `x ? true : y`, as branches."""
        build = self.state.build
        condition = self.scalar(expr.left)
        settled = 1 if expr.op is typed.BinaryOp.LOGOR else 0

        def right() -> Values:
            return self.lower(expr.right)

        def constant() -> Values:
            return (build.constant(BOOL, (settled,)),)

        if settled:
            return self._branch(expr, condition, constant, right)
        return self._branch(expr, condition, right, constant)

    def _branch(
        self,
        expr: typed.Expr,
        condition: ir.Value,
        then: Callable[[], Values],
        otherwise: Callable[[], Values],
    ) -> Values:
        """Emit an If one of whose sides gives the value of `expr`."""
        build = self.state.build
        regions = []
        with self.state.run_alone(condition.type.label.is_owned):
            for side in (then, otherwise):
                with build.nested() as operations:
                    yields = self.labelled(side(), expr.type, expr.label)
                regions.append(ir.Region(operations=tuple(operations), yields=yields))
        results = build.fresh_like(regions[0].yields)
        build.emit(
            ir.If(operands=(condition,), results=results, regions=tuple(regions), span=build.span)
        )
        return results

    def _select(self, expr: typed.Select) -> Values:
        condition = self.scalar(expr.condition)
        then, otherwise = self.lower(expr.then), self.lower(expr.otherwise)
        return tuple(self._selected(condition, x, y) for x, y in zip(then, otherwise, strict=True))

    def _selected(self, condition: ir.Value, x: ir.Value, y: ir.Value) -> ir.Value:
        """Select a leaf; in an array of structs, an element of the condition may select several."""
        if condition.type.shape:
            condition = self.state.build.spread(
                condition, x.type.shape[len(condition.type.shape) :]
            )
        return self.state.build.select(condition, x, y)

    def _part(self, expr: typed.Index | typed.GetField) -> Values:
        """Lower a chain of indices and fields, reading each selected field exactly once."""
        names: list[str] = []
        indices: list[tuple[typed.Expr, ...]] = []
        base: typed.Expr = expr
        while True:
            match base:
                case typed.GetField():
                    names.append(base.name)
                    base = base.base
                case typed.Index():
                    indices.append(base.indices)
                    base = base.base
                case _:
                    break
        first, end = leaf_range(base.type, names[::-1])
        values = self.lower(base)[first:end]
        part = Indices(
            tuple(self.scalar(index) for group in reversed(indices) for index in group), expr.span
        )
        return tuple(self.access.read(value, part) for value in values)

    def _slice(self, expr: typed.Slice) -> Values:
        base = self.lower(expr.base)
        part = Items(self.scalar(expr.start), expr.length, expr.step, expr.span)
        return tuple(self.access.read(value, part) for value in base)

    def _call(self, expr: typed.Call) -> Values:
        build = self.state.build
        arguments = [value for argument in expr.arguments for value in self.lower(argument)]
        type, label = self.signatures[expr.function]
        results = tuple(build.fresh(leaf.type) for leaf in leaves(type, label))
        build.emit(
            ir.Call(
                function=expr.function,
                operands=tuple(arguments),
                results=results,
                span=build.span,
            )
        )
        return results

    def _cast(self, expr: typed.Cast) -> ir.Value:
        operand = self.scalar(expr.operand)
        source, to = (scalar(element_of(type)) for type in (expr.operand.type, expr.type))
        return fixed.converted(self.state.build, operand, source, to)

    def _reshaped(self, expr: typed.Reshape) -> Values:
        build, operands = self.state.build, self.lower(expr.operand)
        shapes = [leaf.type.shape for leaf in leaves(expr.type, expr.label)]
        return tuple(build.reshape(x, shape) for x, shape in zip(operands, shapes, strict=True))

    def _sum_of_products(self, expr: typed.SumOfProducts) -> ir.Value:
        build = self.state.build
        left, right = self.scalar(expr.left), self.scalar(expr.right)
        total = self._total(build.binary(BinaryKind.MUL, left, right))
        types = (scalar(element_of(operand.type)) for operand in (expr.left, expr.right))
        return fixed.rounded(build, total, fraction_of_product(*types))

    def _sum(self, expr: typed.Sum) -> ir.Value:
        operand, shape = self.scalar(expr.operand), shape_of(expr.type)
        if expr.axis is None or not shape:
            return self._total(operand)
        if operand.type.size == 0:
            return self.state.build.constant(operand.type.element, (0,), shape)
        return self.state.build.reduce(BinaryKind.ADD, operand, expr.axis)

    def _total(self, operand: ir.Value) -> ir.Value:
        if operand.type.size == 0:
            return self.state.build.constant(operand.type.element, (0,))
        return self.state.build.reduce(BinaryKind.ADD, operand)

    def _reveal(self, expr: typed.Reveal) -> Values:
        build = self.state.build
        result = []
        values = self.lower(expr.operand)
        for value, leaf in zip(values, leaves(expr.type, expr.label), strict=True):
            if value.type.label.flows_to(leaf.type.label):
                result.append(value)
                continue
            revealed = build.fresh(leaf.type, value.hint)
            told = leaf.element if leaf.element != leaf.type.element else None
            build.emit(
                ir.Reveal(operands=(value,), results=(revealed,), element=told, span=build.span)
            )
            result.append(revealed)
        return tuple(result)

    def _input(self, expr: typed.Input) -> Values:
        build = self.state.build
        own = PUBLIC if expr.party is None else owned(expr.party)
        turn = () if expr.turn is None else (self.turn(expr.turn),)
        result = []
        for leaf in leaves(expr.type, expr.label):
            value = build.fresh(replace(leaf.type, label=own), expr.name)
            kind = ir.TurnInput if turn else ir.Input
            build.emit(
                kind(
                    party=expr.party,
                    name=expr.name,
                    path=leaf.path,
                    whole=whole_type(expr.type),
                    operands=turn,
                    results=(value,),
                    span=build.span,
                )
            )
            result.append(value)
        return tuple(result)

    def turn(self, expr: typed.Expr) -> ir.Value:
        """Lower the turn of an input or output; one of 2^63 or more is as wrong as a negative."""
        return self.state.build.cast(self.scalar(expr), INT64)


def _repeated(
    build: Builder, x: ir.Value, own: tuple[int, ...], shape: tuple[int, ...]
) -> ir.Value:
    """Emit `x`, whose shape begins with `own`, repeated as `own` is to `shape`."""
    new, result = len(shape) - len(own), shape + x.type.shape[len(own) :]
    if shape[new:] == own:
        return build.broadcast(x, shape[:new])
    # A dimension of size 1 is read at 0 for every index of the result.
    rows = [
        (0, *(int(k == new + d and size == result[k]) for k in range(len(result))))
        for d, size in enumerate(x.type.shape)
    ]
    return build.affine_read(x, rows, result)


def whole_type(type: Type) -> Type | None:
    """Return the type that an Input or Output names: None if its only leaf has that type."""
    element = element_of(type)
    named = isinstance(element, StructType) or scalar(element).representation != element
    return type if named else None
