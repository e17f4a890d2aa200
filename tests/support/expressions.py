"""The expressions of generated programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TypeVar

from tests.support.ez_types import (
    BOOL,
    FIXEDS,
    INTS,
    PUBLIC,
    SECRET,
    Function,
    Scope,
    Struct,
    Ty,
    Var,
    flows,
    meet,
)

T = TypeVar("T")
Text = tuple[str, str]
"""An expression's text, and a label that its own label is at least as open as."""


class Expressions:
    """Writes expressions of a wanted type whose label flows to a wanted one."""

    def __init__(
        self,
        pick: Callable[[int, int], int],
        parties: tuple[str, ...],
        *,
        reveals: bool,
        wild: bool,
    ) -> None:
        self.pick = pick
        self.parties = parties
        self.reveals = reveals
        self.wild = wild
        self.structs: dict[str, Struct] = {}
        self.functions: list[Function] = []
        self.names = 0
        # A program sticks to few types, so that its variables fit one another.
        self.ints = [self.choice(INTS) for _ in range(2)]
        self.fixeds = [self.choice(FIXEDS)] if self.chance(50) else []
        self.shapes = [(), (), (), (), (pick(1, 4),), (pick(2, 3),), (pick(1, 2), pick(1, 3))]
        self.generic = False
        """Inside a function: labels are the caller's, so anything may turn out to be public."""

    # Choosing

    def chance(self, percent: int) -> bool:
        return self.pick(1, 100) > 100 - percent

    def stray(self) -> bool:
        """Now and then, in wild programs: forget about labels."""
        return self.wild and self.chance(10)

    def choice(self, options: Sequence[T]) -> T:
        return options[self.pick(0, len(options) - 1)]

    def fresh(self, stem: str) -> str:
        self.names += 1
        return f"{stem}{self.names}"

    def plain_type(self) -> Ty:
        base = self.choice(["bool", *self.ints, *self.ints, *self.fixeds, *self.fixeds])
        return Ty(base, self.choice(self.shapes))

    def any_int(self) -> str:
        """Mostly one of the program's types, sometimes any."""
        return self.choice(self.ints) if self.chance(85) else self.choice(INTS)

    def any_type(self) -> Ty:
        if self.structs and self.chance(15):
            name = self.choice(list(self.structs))
            return Ty(name, (self.pick(1, 2),) if self.chance(40) else ())
        return self.plain_type()

    # Writing

    def typed(self, type: Ty, text: str) -> str:
        """Text whose type shows without a context."""
        return text if type.base in self.structs else f"{type.base}({text})"

    def literal(self, type: Ty) -> str:
        if type.base == "bool":
            return self.choice(["true", "false"])
        if type.is_fixed:
            whole, _ = type.bits
            steps = self.pick(-(2 ** (min(whole, 30) + 8)), 2 ** (min(whole, 30) + 8) - 1)
            return f"{type.base}({self.choice(['0.0', '1.0', '0.5', '-0.75', f'{steps / 1024}'])})"
        width = int(type.base.lstrip("uint"))
        signed = type.base[0] == "i"
        low, high = (-(2 ** (width - 1)), 2 ** (width - 1) - 1) if signed else (0, 2**width - 1)
        value = self.choice([0, 1, 2, 3, 5, high, low, self.pick(low, high)])
        return f"{type.base}({value})"

    def guarded(self, text: str, label: str) -> bool:
        """Whether a divisor, amount or index may turn out public, where it must be in range."""
        return label == PUBLIC or self.generic or self.opened(text)

    def opened(self, text: str) -> bool:
        """Whether the checker may find a value more open than the meet of its parts."""
        # A conditional on a constant is the side it chooses, which may be public.
        return self.called(text) or any(operator in text for operator in ("?", "&&", "||"))

    def called(self, text: str) -> bool:
        """Whether a function is called: the result may be more open than the arguments' meet."""
        return any(f"{f.name}(" in text for f in self.functions)

    def index(self, scope: Scope, limit: str, size: int) -> Text:
        """An index into `size` items, of any integer type."""
        if self.chance(40):
            return str(self.pick(0, size - 1)), PUBLIC
        type = self.any_int()
        text, label = self.expression(scope, Ty(type), limit, 1)
        if self.guarded(text, label) or self.chance(50):
            text = f"uint8({text}) % {size}"
        return text, label

    def expression(self, scope: Scope, type: Ty, limit: str, depth: int) -> Text:
        """An expression of `type` whose label flows to `limit`."""
        limit = limit if flows(limit, scope.limit) else scope.limit
        if depth <= 0 or self.chance(15):
            return self.leaf(scope, type, limit)
        if self.chance(15):
            return self.conditional(scope, type, limit, depth)
        calls = [f for f in self.functions if f.result == type]
        if calls and self.chance(30):
            return self.call(scope, self.choice(calls), limit, depth)
        if type.base in self.structs:
            return self.structure(scope, type, limit, depth)
        if type.shape:
            return self.array(scope, type, limit, depth)
        if self.reveals and not scope.branches and not self.generic and self.chance(4):
            inner, _ = self.expression(scope, type, SECRET, depth - 1)
            return f"reveal({self.typed(type, inner)})", PUBLIC
        if type == BOOL:
            return self.truth(scope, limit, depth)
        return self.number(scope, type, limit, depth)

    def leaf(self, scope: Scope, type: Ty, limit: str) -> Text:
        options = [
            text
            for v in scope.variables
            if flows(v.label, limit) or self.stray()
            for text in self.parts(scope, v, type, limit)
        ]
        if options and self.chance(85):
            return self.choice(options)
        if not type.shape and type.base not in self.structs:
            casts = [
                (f"{type.base}({v.name})", v.label)
                for v in scope.variables
                if not v.type.shape and v.type.base not in self.structs and flows(v.label, limit)
            ]
            if casts and self.chance(80):
                return self.choice(casts)
        return self.constant(type), PUBLIC

    def parts(self, scope: Scope, var: Var, type: Ty, limit: str) -> list[Text]:
        """Ways to get a value of `type` out of a variable."""
        if var.type == type:
            return [(var.name, var.label)]
        if var.type.base == type.base and len(type.shape) == 1 == len(var.type.shape):
            return self.slices(var, type.shape[0])
        if len(var.type.shape) == 1 and var.type.item == type and self.chance(60):
            index, label = self.flat_index(scope, limit, var.type.shape[0])
            return [(f"{var.name}[{index}]", meet(var.label, label))]
        if not var.type.shape and var.type.base in self.structs:
            fields = self.structs[var.type.base].fields
            return [(f"{var.name}.{n}", var.label) for n, t in fields if t == type]
        return []

    def slices(self, var: Var, count: int) -> list[Text]:
        """A slice of an array with so many items, with any step that there is."""
        length = var.type.shape[0]
        steps = [s for s in (1, 2, 3, -1, -2) if len(range(length)[::s]) == count]
        return [(f"{var.name}[.. : {self.choice(steps)}]", var.label)] if steps else []

    def flat_index(self, scope: Scope, limit: str, size: int) -> Text:
        """An index made of one variable or constant (nothing nested: this is called often)."""
        able = [v for v in scope.variables if v.type.is_int and not v.type.shape]
        able = [v for v in able if flows(v.label, limit)]
        if not able or self.chance(50):
            return str(self.pick(0, size - 1)), PUBLIC
        var = self.choice(able)
        if self.guarded(var.name, var.label) or self.chance(50):
            return f"uint8({var.name}) % {size}", var.label
        return var.name, var.label

    def constant(self, type: Ty) -> str:
        if type.shape:
            return "[" + ", ".join(self.constant(type.item) for _ in range(type.shape[0])) + "]"
        if type.base in self.structs:
            fields = self.structs[type.base].fields
            return (
                f"({type.base} {{ "
                + ", ".join(f"{n}: {self.constant(t)}" for n, t in fields)
                + " })"
            )
        return self.literal(type)

    def conditional(self, scope: Scope, type: Ty, limit: str, depth: int) -> Text:
        test, label = self.expression(scope, BOOL, limit, depth - 1)
        inner = scope if label == PUBLIC and not self.generic else scope.inner(limit_of(label))
        then, one = self.expression(inner, type, limit, depth - 1)
        other, two = self.expression(inner, type, limit, depth - 1)
        then, other = (x if type.shape else self.typed(type, x) for x in (then, other))
        return f"({test} ? {then} : {other})", meet(label, meet(one, two))

    def call(self, scope: Scope, function: Function, limit: str, depth: int) -> Text:
        arguments = [self.expression(scope, t, limit, depth - 1) for t in function.parameters]
        if function.generic is not None:  # numbers without a type would give another one
            arguments = [
                (f"{t.base}({text})" if t.base == function.generic else text, label)
                for t, (text, label) in zip(function.parameters, arguments, strict=True)
            ]
        label = PUBLIC
        for _, one in arguments:
            label = meet(label, one)
        # The result may be public where the arguments are; callers guard by that label.
        return f"{function.name}({', '.join(t for t, _ in arguments)})", label

    def structure(self, scope: Scope, type: Ty, limit: str, depth: int) -> Text:
        if type.shape:
            items = [
                self.expression(scope, type.item, limit, depth - 1) for _ in range(type.shape[0])
            ]
            label = PUBLIC
            for _, one in items:
                label = meet(label, one)
            return "[" + ", ".join(t for t, _ in items) + "]", label
        label, fields = PUBLIC, []
        for name, field_type in self.structs[type.base].fields:
            text, one = self.expression(scope, field_type, limit, depth - 1)
            fields.append(f"{name}: {text}")
            label = meet(label, one)
        return f"({type.base} {{ {', '.join(fields)} }})", label

    def array(self, scope: Scope, type: Ty, limit: str, depth: int) -> Text:
        if self.chance(30):
            items = [
                self.expression(scope, type.item, limit, depth - 1) for _ in range(type.shape[0])
            ]
            label = PUBLIC
            for _, one in items:
                label = meet(label, one)
            return "[" + ", ".join(t for t, _ in items) + "]", label
        if self.chance(20):
            return self.repeated(scope, type, limit, depth)
        if self.chance(15):
            return self.reshaped(scope, type, limit, depth)
        left, one = self.expression(scope, type, limit, depth - 1)
        scalar = self.chance(30)
        right, two = self.expression(scope, Ty(type.base) if scalar else type, limit, depth - 1)
        if scalar and self.chance(50):
            left, right = right, left
        if type.is_fixed:
            # The result of arithmetic on `fixed<i, f>` is `fixed<f>`.
            return f"{type.base}({left} {self.choice('+-*')} {right})", meet(one, two)
        operator = self.choice(
            ["&", "|", "^"] if type.base == "bool" else ["+", "-", "*", "&", "|", "^"]
        )
        return f"({left} {operator} {right})", meet(one, two)

    def repeated(self, scope: Scope, type: Ty, limit: str, depth: int) -> Text:
        """An operator on arrays of two shapes, which are repeated to that of `type`."""
        sides = ["", ""]
        labels = []
        shapes = self.narrowed(type.shape)
        for side, shape in enumerate(shapes):
            one = Ty(type.base, shape)
            sides[side], label = self.expression(scope, one, limit, depth - 1)
            labels.append(label)
        if type.is_fixed:
            return f"{type.base}({sides[0]} {self.choice('+-*')} {sides[1]})", meet(*labels)
        if type.base != "bool" and self.chance(20):
            return f"{self.choice(['min', 'max'])}({', '.join(sides)})", meet(*labels)
        operator = self.choice("&|^" if type.base == "bool" else "+-*&|^")
        return f"({sides[0]} {operator} {sides[1]})", meet(*labels)

    def narrowed(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Two shapes that are repeated to a third: some dimensions of either are 1 or missing."""
        left, right = list(shape), list(shape)
        for dimension in range(len(shape)):
            if self.chance(40):
                self.choice([left, right])[dimension] = 1
        cut = self.choice([left, right])
        while cut and self.chance(30):
            if (right if cut is left else left)[-len(cut)] != shape[-len(cut)]:
                break
            del cut[0]
        return tuple(left), tuple(right)

    def reshaped(self, scope: Scope, type: Ty, limit: str, depth: int) -> Text:
        """An array with its elements, in a shape of one dimension, or of one more."""
        shape = self.choice([(prod(type.shape),), (1, *type.shape), (*type.shape, 1)])
        text, label = self.expression(scope, Ty(type.base, shape), limit, depth - 1)
        return f"reshape({text}, {', '.join(map(str, type.shape))})", label

    def truth(self, scope: Scope, limit: str, depth: int) -> Text:
        kind = self.pick(0, 9)
        if kind == 0:
            text, label = self.expression(scope, BOOL, limit, depth - 1)
            return f"(!{text})", label
        if kind <= 3:
            left, one = self.expression(scope, BOOL, limit, depth - 1)
            operator = self.choice(["&&", "||", "&", "|", "^", "==", "!="])
            lazy = operator in ("&&", "||") and (one != PUBLIC or self.generic)
            inner = scope.inner(limit_of(one)) if lazy else scope
            right, two = self.expression(inner, BOOL, limit, depth - 1)
            return f"({left} {operator} {right})", meet(one, two)
        type = Ty(self.choice([self.any_int(), *self.fixeds]))
        left, one = self.expression(scope, type, limit, depth - 1)
        if kind == 4:
            return f"bool({left})", one
        right, two = self.expression(scope, type, limit, depth - 1)
        operator = self.choice(["==", "!=", "<", "<=", ">", ">="])
        return f"({left} {operator} {right})", meet(one, two)

    def fraction(self, scope: Scope, type: Ty, limit: str, depth: int) -> Text:
        """An expression of a fixed-point type."""
        kind = self.pick(0, 9)
        if kind <= 1:
            other = Ty(self.choice(["bool", self.any_int(), self.choice(FIXEDS)]))
            text, label = self.expression(scope, other, limit, depth - 1)
            return f"{type.base}({text})", label
        if kind == 2:
            factors = [Ty(base, (self.pick(1, 3),)) for base in (type.base, self.choice(FIXEDS))]
            (left, one), (right, two) = (
                self.expression(scope, Ty(factor.base, factors[0].shape), limit, depth - 1)
                for factor in factors
            )
            text = f"sum({type.base}({left}) * {factors[1].base}({right}))"
            return f"{type.base}({text})", meet(one, two)
        left, one = self.expression(scope, type, limit, depth - 1)
        left = f"{type.base}({left})"
        if kind == 3:
            bits = f"from_raw::<{type.bits[1]}>(raw({left}) ^ 5)"
            text = self.choice([f"-{left}", f"abs({left})", bits])
            return f"{type.base}({text})", one
        by_integer = kind in (4, 7)
        integer = self.any_int().replace("uint64", "int64")
        second = Ty(integer) if by_integer else type
        right, two = self.expression(scope, second, limit, depth - 1)
        right = f"{second.base}({right})"
        if kind == 5:
            return f"{self.choice(['min', 'max'])}({left}, {right})", meet(one, two)
        if kind <= 7 and kind != 4:
            if "reveal(" in right:  # a reveal can't stand below a condition that may be secret
                right = f"{second.base}(1)"
            elif self.guarded(right, two):
                right = f"({right} == {second.base}(0) ? {second.base}(1) : {right})"
            operator = "/" if by_integer else self.choice(["/", "%"])
            return f"{type.base}({left} {operator} {right})", meet(one, two)
        operator = "*" if by_integer else self.choice(["+", "-", "*"])
        if operator == "*" and not by_integer:
            right = f"{self.choice(FIXEDS)}({right})"
        return f"{type.base}({left} {operator} {right})", meet(one, two)

    def number(self, scope: Scope, type: Ty, limit: str, depth: int) -> Text:
        if type.is_fixed:
            return self.fraction(scope, type, limit, depth)
        kind = self.pick(0, 13)
        if kind == 0:
            text, label = self.expression(scope, type, limit, depth - 1)
            return f"({self.choice(['-', '~'])}{text})", label
        if kind == 1:
            others = ["bool", self.any_int(), self.any_int(), *self.fixeds]
            other = Ty(self.choice(others))
            text, label = self.expression(scope, other, limit, depth - 1)
            return f"{type.base}({text})", label
        if kind == 2:
            array = Ty(type.base, (self.pick(1, 3),))
            text, label = self.expression(scope, array, limit, depth - 1)
            if not any(v.name == text for v in scope.variables):
                return f"{type.base}({self.pick(0, 100)})", PUBLIC
            return f"sum({text})", label
        left, one = self.expression(scope, type, limit, depth - 1)
        if kind == 3 and self.chance(30):
            return f"({left} ** {self.pick(0, 9)})", one
        if kind == 3:
            functions = ["abs", "count_ones"] if type.base[0] == "i" else ["count_ones"]
            return f"{self.choice(functions)}({left})", one
        if kind <= 5:
            amount = Ty(self.any_int())
            right, two = self.expression(scope, amount, limit, depth - 1)
            if self.guarded(right, two):
                right = f"uint8({right}) & 7"
            return f"({left} {self.choice(['<<', '>>'])} ({right}))", meet(one, two)
        right, two = self.expression(scope, type, limit, depth - 1)
        if kind == 6:
            return f"{self.choice(['min', 'max', 'mulhi'])}({left}, {right})", meet(one, two)
        if kind <= 8:
            if self.guarded(right, two):
                right = f"({right} | 1)"
            return f"({left} {self.choice(['/', '%'])} {right})", meet(one, two)
        return f"({left} {self.choice(['+', '-', '*', '&', '|', '^'])} {right})", meet(one, two)


def limit_of(label: str) -> str:
    """The branch that evaluating a side under `label` amounts to; an unknown one is secret."""
    return SECRET if label == PUBLIC else label


__all__ = ["PUBLIC", "Expressions"]
