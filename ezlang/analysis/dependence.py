"""What a value depends on: inputs that it is computed from, and inputs that decided about it.

Both are sets of atoms. An atom is an input, a parameter of the function that is looked at,
or the branches that the function is called in; a call replaces its function's atoms of the last
two kinds (`applied`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class InputName:
    """An input: the party that gives it, and its name."""

    party: str
    name: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """What the parameter with this number stands for in a call."""

    index: int


@dataclass(frozen=True, slots=True)
class CalledUnder:
    """The conditions of the branches around a call."""


Atom = InputName | Parameter | CalledUnder
_NOTHING: frozenset[Atom] = frozenset()


@dataclass(frozen=True, slots=True)
class Dependence:
    """`explicit`: computed from these. `implicit`: these decided which value it is."""

    explicit: frozenset[Atom] = _NOTHING
    implicit: frozenset[Atom] = _NOTHING

    def join(self, other: Dependence) -> Dependence:
        """Return what either depends on."""
        if self == other:
            return self
        return Dependence(self.explicit | other.explicit, self.implicit | other.implicit)

    def under(self, decided: frozenset[Atom]) -> Dependence:
        """Return the dependence of the same value where `decided` decided that it is used."""
        if decided <= self.implicit:
            return self
        return Dependence(self.explicit, self.implicit | decided)

    @property
    def all(self) -> frozenset[Atom]:
        """Every atom of either kind."""
        return self.explicit | self.implicit

    def applied(self, arguments: Sequence[Dependence], decided: frozenset[Atom]) -> Dependence:
        """Return what this means in a call with these arguments, in a branch on `decided`."""
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
