"""Convolutions have the same results, rounds and bytes in every executor and in the prediction."""

from __future__ import annotations

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.passes.assign import ProtocolChoice
from tests.passes.window_programs import LOOPED, PROGRAMS
from tests.support.agreement import agree_under, checked, clear, result_of, simulated
from tests.support.costed import prepared


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("protocol", list(ProtocolChoice))
def test_executors_agree(name: str, protocol: ProtocolChoice) -> None:
    one = PROGRAMS[name]
    program, inputs = checked(one.text()), one.inputs()
    expected = result_of(clear, program, inputs)
    assert agree_under(protocol, program, inputs, expected) is not None


@pytest.mark.parametrize("protocol", list(ProtocolChoice))
def test_executors_agree_on_loops(protocol: ProtocolChoice) -> None:
    text, inputs = LOOPED
    program = checked(text)
    expected = result_of(clear, program, inputs)
    assert agree_under(protocol, program, inputs, expected) is not None


@pytest.mark.parametrize("name", ["stride_and_padding", "groups"])
def test_any_number_of_parties_agrees(name: str) -> None:
    program, inputs = checked(PROGRAMS[name].text()), PROGRAMS[name].inputs()
    assert result_of(simulated, program, inputs) == result_of(clear, program, inputs)


@pytest.mark.parametrize("protocol", [ProtocolChoice.YAO, ProtocolChoice.BOOLEAN])
def test_other_sharings_have_none(protocol: ProtocolChoice) -> None:
    program = prepared(checked(PROGRAMS["padding"].text()), protocol)
    assert not any(isinstance(one, ir.Product) for one in ir.walk(program.main.body))
