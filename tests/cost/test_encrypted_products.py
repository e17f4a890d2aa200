"""Homomorphic matrix products are chosen where they are cheaper; all executors agree on them."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from ezlang.compiler.cost.predict import predict
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.compiler.protocols.dealt.backend import DEALT
from ezlang.compiler.protocols.operations.encrypted import Product, forms_of, keys_of_program
from ezlang.values.data import Inputs
from tests.support.agreement import agree_under, checked, clear, result_of
from tests.support.costed import costs_of, prepared

LAYERS = """
fn main() {
    @alice int64[20][96] x = input(alice, "x");
    @bob int16[96][40] v = input(bob, "v");
    @bob int64[40][24] w = input(bob, "w");
    secret int64[20][40] h = linalg.matmul(x, int64(v));
    for i in 0..20 {
        for j in 0..40 {
            h[i][j] = h[i][j] > 0 ? h[i][j] : 0;
        }
    }
    output(alice, linalg.matmul(h, w), "y");
}
"""
"""The first product is of what each party knows; the second one is of shares and a known matrix."""

KNOWN_ON_THE_LEFT = """
fn main() {
    @alice int64[60][90] x = input(alice, "x");
    @bob int64[90][30] w = input(bob, "w");
    @alice int64 c = input(alice, "c");
    secret int64[90][30] t = w * c;
    output(bob, linalg.matmul(x, t), "y");
}
"""

SHARED = """
fn main() {
    @alice int32[50][64] x = input(alice, "x");
    @bob int32[64][50] w = input(bob, "w");
    @alice int32 c = input(alice, "c");
    @bob int32 d = input(bob, "d");
    secret int32[50][64] s = x * d;
    secret int32[64][50] t = w * c;
    secret int32[50][50] z;
    for i in 0..50 { for j in 0..50 { for k in 0..64 { z[i][j] += s[i][k] * t[k][j]; } } }
    output(all, z, "y");
}
"""

LOOP = """
fn main() {
    @alice int64[64] x = input(alice, "x");
    @bob int8[64][64] w = input(bob, "w");
    secret int64[64] s = x;
    for turn in 0..3 {
        secret int64[64] t;
        for j in 0..64 { for i in 0..64 { t[j] += s[i] * int64(w[i][j]); } }
        s = t;
    }
    output(all, s, "y");
}
"""

CONVOLUTIONS = """
fn main() {
    @alice int64[4][14][13] x = input(alice, "x");
    @bob int8[6][4][3][3] v = input(bob, "v");
    @bob int64[5][6][3][3] w = input(bob, "w");
    @alice int64[5][6][3][3] u = input(alice, "u");
    secret int64[6][12][11] y;
    for f in 0..6 { for i in 0..12 { for j in 0..11 { for c in 0..4 {
        for a in 0..3 { for b in 0..3 {
            y[f][i][j] += x[c][i + a][j + b] * int64(v[f][c][a][b]);
        } }
    } } } }
    secret int64[5][6][3][3] s = u + w;
    secret int64[5][5][5] z;
    for f in 0..5 { for i in 0..5 { for j in 0..5 { for c in 0..6 {
        for a in 0..3 { for b in 0..3 {
            z[f][i][j] += y[c][i * 2 + a][j * 2 + b] * s[f][c][a][b];
        } }
    } } } }
    output(all, z, "z");
}
"""
"""Filters that a party knows, and shared ones, with a stride."""

PROGRAMS = {
    "layers": (LAYERS, [("alice", 16), ("alice", 64)]),
    "known on the left": (KNOWN_ON_THE_LEFT, [("bob", 64)]),
    "shared": (SHARED, [("both", 32)]),
    "loop": (LOOP, [("alice", 8)]),
    "convolutions": (CONVOLUTIONS, [("alice", 8), ("both", 64)]),
}


def program_of(name: str) -> Any:
    return checked(f"import linalg;\nparty alice, bob;\n{PROGRAMS[name][0]}")


def drawn(text: str) -> Inputs:
    """Draw all inputs, with the extreme numbers of their types."""
    draw = random.Random(4)
    found: dict[str, dict[str, Any]] = {"alice": {}, "bob": {}}

    def numbers(bits: int, shape: list[int]) -> Any:
        if shape:
            return [numbers(bits, shape[1:]) for _ in range(shape[0])]
        top = 1 << (bits - 1)
        return draw.choice((-top, top - 1, draw.randrange(-top, top)))

    for line in text.splitlines():
        if "= input(" in line:
            type, name = line.split()[1], line.split()[2]
            bits, *sizes = type.removeprefix("int").replace("]", "").split("[")
            found[line.split("(")[1].split(",")[0]][name] = numbers(int(bits), [*map(int, sizes)])
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_products_are_chosen_with_the_bits_of_what_is_known(name: str) -> None:
    code = prepared(program_of(name), ProtocolChoice.ARITHMETIC)
    found = []
    for function in code.functions:
        for one in ir.walk(function.body):
            if isinstance(one, Product) and one.terms > 1:
                holders = [code.parties[party] for party, _ in forms_of(one)]
                found.append((holders[0] if len(holders) == 1 else "both", one.encrypted))
    assert found == PROGRAMS[name][1]


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("protocol", [ProtocolChoice.ARITHMETIC, ProtocolChoice.AUTO])
def test_executors_and_prediction_agree(name: str, protocol: ProtocolChoice) -> None:
    program, inputs = program_of(name), drawn(PROGRAMS[name][0])
    expected = result_of(clear, program, inputs)
    agreed = agree_under(protocol, program, inputs, expected)
    assert agreed is not None


def test_each_key_is_sent_once() -> None:
    """A key for the product of 16 bits, and a longer one for that of 64; both are alice's."""
    keys = keys_of_program(prepared(program_of("layers"), ProtocolChoice.ARITHMETIC))
    assert [(one.size, one.limbs) for one in keys.first] == [(8192, 5), (8192, 7)]
    assert keys.second == ()


def test_a_dealer_makes_keys_and_ciphertexts_needless() -> None:
    code = prepared(program_of("layers"), ProtocolChoice.ARITHMETIC)
    marked = [one for f in code.functions for one in ir.walk(f.body) if is_marked(one)]
    plain = replace(code, functions=tuple(map(without_marks, code.functions)))
    assert marked
    assert costs_of(predict(code, backend=DEALT).least) == costs_of(
        predict(plain, backend=DEALT).least
    )


def is_marked(operation: ir.Operation) -> bool:
    return isinstance(operation, ir.MatrixProduct) and operation.encrypted > 0


def without_marks(function: ir.Function) -> ir.Function:
    operations = tuple(
        replace(one, encrypted=0) if isinstance(one, ir.MatrixProduct) else one
        for one in function.body.operations
    )
    return replace(function, body=replace(function.body, operations=operations))
