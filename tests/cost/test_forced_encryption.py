"""Programs whose products are all homomorphic, whatever they cost: widths, batches and groups."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.compiler.passes.sharings import encrypted
from ezlang.compiler.protocols.operations.encrypted import encrypted_in
from tests.support.agreement import agree_under, checked, clear, result_of
from tests.support.costed import prepared

MATRICES = """
    secret {type}[{m}][{n}] z;
    for i in 0..{m} {{ for j in 0..{n} {{ for k in 0..{k} {{ z[i][j] += x[i][k] * y[k][j]; }} }} }}
"""
BATCHES = """
    secret {type}[{b}][{m}][{n}] z;
    for b in 0..{b} {{ for i in 0..{m} {{ for j in 0..{n} {{ for k in 0..{k} {{
        z[b][i][j] += x[b][i][k] * y[b][k][j];
    }} }} }} }}
"""
GROUPS = """
    secret {type}[2][4][3][4] z;
    for n in 0..2 {{ for g in 0..2 {{ for f in 0..2 {{ for i in 0..3 {{ for j in 0..4 {{
        for h in 0..3 {{ for u in 0..2 {{ for v in 0..3 {{
            z[n][2 * g + f][i][j] += x[n][3 * g + h][2 * i + u][j + 2 * v] * y[2 * g + f][h][u][v];
        }} }} }}
    }} }} }} }} }}
"""
SIZES = {"m": 3, "k": 5, "n": 4, "b": 2}
CASES = {
    "int8 matrices": ("int8", "[3][5]", "[5][4]", MATRICES),
    "int16 matrices": ("int16", "[3][5]", "[5][4]", MATRICES),
    "uint32 matrices": ("uint32", "[3][5]", "[5][4]", MATRICES),
    "uint64 matrices": ("uint64", "[3][5]", "[5][4]", MATRICES),
    "int64 batches": ("int64", "[2][3][5]", "[2][5][4]", BATCHES),
    "int32 groups with strides and steps": ("int32", "[2][6][6][8]", "[4][3][2][3]", GROUPS),
}
WAYS = {
    "both known": "secret {type}{xs} x = p; secret {type}{ys} y = q;",
    "left known": "secret {type}{xs} x = p; secret {type}{ys} y = q * c;",
    "right known": "secret {type}{xs} x = p * d; secret {type}{ys} y = q;",
    "shared": "secret {type}{xs} x = p * d; secret {type}{ys} y = q * c;",
}


def numbers(type: str, shape: str, draw: random.Random) -> Any:
    if shape:
        size, rest = shape[1:].split("]", 1)
        return [numbers(type, rest, draw) for _ in range(int(size))]
    bits = int(type.lstrip("uint"))
    low = 0 if type.startswith("u") else -(1 << (bits - 1))
    return draw.choice((low, low + (1 << bits) - 1, low + draw.randrange(1 << bits)))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES)
def test_executors_agree(case: str, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    type, xs, ys, body = CASES[case]
    names = {"type": type, "xs": xs, "ys": ys, **SIZES}
    program = checked(f"""party alice, bob;
    fn main() {{
        @alice {type}{xs} p = input(alice, "p");
        @alice {type} c = input(alice, "c");
        @bob {type}{ys} q = input(bob, "q");
        @bob {type} d = input(bob, "d");
        {WAYS[way].format(**names)}
        {body.format(**names)}
        output(all, z, "z");
    }}
    """)
    draw = random.Random(1)
    shapes = {"alice": {"p": xs, "c": ""}, "bob": {"q": ys, "d": ""}}
    inputs = {
        party: {name: numbers(type, shape, draw) for name, shape in given.items()}
        for party, given in shapes.items()
    }

    def preferred(choice: object, operation: Any) -> float:
        return -float(operation.encrypted > 0)

    monkeypatch.setattr(encrypted._Choice, "_seconds", preferred)
    code = prepared(program, ProtocolChoice.ARITHMETIC)
    operations = [one for function in code.functions for one in ir.walk(function.body)]
    forced = sum(1 for _ in encrypted_in(operations))
    assert forced or (case.endswith("steps") and way == "left known")
    expected = result_of(clear, program, inputs)
    assert agree_under(ProtocolChoice.ARITHMETIC, program, inputs, expected) is not None
