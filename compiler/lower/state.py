"""What lowering a function keeps track of: the values of variables, and the branches around."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.typed import tree as typed

from ..ir import tree as ir
from ..ir.build import Builder
from .leaves import leaves
from .scan import Key


@dataclass(slots=True)
class SecretSide:
    """One side of a secret `if` that is being lowered in place.

    `predicated` are the variables of which the `if` writes only parts: such a write is made to
    depend on a guard, and costs what it writes. All others are selected as a whole afterwards.
    `guards` maps a side further out (by depth) to the condition that it and all sides from
    it to this one are the chosen ones.
    """

    predicated: frozenset[Key]
    guards: dict[int, ir.Value]


@dataclass(slots=True)
class State:
    """The environment: a value for each leaf of each variable in scope."""

    build: Builder = field(default_factory=Builder)
    values: dict[Key, ir.Value] = field(default_factory=dict)
    sides: list[SecretSide] = field(default_factory=list)
    alone: bool = False
    """Whether a single party runs what is being lowered; nothing fails then."""

    def read(self, variable: typed.Variable) -> tuple[ir.Value, ...]:
        """Return the values of a variable, one a leaf."""
        count = len(leaves(variable.type, variable.label))
        try:
            return tuple(self.values[variable.id, leaf] for leaf in range(count))
        except KeyError:
            raise CompilerBug(f"{variable.name} is read before it has a value") from None

    def declare(self, variable: typed.Variable, values: Sequence[ir.Value]) -> None:
        """Give a variable its first value."""
        for leaf, value in enumerate(values):
            self.values[variable.id, leaf] = value

    def guard(self, key: Key) -> ir.Value | None:
        """Return what a write to a part of `key` depends on; None where it simply happens."""
        depth = self.guard_depth(key)
        return None if depth == len(self.sides) else self.sides[-1].guards[depth]

    def guard_depth(self, key: Key) -> int:
        """Return the depth of the outermost side whose choice a write to `key` depends on.

        Going outwards, that ends where the variable was declared, or is selected as a whole.
        """
        depth = len(self.sides)
        while depth > 0 and key in self.sides[depth - 1].predicated:
            depth -= 1
        return depth

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Forget afterwards what was declared and assigned meanwhile."""
        outer = self.values
        self.values = dict(outer)
        try:
            yield
        finally:
            self.values = outer

    @contextmanager
    def run_alone(self, alone: bool) -> Iterator[None]:
        """Lower meanwhile what one party runs alone, if `alone`."""
        outer, self.alone = self.alone, self.alone or alone
        try:
            yield
        finally:
            self.alone = outer
