"""Pass pipelines, with verification of the resulting program."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from ezlang.recursion import deep_recursion

from ..ir import tree as ir
from ..ir.tree import BinaryKind
from ..ir.verify import verify
from .general.constants import fold_constants
from .general.cse import merge_common
from .general.dce import remove_dead
from .general.inline import inline
from .general.moves import merge_moves
from .general.oblivious import expand_oblivious
from .general.oblivious_add import add_at_indices
from .general.products import fold_products
from .general.reduce import expand_reduce
from .general.simplify import simplify
from .rewriting.rewrite import unchanged
from .vectorise import BUDGET, SHARED, WIDE, vectorise

Pass = Callable[[ir.Program], ir.Program]

_COSTLY = frozenset(
    kind for kind in BinaryKind if kind.traits.reduction and not kind.traits.is_linear
)
"""Reductions that take rounds on every kind of shares."""

_TIDY: tuple[Pass, ...] = (fold_constants, simplify, merge_common, remove_dead)


def vectorised(
    budget: int,
    *,
    products: bool = True,
    scans: frozenset[BinaryKind] = frozenset(),
    both: bool = False,
) -> tuple[Pass, ...]:
    """Return the passes that minimise loops, each with at most `budget` bytes of wire labels.

    `products`: also find matrix products. `scans`: the scans that become networks of logarithmic
    depth. `both`: if a branch differs between iterations, run both of its sides at once.
    """
    return (
        fold_constants,
        simplify,
        merge_common,
        inline,
        merge_common,
        add_at_indices,
        expand_oblivious,
        *_TIDY,
        partial(vectorise, budget=budget, scans=scans, both=both),
        *_TIDY,
        merge_moves,
        *((fold_products, merge_moves) if products else ()),
        *_TIDY,
    )


PIPELINES: Mapping[str, tuple[Pass, ...]] = MappingProxyType(
    {
        "none": (),
        "tidy": _TIDY,
        "expanded": (
            fold_constants,
            simplify,
            merge_common,
            expand_oblivious,
            fold_constants,
            merge_common,
            remove_dead,
        ),
        "plain": (expand_oblivious, expand_reduce, fold_constants, merge_common, remove_dead),
        "vectorised": vectorised(BUDGET),
        "shared": vectorised(SHARED, scans=_COSTLY, both=True),
        "boolean": vectorised(SHARED, scans=_COSTLY | {BinaryKind.ADD}, both=True),
        "wide": vectorised(WIDE, products=False, scans=_COSTLY, both=True),
    }
)
"""The named pipelines:

- `none`: the program as lowered.
- `tidy`: basic simplifications.
- `expanded`: as `tidy`, and without oblivious accesses.
- `plain`: without oblivious accesses and reductions.
- `vectorised`: loops as tensor operations, where every secret bit is a wire label.
- `shared`: the same where most secret bits are plain bits, and scans should take few rounds.
- `boolean`: as `shared`, where sums take rounds, too.
- `wide`: for any number of parties, without matrix products.
"""


NAMES: Mapping[str, Pass] = MappingProxyType(
    {
        "constants": fold_constants,
        "simplify": simplify,
        "cse": merge_common,
        "inline": inline,
        "counting": add_at_indices,
        "oblivious": expand_oblivious,
        "vectorise": next(one for one in PIPELINES["vectorised"] if isinstance(one, partial)),
        "moves": merge_moves,
        "products": fold_products,
        "dce": remove_dead,
    }
)
"""The passes of the pipeline `vectorised` by name."""


def up_to(name: str) -> tuple[Pass, ...]:
    """Return the passes of the pipeline `vectorised` up to the last run of the named pass."""
    passes = PIPELINES["vectorised"]
    last = max(place for place, one in enumerate(passes) if one is NAMES[name])
    return passes[: last + 1]


def run_passes(program: ir.Program, passes: Sequence[Pass] | str) -> ir.Program:
    """Run passes, or those of a named pipeline, in order.

    The program is verified before the first and after the last pass; if EZLANG_VERIFY is set in
    the environment, after each pass. A pass that left a program unchanged isn't run on it again.
    Raises CompilerBug if a pass breaks a rule of the IR.
    """
    chosen = PIPELINES[passes] if isinstance(passes, str) else passes
    each = bool(os.environ.get("EZLANG_VERIFY"))
    idle: dict[Pass, ir.Program] = {}
    with deep_recursion():
        verified = program
        verify(program)
        for number, run in enumerate(chosen):
            if idle.get(run) is not program:
                before, program = program, unchanged(program, run(program))
                if program is before:
                    idle[run] = program
            if program is not verified and (each or number == len(chosen) - 1):
                verify(program)
                verified = program
    return program
