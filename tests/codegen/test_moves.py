"""Sequences of copies have the effect of the parallel copy."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ezlang.compiler.codegen.moves import SCRATCH, schedule

PLACES = st.integers(0, 7)


@given(st.dictionaries(PLACES, PLACES))
def test_every_target_gets_what_its_source_held(pairs: dict[int, int]) -> None:
    memory: dict[int, str] = {place: f"old {place}" for place in range(8)}
    for target, source in schedule(list(pairs.items())):
        memory[target] = memory[source]
    for place in range(8):
        assert memory[place] == f"old {pairs.get(place, place)}"


def test_a_swap_saves_one_and_a_chain_none() -> None:
    swap = schedule([(1, 2), (2, 1)])
    assert len(swap) == 3
    assert [target for target, _ in swap].count(SCRATCH) == 1
    assert schedule([(1, 2), (2, 3), (3, 3)]) == [(1, 2), (2, 3)]
