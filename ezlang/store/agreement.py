"""The agreement of two parties on an entry that both hold, and that neither has used.

Before their code is compiled, each party *offers*: it sends the ids of the entries that it holds
for this very run, at most `MOST` of them, and whether it runs with one only. If either holds any,
each then says which of the other's it has used. Of the rest, both take the first one that both
hold: each marks it as used, says whether it could, and goes on to the next one unless both could.
So both marks are on the disks before anything that depends on the entry is sent.

An id that one party holds and the other has used shows that a run failed between the two marks, or
that the holder's store is an older copy. The holder buries it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ezlang.records import dataclass
from ezlang.session.channel import SocketChannel
from ezlang.session.errors import not_ezlang
from ezlang.session.framing import FrameFormat, receive

from . import errors
from .folder import Store
from .units import StoredUnits

MOST: Final = 1024
"""The largest number of entries that are offered."""

_FORM: Final = FrameFormat(
    magic=b"ezheld\xf5\x0a", protocol=1, longest=1 << 16, stranger=not_ezlang
)
_DIGITS: Final = 32
_TAKEN, _GONE = b"\x06", b"\x15"


@dataclass(slots=True, kw_only=True)
class Holdings:
    """What a party holds for a run, and what it finds out about the other's.

    Without a `store` it holds nothing. `required`: it doesn't run without an entry. `names` are
    those of this party and of the other one; `say` tells the user.
    """

    store: Store | None
    held: tuple[str, ...]
    required: bool
    names: tuple[str, str]
    say: Callable[[str], None]
    _theirs: frozenset[str] = frozenset()
    _they_require: bool = False

    def offer(self, channel: SocketChannel) -> None:
        """Say what this party holds."""
        self.held = tuple(sorted(self.held)[:MOST])
        channel.send(_FORM.pack({"held": self.held, "required": self.required}))
        channel.flush()

    def hear(self, channel: SocketChannel) -> None:
        """Read what the other party holds."""
        said: dict[str, Any] = _FORM.parse(
            _FORM.read(channel), {"held": _are_ids, "required": lambda value: type(value) is bool}
        )
        self._theirs, self._they_require = frozenset(said["held"]), said["required"]

    def take(self, channel: SocketChannel) -> StoredUnits | None:
        """Take an entry that both hold; None if there is none.

        Raises EzError (exit code 3) then, if either party requires one.
        """
        own, other = self.names
        for id in self._common(channel):
            assert self.store is not None
            units = self.store.claim(id)
            channel.send(_GONE if units is None else _TAKEN)
            channel.flush()
            theirs = receive(channel, 1)
            if theirs not in (_TAKEN, _GONE):
                raise not_ezlang("it did not say whether it has taken what was prepared")
            if units is not None and theirs == _TAKEN:
                self.say(f"Prepared material {id[:8]} is used, and gone from the store.")
                return units
            if units is not None:
                units.close()
                self.say(f"Prepared material {id[:8]} is gone: {other} could not take it.")
        if self.required or self._they_require:
            raise errors.nothing_common(own if self.required else other)
        return None

    def _common(self, channel: SocketChannel) -> list[str]:
        """Return the ids that both hold, and that neither has used, in the same order at both."""
        if not self.held and not self._theirs:
            return []
        other = self.names[1]
        used = () if self.store is None else self._theirs & self.store.used()
        channel.send(_FORM.pack({"used": sorted(used)}))
        channel.flush()
        said: dict[str, Any] = _FORM.parse(_FORM.read(channel), {"used": _are_ids})
        gone = frozenset(said["used"]) & frozenset(self.held)
        for id in sorted(gone):
            assert self.store is not None
            self.store.bury(id)
            self.say(
                f"Prepared material {id[:8]} is refused: {other} has used it, in a run that "
                "failed, or this store is an older copy. It is removed."
            )
        for id in sorted(used):
            self.say(
                f"{other} holds the prepared material {id[:8]}, which was used here in a run that "
                f"failed, or the store of {other} is an older copy. It is refused."
            )
        return sorted((frozenset(self.held) & self._theirs) - gone - frozenset(used))


def nothing_held() -> Holdings:
    """Return what a party holds that has prepared nothing, or doesn't use it."""
    return Holdings(store=None, held=(), required=False, names=("", ""), say=lambda text: None)


def _are_ids(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MOST
        and all(
            isinstance(one, str) and len(one) == _DIGITS and set(one) <= set("0123456789abcdef")
            for one in value
        )
    )
