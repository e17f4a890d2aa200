"""Labels: the sets of parties that may know a value.

A label denotes a set of readers: `public` all parties, `@p` only party p, and `secret` none. The
result of a computation may be known to the parties that know all of its operands. The meet of
labels is thus the intersection of their reader sets (Denning 1976, with readers as in Myers and
Liskov's decentralised model). The three kinds of sets are closed under intersection.
"""

from __future__ import annotations

from enum import Enum

from ezlang.records import dataclass


class LabelKind(Enum):
    """The three kinds of reader sets."""

    PUBLIC = "public"
    OWNED = "owned"
    SECRET = "secret"

    __hash__ = object.__hash__  # members are singletons; Enum's own hash is that of the name


@dataclass(frozen=True, slots=True)
class Label:
    """A set of readers: everyone, one party (`owner`, counted from 0), or no one."""

    kind: LabelKind
    owner: int | None = None

    @property
    def is_public(self) -> bool:
        """Whether every party may know the value."""
        return self.kind is LabelKind.PUBLIC

    @property
    def is_owned(self) -> bool:
        """Whether exactly one party may know the value."""
        return self.kind is LabelKind.OWNED

    @property
    def is_secret(self) -> bool:
        """Whether no party may know the value."""
        return self.kind is LabelKind.SECRET

    def meet(self, other: Label) -> Label:
        """Return the label whose readers are those of both labels."""
        if self == other or other.is_public:
            return self
        return other if self.is_public else SECRET

    def flows_to(self, other: Label) -> bool:
        """Return whether every reader of `other` is a reader of this label."""
        return self.meet(other) == other

    def readable_by(self, party: int) -> bool:
        """Return whether `party` may know the value."""
        return self.is_public or self.owner == party

    def name(self, parties: tuple[str, ...]) -> str:
        """Return the label as it is written in a program with these parties."""
        return f"@{parties[self.owner]}" if self.owner is not None else self.kind.value


PUBLIC = Label(LabelKind.PUBLIC)
SECRET = Label(LabelKind.SECRET)


def owned(party: int) -> Label:
    """Return the label `@party`."""
    return Label(LabelKind.OWNED, party)


def meet_all(labels: list[Label]) -> Label:
    """Return the meet of all `labels`, which is public for an empty list."""
    result = PUBLIC
    for label in labels:
        result = result.meet(label)
    return result
