"""The agreement of both sides on where a validation in batches begins or goes on.

Before batches are run, each side sends its *standing*, a frame (`session/framing.py`), and both
reach the same verdict. Nothing in a standing depends on inputs. Then they send their commitments.

They go on with the batches that both hold from the same run of the batch, which has a tag of its
own. Where a side was interrupted, each worker may have left one batch that only one side holds; it
is run again, with new masks. If more is missing, a side's file is an older copy, and is refused:
that also holds for every file from before the metrics were computed, so that nobody gets metrics of
two sets of samples that differ by a batch.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import field
from typing import Any, Final

from ezlang.records import dataclass
from ezlang.session import errors
from ezlang.session.channel import SocketChannel
from ezlang.session.framing import FrameFormat, is_one_of, is_short_text, receive

from .state import CLOSED, RUNNING, STAGES, State

_FORM: Final = FrameFormat(
    magic=b"ezvali\xf5\x0a", protocol=1, longest=1 << 24, stranger=errors.not_ezlang
)
TAG: Final = 32
MOST_WORKERS: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a side says of its state. `fresh`: random, for the name of a new session; `tags`: of
    the finished batches; `parallel`: how many ran at a time; `hosts`: of its workers at this time.
    """

    hosts: tuple[str, ...]
    session: str = ""
    stage: str = RUNNING
    parallel: int = 1
    tags: dict[int, str] = field(default_factory=dict)
    fresh: str = field(default_factory=lambda: os.urandom(TAG // 2).hex())

    @property
    def is_worth_keeping(self) -> bool:
        """Whether something would be lost if the side began anew."""
        return bool(self.tags) and self.stage != CLOSED

    def encode(self) -> bytes:
        """Return the standing as bytes."""
        return _FORM.pack(
            {
                "hosts": self.hosts,
                "session": self.session,
                "stage": self.stage,
                "parallel": self.parallel,
                "tags": self.tags,
                "fresh": self.fresh,
            }
        )


def standing_of(state: State | None, hosts: tuple[str, ...]) -> Standing:
    """Return what a side says of its state, if it has one."""
    if state is None:
        return Standing(hosts=hosts)
    return Standing(
        hosts=hosts,
        session=state.session,
        stage=state.stage,
        parallel=state.parallel,
        tags={number: batch.tag for number, batch in state.batches.items()},
    )


def exchange(channel: SocketChannel, mine: Standing) -> Standing:
    """Send this side's standing and return the other's. Raises EzError if it isn't well-formed."""
    channel.send(mine.encode())
    said: dict[str, Any] = _FORM.parse(_FORM.read(channel), _FIELDS)
    tags = {int(number): tag for number, tag in said.pop("tags").items()}
    hosts = tuple(said.pop("hosts"))
    return Standing(**said, hosts=hosts, tags=tags)


def _is_tag(value: object) -> bool:
    return isinstance(value, str) and len(value) == TAG and set(value) <= set("0123456789abcdef")


def _are_tags(value: object) -> bool:
    return isinstance(value, dict) and all(
        number.isascii() and number.isdecimal() and len(number) < 10 and _is_tag(tag)
        for number, tag in value.items()
    )


_IS_COUNT: Final = is_one_of(range(1, MOST_WORKERS + 1))
_FIELDS: Final = {
    "hosts": lambda value: (
        isinstance(value, list)
        and 0 < len(value) <= MOST_WORKERS
        and all(map(is_short_text, value))
    ),
    "session": lambda value: value == "" or _is_tag(value),
    "stage": lambda value: value in STAGES,
    "parallel": _IS_COUNT,
    "tags": _are_tags,
    "fresh": _is_tag,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What both sides go on with: a session, new or not, and the batches that both hold.

    `hosts`: where party 0 listens with each of the workers of which both sides have one; "" for the
    host of its address.
    """

    session: str
    is_new: bool
    common: frozenset[int]
    hosts: tuple[str, ...]


def agree(mine: Standing, theirs: Standing, party: int, batches: int) -> Agreed:
    """Return what two sides go on with. Raises EzError (exit code 3) at both if nothing fits."""
    first, second = (mine, theirs) if party == 0 else (theirs, mine)
    hosts = first.hosts[: len(second.hosts)]
    both = (mine, theirs)
    same = mine.session == theirs.session != ""
    if not same or all(one.stage == CLOSED for one in both):
        if any(one.is_worth_keeping for one in both):
            raise errors.states_differ(_of_two_sessions(mine, theirs))
        session = hashlib.sha256((first.fresh + second.fresh).encode()).hexdigest()[:TAG]
        return Agreed(
            session=session,
            is_new=True,
            common=frozenset(),
            hosts=hosts,
        )
    common = {number for number, tag in mine.tags.items() if theirs.tags.get(number) == tag}
    missing = max(len(one.tags) for one in both) - len(common)
    late = any(one.stage != RUNNING for one in both)
    if missing > (0 if late else max(one.parallel for one in both)) or (
        late and len(common) < batches
    ):
        raise errors.states_differ(
            f"{len(mine.tags)} batches are done here and {len(theirs.tags)} there, "
            f"of which {len(common)} are the same"
            + (", though the metrics have been computed" if late else "")
        )
    return Agreed(
        session=mine.session,
        is_new=False,
        common=frozenset(common),
        hosts=hosts,
    )


def _of_two_sessions(mine: Standing, theirs: Standing) -> str:
    if not mine.session or not theirs.session:
        here = "the other side" if mine.session else "this side"
        return f"{here} has no state of the validation that was interrupted"
    return "the two sides hold states of different validations"


def exchange_commitments(channel: SocketChannel, mine: str) -> str:
    """Send this side's commitment and return the other's, in hexadecimal."""
    channel.send(bytes.fromhex(mine))
    return receive(channel, len(mine) // 2).hex()


def check_peer(state: State, said: str) -> None:
    """Raise EzError (exit code 3) unless the other side still commits to the same inputs."""
    if state.commitments[1 - state.party] != said:
        raise errors.states_differ("the other side's inputs are not those that it began with")
