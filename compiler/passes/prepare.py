"""Preparation of lowered programs: loops, sharings, expansion, schedule.

**Purpose.** Run the passes that native code, the simulation, and cost predictions share, so that
all of them process the same operations in the same order. Programs of two parties have more of
them: those for operations that only two-party protocols have.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from ezlang.types.sharing import DEFAULT_MEMORY

from ..codegen.frames import fits, taken
from ..cost.group_costs import Traces
from ..cost.predict import Forecast
from ..cost.profiles import LAN, Profile
from ..ir import tree as ir
from ..ir.numbering import numbered
from ..ir.sharings import PAIRED
from .assign import Explained, ProtocolChoice, assign, explain, model_of, solve
from .assign.forward_clear import forward_known
from .description import Pass
from .general.checks import drop_checks
from .general.constants import fold_constants
from .general.cse import merge_common
from .general.dce import remove_dead
from .general.outline import outline
from .general.simplify import simplify
from .pipeline import pipelines
from .run import run_passes
from .sharings.choose import Choice, Finished, choose
from .sharings.circuit_depth import choose_circuits
from .sharings.clamps import clamp_once
from .sharings.clients import route_clients
from .sharings.cuts import cut_once
from .sharings.encrypted import choose_encrypted
from .sharings.expand import expand_shared
from .sharings.followers import tell_clients
from .sharings.garbling import choose_scheme
from .sharings.late_shifts import shift_after_signs
from .sharings.masks import mask_factors
from .sharings.narrow import narrow
from .sharings.ot_kinds import choose_ots
from .sharings.pairs import choose_once, compare_once
from .sharings.schedule import schedule
from .sharings.share import share
from .sharings.signs import select_by_sign

_FIRST: Final = {ProtocolChoice.YAO: "vectorised", ProtocolChoice.BOOLEAN: "boolean"}
"""The pipelines to start with, other than `shared`, which assumes that few wire labels are stored
at a time."""

_BEFORE: Final[tuple[Pass[[]], ...]] = (
    drop_checks,
    forward_known,
    fold_constants,
    compare_once,
    select_by_sign,
    remove_dead,
    shift_after_signs,
    simplify,
    merge_common,
    share,
    merge_common,
    remove_dead,
    narrow,
)


_PAIRED: Final[frozenset[Pass[[]]]] = frozenset((shift_after_signs,))
"""Those that are for two-party protocols."""


def _before(program: ir.Program) -> tuple[Pass[[]], ...]:
    """Return the passes between vectorisation and the choice of sharings."""
    paired = len(program.parties) == PAIRED
    return tuple(one for one in _BEFORE if paired or one not in _PAIRED)


def before_assignment(
    program: ir.Program,
    protocol: ProtocolChoice = ProtocolChoice.AUTO,
    memory: int = DEFAULT_MEMORY,
) -> ir.Program:
    """Prepare a lowered program for `assign`; `memory` is as for `prepare`."""
    return run_passes(program, (*_first(protocol, memory), *_before(program)))


def vectorise_for(protocol: ProtocolChoice) -> Pass[[]]:
    """Return the pass that turns loops into tensor operations, as `before_assignment` runs it."""
    return next(one for one in _first(protocol) if one.name == "vectorise")


def _first(protocol: ProtocolChoice, memory: int = DEFAULT_MEMORY) -> tuple[Pass[[]], ...]:
    return pipelines(memory)[_FIRST.get(protocol, "shared")]


def after_assignment(
    program: ir.Program,
    profile: Profile = LAN,
    memory: int = DEFAULT_MEMORY,
    traces: Traces | None = None,
) -> Finished:
    """Make a program with assigned sharings ready to run; `memory` is as for `prepare`.

    `traces` are those of groups that are known already; new ones are added.
    """
    traces = {} if traces is None else traces
    paired = len(program.parties) == PAIRED
    passes: tuple[Pass[[]], ...] = (
        route_clients,
        choose_once,
        *((clamp_once, cut_once) if paired else ()),
        expand_shared.given(memory),
        merge_common,
        *((mask_factors,) if paired else ()),
        remove_dead,
        narrow,
        schedule,
        outline.given(),
        tell_clients,
        choose_circuits.given(profile, traces),
        *((choose_encrypted.given(profile, traces),) if paired else ()),
    )
    made = numbered(run_passes(program, passes))
    forecast = Forecast(made, traces=traces)
    last: tuple[Pass[[]], ...] = (choose_ots.given(profile, forecast),)
    if paired:
        last = (*last, choose_scheme.given(profile, forecast))
    return Finished(run_passes(made, last), forecast)


def prepare(
    program: ir.Program,
    protocol: ProtocolChoice = ProtocolChoice.AUTO,
    profile: Profile = LAN,
    memory: int = DEFAULT_MEMORY,
) -> ir.Program:
    """Make a lowered program ready to run: every secret has a sharing.

    It is the program of `finished`.
    """
    return finished(program, protocol, profile, memory).program


def finished(
    program: ir.Program,
    protocol: ProtocolChoice = ProtocolChoice.AUTO,
    profile: Profile = LAN,
    memory: int = DEFAULT_MEMORY,
) -> Finished:
    """Make a lowered program ready to run, and return the forecast of its costs, too.

    `memory`: the bytes of labels or shares that a run may make by doing iterations of loops
    together. What the program's own values need beyond that it gets all the same.

    The same program, protocol choice, profile and memory give the same result everywhere. Raises
    CompilerBug if a required pass fails; an optional pass that fails is skipped (run.py).
    """
    if protocol is ProtocolChoice.AUTO:
        return chosen(program, profile, memory).finished
    return after_assignment(_assigned(program, protocol, profile, memory), profile, memory)


def _assigned(
    program: ir.Program, protocol: ProtocolChoice, profile: Profile, memory: int
) -> ir.Program:
    chosen = assign.given(protocol, profile)
    return run_passes(program, (*_first(protocol, memory), *_before(program), chosen))


def chosen(program: ir.Program, profile: Profile = LAN, memory: int = DEFAULT_MEMORY) -> Choice:
    """Return the cheapest way to run a lowered program on a network; `memory` as for `prepare`.

    Whether secrets become labels isn't known when loops are vectorised. If more of them do than
    fit, the loops are vectorised again as if all did.
    """
    found = _chosen(program, profile, memory, "shared")
    if fits(found.program, memory):
        return found
    return min(found, _chosen(program, profile, memory, "mixed"), key=lambda x: taken(x.program))


def _chosen(program: ir.Program, profile: Profile, memory: int, pipeline: str) -> Choice:
    finish = partial(after_assignment, profile=profile, memory=memory, traces={})
    ready = run_passes(program, (*pipelines(memory)[pipeline], *_before(program)))

    def with_protocol(protocol: ProtocolChoice) -> Finished:
        return finish(_assigned(program, protocol, profile, memory))

    return choose(ready, profile, finish, with_protocol, _FIRST)


STAGES: Final = ("share", "assign", "schedule")
"""The stages of `up_to_stage`: before and after sharings are chosen, and the end."""


def up_to_stage(
    program: ir.Program,
    stage: str,
    protocol: ProtocolChoice = ProtocolChoice.AUTO,
    profile: Profile = LAN,
    memory: int = DEFAULT_MEMORY,
) -> ir.Program:
    """Return a lowered two-party program after one of `STAGES`.

    If the protocol choice is `auto`, `assign` shows the assignment that the model selects. The
    ledger may select another candidate for the run, which `schedule` shows.
    """
    if stage == "schedule":
        return prepare(program, protocol, profile, memory)
    before = before_assignment(program, protocol, memory)
    return before if stage == "share" else assign(before, protocol, profile)


def explained(
    program: ir.Program,
    protocol: ProtocolChoice = ProtocolChoice.AUTO,
    profile: Profile = LAN,
    memory: int = DEFAULT_MEMORY,
) -> Explained:
    """Return why each operation of a program prepared with these options has its sharing."""
    if protocol is ProtocolChoice.AUTO:
        choice = chosen(program, profile, memory)
        return explain(choice.model, choice.sharings, protocol)
    model = model_of(before_assignment(program, memory=memory), protocol, profile)
    return explain(model, solve(model, protocol).sharings, protocol)
