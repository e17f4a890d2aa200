"""Products of shared factors and factors that one party knows, by triples from a dealer."""

from __future__ import annotations

from collections.abc import Callable

from ..core.party import SharingParty
from ..core.preprocessing import OwnedTriple
from ..core.purposes import Purpose
from ..core.steps import Array, Round, Steps, ask


def multiply_owned(
    party: SharingParty,
    factors: tuple[Array, Array],
    unit: OwnedTriple,
    multiply: Callable[[Array, Array], Array],
    purpose: Purpose,
    *,
    count: int = 1,
) -> Steps[Array]:
    """Return a product by triples a·b = c of which the owner has a, the other party b [Bea91].

    The first factor is known or the second, as `unit.side` says; the other one is shared. Where a
    party doesn't know a factor, an array of its shape is given.

    For known k and shared x = x₀ + x₁, the owner, party 0, sends e = k − a, and the other party
    d = x₁ − b. Then k·x = k·(x₀ + d) + e·b + a·b. Both messages are uniform, because masks are, and
    each is known to its sender alone. Cost: the triples, the elements of k from the owner and those
    of x to it, in one round.
    """
    made = yield from party.preprocessing.owned_triples(unit, count)
    own = unit.side_of(party.index)
    mine, other = factors[own], factors[1 - own]
    mask = made.factor.reshape(mine.shape)
    sent = Round(peer=party.side.other, send=(mine - mask,), receive=other.nbytes, purpose=purpose)
    theirs = (yield from ask(sent)).view(other.dtype).reshape(other.shape)
    pair = (mine, other + theirs) if party.index == unit.owner else (mask, theirs)
    product = multiply(*(pair if own == 0 else pair[::-1]))
    result: Array = product + made.c.reshape(product.shape)
    return result
