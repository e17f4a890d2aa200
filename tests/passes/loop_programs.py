"""Random programs of loop nests with affine accesses, and inputs for them.

Some loops are chains: they carry sums, bests and flags, each updated under conditions on others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

FUNCTIONS = """\
fn mix(int32 x, int32 y) -> int32 { return x > y ? x - y : y + 1; }
fn add<k>(int32[k] x, int32 y) -> int32 {
    int32 t = y;
    for q in 0..k { t += x[q]; }
    return t;
}
"""


@dataclass
class Scope:
    """The loop indices at hand, each with its first value and the one after its last."""

    loops: list[tuple[str, int, int]] = field(default_factory=list)
    secret: bool = False
    depth: int = 0


@dataclass
class LoopGenerator:
    """Writes a program; arrays a0, a1, … of one dimension, g0, … of two, flags, scalars."""

    random: Random
    lines: list[str] = field(default_factory=list)
    indent: int = 1
    names: int = 0
    arrays: dict[str, tuple[int, ...]] = field(default_factory=dict)
    scalars: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    locals: list[str] = field(default_factory=list)

    def chance(self, percent: int) -> bool:
        return self.random.random() * 100 < percent

    def emit(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def fresh(self, letter: str) -> str:
        self.names += 1
        return f"{letter}{self.names}"

    # Expressions

    def place(self, scope: Scope, size: int) -> str:
        """An index that is in range for all iterations, nearly always."""
        terms, low, high = "", 0, 0
        loops = self.random.sample(
            scope.loops, min(len(scope.loops), self.random.choice([0, 1, 1, 1, 2]))
        )
        for name, first, end in loops:
            factor = self.random.choice([1, 1, 1, 1, 2, -1, 3])
            ends = sorted((factor * first, factor * (end - 1)))
            if high + ends[1] - low - ends[0] >= size:
                continue
            low, high = low + ends[0], high + ends[1]
            one = name if factor == 1 else f"({factor}) * {name}"
            terms = f"{terms} + {one}" if terms else one
        shift = self.random.randint(-low, size - 1 - high)
        if self.chance(40):
            shift = min(max(-low, 0), size - 1 - high) if self.chance(50) else -low
        if terms and self.chance(1):
            shift += self.random.choice([-1, 1])
        if not terms:
            return str(max(shift, 0))
        place = f"{terms} + ({shift})" if shift else terms
        return self.computed(place, size) if self.chance(8) else place

    def computed(self, place: str, size: int) -> str:
        """An index that is no affine form of `place`, which is in range."""
        match self.random.randint(0, 3):
            case 0:
                return f"({place}) * {self.random.choice([1, 2, 5])} % {size}"
            case 1:
                return f"(({place}) ^ 1) % {size}"
            case 2:
                return f"(({place}) + p) % {size}"
            case _:
                return f"({place}) / 2"

    def access(self, scope: Scope, name: str) -> str:
        if self.chance(2):
            at = "[s0 & 3]" + "".join(f"[{self.place(scope, n)}]" for n in self.arrays[name][1:])
            return name + at
        return name + "".join(f"[{self.place(scope, size)}]" for size in self.arrays[name])

    def value(self, scope: Scope, depth: int) -> str:
        kind = self.random.randint(0, 13 if depth else 5)
        arrays = list(self.arrays)
        match kind:
            case 0:
                return str(self.random.randint(-9, 9))
            case 1 if self.scalars or self.locals:
                return self.random.choice([*self.scalars, *self.locals, *self.locals])
            case 2 if scope.loops:
                return f"int32({self.random.choice(scope.loops)[0]})"
            case 0 | 1 | 2 | 3 | 4 | 5:
                return self.access(scope, self.random.choice(arrays))
            case 6 | 7 | 8:
                operator = self.random.choice(["+", "-", "*", "&", "^", "|"])
                return f"({self.value(scope, depth - 1)} {operator} {self.value(scope, depth - 1)})"
            case 9:
                name = self.random.choice(["min", "max", "mix"])
                return f"{name}({self.value(scope, depth - 1)}, {self.value(scope, depth - 1)})"
            case 10:
                sides = f"{self.value(scope, depth - 1)} : {self.value(scope, depth - 1)}"
                return f"({self.condition(scope, depth - 1)} ? {sides})"
            case 11:
                amount = self.random.choice(["1", "3", *(f"({n} & 7)" for n, _, _ in scope.loops)])
                return f"({self.value(scope, depth - 1)} >> {amount})"
            case 12:
                divisor = self.random.choice(["3", "-2", "7"])
                return f"({self.value(scope, 0)} {self.random.choice('/%')} {divisor})"
            case _:
                rows = [name for name, shape in self.arrays.items() if len(shape) == 2]
                name = self.random.choice(rows)
                row = f"{name}[{self.place(scope, self.arrays[name][0])}]"
                return f"add({row}, {self.value(scope, 0)})"

    def condition(self, scope: Scope, depth: int) -> str:
        if self.flags and self.chance(15):
            return self.random.choice(self.flags)
        if scope.loops and self.chance(15):
            return f"({self.random.choice(scope.loops)[0]} > {self.random.randint(0, 4)})"
        operator = self.random.choice(["<", ">", "<=", "==", "!="])
        return f"({self.value(scope, depth)} {operator} {self.value(scope, 0)})"

    # Statements

    def statement(self, scope: Scope) -> None:
        kind = self.random.randint(0, 15)
        if kind <= 5:
            name = self.random.choice(list(self.arrays))
            operator = self.random.choice(["=", "=", "=", "+=", "-=", "^="])
            self.emit(f"{self.access(scope, name)} {operator} {self.value(scope, 2)};")
        elif kind <= 8:
            self.reduction(scope)
        elif kind == 9:
            self.emit(f"{self.random.choice(self.scalars)} = {self.value(scope, 2)};")
        elif kind == 10 and not scope.secret:
            name = self.fresh("t")
            self.emit(f"secret int32 {name} = {self.value(scope, 2)};")
            self.locals.append(name)
        elif kind <= 12 and scope.depth < 4:
            self.branch(scope)
        elif kind <= 14 and scope.depth < 4:
            if self.chance(15):
                self.chain(scope)
            else:
                self.loop(scope)
        elif kind == 15 and not scope.secret and self.chance(30):
            self.emit(f"p = reveal({self.value(scope, 1)}) & 3;")
        else:
            name = self.random.choice(list(self.arrays))
            self.emit(f"{self.access(scope, name)} = {self.value(scope, 2)};")

    def reduction(self, scope: Scope) -> None:
        name = self.random.choice(self.scalars)
        value = self.value(scope, 1)
        match self.random.randint(0, 6):
            case 0 | 1:
                self.emit(f"{name} {self.random.choice(['+', '-', '*', '^', '&', '|'])}= {value};")
            case 2:
                self.emit(f"{name} = {self.random.choice(['min', 'max'])}({name}, {value});")
            case 3:
                operator = self.random.choice("<>")
                self.emit(f"if {value} {operator} {name} {{ {name} = {value}; }}")
            case 4:
                condition = self.condition(scope, 1)
                self.emit(f"if {condition} {{ {name} += {value}; }} else {{ {name} -= 1; }}")
            case 5:
                flag = self.random.choice(self.flags)
                self.emit(
                    f"{flag} = {flag} {self.random.choice(['&&', '||', '^'])} ({value} > 2);"
                    if self.chance(60)
                    else f"if {value} > 3 {{ {flag} = {self.random.choice(['true', 'false'])}; }}"
                )
            case _:
                self.emit(f"{name} += {value} * {self.value(scope, 0)};")

    def block(self, head: str, scope: Scope) -> None:
        count = len(self.locals)
        self.emit(f"{head} {{")
        self.indent += 1
        for _ in range(self.random.randint(1, 3)):
            self.statement(scope)
        self.indent -= 1
        self.emit("}")
        del self.locals[count:]

    def branch(self, scope: Scope) -> None:
        inner = Scope(scope.loops, scope.secret, scope.depth + 1)
        if scope.loops and self.chance(20):
            name = self.random.choice(scope.loops)[0]
            number = self.random.choice([name, name, f"(int32({name}) ^ p)"])
            self.block(f"if {number} % 2 == {self.random.randint(0, 1)}", inner)
            if self.chance(50):
                self.block("else", inner)
            return
        inner.secret = True
        self.block(f"if {self.condition(scope, 1)}", inner)

    def loop(self, scope: Scope) -> None:
        name = self.fresh("i")
        low = self.random.choice([0, 0, 0, 1, 2, -1])
        if self.chance(25):
            high = low + self.random.choice([4, 5, 6, 8])
            inner = Scope([*scope.loops, (name, low, high)], scope.secret, scope.depth + 1)
            self.block(f"for {name} in {self.bounds(scope, low, high)}", inner)
            return
        high = low + self.random.choice([1, 2, 3, 3, 4, 4, 5])
        inner = Scope([*scope.loops, (name, low, high)], scope.secret, scope.depth + 1)
        if self.chance(8) and not scope.secret:
            self.turns(name, inner)
            return
        type = self.random.choice(["", "", "", "int64"])
        bounds = f"{type}({low})..{type}({high})" if type else f"{low}..{high}"
        self.block(f"for {name} in {bounds}", inner)

    def bounds(self, scope: Scope, low: int, high: int) -> str:
        """Bounds that are known only at run time, or depend on an outer index, within others."""
        numbers = ["p", "(p - 2)", *(f"int32({name})" for name, _, _ in scope.loops)]
        number = self.random.choice(numbers)
        first = self.random.choice(
            [f"{low}", f"{low}", f"{low} + (p & 1)", f"max({low}, {number})"]
        )
        end = self.random.choice(
            [
                f"min({high}, {number} + {self.random.randint(0, 6)})",
                f"{high} - (p & {self.random.choice([1, 3])})",
                f"{high} / (1 + (p & 1))",
                f"{high}" if "p" in first or "max" in first else f"min({high}, {number})",
            ]
        )
        return f"{first}..{end}"

    # Chains

    def chain(self, scope: Scope) -> None:
        """A loop that carries sums, bests and flags which feed one another."""
        name = self.fresh("i")
        low = self.random.choice([0, 0, 1])
        high = low + self.random.choice([3, 4, 4, 5])
        inner = Scope([*scope.loops, (name, low, high)], scope.secret, scope.depth + 1)
        self.emit(f"for {name} in {low}..{high} {{")
        self.indent += 1
        for _ in range(self.random.randint(2, 4)):
            if self.chance(25):
                self.update(inner)
            else:
                self.decision(inner)
        self.indent -= 1
        self.emit("}")

    def decision(self, scope: Scope) -> None:
        """Updates under a condition on what the loop carries."""
        best = self.random.choice(self.scalars)
        operator = self.random.choice(["<", "<=", ">", ">="])
        if self.chance(40):
            item = self.access(scope, self.random.choice(list(self.arrays)))
            self.emit(f"if {item} {operator} {best} {{")
            if self.chance(60):
                self.emit(f"    {best} = {item};")
        elif self.chance(70):
            self.emit(f"if {best} {operator} {self.value(scope, 0)} {{")
        else:
            self.emit(f"if {self.random.choice(['', '!'])}{self.random.choice(self.flags)} {{")
        self.updates(scope)
        if self.chance(20):
            self.emit("} else {")
            self.updates(scope)
        self.emit("}")

    def updates(self, scope: Scope) -> None:
        self.indent += 1
        for _ in range(self.random.randint(1, 2)):
            self.update(scope)
        self.indent -= 1

    def update(self, scope: Scope) -> None:
        """A step of a sum, a best or a flag, or a place that takes one of them."""
        name = self.random.choice(self.scalars)
        match self.random.randint(0, 8):
            case 0 | 1:
                self.emit(f"{name} {self.random.choice(['+', '-', '*'])}= {self.value(scope, 0)};")
            case 2:
                self.emit(f"{name} = {self.value(scope, 0)};")
            case 3:
                best = self.random.choice(["min", "max"])
                self.emit(f"{name} = {best}({name}, {self.value(scope, 0)});")
            case 4 | 5:
                flag = self.random.choice(self.flags)
                before = self.random.choice(["", "", f"{flag} || ", f"{flag} && "])
                operator = self.random.choice(["<", "==", ">="])
                self.emit(f"{flag} = {before}{self.value(scope, 0)} {operator} {name};")
            case 6:
                other = self.random.choice(self.scalars)
                self.emit(f"{name} {self.random.choice(['+=', '='])} {other};")
            case _:
                place = self.access(scope, self.random.choice(list(self.arrays)))
                self.emit(f"{place} {self.random.choice(['=', '=', '+='])} {name};")

    def turns(self, name: str, inner: Scope) -> None:
        """A loop that is not counted by its head, but the same in what it does."""
        _, low, high = inner.loops[-1]
        self.emit(f"int32 {name} = {low};")
        self.emit(f"while {name} < {high} {{")
        self.indent += 1
        self.block("if true", inner)
        self.emit(f"{name} += 1;")
        self.indent -= 1
        self.emit("}")

    def program(self) -> tuple[str, dict[str, dict[str, Any]]]:
        """Return the text of a program, and inputs for it."""
        inputs: dict[str, dict[str, Any]] = {"ann": {}, "bob": {}}
        for number in range(self.random.randint(3, 4)):
            shape: tuple[int, ...] = (self.random.choice([6, 8, 9]),)
            if number % 2:
                shape = (self.random.choice([4, 5]), self.random.choice([5, 6]))
            name, party = f"a{number}", self.random.choice(["ann", "bob"])
            self.arrays[name] = shape
            sizes = "".join(f"[{n}]" for n in shape)
            self.emit(f'secret int32{sizes} {name} = input({party}, "{name}");')
            inputs[party][name] = self._data(shape)
        for number in range(3):
            self.emit(
                f"secret int32 s{number} = {self.random.choice(['0', '5', 'a0[0]', 'a0[1]'])};"
            )
            self.scalars.append(f"s{number}")
        for number in range(2):
            self.emit(f"secret bool f{number} = {self.random.choice(['true', 'false'])};")
            self.flags.append(f"f{number}")
        self.emit('public int32 p = reveal(input(ann, "p"));')
        inputs["ann"]["p"] = self.random.randint(0, 3)
        for _ in range(self.random.randint(1, 3)):
            if self.chance(35):
                self.chain(Scope())
            else:
                self.loop(Scope())
        for name in [*self.arrays, *self.scalars, *self.flags, "p"]:
            self.emit(f'output(all, {name}, "{name}");')
        body = "\n".join(self.lines)
        return f"party ann, bob;\n{FUNCTIONS}fn main() {{\n{body}\n}}\n", inputs

    def _data(self, shape: tuple[int, ...]) -> Any:
        if not shape:
            wide = self.chance(10)
            return self.random.randint(-(2**31), 2**31 - 1) if wide else self.random.randint(-9, 9)
        return [self._data(shape[1:]) for _ in range(shape[0])]
