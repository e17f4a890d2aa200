"""Repeated iterations of a loop, counted without walking through each.

An iteration whose control flow is known does to a session what depends on the session's state
alone: on the ledger's state and on the OTs left of the last batches. So an iteration is walked
through once for each state, and its effect is then known, however often and wherever the loop is
repeated. Iterations that make no batch of OTs are skipped at once, and so are those after which a
state returns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from copy import copy
from dataclasses import field

from ezlang.records import dataclass

from ..protocols.ot.stock import Batches
from .counting_session import CountingSession
from .ledger import Booked, PartyState


@dataclass(frozen=True, slots=True)
class State:
    """The state of a session: of its ledger, and the OTs left of each source.

    `others` is everything else that later costs depend on.
    """

    ledger: PartyState
    left: tuple[int, ...]
    others: Hashable

    @property
    def without_left(self) -> Hashable:
        """The state without the OTs left."""
        return self.ledger, self.others


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of an iteration: what it books, the OTs taken and the batches made of each source.

    `after` is the state after it, `plans` are the sources' plans, and `ready` whether they are set
    up.
    """

    booked: Booked
    taken: tuple[int, ...]
    batches: tuple[int, ...]
    after: State
    plans: tuple[Batches, ...]
    ready: tuple[bool, ...]


@dataclass(slots=True)
class Iterations:
    """The known effects of a loop's iterations, by the state before them.

    `free` are effects that make no batches, by the state without the OTs left.
    """

    effects: dict[State, Effect] = field(default_factory=dict)
    free: dict[Hashable, Effect] = field(default_factory=dict)

    def forget(self) -> None:
        """Forget all effects."""
        self.effects, self.free = {}, {}


Path = list[tuple[tuple[Effect, ...], int]]
"""Effects one after the other, with how often they occur, in order."""


def repeat(
    session: CountingSession, turn: Callable[[], object], times: int, known: Iterations
) -> None:
    """Run `turn`, an iteration of a loop, `times` times; `known` are the loop's iterations."""
    path: Path = []
    cycles: Path = []
    visited: dict[State, int] = {}
    free: dict[Hashable, int] = {}
    state, done = _state(session), 0
    last: Effect | None = None
    while done < times:
        effect = known.effects.get(state) or _without_batches(state, known)
        if effect is None:
            _resume(session, last)
            effect = _walked(session, turn, state, known)
        known.effects[state] = effect
        visited[state] = len(path)
        makes_batches = any(effect.batches)
        if makes_batches:
            free = {}
        else:
            free.setdefault(state.without_left, len(path))
        path.append(((effect,), 1))
        done += 1
        state, last = effect.after, effect
        if not makes_batches and state.without_left in free:
            row = tuple(one for (one,), _ in path[free[state.without_left] :])
            count = _times_at_once(row, state.left, times - done)
            if count:
                path.append((row, count))
                done += count * len(row)
                taken = tuple(map(sum, zip(*(one.taken for one in row), strict=True)))
                last = _moved(effect, _less(state.left, taken, count))
                state = last.after
            free = {}
        if state in visited and done < times:
            cycle = path[visited[state] :]
            whole = (times - done) // _length(cycle)
            cycles += [(row, whole * count) for row, count in cycle]
            done += whole * _length(cycle)
            visited = {}
    _resume(session, last)
    _book(session, path + cycles)


def _length(path: Path) -> int:
    return sum(count * len(row) for row, count in path)


def _state(session: CountingSession) -> State:
    sources = session.ots
    others = tuple((one.ready, one.plan.position, one.bounded) for one in sources)
    left = tuple(one.left for one in sources)
    return State(session.ledger.state, left, others)


def _resume(session: CountingSession, last: Effect | None) -> None:
    """Bring a session to the state after the last effect; amounts are booked later."""
    if last is None:
        return
    session.ledger.resume(last.after.ledger)
    rows = zip(session.ots, last.after.left, last.plans, last.ready, strict=True)
    for one, left, plan, ready in rows:
        one.left, one.plan, one.ready = left, copy(plan), ready


def _book(session: CountingSession, path: Path) -> None:
    counts: Counter[Booked] = Counter()
    sources = session.ots
    for row, count in path:
        for effect in row if count else ():
            counts[effect.booked] += count
            for one, taken, batches in zip(sources, effect.taken, effect.batches, strict=True):
                one.taken += count * taken
                one.batches += count * batches
    session.book(counts)


def _walked(
    session: CountingSession, turn: Callable[[], object], state: State, known: Iterations
) -> Effect:
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
        plans=tuple(copy(one.plan) for one in sources),
        ready=tuple(one.ready for one in sources),
    )
    for one, (taken, batches) in zip(sources, totals, strict=True):
        one.taken, one.batches = taken, batches
    if not any(effect.batches):
        known.free[state.without_left] = effect
    return effect


def _without_batches(state: State, known: Iterations) -> Effect | None:
    """Return the effect of an iteration if it is known to need no batch."""
    free = known.free.get(state.without_left)
    if free is None:
        return None
    left = _less(state.left, free.taken)
    return None if min(left) < 0 else _moved(free, left)


def _times_at_once(row: Sequence[Effect], left: tuple[int, ...], most: int) -> int:
    """Return how often effects that make no batch can follow themselves from a state at once."""
    taken = map(sum, zip(*(effect.taken for effect in row), strict=True))
    fitting = [have // use for have, use in zip(left, taken, strict=True) if use]
    return min([most // len(row), *fitting])


def _less(left: tuple[int, ...], taken: tuple[int, ...], times: int = 1) -> tuple[int, ...]:
    return tuple(a - times * b for a, b in zip(left, taken, strict=True))


def _moved(effect: Effect, left: tuple[int, ...]) -> Effect:
    """Return an effect with other numbers of OTs left afterwards."""
    after = State(effect.after.ledger, left, effect.after.others)
    return Effect(effect.booked, effect.taken, effect.batches, after, effect.plans, effect.ready)
