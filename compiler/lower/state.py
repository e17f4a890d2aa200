"""The state of lowering a function: the values of variables, and the enclosing branches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass
from ezlang.typed import tree as typed

from ..ir import tree as ir
from ..ir.build import Builder
from .leaves import leaves
from .scan import Key, flag


@dataclass(slots=True)
class SecretSide:
    """One side of a secret `if` that is being lowered in place.

    `predicated` are the variables of which the `if` writes only parts: such a write depends on a
    guard, and costs as much as the part. All others are selected as a whole afterwards. `guards`
    maps an outer side (by depth) to the condition that it and all sides from it to this one are
    selected.
    """

    predicated: frozenset[Key]
    guards: dict[int, ir.Value]


@dataclass(slots=True)
class LoweringState:
    """The environment: a value for each leaf of each variable in scope."""

    build: Builder = field(default_factory=Builder)
    values: dict[Key, ir.Value] = field(default_factory=dict)
    sides: list[SecretSide] = field(default_factory=list)
    flagged: set[typed.Exit] = field(default_factory=set)
    """The exits with a flag: those after which code follows that must not run."""
    alone: bool = False
    """Whether a single party runs the code that is being lowered; in this case nothing fails."""

    def read(self, variable: typed.Variable) -> tuple[ir.Value, ...]:
        """Return the values of a variable, one for each leaf."""
        count = len(leaves(variable.type, variable.label))
        try:
            return tuple(self.values[variable.id, leaf] for leaf in range(count))
        except KeyError:
            raise CompilerBug(f"{variable.name} is read before it has a value") from None

    def declare(self, variable: typed.Variable, values: Sequence[ir.Value]) -> None:
        """Give a variable its first value."""
        for leaf, value in enumerate(values):
            self.values[variable.id, leaf] = value

    def flags(self, exits: Sequence[typed.Exit]) -> tuple[Key, ...]:
        """Return the keys of the flags that these exits have."""
        return tuple(flag(exit) for exit in exits if exit in self.flagged)

    def any_of(self, taken: Sequence[Key]) -> ir.Value:
        """Emit whether one of the flags is set; there is at least one."""
        result, *others = (self.values[key] for key in taken)
        for other in others:
            result = self.build.binary(ir.BinaryKind.OR, result, other)
        return result

    def guard(self, key: Key) -> ir.Value | None:
        """Return the guard of a write to a part of `key`; None if the write is unconditional."""
        depth = self.guard_depth(key)
        return None if depth == len(self.sides) else self.sides[-1].guards[depth]

    def guard_depth(self, key: Key) -> int:
        """Return the depth of the outermost side that a write to `key` depends on.

        The sides that matter are those inside the declaration of the variable, or inside the `if`
        that selects it as a whole.
        """
        depth = len(self.sides)
        while depth > 0 and key in self.sides[depth - 1].predicated:
            depth -= 1
        return depth

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Forget declarations and assignments at the end."""
        outer = self.values
        self.values = dict(outer)
        try:
            yield
        finally:
            self.values = outer

    @contextmanager
    def run_alone(self, alone: bool) -> Iterator[None]:
        """Lower code that one party runs alone, if `alone`."""
        outer, self.alone = self.alone, self.alone or alone
        try:
            yield
        finally:
            self.alone = outer
