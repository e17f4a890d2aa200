"""From lowered programs to what two parties run: loops, sharings, expansion, schedule.

**Purpose.** What native code, the simulation of two parties, and cost predictions have in
common, so that all see the same operations in the same order.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from ..cost.profiles import LAN, Profile
from ..ir import tree as ir
from .assign import Policy, assign
from .assign.known import forward_known
from .checks import drop_checks
from .circuits import choose_circuits
from .constants import fold_constants
from .cse import merge_common
from .dce import remove_dead
from .expand import expand_shared
from .narrow import narrow
from .ots import choose_ots
from .outline import outline
from .pipeline import PIPELINES, Pass, run_passes
from .schedule import schedule
from .share import share
from .simplify import simplify

FIRST: Final = "shared"
"""The named pipeline that comes first. It takes few labels to be kept at a time: where all secrets
are Yao's, it is `vectorised`."""

_BEFORE: Final[tuple[Pass, ...]] = (
    drop_checks,
    forward_known,
    fold_constants,
    simplify,
    merge_common,
    share,
    merge_common,
    remove_dead,
    narrow,
)
_AFTER: Final[tuple[Pass, ...]] = (
    expand_shared,
    merge_common,
    remove_dead,
    narrow,
    schedule,
    outline,
)


def before_assignment(program: ir.Program) -> ir.Program:
    """Return a lowered program as `assign` and `explain` want it."""
    return run_passes(program, (*PIPELINES[FIRST], *_BEFORE))


def after_assignment(program: ir.Program) -> ir.Program:
    """Return a program whose sharings are assigned, ready to run."""
    return run_passes(program, _AFTER)


def prepare(
    program: ir.Program, policy: Policy = Policy.AUTO, profile: Profile = LAN
) -> ir.Program:
    """Return a lowered program of two parties, ready to run: every secret has a sharing.

    The same program, policy and profile give the same result everywhere. Raises CompilerBug where
    a pass breaks a rule of the IR.
    """
    choose = partial(assign, policy=policy, profile=profile)
    first = PIPELINES["vectorised" if policy is Policy.YAO else FIRST]
    last = partial(choose_circuits, profile=profile), partial(choose_ots, profile=profile)
    return run_passes(program, (*first, *_BEFORE, choose, *_AFTER, *last))
