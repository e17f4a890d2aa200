"""Every value of a run lies in the range that interval analysis gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.lower import lower
from ezlang.compiler.passes.analyses.ranges import Intervals, ranges_of
from ezlang.compiler.passes.prepare import before_assignment
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.simulate.clear_values import ClearValue
from ezlang.recursion import deep_recursion
from ezlang.values.check import check_inputs
from ezlang.values.data import Inputs
from tests.support.agreement import asked_for, checked
from tests.support.generator import Generated, programs
from tests.support.plain_walk import Hidden, Plain
from tests.support.profiles import PROGRAMS


class Watched(Plain):
    """Runs a program in the clear, and holds every value to its range."""

    def __init__(
        self, program: ir.Program, ranges: Mapping[str, Intervals], inputs: Inputs
    ) -> None:
        super().__init__(program, inputs)
        self.ranges = ranges
        self.inside: list[str] = []

    def call(
        self, name: str, arguments: Sequence[ClearValue | Hidden]
    ) -> list[ClearValue | Hidden]:
        self.inside.append(name)
        try:
            return super().call(name, arguments)
        finally:
            self.inside.pop()

    def region(
        self,
        region: ir.Region,
        values: dict[int, ClearValue | Hidden],
        arguments: Sequence[ClearValue | Hidden] = (),
    ) -> list[ClearValue | Hidden]:
        for parameter, argument in zip(region.parameters, arguments, strict=True):
            self.hold(parameter, argument)
        return super().region(region, values, arguments)

    def done(self, operation: ir.Operation, results: Sequence[ClearValue | Hidden]) -> None:
        for value, result in zip(operation.results, results, strict=True):
            self.hold(value, result)

    def hold(self, value: ir.Value, result: ClearValue | Hidden) -> None:
        if result.data.size:
            found = self.ranges[self.inside[-1]][value.id]
            low, high = int(np.min(result.data)), int(np.max(result.data))
            assert found.low <= low, (value, low, found)
            assert high <= found.high, (value, high, found)


def hold_to_ranges(text: str, runs: Sequence[Inputs]) -> None:
    program = checked(text)
    with deep_recursion():
        lowered = lower(program)
        for code in (lowered, before_assignment(lowered)):
            ranges = ranges_of(code)
            for inputs in runs:
                given = check_inputs(program, asked_for(program, inputs))
                try:
                    Watched(code, ranges, given).call(code.main.name, ())
                except EzError:
                    # It fails as it would anywhere; what came before has been seen.
                    continue


@given(programs())
@settings(PROGRAMS, max_examples=100)
def test_values_of_generated_programs(generated: Generated) -> None:
    hold_to_ranges(generated.text, [generated.inputs])


LOOPS = {
    "sums that wrap": "int8 s = 100; for i in 0..9 { s += int8(i); } t = int64(s);",
    "sums that don't": "int16 s = 100; for i in 0..9 { s += int16(i) - 4; t += int64(s); }",
    "sums in arrays": """
        secret int16[4] h = 0;
        for i in 0..20 { h[a % 4] += 3; h[i % 4] = h[(i + 1) % 4] - 1; t += int64(h[a]); }
    """,
    "sums in branches": """
        secret int16 s = 5;
        for i in 0..30 { if a > int32(i) { s += 2; if b > 3 { s -= 7; } } else { s = s - 1; } }
        t = int64(s);
    """,
    "doubling": "uint8 s = 1; for i in 0..9 { s += s; t += int64(s); }",
    "itself taken away": "uint8 s = 9; for i in 0..3 { s = s - s - 1; t += int64(s); }",
    "nested": """
        secret int32 s = 0;
        for i in 0..5 { for j in 0..i { s += int32(j); t += int64(s); } s -= int32(i); }
    """,
    "a loop until": """
        public int16 n = 0; secret int16 s = 0;
        while n < 40 { n += 3; s = s + n; if a > 0 { s = -s; } t += int64(s); }
    """,
    "a loop of a party": """
        @alice int8 w = 3; @alice int8 v = 100;
        while w < 20 { w += 5; v += w; }
        t = int64(v) + int64(w);
    """,
    "functions": "for i in 0..4 { t += int64(f(a % 8, 3)) + int64(f(b % 4, int32(i))); }",
    "casts": "t = int64(uint8(a)) - int64(int8(b)) + int64(uint16(int8(a)));",
    "quotients": "t = int64((a % 100) / (b % 7)) + int64(int8(a) / int8(b)) + int64(a % (b | 1));",
    "shifts": "t = int64((a % 50) << 3) + int64(int8(a) << 2) + int64(a >> (uint8(b) & 31));",
    "places that aren't there": "secret int8[3] h = [5, 6, 7]; t = int64(h[a]); h[b] = -9;"
    " t += int64(h[a % 3]);",
    "structs": """
        secret S s = S { x: 3, y: [1, 2] };
        for i in 0..6 { s.x += int16(a % 5); s.y[i % 2] -= s.x; t += int64(s.y[b]); }
    """,
    "bits": "t = int64(uint8(a) & 12 | 3) + int64(int8(a) ^ int8(5)) + int64(~uint8(b % 3));",
    "least and most": "t = int64(abs(int8(a))) + int64(min(a, 3)) + int64(max(int8(b), -5));",
}
NUMBERS = (0, 1, -1, 5, 100, -128, 127, 2**31 - 1, -(2**31))


@pytest.mark.parametrize("name", LOOPS)
def test_values_of_loops(name: str) -> None:
    text = f"""
        party alice, bob;
        struct S {{ int16 x; int16[2] y; }}
        fn f(secret int32 x, secret int32 y) -> secret int32 {{ return x * y - y; }}
        fn main() {{
            secret int32 a = input(alice, "a");
            secret int32 b = input(bob, "b");
            secret int64 t = 0;
            {LOOPS[name]}
            output(all, t, "t");
        }}
    """
    runs = [{"alice": {"a": a}, "bob": {"b": b}} for a in NUMBERS for b in NUMBERS]
    hold_to_ranges(text, runs)
