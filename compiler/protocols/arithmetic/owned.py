"""Products of shared factors and factors that one party knows, by triples from a dealer.

A factor that is used in several products of a run is masked once [MZ17]: `mask_known` makes shares
of it, the owner's of which is a mask from the dealer. All triples of these products then have the
same mask, so that only the other factors remain to be opened.
"""

from __future__ import annotations

from collections.abc import Callable

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import dataclass

from ..core.party import SharingParty
from ..core.preprocessing import Mask, MaskedTriple, OwnedTriple
from ..core.purposes import Purpose
from ..core.steps import Array, Round, Steps, ask
from .products import bits_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """A known factor that has been masked: the number of its mask, and this party's share of it."""

    number: int
    share: Array


def mask_known(party: SharingParty, x: Array, owner: int, number: int) -> Steps[Array]:
    """Return shares of what `owner` knows, for `multiply_owned`; the other party gives any numbers.

    By OTs: the owner has x, the other party zeros; local. With a dealer: the owner has a mask b,
    and the other party x − b, which is uniform because b is. Cost: the mask, and the elements of x
    from the owner, in one round. Each number is used once in a run.
    """
    return party.variants.mask(party, x, owner, number)


def mask_by_zeros(party: SharingParty, x: Array, owner: int, number: int) -> Steps[Array]:
    """`mask_known`, without a mask."""
    yield from ()
    return x if party.index == owner else x ^ x


def mask_opened(party: SharingParty, x: Array, owner: int, number: int) -> Steps[Array]:
    """`mask_known`, by a dealt mask."""
    unit = Mask(bits=bits_of(x), size=x.size, owner=owner, number=number)
    mask = yield from party.preprocessing.mask(unit)
    peer, purpose = party.side.other, Purpose.MASKED_FACTORS
    if party.index != owner:
        sent = yield from ask(Round(peer=peer, receive=x.nbytes, purpose=purpose))
        result: Array = sent.view(x.dtype).reshape(x.shape)
        return result
    if mask is None:
        raise CompilerBug("the owner of a mask isn't given it")
    own = mask.reshape(x.shape)
    yield from ask(Round(peer=peer, send=(x - own,), purpose=purpose))
    return own


def multiply_owned(
    party: SharingParty,
    factors: tuple[Array, Array],
    unit: OwnedTriple,
    multiply: Callable[[Array, Array], Array],
    purpose: Purpose,
    *,
    count: int = 1,
    masked: Masked | None = None,
) -> Steps[Array]:
    """Return a product by triples a·b = c of which the owner has a, the other party b [Bea91].

    The first factor is known or the second, as `unit.side` says; the other one is shared. Where a
    party doesn't know a factor, an array of its shape is given.

    For known k and shared x = x₀ + x₁, the owner, party 0, sends e = k − a, and the other party
    d = x₁ − b. Then k·x = k·(x₀ + d) + e·b + a·b. Both messages are uniform, because masks are, and
    each is known to its sender alone. If k is `masked` already, the other party has e. Cost: the
    triples, the elements of k from the owner unless it is masked, and those of x to it, in one
    round.
    """
    kind = unit if masked is None else MaskedTriple(number=masked.number, owned=unit)
    made = yield from party.preprocessing.owned_triples(kind, count)
    own, owns = unit.side_of(party.index), party.index == unit.owner
    mine, other = factors[own], factors[1 - own]
    mask = mine if made.factor is None else made.factor.reshape(mine.shape)
    sends, hears = made.factor is not None, owns or masked is None
    heard = yield from ask(
        Round(
            peer=party.side.other,
            send=(mine - mask,) if sends else (),
            receive=other.nbytes if hears else 0,
            purpose=purpose,
        )
    )
    theirs = heard.view(other.dtype) if masked is None or owns else masked.share
    theirs = theirs.reshape(other.shape)
    pair = (mine, other + theirs) if owns else (mask, theirs)
    product = multiply(*(pair if own == 0 else pair[::-1]))
    result: Array = product + made.c.reshape(product.shape)
    return result
