"""Under every protocol choice, passes after the same first ones give what can be run."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings

from ezlang.check import check
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.lower import lower
from ezlang.compiler.passes.assign import ProtocolChoice, assign
from ezlang.compiler.passes.prepare import after_assignment, before_assignment
from ezlang.source import Source
from tests.support.generator import Generated, programs
from tests.support.scheduled import assert_scheduled

ROOT = Path(__file__).parents[2]


def protocol_choices_hold(text: str) -> None:
    program = check(Source("main.ez", text), settings={}).program
    if program is None or len(program.parties) != 2:
        return
    ready = before_assignment(lower(program))
    for protocol in ProtocolChoice:
        made = after_assignment(assign(ready, protocol)).program
        assert_scheduled(made)


@given(programs())
@settings(max_examples=12)
def test_generated_programs_pass_the_verifier(generated: Generated) -> None:
    protocol_choices_hold(generated.text)


def test_both_parties_come_to_the_same() -> None:
    text = (ROOT / "examples/second-price-auction/main.ez").read_text(encoding="utf-8")
    texts = set()
    for _ in range(2):
        program = check(Source("main.ez", text), settings={}).program
        assert program is not None
        ready = before_assignment(lower(program))
        texts.add(print_program(after_assignment(assign(ready, ProtocolChoice.AUTO)).program))
    assert len(texts) == 1
