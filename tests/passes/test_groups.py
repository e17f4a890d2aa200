"""Groups: adjacent interactive operations that don't depend on one another."""

from ezlang import api
from ezlang.compiler.cost.amounts import Count
from ezlang.compiler.cost.predict import predict
from ezlang.compiler.ir.groups import groups, leaves_yao
from ezlang.compiler.ir.parse import parse_program
from ezlang.compiler.lower import lower
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.compiler.passes.prepare import prepare

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


def test_openings_from_yao_are_one_group() -> None:
    text = (
        "party alice, bob;\nfn main() {\n"
        '    secret int32 x = input(alice, "x");\n    secret int32 y = input(bob, "y");\n'
        '    output(all, x * y, "product");\n    output(alice, x < y, "less");\n'
        '    output(bob, x & y, "and");\n}\n'
    )
    program = prepare(lower(api.checked(api.check_text(text))), ProtocolChoice.YAO)
    opened = [group for group in groups(program.main.body.operations) if leaves_yao(group[0])]
    assert [len(group) for group in opened] == [3]
    found = predict(program).least
    openings = [
        entry for entry in found.amounts if entry.what is Count.HOPS and entry.place.line >= 5
    ]
    assert sum(found.amounts[entry] for entry in openings) <= 3
