"""Parties by number, links between them, and the pair that computes.

A party's number is its place among the parties of the program, and nothing else. Which two parties
compute together, and who of them has which role, is what a `Pair` says. So a program may have more
parties than compute, and a protocol between two parties doesn't depend on which two they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from ezlang.diagnostics.diagnostic import CompilerBug


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
        if party not in (self.first, self.second):
            raise CompilerBug(f"party {party} isn't one of the two that compute")
        return self.second if party == self.first else self.first


COMPUTING: Final = Pair(first=0, second=1)
"""The parties of a program of two: both compute."""
