"""The dealer: a third process that deals preprocessing to both parties of a run, and then exits.

Parties connect in any order. The two parties of a run must make the same request; if they don't,
both are told. A connection that doesn't begin like a party's is dropped. The dealer sees
fingerprints and demands, but never inputs or shares.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from threading import Condition, Thread
from typing import Final

from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.protocols.dealt import demands as amounts
from ezlang.compiler.protocols.dealt.demands import SEED_BYTES, Demands
from ezlang.compiler.protocols.dealt.expansion import corrections
from ezlang.compiler.protocols.native.calls import Native
from ezlang.diagnostics.diagnostic import EzError
from ezlang.records import dataclass

from . import errors
from .address import Address
from .alive import kept_alive
from .channel import SocketChannel
from .dealing import DEALT, RECEIVED, Answer, Request, read_request
from .framing import plain, receive
from .greeting import greeting
from .reception import MOST_GREETED, Reception
from .sockets import listen

MOST_WAITING: Final = MOST_GREETED
"""The largest number of parties that may wait for their counterparts at a time."""

MOST_RUNS: Final = 8
"""The largest number of runs that are dealt for at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that is dealt for one run: bytes at a party, and products of numbers."""

    bytes: int = amounts.LARGEST_DEMAND
    multiplications: int = 10**12

    def flaw(self, demands: Demands) -> str:
        """Return why demands are refused, or an empty string."""
        size, work = amounts.most_bytes(demands), amounts.multiplications(demands)
        if size > self.bytes:
            return (
                f"the run takes {size / 1e9:,.1f} GB of preprocessing, and this dealer deals "
                f"{self.bytes / 1e9:,.1f} GB for one run (--max-gigabytes)"
            )
        if work > self.multiplications:
            return (
                f"the run takes {work / 1e9:,.1f} billion multiplications, and this dealer does "
                f"{self.multiplications / 1e9:,.1f} billion for one run (--max-multiplications)"
            )
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The program that was dealt for, and the number of bytes of corrections."""

    program: str
    bytes_sent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guest:
    """A party that has made a request, and the time until which it waits."""

    channel: SocketChannel
    request: Request
    deadline: float

    def refuse(self, reason: str) -> None:
        """Tell the party why it gets nothing, if it still listens, and close the connection."""
        _refuse(self.channel, reason)


Pair = tuple[_Guest, _Guest]
"""The parties of a run, the first one first."""


def _refuse(channel: SocketChannel, reason: str) -> None:
    with contextlib.suppress(EzError):
        channel.send(Answer(refused=reason).encode())
        channel.flush()
    channel.close()


def _are_strangers(_: EzError) -> bool:
    """Return that whoever makes no request is a stranger."""
    return True


def _dismiss(guest: _Guest) -> None:
    guest.refuse("the dealer has exited")


