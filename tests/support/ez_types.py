"""The types, labels and variables that generated programs are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

PUBLIC = "public"
SECRET = "secret"
FIXEDS = ("fixed", "fixed<8>", "fixed<28>", "fixed<6, 10>")
INTS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


def flows(source: str, target: str) -> bool:
    """Return whether a value with label `source` may flow to label `target`."""
    return source in (target, PUBLIC) or target == SECRET


def meet(first: str, second: str) -> str:
    """Return the readers of both."""
    if first == second or second == PUBLIC:
        return first
    return second if first == PUBLIC else SECRET


@dataclass(frozen=True)
class Ty:
    """A scalar's or struct's name, and the sizes around it."""

    base: str
    shape: tuple[int, ...] = ()

    def __str__(self) -> str:
        return self.base + "".join(f"[{n}]" for n in self.shape)

    @property
    def is_int(self) -> bool:
        return self.base in INTS

    @property
    def is_fixed(self) -> bool:
        return self.base in FIXEDS

    @property
    def bits(self) -> tuple[int, int]:
        """The bits before and after the binary point of a fixed-point type."""
        given = [int(n) for n in self.base[5:].strip("<>").split(",") if n] or [16]
        return (given[0] if len(given) == 2 else 64 - given[0], given[-1])

    @property
    def item(self) -> Ty:
        return Ty(self.base, self.shape[1:])


BOOL = Ty("bool")


@dataclass(frozen=True)
class Struct:
    name: str
    fields: tuple[tuple[str, Ty], ...]


@dataclass(frozen=True)
class Function:
    """A function without labels; its result is at least as open as the meet of its arguments."""

    name: str
    parameters: tuple[Ty, ...]
    result: Ty
    generic: str | None = None
    """The element type for which a type parameter stands in all calls."""


@dataclass(frozen=True)
class Var:
    name: str
    type: Ty
    label: str
    assignable: bool
    branches: int
    """How many non-public branches it was declared under."""


@dataclass
class Scope:
    variables: list[Var] = field(default_factory=list)
    branches: tuple[str, ...] = ()
    """Labels of the branches around, without the public ones."""
    in_loop: bool = False
    in_main: bool = True
    turn: int | None = None
    """The number of branches around the body of the innermost loop, if that may be left."""

    def inner(self, branch: str = PUBLIC, loop: bool = False) -> Scope:
        added = () if branch == PUBLIC else (branch,)
        inner = Scope(
            list(self.variables), self.branches + added, self.in_loop or loop, self.in_main
        )
        # What follows a branch in which one party leaves would be in a branch, too.
        inner.turn = None if loop or self.limit != SECRET else self.turn
        return inner

    def leavable(self) -> Scope:
        """The body of a loop that may be left: if one party runs it, it is a branch of its own."""
        owner = () if self.limit == SECRET else (self.limit,)
        inner = Scope(list(self.variables), self.branches + owner, True, self.in_main)
        inner.turn = len(inner.branches)
        return inner

    @property
    def limit(self) -> str:
        """The most secret label that may be computed here: what its one runner may know."""
        owners = [b for b in self.branches if b not in (PUBLIC, SECRET)]
        return owners[0] if owners else SECRET

    def branch_label(self, var: Var) -> str:
        """The meet of the branches entered since `var` was declared."""
        label = PUBLIC
        for branch in self.branches[var.branches :]:
            label = meet(label, branch)
        return label
