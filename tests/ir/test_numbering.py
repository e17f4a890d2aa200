"""Operations and regions get numbers that tables can be keyed by."""

from __future__ import annotations

from dataclasses import replace

from ezlang import api
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.numbering import numbered
from ezlang.compiler.ir.parse import parse_program
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.lower import lower

TEXT = """
party alice, bob;
fn twice(secret int32 x) -> secret int32 { return x + x; }
fn main() {
    secret int32 a = input(alice, "a");
    secret int32 x = a;
    for i in 0..5 {
        if i % 2 == 0 { x = twice(x); } else { x = x * a; }
    }
    output(all, x, "x");
}
"""


def program() -> ir.Program:
    return lower(api.checked(api.check_text(TEXT)))


def numbers(one: ir.Program) -> list[int]:
    """All numbers, of functions' bodies first."""
    found = [function.body.number for function in one.functions]
    for function in one.functions:
        for operation in ir.walk(function.body):
            found += [operation.number, *(region.number for region in operation.regions)]
    return found


def test_no_two_have_the_same_number() -> None:
    found = numbers(numbered(program()))
    assert sorted(found) == list(range(len(found)))


def test_equal_programs_are_numbered_alike() -> None:
    text = print_program(program())
    one, other = numbered(program()), numbered(parse_program(text))
    assert numbers(one) == numbers(other)
    assert print_program(one) == text


def test_what_is_numbered_stays_as_it_is() -> None:
    one = numbered(program())
    assert numbered(one) is one


def test_numbers_of_others_do_not_count() -> None:
    """A program that was made from parts of another is numbered anew."""
    one = numbered(program())
    body = one.main.body
    shorter = replace(body, operations=body.operations[1:])
    functions = tuple(
        replace(function, body=shorter) if function is one.main else function
        for function in one.functions
    )
    found = numbers(numbered(replace(one, functions=functions)))
    assert sorted(found) == list(range(len(found)))
