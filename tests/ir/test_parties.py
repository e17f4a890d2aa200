"""Pairs of parties and how each side sees them, whatever their numbers are."""

from __future__ import annotations

import pytest

from ezlang.compiler.ir.parties import Link, Pair
from ezlang.diagnostics.diagnostic import CompilerBug

PAIR = Pair(first=7, second=3)
FIRST, SECOND = PAIR.side(7), PAIR.side(3)


def test_roles_do_not_follow_from_numbers() -> None:
    assert (PAIR.garbler, PAIR.evaluator) == (7, 3)
    assert PAIR.links == (Link(7, 3), Link(3, 7))
    assert FIRST.is_first
    assert not SECOND.is_first
    assert (FIRST.own, FIRST.other) == (SECOND.other, SECOND.own) == (7, 3)


def test_both_sides_put_things_in_the_same_order() -> None:
    assert FIRST.ordered("seven's", "three's") == SECOND.ordered("three's", "seven's")
    for side in (FIRST, SECOND):
        assert side.ordered(*side.ordered("own", "other")) == ("own", "other")
    assert [side.mine((7, 3)) for side in (FIRST, SECOND)] == [7, 3]


def test_others_are_not_part_of_a_pair() -> None:
    for ask in (PAIR.other, PAIR.side):
        with pytest.raises(CompilerBug):
            ask(0)
