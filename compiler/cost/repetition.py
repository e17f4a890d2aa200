"""Repeated iterations of a loop, counted without walking through each.

An iteration whose control flow is known does to a session what depends on the session's state
alone: on the ledger's state and on the OTs left of the last batches. So an iteration is walked
through once for each state, and its effect is then known, however often and wherever the loop is
repeated. The effect of 2^k iterations is that of 2^(k−1) iterations followed by as many, and is
known for each state, too: any number of iterations takes a step for each of its binary digits. Of
iterations that make no batch of OTs, the effect is the same with any number of OTs left that is
large enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from copy import copy
from dataclasses import field

from ezlang.records import dataclass

from ..protocols.ot.stock import Batches
from .counting_session import Bound, CountingSession
from .ledger import Amounts, Booked, PartyState


@dataclass(frozen=True, slots=True)
class State:
    """The state of a session: of its ledger, and the OTs left of each source.

    `others` is everything else that later costs depend on. It determines how the sources' `plans`
    go on.
    """

    ledger: PartyState
    left: tuple[int, ...]
    others: tuple[tuple[bool, Bound | None, int], ...]
    plans: tuple[Batches, ...] = field(compare=False)

    @property
    def without_left(self) -> Hashable:
        """The state without the OTs left."""
        return self.ledger, self.others

    def with_left(self, left: tuple[int, ...]) -> State:
        """Return the state with other numbers of OTs left."""
        return State(self.ledger, left, self.others, self.plans)


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of iterations: what they book, and the OTs taken and batches made of each source.

    `after` is the state after them.
    """

    booked: Booked
    taken: tuple[int, ...]
    batches: tuple[int, ...]
    after: State


@dataclass(slots=True)
class Effects:
    """The known effects of a number of iterations, by the state before them.

    `free` are effects that make no batches, with the OTs of the stocks that they use, by the state
    without the OTs left.
    """

    by_state: dict[State, Effect] = field(default_factory=dict)
    free: dict[Hashable, tuple[Effect, tuple[int, ...]]] = field(default_factory=dict)

    def get(self, state: State) -> Effect | None:
        """Return the effect from a state, if it is known."""
        found = self.by_state.get(state)
        if found is None:
            known = self.free.get(state.without_left)
            if known is not None:
                free, used = known
                left = tuple(map(int.__sub__, state.left, used))
                if min(left) >= 0:
                    after = free.after.with_left(left)
                    found = Effect(free.booked, free.taken, free.batches, after)
        return found

    def add(self, state: State, effect: Effect) -> None:
        """Keep an effect."""
        if any(effect.batches):
            self.by_state[state] = effect
        else:
            used = tuple(map(int.__sub__, state.left, effect.after.left))
            self.free[state.without_left] = effect, used


@dataclass(slots=True)
class Iterations:
    """The known effects of a loop's iterations: of 2^k iterations at place k."""

    powers: list[Effects] = field(default_factory=list)

    def forget(self) -> None:
        """Forget all effects."""
        self.powers = []


def repeat(
    session: CountingSession, turn: Callable[[], object], times: int, known: Iterations
) -> None:
    """Run `turn`, an iteration of a loop, `times` times; `known` are the loop's iterations."""
    state, effects = _state(session), []
    for power in reversed(range(times.bit_length())):
        if times >> power & 1:
            effect = _effect(session, turn, state, power, known)
            effects.append(effect)
            state = effect.after
    _resume(session, state)
    session.book(Counter(effect.booked for effect in effects))
    for effect in effects:
        for one, taken, batches in zip(session.ots, effect.taken, effect.batches, strict=True):
            one.taken += taken
            one.batches += batches


def _effect(
    session: CountingSession,
    turn: Callable[[], object],
    state: State,
    power: int,
    known: Iterations,
) -> Effect:
    """Return the effect of 2^power iterations from a state."""
    while len(known.powers) <= power:
        known.powers.append(Effects())
    effects = known.powers[power]
    found = effects.get(state)
    if found is None:
        if power:
            first = _effect(session, turn, state, power - 1, known)
            found = _joined(first, _effect(session, turn, first.after, power - 1, known))
        else:
            _resume(session, state)
            found = _walked(session, turn)
        effects.add(state, found)
    return found


_NOTHING: Amounts = Counter()


def _joined(first: Effect, second: Effect) -> Effect:
    """Return the effect of one after the other."""
    parts = Counter((first.booked, second.booked))
    return Effect(
        Booked(_NOTHING, tuple(parts.items())),
        tuple(map(int.__add__, first.taken, second.taken)),
        tuple(map(int.__add__, first.batches, second.batches)),
        second.after,
    )


def _state(session: CountingSession) -> State:
    sources = session.ots
    return State(
        session.ledger.state,
        left=tuple(one.left for one in sources),
        others=tuple((one.ready, one.bounded, one.plan.position) for one in sources),
        plans=tuple(copy(one.plan) for one in sources),
    )


def _resume(session: CountingSession, state: State) -> None:
    """Bring a session to a state; amounts stay as they are."""
    session.ledger.resume(state.ledger)
    rows = zip(session.ots, state.left, state.plans, state.others, strict=True)
    for one, left, plan, (ready, bounded, _) in rows:
        one.left, one.plan, one.ready, one.bounded = left, copy(plan), ready, bounded


def _walked(session: CountingSession, turn: Callable[[], object]) -> Effect:
    """Run an iteration and return its effect, which isn't booked yet."""
    ledger, sources = session.ledger, session.ots
    totals = [(one.taken, one.batches) for one in sources]
    amounts, ledger.amounts = ledger.amounts, Counter()
    pending, session.pending = session.pending, Counter()
    turn()
    booked = Booked(ledger.amounts, tuple(session.pending.items()))
    ledger.amounts, session.pending = amounts, pending
    effect = Effect(
        booked,
        taken=tuple(one.taken - taken for one, (taken, _) in zip(sources, totals, strict=True)),
        batches=tuple(one.batches - made for one, (_, made) in zip(sources, totals, strict=True)),
        after=_state(session),
    )
    for one, (taken, batches) in zip(sources, totals, strict=True):
        one.taken, one.batches = taken, batches
    return effect