class Dealer:
    """Listens at an address from the beginning to the end of a `with` statement.

    `timeout`: the seconds that a party waits for its counterpart, and that a connection may be
    silent.
    """

    def __init__(self, address: Address, timeout: float, limits: Limits | None = None) -> None:
        self._timeout = timeout
        self._limits = limits or Limits()
        listener = listen(address, errors.dealer_cannot_listen)
        self.address = replace(address, port=listener.getsockname()[1])
        self._reception = Reception(listener, self._welcome, _are_strangers, _dismiss)
        self._waiting: list[_Guest] = []

    def __enter__(self) -> Dealer:
        self._reception.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._reception.__exit__(*error)
        for guest in self._waiting:
            _dismiss(guest)

    def serve(self, *, patient: bool = False) -> Served:
        """Deal for one run. `patient`: wait for a first party without limit.

        Raises EzError, exit code 3, if two parties don't connect, if they are refused, or if one of
        them disconnects; in this case what was dealt is useless.
        """
        return self.deal(self.meet(patient=patient))

    def deal(self, pair: Pair) -> Served:
        """Deal to two parties that have met; several threads may do so at a time."""
        try:
            return self._deal(*pair)
        except EzError as error:
            raise errors.dealer_gone(
                f"a party disconnected or was silent ({error.summary})"
            ) from None
        except MemoryError:
            raise errors.dealer_gone("there is too little memory to deal a unit") from None
        finally:
            for guest in pair:
                guest.channel.close()

    def meet(self, *, patient: bool = False) -> Pair:
        """Return both parties of a run, the first one first. Raises EzError as `serve` does."""
        pair = self._met(patient)
        one, other = (guest.request for guest in pair)
        reason = _mismatch(one, other) or self._limits.flaw(one.demands)
        if reason:
            for guest in pair:
                guest.refuse(reason)
            raise errors.dealer_refused(reason)
        return pair

    def _met(self, patient: bool) -> Pair:
        """Return both parties of a run, whatever they ask for."""
        end = None if patient else time.monotonic() + self._timeout
        while True:
            guest = self._reception.next(min((g.deadline for g in self._waiting), default=end))
            if guest is None:
                self._give_up(patient)
                continue
            pair = self._join(guest)
            if pair is not None:
                self._reception.dropped = []
                return pair

    def _give_up(self, patient: bool) -> None:
        """Drop the parties that have waited long enough."""
        now = time.monotonic()
        late = [guest for guest in self._waiting if guest.deadline <= now]
        self._waiting = [guest for guest in self._waiting if guest.deadline > now]
        for guest in late:
            other = COMPUTING.other(guest.request.party)
            guest.refuse(f"party {other} did not connect within {self._timeout:g} seconds")
        if late or not patient:
            came = (f"only party {guest.request.party} connected" for guest in late)
            dropped = (f"a connection was dropped: {reason}" for reason in self._reception.dropped)
            address = str(self.address)
            raise errors.parties_missing(address, self._timeout, (*came, *dropped))

    def _welcome(self, connection: socket.socket, seconds: float) -> _Guest:
        """Read the request of a connection. Raises EzError if it is not a party's."""
        limit = min(seconds, self._timeout)
        with greeting(connection, self.address.keys, limit, self._timeout) as channel:
            request = read_request(channel)
        deadline = time.monotonic() + self._timeout
        return _Guest(channel=channel, request=request, deadline=deadline)

    def _join(self, guest: _Guest) -> Pair | None:
        """Return the guest and its counterpart if that is waiting; otherwise let the guest wait."""
        for other in self._waiting:
            if other.request.tag != guest.request.tag:
                continue
            if other.request.party == guest.request.party:
                guest.refuse(f"party {guest.request.party} of this run is already connected")
                return None
            if guest.channel.proven and guest.channel.proven == other.channel.proven:
                guest.refuse(f"{guest.channel.proven} can't be both parties of a run")
                return None
            self._waiting.remove(other)
            return COMPUTING.side(guest.request.party).ordered(guest, other)
        if len(self._waiting) >= MOST_WAITING:
            guest.refuse("too many parties are already waiting for their counterparts")
            return None
        self._waiting.append(guest)
        return None

    def _deal(self, seeded: _Guest, corrected: _Guest) -> Served:
        seeds = os.urandom(SEED_BYTES), os.urandom(SEED_BYTES)
        channels = seeded.channel, corrected.channel
        for channel, seed in zip(channels, seeds, strict=True):
            channel.send(Answer(seed=seed).encode())
        demands = corrected.request.demands
        with kept_alive(channels):
            for correction in corrections(Native(), seeds, demands):
                corrected.channel.send(correction.reshape(-1).data.cast("B"))
            for party, channel in enumerate(channels):
                if receive(channel, len(RECEIVED)) != RECEIVED:
                    raise errors.no_dealer(f"party {party} did not confirm that it has everything")
            for channel in channels:
                channel.send_last(DEALT)
        sent = amounts.correction_bytes(demands)
        return Served(program=corrected.request.program, bytes_sent=sent)


def _mismatch(zero: Request, one: Request) -> str:
    """Return why two requests for the same run can't be met, or an empty string."""
    if zero.flaw or one.flaw:
        return zero.flaw or one.flaw
    if zero.program != one.program:
        return (
            "the two parties run different programs, with the fingerprints "
            f"{plain(zero.program[:16])} and {plain(one.program[:16])}"
        )
    if zero.demands == one.demands:
        return ""
    mine, theirs = amounts.encode(zero.demands), amounts.encode(one.demands)
    text = next(t for t in {**mine, **theirs} if mine.get(t) != theirs.get(t))
    return (
        f"the two parties ask for different amounts: {mine.get(text, 0)} units of {text} as "
        f"party 0, {theirs.get(text, 0)} as party 1"
    )


def run_dealer(
    address: Address,
    timeout: float,
    runs: int | None,
    *,
    patient: bool,
    listening: Callable[[Address], None],
    served: Callable[[Served], None],
    failed: Callable[[EzError], None],
    limits: Limits | None = None,
) -> None:
    """Deal for `runs` runs, or without end if it is None, up to `MOST_RUNS` side by side.

    `patient`: wait for the first party of a run without limit, as it may compile for minutes.
    The result of each run goes to `served` or `failed`; if there is only one run, its failure is
    raised.
    """
    with Dealer(address, timeout, limits) as dealer:
        listening(dealer.address)
        if runs == 1:
            served(dealer.serve(patient=patient))
            return
        _deal_for_all(dealer, runs, served, failed)


def _deal_for_all(
    dealer: Dealer,
    runs: int | None,
    served: Callable[[Served], None],
    failed: Callable[[EzError], None],
) -> None:
    """Deal for several runs, each in a thread of its own, so that a long one delays no other."""
    changed = Condition()
    done = running = 0

    def deal(pair: Pair) -> None:
        nonlocal done, running
        result: Served | EzError | None = None
        try:
            result = dealer.deal(pair)
        except EzError as error:
            result = error
        finally:
            with changed:
                running -= 1
                if isinstance(result, Served):
                    done += 1
                    served(result)
                elif result is not None:
                    failed(result)
                changed.notify()

    def may_go_on() -> bool:
        left = runs is None or done == runs or done + running < runs
        return left and running < MOST_RUNS

    while True:
        with changed:
            changed.wait_for(may_go_on)
            if done == runs:
                return
        try:
            pair = dealer.meet(patient=True)
        except EzError as error:
            with changed:
                failed(error)
            continue
        with changed:
            running += 1
        Thread(target=deal, args=(pair,), daemon=True).start()
