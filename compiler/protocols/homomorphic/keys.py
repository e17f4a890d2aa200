"""The keys of a session: which parameters each party has keys of. Public, and the same at both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from ...ir.parties import COMPUTING, Link, Pair
from .form import Form
from .parameters import Parameters


class Keys(NamedTuple):
    """The parameters of the first party's keys, and of the second's; in a fixed order."""

    first: tuple[Parameters, ...] = ()
    second: tuple[Parameters, ...] = ()

    def of(self, party: int, pair: Pair = COMPUTING) -> tuple[Parameters, ...]:
        """Return those of a party, by its number."""
        return self.first if party == pair.first else self.second

    @property
    def all(self) -> tuple[Parameters, ...]:
        """The parameters of all keys."""
        return self.first + self.second

    def lengths(self, pair: Pair = COMPUTING) -> Mapping[Link, int]:
        """Return the bytes of public keys that are sent over each link."""
        return {
            link: sum(one.key_bytes for one in self.of(link.sender, pair)) for link in pair.links
        }


NO_KEYS: Final = Keys()


def keys_of(products: Iterable[tuple[int, Form]], pair: Pair = COMPUTING) -> Keys:
    """Return the keys for products, each with the number of its key holder."""
    found: dict[int, set[Parameters]] = {party: set() for party in pair}
    for holder, form in products:
        found[holder].add(form.parameters)
    first, second = (
        tuple(sorted(found[party], key=lambda one: (one.size, one.limbs))) for party in pair
    )
    return Keys(first, second)
