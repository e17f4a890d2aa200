"""Operations between a client, which doesn't compute, and the two parties that do.

A client has a channel to each of the two. What it gives is shared between them: it sends one of
them random bits, and the other one what is left, so that neither learns anything. What it alone is
told, both send their shares of.
"""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.records import dataclass
from ezlang.types.types import ScalarType

from ..errors import need
from ..intervals import Interval, full
from ..value import A, B, Sharing, same_tensor
from .boundary import Boundary
from .node import Effect, Surroundings, Traits, one_result


class WithClient(Boundary):
    """An operation of a client and the two that compute, who exchange nothing with one another."""

    __slots__ = ()
    traits = Traits()

    def exchanges(self, sharing: Sharing) -> bool:
        """The two that compute exchange nothing with one another."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Give(WithClient):
    """(x) -> x, which a client owns, in arithmetic or boolean shares.

    If it is the `last`, the client gives nothing more, and is told nothing more, so it may leave.
    """

    traits = Traits(effects=Effect.INPUTS)

    last: bool = False

    def check(self, around: Surroundings) -> None:
        """Check that a client's value becomes a secret with such a sharing."""
        result = one_result(self)
        need(len(self.operands) == 1, "it takes one operand")
        source = self.operands[0].type
        need(same_tensor(source, result), "only the label may change")
        owner = source.label.owner
        need(owner is not None and around.is_client(owner), "it takes what a client owns")
        need(result.label.is_secret and result.sharing in (A, B), "it makes such shares")

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range of the operand."""
        return x[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell(WithClient):
    """Tell clients a value: what is public, or a secret of which one client learns all.

    (public x) -> (): the first of the two that compute sends it to `clients`. (secret x) -> x, of
    one client: both send it their arithmetic (`additive`) or boolean shares. In the program of a
    client alone, () -> x. `element` is as for `Reveal`.
    """

    traits = Traits(effects=Effect.TELLS)

    clients: tuple[int, ...]
    additive: bool = False
    element: ScalarType | None = None

    @property
    def told(self) -> ScalarType:
        """The type of the numbers that a client is told."""
        return self.element or self.result.type.element

    def check(self, around: Surroundings) -> None:
        """Check who is told what."""
        need(
            bool(self.clients) and all(map(around.is_client, self.clients)),
            "it tells clients something",
        )
        need(not self.regions, "it has no regions")
        if not self.operands:
            need(
                one_result(self).label.readable_by(self.clients[0]), "the client may know the value"
            )
            return
        need(len(self.operands) == 1, "it takes at most one operand")
        source = self.operands[0].type
        if source.label.is_public:
            need(not self.results, "what is public needs no result")
            return
        result = one_result(self)
        need(same_tensor(source, result), "only the label may change")
        need(source.sharing in (A, B), "it takes such shares")
        need(self.additive == (source.sharing is A), "the attribute says which shares")
        need(
            len(self.clients) == 1 and result.label.owner == self.clients[0],
            "one client learns a secret",
        )

    def range(self, x: Sequence[Interval]) -> Interval:
        """Return the range of the operand, if there is one."""
        return x[0] if x else full(self.result.type)
