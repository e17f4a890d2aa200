"""Native programs with a dealer: right results, using exactly what was asked for."""

from __future__ import annotations

import pytest

from ezlang import api
from ezlang.compiler.cost.predict import predict, predict_demands
from ezlang.compiler.protocols.core.preprocessing import (
    BitTriple,
    ConvolutionTriple,
    Mask,
    MaskedTriple,
    OwnedTriple,
    RingSquare,
    RingTriple,
)
from ezlang.compiler.protocols.dealt.backend import DEALT
from ezlang.compiler.protocols.dealt.demands import LabelOt
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.native.demands import demands_of
from ezlang.executors.native.executable import Executable, executable_of
from ezlang.executors.simulate import run_two
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs
from tests.passes.window_programs import LOOPED
from tests.passes.window_programs import PROGRAMS as WINDOWS
from tests.support.dealt_runs import run_dealt

PROGRAMS: dict[str, tuple[str, Inputs]] = {
    "products": (
        """
        party alice, bob;
        fn main() {
            secret int64[20] x = input(alice, "x");
            secret int64[20] y = input(bob, "y");
            secret int64 sum = 0;
            for i in 0..20 {
                sum += x[i] * y[i] * y[i];
            }
            output(all, sum, "sum");
        }
        """,
        {"alice": {"x": list(range(-10, 10))}, "bob": {"y": list(range(100, 120))}},
    ),
    "squares": (
        """
        party alice, bob;
        fn main() {
            secret int16[9] x = input(alice, "x");
            secret int16[9] y = input(bob, "y");
            secret int16[9] difference = x - y;
            output(all, difference * difference, "distances");
            output(alice, sum(difference * difference), "distance");
        }
        """,
        {"alice": {"x": list(range(9))}, "bob": {"y": [3, -9, 8, 70, 0, 1, 2, -3, -4]}},
    ),
    "rounded ReLUs": (
        """
        party alice, bob;
        fn main() {
            secret int64[5] x = input(alice, "x");
            secret int64[5] y = input(bob, "y");
            output(all, max((x + y) >> 7, 0), "z");
        }
        """,
        {"alice": {"x": [900, -900, 2**62, 127, -1]}, "bob": {"y": [5, 7, 2**62 - 1, 1, 1]}},
    ),
    "lookups": (
        """
        party alice, bob;
        const int64[6][2] table = [[1, 2], [3, -4], [5, 600], [7, 8], [9, 10], [-11, 12]];
        fn main() {
            secret int32[7] x = input(alice, "x");
            secret int32[7] y = input(bob, "y");
            secret int64[7][2] found;
            for i in 0..7 {
                found[i] = table[x[i] + y[i]];
            }
            output(all, found, "found");
        }
        """,
        {"alice": {"x": [0, 1, 2, 3, 4, 5, 6]}, "bob": {"y": [0, 0, 3, 0, 4, -1, -7]}},
    ),
    "comparisons": (
        """
        party alice, bob;
        fn main() {
            secret int32[9] x = input(alice, "x");
            secret int32[9] y = input(bob, "y");
            secret int32 most = x[0];
            secret int32 equal = 0;
            for i in 0..9 {
                most = max(most, x[i] > y[i] ? x[i] - y[i] : y[i]);
                equal += x[i] == y[i] ? 1 : 0;
            }
            output(all, most, "most");
            output(bob, equal, "equal");
        }
        """,
        {
            "alice": {"x": [5, -3, 7, 0, 100, 2147483647, -2147483648, 1, 2]},
            "bob": {"y": [5, 3, -7, 0, 99, 1, 1, 2147483647, 2]},
        },
    ),
    "divisions": (
        """
        party alice, bob;
        fn main() {
            secret uint16[4] x = input(alice, "x");
            secret uint16[4] y = input(bob, "y");
            output(all, x / y, "quotients");
            output(all, (x % y) >> 1, "halves");
        }
        """,
        {"alice": {"x": [7, 60000, 0, 9]}, "bob": {"y": [2, 7, 3, 10]}},
    ),
    "matrices": (
        """
        party alice, bob;
        fn main() {
            secret int32[3][4] x = input(alice, "x");
            secret int32[4][2] y = input(bob, "y");
            secret int32[3][2] z = 0;
            for i in 0..3 {
                for j in 0..2 {
                    for k in 0..4 {
                        z[i][j] += x[i][k] * y[k][j];
                    }
                }
            }
            output(all, z, "z");
        }
        """,
        {
            "alice": {"x": [[1, 2, 3, 4], [-5, 6, -7, 8], [9, 10, 11, 12]]},
            "bob": {"y": [[1, -1], [2, -2], [3, -3], [4, -4]]},
        },
    ),
    "weights in a loop": LOOPED,
    **{
        f"a convolution: {name}": (WINDOWS[name].text(), WINDOWS[name].inputs())
        for name in ("stride_and_padding", "groups", "batch", "one_dimension")
    },
}
PROTOCOL_CHOICES = ("yao", "boolean", "arithmetic", "auto")


