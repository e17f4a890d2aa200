"""Pipelines: the passes before sharings are chosen, in order."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ..ir.tree import BinaryKind
from .description import Pass
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
from .vectorise import BUDGET, SHARED, WIDE, vectorise

_COSTLY = frozenset({BinaryKind.MIN, BinaryKind.MAX, BinaryKind.AND, BinaryKind.OR, BinaryKind.MUL})
"""What takes rounds on shares of any kind."""

_TIDY: Final = (fold_constants, simplify, merge_common, remove_dead)


def vectorised(
    budget: int,
    *,
    products: bool = True,
    scans: frozenset[BinaryKind] = frozenset(),
    both: bool = False,
) -> tuple[Pass[[]], ...]:
    """Return the passes that leave as few loops as can be, each with `budget` bytes of labels.

    `products`: find matrix products, too. `scans`: which running combinations become networks of
    logarithmic depth. `both`: run both sides of branches that differ between iterations, at once.
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
        vectorise.given(budget=budget, scans=scans, both=both),
        *_TIDY,
        merge_moves,
        *((fold_products, merge_moves) if products else ()),
        *_TIDY,
    )


PIPELINES: Mapping[str, tuple[Pass[[]], ...]] = MappingProxyType(
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
        "vectorised": vectorised(BUDGET),
        "shared": vectorised(SHARED, scans=_COSTLY, both=True),
        "boolean": vectorised(SHARED, scans=_COSTLY | {BinaryKind.ADD}, both=True),
        "wide": vectorised(WIDE, products=False, scans=_COSTLY, both=True),
    }
)
"""`none` as lowered; `tidy` with less to do; `expanded` tidy and without oblivious accesses;
`plain` without reductions, too; `vectorised` with loops as tensor operations, where every secret
bit is a label; `shared` the same where most of them are bits, and running combinations are to take
few rounds; `boolean` where sums take rounds, too; `wide` for any number of parties, without matrix
products."""


NAMES = tuple(dict.fromkeys(one.name for one in PIPELINES["vectorised"]))
"""The passes of the pipeline `vectorised`, in the order in which they first come."""


def up_to(name: str) -> tuple[Pass[[]], ...]:
    """Return the passes of the pipeline `vectorised` up to the last run of one."""
    passes = PIPELINES["vectorised"]
    last = max(place for place, one in enumerate(passes) if one.name == name)
    return passes[: last + 1]
