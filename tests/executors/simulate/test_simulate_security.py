"""A party's view: the same messages and bytes whatever the secrets are, and only noise."""

from collections import Counter

import pytest

from ezlang import api
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.compiler.protocols.core.preprocessing import RingTriple
from ezlang.executors.simulate import SimulatedOutcome, run_simulated
from ezlang.executors.simulate.network import Words, encode, size_of
from ezlang.types.labels import PUBLIC, SECRET, owned
from ezlang.types.types import BOOL, INT32, UINT8, UINT64
from tests.support.ir_drafts import NAMES, Draft
from tests.support.shapes import simulated_shape

# The 99.99 % quantile of the chi-squared distribution with 255 degrees of freedom: with fixed
# seeds the tests either always hold or never do.
CHI_SQUARED_255 = 347.65


def everything(x: list[int], y: list[int], flags: list[bool], parties: int = 3) -> Draft:
    """Use every kind of protocol step on secrets; all results stay hidden but one bit."""
    draft = Draft(parties)
    build = draft.build
    a, b = draft.give(INT32, x, SECRET), draft.give(INT32, y, owned(1))
    c = draft.give(BOOL, flags, SECRET)
    for kind in BinaryKind:
        build.binary(kind, a, b)
        build.binary(kind, build.binary(BinaryKind.ADD, a, b), a)
    build.select(c, a, b)
    product = build.binary(BinaryKind.MUL, a, b)
    build.select(c, product, a)
    build.reduce(BinaryKind.MAX, product)
    index = build.extract(a, (build.index(0),), (True,))
    written = build.oblivious_write(build.relabel(b, SECRET), index, index)
    build.oblivious_read(written, index)
    total = build.reduce(BinaryKind.ADD, build.cast(c, INT32))
    draft.show(build.binary(BinaryKind.LT, total, build.constant(INT32, (100,))))
    return draft


def shape(outcome: SimulatedOutcome) -> list[tuple[object, ...]]:
    return [(m.round, m.sender, m.receiver, m.purpose, m.size) for m in outcome.transcript]


@pytest.mark.parametrize("parties", [2, 3, 5])
def test_messages_do_not_depend_on_secrets(parties: int) -> None:
    first = everything([1, 2, 3], [4, 5, 6], [True, False, True], parties).run()
    second = everything([-1, 0, 1 << 30], [0, 0, 3], [False] * 3, parties).run()
    assert shape(first) == shape(second)
    assert first.cost == second.cost
    assert first.cost.rounds > 0


def test_the_transcript_adds_up() -> None:
    outcome = everything([1, 2, 3], [4, 5, 6], [True, False, True]).run()
    for party, name in enumerate(NAMES[:3]):
        sent = [m for m in outcome.transcript if m.sender == party]
        assert outcome.cost.bytes_sent[name] == sum(m.size for m in sent)
        assert outcome.cost.messages_sent[name] == len(sent)
        assert all(m.receiver != party and len(m.data) == m.size for m in sent)
    rounds = [m.round for m in outcome.transcript]
    assert rounds == sorted(rounds)
    assert set(rounds) == set(range(1, outcome.cost.rounds + 1))


def test_a_seed_makes_traces_come_out_again() -> None:
    inputs = ([1, 2, 3], [4, 5, 6], [True, False, True])
    first, second = everything(*inputs).run(seed=7), everything(*inputs).run(seed=7)
    other = everything(*inputs).run(seed=8)
    assert [m.data for m in first.transcript] == [m.data for m in second.transcript]
    assert [m.data for m in first.transcript] != [m.data for m in other.transcript]


@pytest.mark.parametrize("value", [0, -1, 12345])
def test_received_bytes_are_uniform(value: int) -> None:
    """What each party receives before anything is revealed looks random, for any inputs."""
    outcome = everything([value] * 256, [value] * 256, [value > 0] * 256).run(seed=1)
    for party in range(3):
        received = b"".join(
            m.data for m in outcome.received(party) if m.purpose != "reveal" and m.size >= 32
        )
        assert len(received) > 100_000
        counts = Counter(received)
        expected = len(received) / 256
        chi = sum((counts[byte] - expected) ** 2 / expected for byte in range(256))
        assert chi < CHI_SQUARED_255


def test_one_party_learns_what_is_revealed_to_it_alone() -> None:
    draft = Draft(3)
    x = draft.give(INT32, [7, -8], SECRET)
    shown = draft.build.fresh(ir.TensorType(INT32, (2,), owned(2)))
    draft.build.emit(ir.Reveal(operands=(x,), results=(shown,)))
    draft.build.emit(ir.Output(to=2, name="x", operands=(shown,)))
    outcome = run_simulated(draft.program(), draft.inputs)
    assert outcome.outputs == {"alice": {}, "bob": {}, "carol": {"x": [7, -8]}}
    assert [(s.name, s.value) for s in outcome.views["carol"]] == [
        (None, [7, -8]),
        ("x", [7, -8]),
    ]
    assert outcome.views["alice"] == []
    revealed = [m for m in outcome.transcript if m.purpose == "reveal"]
    assert {(m.sender, m.receiver) for m in revealed} == {(0, 2), (1, 2)}


def test_costs_of_single_steps() -> None:
    """The table at the head of the protocol, for 4 elements of 64 bits between two parties."""
    draft = Draft()
    x, y = draft.give(UINT64, [1, 2, 3, 4], SECRET), draft.give(UINT64, [5, 6, 7, 8], SECRET)
    assert draft.run().cost.bytes_sent == {"alice": 2 * 2 * 64 * 4 // 8, "bob": 0}
    draft.build.binary(BinaryKind.MUL, x, y)
    multiplied = draft.run().cost
    assert multiplied.bytes_sent["bob"] == 2 * 64 * 4 // 8
    assert multiplied.rounds == 3
    assert multiplied.dealt == {RingTriple(bits=64): 4}
    draft.build.binary(BinaryKind.ADD, x, y)
    draft.build.binary(BinaryKind.XOR, x, y)
    draft.build.unary(ir.UnaryKind.NEG, x)
    assert draft.run().cost == multiplied


def test_local_values_cost_nothing() -> None:
    draft = Draft()
    x = draft.give(UINT8, [1, 2, 3], owned(1))
    y = draft.build.binary(BinaryKind.DIV, x, draft.give(UINT8, [1, 0, 2], PUBLIC))
    assert y.type.label == owned(1)
    outcome = draft.run()
    assert outcome.cost.rounds == 0
    assert outcome.transcript == ()


def test_encoding_packs_bits_in_order() -> None:
    payload = (Words([1, 0, 1], 1), Words([0xAB], 8), Words([3], 5))
    assert size_of(payload) == 2
    assert encode(payload) == (0b101 | 0xAB << 3 | 3 << 11).to_bytes(2, "little")
    assert encode(()) == b""


def test_messages_do_not_tell_what_a_party_alone_has_chosen() -> None:
    """Of two values, one of which is shared already, bob chooses by himself."""
    program = api.checked(
        api.check_text(
            """party alice, bob, cem;
            fn main() {
                @bob bool c = input(bob, "c");
                @bob uint16 x = input(bob, "x");
                @bob uint16 y = input(bob, "y");
                secret uint16 a = input(alice, "a");
                secret uint16 s = a * x;
                @bob uint16 z = y;
                if c { z = x; }
                output(all, s + a * z, "r");
            }"""
        )
    )
    shapes = [
        simulated_shape(program, {"alice": {"a": 1}, "bob": {"c": c, "x": 2, "y": 3}, "cem": {}})
        for c in (False, True)
    ]
    assert shapes[0] == shapes[1]
