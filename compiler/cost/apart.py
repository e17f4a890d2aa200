"""Walks through a program, with its sources of OTs counted together, or each by itself.

A source stands *alone* if what is sent for its batches only ever lengthens messages that are sent
anyway. Then it changes neither rounds nor the state of the ledger, and other sources don't notice
it. What it adds to a run is therefore the difference between a walk in which it alone makes batches
and a walk in which no source does. In such a walk a loop repeats as soon as the leftovers of this
source do; those of all sources at once may take the product of their periods.

Extension sends for OTs in the flight of the choices' differences, from the same party. So a source
for labels stands alone, and so does one for shares if every transfer that uses it has such
differences. Random OTs have none, and silent OT sends in a flight of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from copy import copy
from typing import Final

from ezlang.records import dataclass

from ..ir.garbling import Garbling
from ..ir.ots import OtKinds
from ..ir.sharings import PAIRED
from ..protocols.core.backend import Backend
from ..protocols.dealt.backend import DealtBatches
from ..protocols.operations.encrypted import keys_of_program
from ..protocols.ot.stock import Batches, Flight
from . import yao
from .counting_session import CountingSession
from .group_costs import begin
from .plans import Plans
from .walk import Walk

FEW: Final = 256
"""The number of iterations up to which sources are counted together, in one walk."""


@dataclass(slots=True)
class _Existing(DealtBatches):
    """Batches of OTs that exist before the run, after which those of a `plan` are set up all the
    same.
    """

    plan: Batches

    def __copy__(self) -> _Existing:
        return self

    def set_up(self) -> tuple[Flight, ...]:
        """Return what is sent before the first batch."""
        return self.plan.set_up()


def walked(
    plans: Plans,
    kinds: OtKinds,
    garbling: Garbling = Garbling.HALF_GATES,
    *,
    most: bool = False,
    backend: Backend | None = None,
    making: Collection[int] | None = None,
) -> Walk:
    """Return a walk through a program with OTs of some kinds and a garbling scheme.

    `most` selects the bound.

    Only the sources with the numbers `making` make batches, if it is given.
    """
    program = plans.program
    session = CountingSession(
        len(program.parties),
        backend or plans.backend,
        kinds,
        garbling,
        clients=len(program.clients),
    )
    for number, one in enumerate(session.ots):
        if making is not None and number not in making:
            one.plan = _Existing(one.plan)
    walk = Walk(plans, session, most=most)
    if len(program.parties) == PAIRED:
        yao.begin(session)
    if plans.backend.variants.encrypts:
        begin(session, keys_of_program(plans.program))
    walk.run()
    return walk


def walked_apart(
    plans: Plans,
    kinds: OtKinds,
    without_ots: Walk,
    garbling: Garbling = Garbling.HALF_GATES,
) -> Walk:
    """Return the same walk as `walked`, with each source that stands alone counted by itself.

    `without_ots` is the walk as if OTs existed before the run.
    """
    session = CountingSession(len(plans.program.parties), plans.backend, kinds)
    taken = [one.taken for one in without_ots.session.ots]
    used = [n for n, one in enumerate(session.ots) if taken[n] and not one.plan.exist]
    alone = _alone(plans, session, used)
    others = [number for number in used if number not in alone]
    if without_ots.unknown or without_ots.iterations <= FEW or len(alone) + bool(others) < 2:
        return walked(plans, kinds, garbling)
    result = walked(plans, kinds, garbling, making=others)
    nothing = walked(plans, kinds, garbling, making=()) if others else result
    ledger, before = result.session.ledger, copy(nothing.session.ledger.amounts)
    for number in alone:
        other = walked(plans, kinds, garbling, making=(number,)).session
        ledger.amounts.update(other.ledger.amounts)
        ledger.amounts.subtract(before)
        result.session.ots[number].become(other.ots[number])
    ledger.amounts = +ledger.amounts
    return result


def _alone(plans: Plans, session: CountingSession, used: Iterable[int]) -> list[int]:
    """Return the numbers of the used sources that stand alone."""
    return [
        number
        for number in used
        if not (one := session.ots[number]).plan.sender_speaks
        and (one is session.labels or one.link not in plans.lonely)
    ]
