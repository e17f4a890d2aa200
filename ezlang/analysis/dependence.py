"""The dependence of a value: inputs that it is computed from, and inputs that decided on it.

Both are sets of atoms. An atom is an input, a parameter of the analysed function, or the conditions
of the branches in which the function is called. A call replaces its function's atoms of the last
two kinds (`applied`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ezlang.records import dataclass


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class InputName:
    """An input: the party that gives it, and its name."""

    party: str
    name: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """The argument for the parameter with this number."""

    index: int


@dataclass(frozen=True, slots=True)
class CalledUnder:
    """The conditions of the branches around a call."""


Atom = InputName | Parameter | CalledUnder
_NOTHING: frozenset[Atom] = frozenset()


@dataclass(frozen=True, slots=True)
class Dependence:
    """`explicit`: the value is computed from these. `implicit`: these decided which value it is."""

    explicit: frozenset[Atom] = _NOTHING
    implicit: frozenset[Atom] = _NOTHING

    def join(self, other: Dependence) -> Dependence:
        """Return the union of two dependences."""
        if self == other:
            return self
        return Dependence(self.explicit | other.explicit, self.implicit | other.implicit)

    def under(self, decided: frozenset[Atom]) -> Dependence:
        """Return the dependence of the same value if `decided` decided that it is used."""
        if decided <= self.implicit:
            return self
        return Dependence(self.explicit, self.implicit | decided)

    @property
    def all(self) -> frozenset[Atom]:
        """All atoms of either kind."""
        return self.explicit | self.implicit

    def applied(self, arguments: Sequence[Dependence], decided: frozenset[Atom]) -> Dependence:
        """Return the dependence in a call with these arguments, in a branch on `decided`."""
        explicit: set[Atom] = set()
        implicit: set[Atom] = set()
        for atom in self.explicit:
            match atom:
                case Parameter(index=index):
                    explicit |= arguments[index].explicit
                    implicit |= arguments[index].implicit
                case CalledUnder():
                    implicit |= decided
                case InputName():
                    explicit.add(atom)
        for atom in self.implicit:
            match atom:
                case Parameter(index=index):
                    implicit |= arguments[index].all
                case CalledUnder():
                    implicit |= decided
                case InputName():
                    implicit.add(atom)
        return Dependence(frozenset(explicit), frozenset(implicit))


NOTHING = Dependence()


def inputs_in(atoms: frozenset[Atom]) -> tuple[InputName, ...]:
    """Return the inputs among atoms, in order."""
    return tuple(sorted(a for a in atoms if isinstance(a, InputName)))
