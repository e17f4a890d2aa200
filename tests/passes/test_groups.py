"""Groups: adjacent interactive operations that don't depend on one another."""

from ezlang.compiler.ir.groups import groups
from ezlang.compiler.ir.parse import parse_program

TEXT = """party alice, bob

fn main() {
  %0 = input[party=alice, name='x'] : int32[4] @alice
  %1 = relabel %0 : int32[4] secret arithmetic
  %2 = binary[kind=lt] %1, %1 : bool[4] secret boolean
  %3 = binary[kind=mul] %1, %1 : int32[4] secret arithmetic
  %4 = binary[kind=mul] %3, %1 : int32[4] secret arithmetic
  %5 = binary[kind=add] %4, %1 : int32[4] secret arithmetic
  %6 = convert %5 : int32[4] secret boolean
  %7 = convert %5 : int32[4] secret yao
  %8 = convert %4 : int32[4] secret yao
  %9 = binary[kind=mul] %8, %7 : int32[4] secret yao
  %10 = convert %9 : int32[4] secret boolean
  %11 = reveal %10 : int32[4] public
  %12 = reveal %3 : int32[4] public
  yield
}
"""


def test_groups_are_adjacent_and_independent() -> None:
    body = parse_program(TEXT).main.body
    found = [
        [v.id for operation in group for v in operation.results]
        for group in groups(body.operations)
    ]
    assert found == [[0], [1], [2, 3], [4], [5], [6], [7, 8], [9], [10], [11, 12]]


def test_nothing_is_lost() -> None:
    body = parse_program(TEXT).main.body
    assert tuple(o for group in groups(body.operations) for o in group) == body.operations
    assert groups(()) == []
