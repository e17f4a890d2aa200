"""Kinds of OTs: the cheapest kind for each network, and equal counts of their costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ezlang import api
from ezlang.compiler.cost.ots import choose_kind
from ezlang.compiler.cost.predict import Forecast
from ezlang.compiler.cost.profiles import LAN, LOOPBACK, WAN
from ezlang.compiler.ir.ots import OtKind, OtKinds
from ezlang.compiler.ir.parse import parse_program
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.passes.assign import Policy
from ezlang.compiler.passes.sharings.ot_kinds import cheapest_kinds
from tests.support.costed import costs_of, native, predicted, prepared, simulated

TEXT = """
party alice, bob;

fn main() {
    @alice int64[400] a = input(alice, "a");
    @bob int64[400] b = input(bob, "b");
    secret int64 score = sum(a * b);
    output(alice, score > 1000, "more");
}
"""
PROGRAM = api.checked(api.check_text(TEXT))
INPUTS = {"alice": {"a": list(range(400))}, "bob": {"b": list(range(20, 420))}}


@pytest.mark.parametrize("kind", OtKind)
@pytest.mark.parametrize("policy", [Policy.YAO, Policy.ARITHMETIC])
def test_all_counts_agree(policy: Policy, kind: OtKind) -> None:
    code = replace(prepared(PROGRAM, policy), ots=OtKinds(yao=kind, shares=kind))
    costs, _, _ = native(PROGRAM, code, INPUTS)
    assert costs == simulated(PROGRAM, code, INPUTS)
    assert costs == costs_of(predicted(code).least)
    assert parse_program(print_program(code)) == code


def test_what_is_cheapest() -> None:
    for profile in (LOOPBACK, LAN, WAN):
        assert choose_kind(profile, 1000) is OtKind.SOFTSPOKEN_2
    millions = [choose_kind(profile, 1 << 24) for profile in (LOOPBACK, LAN, WAN)]
    assert millions == [OtKind.SOFTSPOKEN_2, OtKind.SILENT, OtKind.SILENT]
    assert choose_kind(LAN, 1 << 18) is OtKind.SOFTSPOKEN_4
    assert choose_kind(WAN, 1 << 15) is OtKind.SOFTSPOKEN_8


def test_a_program_says_how_its_ots_are_made() -> None:
    program = prepared(PROGRAM, Policy.ARITHMETIC)
    assert cheapest_kinds(Forecast(program), LAN) == program.ots
    chosen = replace(program, ots=cheapest_kinds(Forecast(program), WAN))
    assert chosen.ots.shares is OtKind.SOFTSPOKEN_8
    assert "ots softspoken2 softspoken8" in print_program(chosen)
