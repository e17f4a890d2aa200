"""Small programs of arrays that are empty, constant, or one value repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
READERS = {"public": None, "@alice": "alice", "@bob": "bob"}
BINARY = ("+", "-", "*", "&", "^", "/", "min", "max")
COMPARISONS = ("<", "==", ">=")
INDENT = "    "


@dataclass(frozen=True)
class Small:
    """A program and its inputs."""

    text: str
    inputs: dict[str, dict[str, Any]]


class Writer:
    """Writes one program; `pick(low, high)` decides everything.

    All arrays have a length of 0 to 3. A value is written down with its label, so that what one
    party knows isn't given to all.
    """

    def __init__(self, pick: Callable[[int, int], int]) -> None:
        self.pick = pick
        self.type = self.choice(["int8", "uint16", "int32"])
        self.length = self.choice([0, 1, 2, 3])
        self.lines: list[str] = []
        self.inputs: dict[str, dict[str, Any]] = {"alice": {}, "bob": {}}
        self.scalars: list[tuple[str, str]] = []
        self.arrays: list[tuple[str, str]] = []

    def choice(self, options: Sequence[T]) -> T:
        return options[self.pick(0, len(options) - 1)]

    def write(self) -> Small:
        for _ in range(self.pick(2, 4)):
            self.input()
        for _ in range(self.pick(1, 3)):
            self.declare()
        for _ in range(self.pick(1, 4)):
            self.choice([self.assign, self.assign, self.write_slice, self.select, self.declare])()
        self.output()
        body = "".join(f"{INDENT}{line}\n" for line in self.lines)
        return Small(f"party alice, bob;\n\nfn main() {{\n{body}}}\n", self.inputs)

    def input(self) -> None:
        party = self.choice(["alice", "bob"])
        label = self.choice(["secret", f"@{party}"])
        name = f"i{len(self.scalars) + len(self.arrays)}"
        is_array = self.pick(0, 1) == 1
        shape = f"[{self.length}]" if is_array else ""
        self.lines.append(f'{label} {self.type}{shape} {name} = input({party}, "{name}");')
        (self.arrays if is_array else self.scalars).append((name, label))
        numbers = [self.pick(0, 9) for _ in range(self.length)]
        self.inputs[party][name] = numbers if is_array else self.pick(0, 9)

    def single(self, label: str) -> str:
        """A scalar that the readers of a label may know: a number, or a variable."""
        able = [name for name, other in self.scalars if self.flows(other, label)]
        return self.choice([str(self.pick(1, 9)), *able, *able])

    def array(self, label: str) -> str:
        """An array, or a scalar to be repeated."""
        able = [name for name, other in self.arrays if self.flows(other, label)]
        return self.choice([*able, *able, self.single(label)])

    @staticmethod
    def flows(label: str, to: str) -> bool:
        return label in ("public", to) or to == "secret"

    def declare(self) -> None:
        """Repeat a scalar, or compute with arrays."""
        label = self.choice(["secret", "secret", "@bob", "@bob", "@alice", "public"])
        name = f"v{len(self.scalars) + len(self.arrays)}"
        value = self.single(label) if self.pick(0, 2) else self.expression(label)
        self.lines.append(f"{label} {self.type}[{self.length}] {name} = {value};")
        self.arrays.append((name, label))

    def expression(self, label: str) -> str:
        left, right, operator = self.array(label), self.array(label), self.choice(BINARY)
        if not left[0].isalpha() and not right[0].isalpha():
            return left
        if operator in ("min", "max"):
            return f"{operator}({left}, {right})"
        if operator == "/":
            right = str(self.pick(1, 9))  # no public divisor is zero
        return f"{left} {operator} {right}"

    def target(self) -> tuple[str, str]:
        return self.choice(self.arrays)

    def assign(self) -> None:
        name, label = self.target()
        self.lines.append(f"{name} = {self.expression(label)};")

    def write_slice(self) -> None:
        """Change a part of an array, which may be empty."""
        name, label = self.target()
        low = self.pick(0, self.length)
        high = self.choice([low, self.pick(low, self.length)])
        operator = self.choice(["=", "+=", "-=", "*=", "^="])
        self.lines.append(f"{name}[{low}..{high}] {operator} {self.single(label)};")

    def select(self) -> None:
        """Change a secret array under a secret condition on scalars."""
        secret = [name for name, label in self.arrays if label == "secret"]
        scalars = [name for name, _ in self.scalars]
        if not secret or not scalars:
            return self.declare()
        name, flag = self.choice(secret), f"c{len(self.lines)}"
        compared = f"{self.choice(scalars)} {self.choice(COMPARISONS)} {self.single('secret')}"
        self.lines.append(f"secret bool {flag} = {compared};")
        self.lines.append(f"if {flag} {{ {name} = {self.expression('secret')}; }}")
        return None

    def output(self) -> None:
        for name, label in self.arrays:
            party = READERS.get(label)
            to = self.choice(["all", "alice", "bob"]) if party is None else party
            if self.pick(0, 3):
                self.lines.append(f'output({to}, {name}, "{name}");')


@st.composite
def repeated_programs(draw: st.DrawFn) -> Small:
    return Writer(lambda low, high: draw(st.integers(low, high))).write()
