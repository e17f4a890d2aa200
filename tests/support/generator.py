"""Hypothesis strategy for well-typed Ez programs with their inputs.

The programs cover every operator, type, label, branch, loop and kind of place. They seldom fail at
run time: public divisors, shift amounts and indices are kept in range, so that outputs can be
compared. With `wild`, labels are ignored now and then: what the checker then still accepts
must not leak.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.support.expressions import Expressions
from tests.support.ez_types import (
    BOOL,
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


@dataclass(frozen=True)
class Generated:
    """A program, what each party puts in, and the types asked for (for other inputs)."""

    text: str
    parties: tuple[str, ...]
    inputs: dict[str, dict[str, Any]]
    input_types: tuple[tuple[str, str, Ty], ...]
    structs: dict[str, Struct]


def random_value(pick: Callable[[int, int], int], type: Ty, structs: dict[str, Struct]) -> Any:
    """Return a value of a type, edge values often."""
    if type.shape:
        return [random_value(pick, type.item, structs) for _ in range(type.shape[0])]
    if type.base in structs:
        return {n: random_value(pick, t, structs) for n, t in structs[type.base].fields}
    if type.base == "bool":
        return bool(pick(0, 1))
    if type.is_fixed:
        whole, fraction = type.bits
        most = 2 ** (min(whole - 1 + fraction, 52) - 1)
        steps = pick(-most, most - 1) if pick(0, 2) == 0 else pick(-3, 3) * 2**fraction // 2
        return steps / 2**fraction
    width = int(type.base.lstrip("uint"))
    low, high = (
        (0, 2**width - 1) if type.base[0] == "u" else (-(2 ** (width - 1)), 2 ** (width - 1) - 1)
    )
    match pick(0, 5):
        case 0:
            return low
        case 1:
            return high
        case 2 | 3:
            return max(low, min(high, pick(-3, 6)))
        case _:
            return pick(low, high)


class ProgramGenerator(Expressions):
    """Writes one program, statement by statement; `pick(low, high)` decides everything."""

    def __init__(
        self,
        pick: Callable[[int, int], int],
        parties: tuple[str, ...],
        *,
        reveals: bool = True,
        wild: bool = False,
        computing: tuple[str, ...] = (),
    ) -> None:
        super().__init__(pick, parties, reveals=reveals, wild=wild)
        self.computing = computing
        self.lines: list[str] = []
        self.indent = 0
        self.inputs: dict[str, dict[str, Any]] = {p: {} for p in parties}
        self.input_types: list[tuple[str, str, Ty]] = []
        self.outputs = 0

    # Writing

    def emit(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def block(self, head: str, scope: Scope, body: Callable[[Scope], None]) -> None:
        self.emit(head + " {")
        self.indent += 1
        body(scope)
        self.indent -= 1
        self.emit("}")

    # Declarations

    def declare(self, scope: Scope, type: Ty | None = None) -> None:
        type = type or self.any_type()
        limit = scope.limit
        labels = [x for x in (PUBLIC, SECRET, *(f"@{p}" for p in self.parties)) if flows(x, limit)]
        if self.chance(20) and not type.shape:
            value, label = self.expression(scope, type, limit, 2)
            if self.called(value):
                label = limit
            name = self.fresh("l")
            explicit = self.wild or self.opened(value)
            written = f"{label} {type}" if explicit else "let"
            self.emit(f"{written} {name} = {self.typed(type, value)};")
            scope.variables.append(Var(name, type, label, False, len(scope.branches)))
            return
        label = self.choice([*labels, limit])
        name = self.fresh("v")
        if self.chance(10):
            self.emit(f"{label} {type} {name};")
        else:
            value, inferred = self.expression(scope, type, label, 3)
            # What ignores labels would be taken for a release if its own label were inferred.
            if self.chance(25) and not self.wild and not self.opened(value):
                label = inferred
                self.emit(f"{type} {name} = {value};")
            else:
                self.emit(f"{label} {type} {name} = {value};")
        scope.variables.append(Var(name, type, label, True, len(scope.branches)))

    def input(self, scope: Scope) -> None:
        party = self.choice(self.parties)
        type = self.any_type()
        label = self.choice([SECRET, SECRET, f"@{party}"])
        name = self.fresh("i")
        if self.chance(10):
            self.emit(f'{type} {name} = input(all, "{name}");')
            value = random_value(self.pick, type, self.structs)
            for one in self.parties:
                self.inputs[one][name] = value
            scope.variables.append(Var(name, type, PUBLIC, self.chance(50), 0))
            return
        self.emit(f'{label} {type} {name} = input({party}, "{name}");')
        self.inputs[party][name] = random_value(self.pick, type, self.structs)
        self.input_types.append((party, name, type))
        scope.variables.append(Var(name, type, label, self.chance(50), 0))

    # Statements

    def assign(self, scope: Scope) -> None:
        able = [
            v
            for v in scope.variables
            if v.assignable
            and (
                (flows(scope.branch_label(v), v.label) and flows(v.label, scope.limit))
                or self.stray()
            )
        ]
        if not able:
            return self.declare(scope)
        var = self.choice(able)
        place, type = self.place(scope, var)
        if type.is_int and self.chance(40):
            operator = self.choice(["+", "-", "*", "&", "|", "^"])
            value, _ = self.expression(scope, type, var.label, 2)
            return self.emit(f"{place} {operator}= {value};")
        value, _ = self.expression(scope, type, var.label, 3)
        return self.emit(f"{place} = {value};")

    def place(self, scope: Scope, var: Var) -> tuple[str, Ty]:
        text, type = var.name, var.type
        while True:
            if type.shape and type.shape[0] > 0 and self.chance(65):
                if self.chance(20):
                    # `[]` doesn't say of what shape its items would be: no empty slices of rows.
                    least = 0 if len(type.shape) == 1 else 1
                    low = self.pick(0, type.shape[0] - least)
                    high = self.pick(low + least, type.shape[0])
                    return f"{text}[{low}..{high}]", Ty(type.base, (high - low, *type.shape[1:]))
                index, _ = self.index(scope, var.label, type.shape[0])
                text, type = f"{text}[{index}]", type.item
            elif not type.shape and type.base in self.structs and self.chance(70):
                field, type = self.choice(self.structs[type.base].fields)
                text = f"{text}.{field}"
            else:
                return text, type

    def branch(self, scope: Scope, depth: int) -> None:
        condition, label = self.expression(scope, BOOL, scope.limit, 2)
        if label != PUBLIC and ("?" in condition or self.called(condition)):
            # It may be more open than known here; a declaration says how open.
            name = self.fresh("c")
            self.emit(f"{label} bool {name} = {condition};")
            condition = name
        inner = scope.inner(label)
        self.block(f"if {condition}", inner, lambda s: self.statements(s, depth - 1, 3))
        if self.chance(50):
            other = scope.inner(label)
            self.lines[-1] += " else {"
            self.indent += 1
            self.statements(other, depth - 1, 3)
            self.indent -= 1
            self.emit("}")

    def loop(self, scope: Scope, depth: int) -> None:
        if self.chance(20):
            return self.chain(scope)
        leavable = self.chance(40)
        inner = scope.leavable() if leavable else scope.inner(loop=True)
        known = scope.limit if leavable and scope.limit != SECRET else PUBLIC
        match self.pick(0, 2):
            case 0:
                name = self.fresh("k")
                low = self.pick(-1, 1)
                inner.variables.append(Var(name, Ty("int32"), known, False, len(scope.branches)))
                self.block(
                    f"for {name} in {low}..{low + self.pick(0, 3)}",
                    inner,
                    lambda s: self.statements(s, depth - 1, 2),
                )
            case 1:
                arrays = [
                    v for v in scope.variables if v.type.shape and flows(v.label, scope.limit)
                ]
                if not arrays:
                    return self.declare(scope)
                array = self.choice(arrays)
                name = self.fresh("x")
                label = meet(array.label, known)
                inner.variables.append(
                    Var(name, array.type.item, label, False, len(scope.branches))
                )
                self.block(
                    f"for {name} in {array.name}", inner, lambda s: self.statements(s, depth - 1, 2)
                )
            case _:
                name = self.fresh("n")
                self.emit(f"int32 {name} = {self.pick(0, 3)};")
                counter = Var(name, Ty("int32"), known, False, len(scope.branches))
                scope.variables.append(counter)
                inner.variables.append(counter)

                def body(s: Scope) -> None:
                    if leavable:
                        self.emit(f"{name} -= 1;")
                    self.statements(s, depth - 1, 2)
                    if not leavable:
                        self.emit(f"{name} -= 1;")

                self.block(f"while {name} > 0", inner, body)
        return None

    def leave(self, scope: Scope) -> None:
        """A `break` or `continue` under a condition that all who run the loop know."""
        if scope.turn != len(scope.branches):
            return self.assign(scope)
        alone = scope.limit != SECRET
        condition, _ = self.expression(scope, BOOL, scope.limit if alone else PUBLIC, 1)
        self.emit(f"if {condition} {{ {self.choice(['break', 'continue'])}; }}")
        if alone:  # what follows is in a branch
            scope.branches = (*scope.branches, scope.limit)
            scope.turn = len(scope.branches)
        return None

    def chain(self, scope: Scope) -> None:
        """A loop that carries numbers, a flag and a row which feed one another."""
        number, size = Ty(self.any_int()), self.pick(3, 6)
        array = Ty(number.base, (size,))
        numbers = [self.carried(scope, number) for _ in range(3)]
        flag, row, items = (self.carried(scope, type) for type in (BOOL, array, array))
        k = self.fresh("k")

        def item() -> str:
            index = self.choice([k, f"{size - 1} - {k}"])
            return self.choice(numbers) if self.chance(20) else f"{items}[{index}]"

        def condition() -> str:
            operator = self.choice(["<", "<=", ">", ">=", "=="])
            return flag if self.chance(15) else f"{item()} {operator} {self.choice(numbers)}"

        def update() -> str:
            name = self.choice(numbers)
            place = f"{row}[{self.choice([k, str(self.pick(0, size - 1))])}]"
            return self.choice(
                [
                    f"{name} {self.choice(['+', '-', '*'])}= {item()};",
                    f"{name} = {self.choice(['min', 'max'])}({name}, {item()});",
                    f"{name} = {item()};",
                    f"{flag} = {self.choice(['', f'{flag} || '])}{condition()};",
                    f"{place} {self.choice(['', '+'])}= {item()};",
                ]
            )

        def body(inner: Scope) -> None:
            for _ in range(self.pick(2, 4)):
                updates = " ".join(update() for _ in range(self.pick(1, 3)))
                self.emit(f"if {condition()} {{ {updates} }}" if self.chance(75) else updates)

        self.block(f"for {k} in {self.pick(0, 1)}..{size}", scope, body)

    def carried(self, scope: Scope, type: Ty) -> str:
        """Declare a variable that is as secret as can be; return its name."""
        name = self.fresh("c")
        value, _ = self.expression(scope, type, scope.limit, 1)
        self.emit(
            f"{scope.limit} {type} {name} = {value if type.shape else self.typed(type, value)};"
        )
        scope.variables.append(Var(name, type, scope.limit, True, len(scope.branches)))
        return name

    def party_loop(self, scope: Scope, depth: int) -> None:
        if scope.branches:
            return self.assign(scope)
        name = self.fresh("p")
        array = self.fresh("t")
        self.emit(f"secret int16[2] {array};")
        scope.variables.append(Var(array, Ty("int16", (2,)), SECRET, True, 0))
        own = self.fresh("o")
        for party in self.parties:
            self.inputs[party][own] = random_value(self.pick, Ty("int16"), self.structs)
            self.input_types.append((party, own, Ty("int16")))
        self.emit(f"for {name} in parties {{")
        self.emit(f'    @{name} int16 {own} = input({name}, "{own}");')
        self.emit(f"    {array}[{self.pick(0, 1)}] += {own} * 3;")
        self.emit("}")
        return None

    def turns(self, scope: Scope) -> None:
        """A loop in which a party gives and is told a value in each turn."""
        if scope.branches or scope.in_loop or not scope.in_main:
            return self.assign(scope)
        party, name, total = self.choice(self.parties), self.fresh("i"), self.fresh("t")
        count = self.pick(0, 3)
        given = Ty("int16", (count,))
        self.inputs[party][name] = random_value(self.pick, given, self.structs)
        self.input_types.append((party, name, given))
        self.outputs += 1
        to = self.choice(["all", *self.parties]) if self.reveals else party
        label = self.choice([SECRET, f"@{party}"])
        turn = self.fresh("k")
        self.emit(f"{label} int16 {total};")
        self.emit(f"for {turn} in 0..{count} {{")
        self.emit(f'    {label} int16 {name} = input({party}, "{name}", {turn});')
        self.emit(f"    {total} = {total} * 3 + {name};")
        if self.reveals or label != SECRET:
            self.emit(f'    output({to}, {total}, "r{self.outputs}", {turn});')
        self.emit("}")
        scope.variables.append(Var(total, Ty("int16"), label, True, 0))
        return None

    def drawn(self, scope: Scope) -> None:
        """A random value that nobody knows."""
        if scope.branches or not scope.in_main:
            return self.assign(scope)
        type = Ty(self.choice(INTS), self.choice([(), (), (2,)]))
        name = self.fresh("q")
        below = self.choice(["", "", str(self.pick(1, 100))])
        self.emit(f"secret {type} {name} = random{'_below' if below else ''}({below});")
        scope.variables.append(Var(name, type, SECRET, True, 0))
        return None

    def output(self, scope: Scope) -> None:
        """An output where one may stand; without `reveals`, only of what is known anyway."""
        if scope.branches or scope.in_loop or not scope.in_main:
            return self.assign(scope)
        to = self.choice(["all", *self.parties])
        readers = PUBLIC if to == "all" else f"@{to}"
        able = [v for v in scope.variables if self.reveals or flows(v.label, readers)]
        if not able:
            return self.declare(scope)
        self.outputs += 1
        return self.emit(f'output({to}, {self.choice(able).name}, "r{self.outputs}");')

    def statements(self, scope: Scope, depth: int, most: int) -> None:
        for _ in range(self.pick(1, most)):
            kind = self.pick(0, 11)
            if depth > 0 and kind <= 2:
                self.branch(scope, depth)
            elif depth > 0 and kind <= 4:
                self.loop(scope, depth)
            elif kind == 5 and depth > 1:
                self.party_loop(scope, depth)
            elif kind <= 7:
                self.declare(scope)
            elif kind == 8:
                kinds = (self.output, self.output, self.turns, self.drawn)
                kinds[self.pick(0, 3)](scope)
            elif kind == 9 and scope.turn is not None:
                self.leave(scope)
            else:
                self.assign(scope)

    # The whole

    def struct(self) -> None:
        name = f"S{len(self.structs)}"
        fields = tuple((f"f{i}", self.plain_type()) for i in range(self.pick(1, 3)))
        self.structs[name] = Struct(name, fields)
        inner = " ".join(f"{t} {n};" for n, t in fields)
        self.emit(f"struct {name} {{ {inner} }}")

    def function(self) -> None:
        """A function for any labels: its locals are as secret as its most secret parameter."""
        name = f"f{len(self.functions)}"
        parameters = tuple(self.any_type() for _ in range(self.pick(1, 3)))
        result = self.any_type()
        names = [self.fresh("a") for _ in parameters]
        # Labels are unknown in here; with everything assumed secret, whatever the body
        # does is allowed for any caller, and nothing that needs a public value is written.
        scope = Scope(in_main=False, in_loop=True)
        scope.variables = [
            Var(n, t, SECRET, False, 0) for n, t in zip(names, parameters, strict=True)
        ]
        # A function that nothing calls is checked with `int64` for the type.
        generic = None
        if any(t.base == "int64" for t in parameters) and self.chance(50):
            generic = "int64" if all(0 not in t.shape for t in parameters) else None
        heads = [str(t) for t in (*parameters, result)]
        if generic is not None:
            heads = [h.replace("int64", "t") if h.startswith("int64") else h for h in heads]
            name += self.choice(["<type t>", "<number t>", "<integer t>"])
        head = ", ".join(f"{t} {n}" for n, t in zip(names, heads, strict=False))
        self.emit(f"fn {name}({head}) -> {heads[-1]} {{")
        self.indent += 1
        self.generic = True
        local = self.fresh("v")
        value, _ = self.expression(scope, result, SECRET, 2)
        self.emit(f"{result} {local} = {value};")
        scope.variables.append(Var(local, result, SECRET, True, 0))
        for _ in range(self.pick(0, 2)):
            self.assign(scope)
        self.emit(f"return {local};")
        self.generic = False
        self.indent -= 1
        self.emit("}")
        self.functions.append(Function(name.split("<")[0], parameters, result, generic))

    def program(self) -> Generated:
        self.emit(f"party {', '.join(self.parties)};")
        if self.computing:
            self.emit(f"compute {', '.join(self.computing)};")
        for _ in range(self.pick(0, 2)):
            self.struct()
        for _ in range(self.pick(0, 2)):
            self.function()
        self.emit("fn main() {")
        self.indent = 1
        scope = Scope()
        for _ in range(self.pick(1, 4)):
            self.input(scope)
        self.statements(scope, 3, 8)
        for var in list(scope.variables):
            to = self.choice(["all", *self.parties])
            if self.reveals or flows(var.label, PUBLIC if to == "all" else f"@{to}"):
                self.outputs += 1
                self.emit(f'output({to}, {var.name}, "r{self.outputs}");')
        self.indent = 0
        self.emit("}")
        return Generated(
            "\n".join(self.lines) + "\n",
            self.parties,
            self.inputs,
            tuple(self.input_types),
            self.structs,
        )


@st.composite
def programs(
    draw: st.DrawFn,
    parties: tuple[str, ...] = ("alice", "bob"),
    reveals: bool = True,
    wild: bool = False,
    computing: tuple[str, ...] = (),
) -> Generated:
    """Programs with inputs; with `reveals=False` they output only what is known anyway.

    `computing` are the parties that compute, if not all do.
    """

    # One draw for all choices: a draw for each would take longer than running the program.
    choices = Random(draw(st.integers(0, 2**48 - 1)))
    generator = ProgramGenerator(
        choices.randint, parties, reveals=reveals, wild=wild, computing=computing
    )
    return generator.program()


__all__ = ["INTS", "Generated", "meet", "programs", "random_value"]
