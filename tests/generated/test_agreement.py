"""Generated programs mean and cost the same in all executors, and tell nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ezlang.compiler.ir.garbling import Garbling
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.executors.clear import run_clear
from ezlang.executors.outcome import Shown
from ezlang.values.draws import seeded
from tests.support.agreement import (
    SEED,
    agree,
    agree_under,
    asked_for,
    checked,
)
from tests.support.generator import Generated, programs
from tests.support.profiles import PROGRAMS, SWEEP

# `auto` chooses among all protocols and mixes them: there is most to go wrong.
PROTOCOL_CHOICES = st.sampled_from((*ProtocolChoice, ProtocolChoice.AUTO))


def told(shown: Sequence[Shown]) -> Counter[tuple[int, float]]:
    """Count the numbers that a party is told, by lines of the program."""

    def numbers(value: Any) -> Iterator[float]:
        if isinstance(value, dict | list):
            for item in value.values() if isinstance(value, dict) else value:
                yield from numbers(item)
        else:
            yield value

    return Counter((one.span.line, number) for one in shown for number in numbers(one.value))


def agree_and_tell_no_more(
    generated: Generated,
    protocols: Iterable[ProtocolChoice],
    garbling: Garbling | None = None,
) -> None:
    """Hold all executors to one another; nothing is told that the program doesn't tell.

    Passes may rewrite a program as they like, and may find that something needn't be told.
    """
    program = checked(generated.text)
    inputs = asked_for(program, generated.inputs)
    expected = agree(program, inputs, ())
    protocols = protocols if len(program.parties) > 1 else ()
    with seeded(SEED):
        wanted = run_clear(program, inputs).views if expected.failure is None else {}
        for protocol in protocols:
            agreed = agree_under(protocol, program, inputs, expected, garbling)
            if agreed is not None:
                views = agreed.simulated.views
                assert not any(told(views[p]) - told(wanted[p]) for p in program.parties)


@given(programs(), PROTOCOL_CHOICES, st.sampled_from(Garbling))
@settings(PROGRAMS, max_examples=150)
def test_two_parties(generated: Generated, protocol: ProtocolChoice, garbling: Garbling) -> None:
    agree_and_tell_no_more(generated, (protocol,), garbling)


NAMES = ("ann", "ben", "cem", "dan", "eve")
OF_SEVERAL = (ProtocolChoice.AUTO, ProtocolChoice.ARITHMETIC, ProtocolChoice.BOOLEAN)


@given(
    st.sampled_from((1, 3, 4, 5)).flatmap(lambda count: programs(parties=NAMES[:count])),
    st.sampled_from(OF_SEVERAL),
)
@settings(PROGRAMS, max_examples=60)
def test_other_numbers_of_parties(generated: Generated, protocol: ProtocolChoice) -> None:
    agree_and_tell_no_more(generated, (protocol,))


@given(
    st.sampled_from((("ann", "ben"), ("ben", "cem"), ("dan", "ann"))).flatmap(
        lambda two: programs(parties=NAMES[:4], computing=two)
    ),
    PROTOCOL_CHOICES,
    st.sampled_from(Garbling),
)
@settings(PROGRAMS, max_examples=30)
def test_two_of_four_compute(
    generated: Generated, protocol: ProtocolChoice, garbling: Garbling
) -> None:
    agree_and_tell_no_more(generated, (protocol,), garbling)


@pytest.mark.slow
@pytest.mark.timeout(0)
@given(programs())
@settings(SWEEP)
def test_two_parties_at_length(generated: Generated) -> None:
    agree_and_tell_no_more(generated, ProtocolChoice)


@pytest.mark.slow
@pytest.mark.timeout(0)
@given(programs(parties=("ann", "ben", "cem", "dan", "eve")))
@settings(PROGRAMS)
def test_five_parties(generated: Generated) -> None:
    program = checked(generated.text)
    agree(program, asked_for(program, generated.inputs))
