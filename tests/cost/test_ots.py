"""Kinds of OTs: the cheapest kind for each network, and equal counts of their costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ezlang import api
from ezlang.compiler.cost import counting_session
from ezlang.compiler.cost.counting_session import CountingSession
from ezlang.compiler.cost.ots import choose_kind
from ezlang.compiler.cost.predict import Forecast
from ezlang.compiler.cost.profiles import LAN, LOOPBACK, WAN
from ezlang.compiler.ir.ots import OtKind, OtKinds
from ezlang.compiler.ir.parse import parse_program
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.compiler.passes.sharings.ot_kinds import cheapest_kinds
from ezlang.compiler.protocols.core.backend import Backend
from ezlang.compiler.protocols.dealt.backend import DEALT
from ezlang.compiler.protocols.ot.backend import OT
from ezlang.compiler.protocols.ot.stock import LARGEST_BATCH
from ezlang.typed.tree import Program
from tests.support.costed import costs_of, native, predicted, prepared, simulated

TEXT = """
party alice, bob;
param int32 n = 400;

fn main() {
    @alice int64[n] a = input(alice, "a");
    @bob int64[n] b = input(bob, "b");
    secret int64 score = sum(a * b);
    output(alice, score > 1000, "more");
}
"""


def of_length(n: int) -> Program:
    return api.checked(api.check_text(TEXT, settings={"n": n}))


@pytest.mark.parametrize("kind", OtKind)
@pytest.mark.parametrize(
    ("protocol", "n"), [(ProtocolChoice.YAO, 60), (ProtocolChoice.ARITHMETIC, 400)]
)
def test_all_counts_agree(protocol: ProtocolChoice, n: int, kind: OtKind) -> None:
    """Of several batches: an OT for each of 64·n bits."""
    program = of_length(n)
    inputs = {"alice": {"a": list(range(n))}, "bob": {"b": list(range(20, 20 + n))}}
    code = replace(prepared(program, protocol), ots=OtKinds(yao=kind, shares=kind))
    costs, _, _ = native(program, code, inputs)
    assert costs == simulated(program, code, inputs)
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
    program = prepared(of_length(400), ProtocolChoice.ARITHMETIC)
    assert cheapest_kinds(Forecast(program), LAN) == program.ots
    chosen = replace(program, ots=cheapest_kinds(Forecast(program), WAN))
    assert chosen.ots.shares is OtKind.SOFTSPOKEN_8
    assert "ots softspoken2 softspoken8" in print_program(chosen)


@pytest.mark.parametrize("backend", [OT, DEALT], ids=["ot", "dealt"])
@pytest.mark.parametrize("kind", OtKind)
def test_large_takes_are_those_of_single_batches(
    kind: OtKind, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken() -> tuple[object, ...]:
        session = CountingSession(backend=backend, kinds=OtKinds(yao=kind, shares=kind))
        for number, link in enumerate((*session.shares, *session.shares)):
            session.take({link: (7 + 25 * number) * LARGEST_BATCH + 1000 * number + 3})
        counts = [(one.left, one.taken, one.batches) for one in session.ots]
        return session.ledger.amounts, session.ledger.state, counts

    fast = taken()
    monkeypatch.setattr(counting_session, "LARGEST_BATCH", 1 << 62)  # rows are longer than that
    assert taken() == fast
