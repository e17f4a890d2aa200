"""Parties by number, links between them, and the pair that computes.

A party's number is its place among the parties of the program, and nothing else. Which two parties
compute together, and who of them has which role, is what a `Pair` says. So a program may have more
parties than compute, and a protocol between two parties doesn't depend on which two they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

from ezlang.diagnostics.diagnostic import CompilerBug

T = TypeVar("T")


class Link(NamedTuple):
    """One direction between two parties, by their numbers."""

    sender: int
    receiver: int

    @property
    def back(self) -> Link:
        """The opposite direction."""
        return Link(self.receiver, self.sender)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two parties that compute together, by their numbers in the roles of the protocols.

    Protocols on shares call them the first and the second party; where all know a number, the first
    has it in its share. In Yao's protocol the first garbles and the second evaluates.
    """

    first: int
    second: int

    def __iter__(self) -> Iterator[int]:
        yield self.first
        yield self.second

    @property
    def garbler(self) -> int:
        """The garbler of Yao's protocol."""
        return self.first

    @property
    def evaluator(self) -> int:
        """The evaluator of Yao's protocol."""
        return self.second

    @property
    def forth(self) -> Link:
        """The link from the first party to the second."""
        return Link(self.first, self.second)

    @property
    def links(self) -> tuple[Link, Link]:
        """Both directions, the one from the first party first."""
        return self.forth, self.forth.back

    def other(self, party: int) -> int:
        """Return the other party of the two."""
        return self.side(party).other

    def side(self, party: int) -> Side:
        """Return how one of the two sees them."""
        if party not in (self.first, self.second):
            raise CompilerBug(f"party {party} isn't one of the two that compute")
        is_first = party == self.first
        return Side(own=party, other=self.second if is_first else self.first, is_first=is_first)


@dataclass(frozen=True, slots=True)
class Side:
    """A pair as one of the two sees it, by its `own` number and the number of the `other` party."""

    own: int
    other: int
    is_first: bool

    def ordered(self, own: T, other: T) -> tuple[T, T]:
        """Return what is the first party's and what is the second's, given whose own it is.

        Given those, it returns what is this party's own and what is the other's.
        """
        return (own, other) if self.is_first else (other, own)


COMPUTING: Final = Pair(first=0, second=1)
"""The parties of a program of two: both compute."""
