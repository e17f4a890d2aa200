"""Pass pipelines: the passes before sharings are chosen, in order."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from ezlang.types.sharing import DEFAULT_MEMORY

from ..ir.tree import BinaryKind
from .analyses.budgets import label_strips, open_strips, share_strips
from .description import Pass
from .general.constants import fold_constants
from .general.cse import merge_common
from .general.dce import remove_dead
from .general.find_products import fold_products
from .general.inline import inline
from .general.moves import merge_moves
from .general.oblivious import expand_oblivious
from .general.oblivious_add import add_at_indices
from .general.reduce import expand_reduce
from .general.simplify import simplify
from .vectorise import vectorise

_COSTLY = frozenset(
    kind for kind in BinaryKind if kind.traits.reduction and not kind.traits.is_linear
)
"""Reductions that take rounds on every kind of shares."""

_TIDY: Final = (fold_constants, simplify, merge_common, remove_dead)


def vectorised(
    budget: int,
    *,
    local: int | None = None,
    products: bool = True,
    scans: frozenset[BinaryKind] = frozenset(),
    both: bool = False,
    lookups: bool = False,
) -> tuple[Pass[[]], ...]:
    """Return the passes that minimise loops, each with at most `budget` bytes of wire labels.

    `local`: the same for loops without messages under Yao's protocol, None if it isn't used.
    `products`: also find matrix products. `scans`: the scans that become networks of logarithmic
    depth. `both`: if a branch differs between iterations, run both of its sides at once. `lookups`:
    keep reads of public tables as lookups, of which sharings have forms.
    """
    return (
        fold_constants,
        simplify,
        merge_common,
        inline,
        merge_common,
        add_at_indices,
        expand_oblivious.given(lookups=lookups),
        *_TIDY,
        vectorise.given(budget=budget, scans=scans, local=local, both=both),
        *_TIDY,
        merge_moves,
        *((fold_products, merge_moves) if products else ()),
        *_TIDY,
    )


@cache
def pipelines(memory: int) -> Mapping[str, tuple[Pass[[]], ...]]:
    """Return the pipelines by name, for vectorised loops within `memory` bytes of secrets."""
    messages, local = label_strips(memory)
    shared = share_strips(memory)
    return MappingProxyType(
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
            "plain": (
                expand_oblivious,
                expand_reduce.given(),
                fold_constants,
                merge_common,
                remove_dead,
            ),
            "vectorised": vectorised(messages, local=local),
            "mixed": vectorised(messages, scans=_COSTLY, both=True, lookups=True),
            "shared": vectorised(shared, scans=_COSTLY, both=True, lookups=True),
            "boolean": vectorised(shared, scans=_COSTLY | {BinaryKind.ADD}, both=True),
            "wide": vectorised(open_strips(memory), products=False, scans=_COSTLY, both=True),
        }
    )


PIPELINES: Final = pipelines(DEFAULT_MEMORY)
"""The named pipelines:

- `none`: the program as lowered.
- `tidy`: basic simplifications.
- `expanded`: as `tidy`, and without oblivious accesses.
- `plain`: without oblivious accesses and reductions.
- `vectorised`: loops as tensor operations, where every secret bit is a wire label.
- `mixed`: the same where secrets may be labels or shares, and scans should take few rounds.
- `shared`: as `mixed`, where few secrets are labels.
- `boolean`: as `shared`, where sums take rounds, too.
- `wide`: for any number of parties, without matrix products.
"""


NAMES = tuple(dict.fromkeys(one.name for one in PIPELINES["vectorised"]))
"""The passes of the pipeline `vectorised`, in the order of their first runs."""


def up_to(name: str) -> tuple[Pass[[]], ...]:
    """Return the passes of the pipeline `vectorised` up to the last run of the named pass."""
    passes = PIPELINES["vectorised"]
    last = max(place for place, one in enumerate(passes) if one.name == name)
    return passes[: last + 1]
