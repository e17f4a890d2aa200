"""Programs that read public tables at secret indices: all executors, protocols and costs agree."""

from __future__ import annotations

import random

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.compiler.passes.prepare import before_assignment
from tests.support.agreement import agree, checked
from tests.support.lowered import lowered

SHARED = (ProtocolChoice.ARITHMETIC, ProtocolChoice.AUTO)
PROGRAM = """
party alice, bob;
const {element}[{entries}]{words} table = {table};
fn main() {{
    secret {index}[{count}] x = input(alice, "x");
    secret {index}[{count}] y = input(bob, "y");
    secret {element}[{count}]{words} found;
    {asked}
    for k in 0..{count} {{
        found[k] = table[x[k] + y[k]];
    }}
    output(all, found, "found");
    output(bob, table[x[0] - y[0]], "one");
}}
"""


def table_of(entries: int, words: int, low: int, high: int) -> list[int] | list[list[int]]:
    draw = random.Random(entries)
    rows = [[draw.randint(low, high) for _ in range(words)] for _ in range(entries)]
    return [row[0] for row in rows] if words == 1 else rows


def program(
    entries: int, index: str, element: str = "int64", *, words: int = 1, asked: str = ""
) -> str:
    width = int(element.lstrip("uint"))
    high = (1 << width - 1) - 1 if words == 1 else 1000
    low = 0 if element[0] == "u" else -high
    return PROGRAM.format(
        element=element,
        entries=entries,
        index=index,
        words="" if words == 1 else f"[{words}]",
        table=table_of(entries, words, low, high),
        count=6,
        asked=asked,
    )


def inputs(entries: int, index: str) -> dict[str, dict[str, list[int]]]:
    """Indices whose sums are in range, at its ends and out of it; those of bytes wrap around."""
    y = [1, entries - 1, 0, entries, 5, 100]
    x = [0, 0, entries // 2, 0, -7, 27]
    wraps = 1 << int(index.lstrip("uint"))
    if index[0] == "u":
        return {"alice": {"x": [n % wraps for n in x]}, "bob": {"y": [n % wraps for n in y]}}
    half = wraps // 2
    x, y = ([(n + half) % wraps - half for n in row] for row in (x, y))
    return {"alice": {"x": x}, "bob": {"y": y}}


@pytest.mark.parametrize(
    ("entries", "index", "element", "words"),
    [
        (1, "uint8", "int64", 1),
        (2, "int32", "int16", 3),
        (5, "uint8", "int64", 3),
        (16, "int64", "int8", 1),
        (200, "int32", "int64", 3),
        (256, "uint8", "int32", 1),
        (256, "int8", "uint64", 1),
        (512, "int16", "int64", 2),
        (512, "uint8", "uint16", 4),
    ],
)
def test_tables_of_all_sizes(entries: int, index: str, element: str, words: int) -> None:
    text = program(entries, index, element, words=words)
    protocols = tuple(ProtocolChoice) if entries <= 16 else SHARED
    result = agree(checked(text), inputs(entries, index), protocols)
    assert result.outputs is not None


@pytest.mark.parametrize("sharing", ["arithmetic", "boolean", "yao"])
def test_sharings_that_are_asked_for(sharing: str) -> None:
    text = program(11, "int32", words=2, asked=f"#[protocol({sharing})]")
    result = agree(checked(text), inputs(11, "int32"), SHARED)
    assert result.outputs is not None


def lookups_of(text: str) -> list[ir.Lookup]:
    body = before_assignment(lowered(text)).main.body
    return [one for one in ir.walk(body) if isinstance(one, ir.Lookup)]


def test_a_loop_of_reads_is_one_lookup() -> None:
    many, one = lookups_of(program(200, "int32", words=3))
    assert many.operands[1].type.shape == (6,)
    assert many.result.type.shape == (6, 3)
    assert one.operands[1].type.shape == ()
    assert not many.inside


def test_ranges_prove_that_indices_are_inside() -> None:
    text = """
        party alice, bob;
        const int64[200] table = 3;
        fn main() {
            secret int64[4] x = input(alice, "x");
            secret int64[4] y = input(bob, "y");
            secret int64[4] found;
            for k in 0..4 {
                found[k] = table[min(max(x[k] + y[k], 0), 16383) >> 6];
            }
            output(all, found, "found");
        }
    """
    (one,) = lookups_of(text)
    assert one.inside
    assert one.bounds == ((0, 3),)


def test_what_one_party_knows_is_read_in_the_clear() -> None:
    text = """
        party alice, bob;
        const int64[20][2] table = 3;
        fn main() {
            secret int64[4] x = input(alice, "x");
            secret int64[2] total;
            for k in 0..4 {
                total = total + table[x[k] + 1];
            }
            output(all, total, "total");
        }
    """
    assert lookups_of(text) == []
    inputs = {"alice": {"x": [0, 18, 19, -2]}, "bob": {}}
    assert agree(checked(text), inputs, SHARED).outputs == {
        party: {"total": [6, 6]} for party in ("alice", "bob")
    }