@pytest.mark.parametrize("protocol", PROTOCOL_CHOICES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_results_costs_and_what_is_used(name: str, protocol: str) -> None:
    text, given = PROGRAMS[name]
    program = api.checked(api.check_text(text))
    inputs = check_inputs(program, given)
    executable = executable_of(program, protocol)
    outcomes, units = run_dealt(executable, inputs)
    expected = api.run_clear(program, given).outputs
    assert {outcome.party: outcome.outputs for outcome in outcomes} == expected
    assert units[0].left() == units[1].left() == {}
    ledger = predict(executable.program, backend=DEALT).least
    assert max(outcome.rounds for outcome in outcomes) == ledger.rounds
    assert [outcome.bytes_sent for outcome in outcomes] == list(ledger.bytes_sent.values())
    simulated = run_two(executable.program, inputs, dealt=True)
    assert simulated.outputs == expected
    assert simulated.cost.rounds == ledger.rounds
    assert simulated.cost.bytes_sent == {one.party: one.bytes_sent for one in outcomes}
    assert simulated.cost.dealt == demands_of(executable)


def executable(text: str, protocol: str = "yao") -> Executable:
    return executable_of(api.checked(api.check_text(text)), protocol)


def test_demands() -> None:
    products = executable(PROGRAMS["products"][0], "arithmetic")
    demands = demands_of(products)
    assert demands[RingTriple(bits=64)] >= 20
    assert LabelOt() not in demands
    squares = demands_of(executable(PROGRAMS["squares"][0], "arithmetic"))
    assert set(squares) == {RingSquare(bits=16)}
    compared = demands_of(executable(PROGRAMS["comparisons"][0], "boolean"))
    assert compared[BitTriple()] > 9
    garbled = demands_of(executable(PROGRAMS["comparisons"][0]))
    assert garbled == {LabelOt(): 9 * 32}


LOOP = """
party alice, bob;
fn main() {
    secret int32 x = input(alice, "x");
    secret int32 y = input(bob, "y");
    int32 turns = 0;
    while (reveal(x > 0)) {
        x -= y;
        turns += 1;
    }
    output(all, turns, "turns");
}
"""


def test_a_convolution_opens_each_number_once() -> None:
    """The image is opened without its padding, and not once for each patch.

    No filter reads the padding at the bottom.
    """
    one = WINDOWS["stride_and_padding"]
    program = api.checked(api.check_text(one.text()))
    executable = executable_of(program, "arithmetic")
    triple = ConvolutionTriple(
        bits=32,
        images=(1, *one.x),
        filters=one.y,
        stride=(2, 2),
        padding=(1, 1, 0, 1),
        dilation=(1, 1),
        groups=1,
    )
    owned = OwnedTriple(owner=1, side=1, product=triple)
    assert demands_of(executable) == {owned: 1}


def test_weights_in_a_loop_are_masked_once() -> None:
    """A mask for each of the weights, and triples by it for each iteration."""
    text, _ = PROGRAMS["weights in a loop"]
    program = api.checked(api.check_text(text))
    demands = demands_of(executable_of(program, "arithmetic"))
    masks = {kind: count for kind, count in demands.items() if isinstance(kind, Mask)}
    triples = {kind: count for kind, count in demands.items() if isinstance(kind, MaskedTriple)}
    assert sorted((kind.number, kind.size, count) for kind, count in masks.items()) == [
        (0, 2 * 2 * 3 * 3, 1),
        (1, 5 * 5, 1),
    ]
    assert sorted((kind.number, count) for kind, count in triples.items()) == [(0, 3), (1, 3)]
    assert {kind.mask for kind in triples} == set(masks)


def test_weights_of_few_bits_are_masked_once_in_a_loop() -> None:
    """Their type widens in the loop, which changes none of their numbers."""
    text = """party vendor, hospital;
    fn main() {
        secret fixed<4, 12>[8][6] w = input(vendor, "w");
        secret fixed<4, 12>[6] x = input(hospital, "x");
        fixed<12>[6] state = x;
        int32 i = 0;
        while i < 3 {
            fixed<12>[8] y;
            for j in 0..8 { y[j] = sum(w[j] * state); }
            state = max(y[..6], 0.0);
            i += 1;
        }
        output(hospital, state, "y");
    }"""
    program = api.checked(api.check_text(text))
    demands = demands_of(executable_of(program, "arithmetic"))
    assert [(k.size, n) for k, n in demands.items() if isinstance(k, Mask)] == [(8 * 6, 1)]
    assert [n for k, n in demands.items() if isinstance(k, MaskedTriple)] == [3]


def test_a_loop_that_a_revealed_value_ends() -> None:
    """Garbling takes OTs for inputs alone; comparisons of shares take triples in every turn."""
    assert demands_of(executable(LOOP)) == {LabelOt(): 32}
    with pytest.raises(EzError, match="how often a loop runs") as caught:
        demands_of(executable(LOOP, "boolean"))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "EZ5035"
    assert diagnostic.span is not None
    assert diagnostic.span.line == 7
    assert caught.value.exit_code == 2
    assert predict_demands(executable(LOOP, "boolean").program)[1]
