"""Party numbers, links between parties, and the pair of computing parties.

A party's number is its index among the parties of the program, and has no other meaning. A `Pair`
says which two parties compute together, and in which roles. Therefore, a program may have more
parties than the two that compute, and a two-party protocol works for any two parties.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import Final, NamedTuple, TypeVar

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

T = TypeVar("T")


class Link(NamedTuple):
    """One direction between two parties, given by their numbers."""

    sender: int
    receiver: int

    @property
    def back(self) -> Link:
        """The opposite direction."""
        return Link(self.receiver, self.sender)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two parties that compute together, given by their numbers in the roles of the protocols.

    Protocols on shares call them the first and the second party. The first party holds public
    numbers in its share. In Yao's protocol, the first party garbles and the second evaluates.
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
        """Both directions, starting with the one from the first party."""
        return self.forth, self.forth.back

    def other(self, party: int) -> int:
        """Return the other party of the pair."""
        return self.side(party).other

    def side(self, party: int) -> Side:
        """Return the pair from the view of one of its parties."""
        if party not in (self.first, self.second):
            raise CompilerBug(f"party {party} isn't one of the two that compute")
        is_first = party == self.first
        return Side(own=party, other=self.second if is_first else self.first, is_first=is_first)


@dataclass(frozen=True, slots=True)
class Side:
    """A pair from the view of one party: its `own` number and that of the `other` party."""

    own: int
    other: int
    is_first: bool

    def ordered(self, own: T, other: T) -> tuple[T, T]:
        """Convert (own, other) to (first party's, second party's).

        The function is its own inverse.
        """
        return (own, other) if self.is_first else (other, own)

    def mine(self, both: tuple[T, T]) -> T:
        """Return this party's own of what the first and the second party have."""
        return both[0] if self.is_first else both[1]


def links_among(parties: int) -> tuple[Link, ...]:
    """Return the links between all of so many parties; of two, first that from the first party."""
    return tuple(Link(*ends) for ends in permutations(range(parties), 2))


def links_to(clients: Iterable[int]) -> tuple[Link, ...]:
    """Return the links between the two parties that compute and each of their clients."""
    forth = [Link(client, party) for client in clients for party in COMPUTING]
    return tuple(link for one in forth for link in (one, one.back))


def sides_of(own: int, parties: int) -> dict[int, Side]:
    """Return a party's side of its pair with each of the other parties, by the other's number.

    In the roles of a pair, the party with the lower number is the first.
    """
    others = (other for other in range(parties) if other != own)
    return {other: Pair(*sorted((own, other))).side(own) for other in others}


COMPUTING: Final = Pair(first=0, second=1)
"""The parties of a two-party program, both of which compute."""
