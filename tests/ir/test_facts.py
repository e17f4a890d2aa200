"""Which numbers values are, which are one value repeated, and what follows for circuits."""

from __future__ import annotations

import pytest

from ezlang.compiler.circuits.catalogue import PUBLIC, SAME, SECRET
from ezlang.compiler.circuits.operands import operand_roles
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.facts import Facts, constant_operands, facts_of
from ezlang.compiler.ir.parse import parse_program
from ezlang.diagnostics.diagnostic import CompilerBug

TEXT = """party alice, bob

fn main() {
  %0 = input[party=bob, name='b'] : int32 @bob
  %1 = constant[data=(5)] : int32[3] public
  %2 = constant[data=(5 5 5)] : int32[3] public
  %3 = constant[data=(5 6 7)] : int32[3] public
  %4 = constant[data=(5)] : int32[0] public
  %5 = relabel %1 : int32[3] @bob
  %6 = relabel %5 : int32[3] secret
  %7 = broadcast %0 : int32[3] @bob
  %8 = relabel %7 : int32[3] secret
  %9 = broadcast %0 : int32[0] @bob
  %10 = broadcast %1 : int32[2][3] public
  %11 = broadcast %3 : int32[2][3] public
  %12 = reshape %10 : int32[6] public
  %13 = affine_read[index_map=((0 1))] %2 : int32[2] public
  %14 = input[party=alice, name='a'] : int32[3] @alice
  %15 = relabel %14 : int32[3] secret
  %16 = reshape %15 : int32[1][3] secret
  %17 = reshape %16 : int32[3] secret
  %18 = relabel %7 : int32[3] secret
  %19 = broadcast %0 : int32[3] @bob
  %20 = relabel %19 : int32[3] secret
  %21 = reveal %15 : int32[3] public
  yield
}
"""


@pytest.fixture(scope="module")
def facts() -> Facts:
    return facts_of(parse_program(TEXT).main)


@pytest.fixture(scope="module")
def values() -> dict[int, ir.Value]:
    operations = ir.walk(parse_program(TEXT).main.body)
    return {value.id: value for operation in operations for value in operation.results}


def test_numbers(facts: Facts, values: dict[int, ir.Value]) -> None:
    found = {n for n, value in values.items() if facts.constants.number(value) == 5}
    assert found == {1, 2, 4, 5, 6, 10, 12, 13}
    assert all(facts.constants.number(values[n]) is None for n in values.keys() - found)
    assert facts.constants.definition(values[1]) is not None
    assert facts.constants.definition(values[5]) is None


def test_what_is_repeated(facts: Facts, values: dict[int, ir.Value]) -> None:
    found = {n for n, value in values.items() if facts.origins.is_repeated(value)}
    assert found == {1, 2, 5, 6, 7, 8, 10, 12, 13, 18, 19, 20}


@pytest.mark.parametrize(("x", "y"), [(8, 18), (8, 20), (15, 17), (7, 19), (5, 1)])
def test_values_that_are_the_same(
    x: int, y: int, facts: Facts, values: dict[int, ir.Value]
) -> None:
    assert facts.origins.of(values[x]) == facts.origins.of(values[y])


@pytest.mark.parametrize(("x", "y"), [(8, 15), (1, 2), (0, 7), (15, 21), (4, 9)])
def test_values_that_are_not(x: int, y: int, facts: Facts, values: dict[int, ir.Value]) -> None:
    assert facts.origins.of(values[x]) != facts.origins.of(values[y])


@pytest.mark.parametrize(
    ("x", "y", "roles"),
    [
        (15, 8, [SECRET, SECRET]),
        (15, 17, [SECRET, SAME]),
        (8, 20, [SECRET, SAME]),
        (15, 6, [SECRET, 5]),
        (1, 15, [5, SECRET]),
        (3, 15, [PUBLIC, SECRET]),
        (15, 21, [SECRET, PUBLIC]),
    ],
)
def test_roles_in_circuits(
    x: int, y: int, roles: list[object], facts: Facts, values: dict[int, ir.Value]
) -> None:
    operands = (values[x], values[y])
    operation = ir.Binary(kind=ir.BinaryKind.MAX, operands=operands, results=(values[15],))
    assert operand_roles(operation, facts) == roles


def test_an_owned_operand_has_no_role(facts: Facts, values: dict[int, ir.Value]) -> None:
    operands = (values[15], values[7])
    operation = ir.Binary(kind=ir.BinaryKind.MAX, operands=operands, results=(values[15],))
    with pytest.raises(CompilerBug):
        operand_roles(operation, facts)


def test_protocols_go_by_public_numbers(facts: Facts, values: dict[int, ir.Value]) -> None:
    operands = tuple(values[n] for n in (1, 5, 6, 3))
    operation = ir.Stack(operands=operands, results=(values[15],))
    assert constant_operands(operation, facts.constants) == (5, None, None, None)
