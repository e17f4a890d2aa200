"""Scheduling: what doesn't depend on one another runs together; effects stay in order."""

from ezlang import api
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.groups import groups
from ezlang.compiler.ir.parse import parse_program
from ezlang.compiler.ir.sharings import is_interactive
from ezlang.compiler.ir.verify import verify
from ezlang.compiler.lower import lower
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.compiler.passes.prepare import prepare
from ezlang.compiler.passes.sharings.schedule import schedule


def prepared(body: str, protocol: ProtocolChoice = ProtocolChoice.BOOLEAN) -> ir.Region:
    text = (
        'party alice, bob;\nfn main() {\nsecret int32[4] x = input(alice, "x");\n'
        f'secret int32[4] y = input(bob, "y");\n{body}\n}}\n'
    )
    return prepare(lower(api.checked(api.check_text(text))), protocol).main.body


def talking(region: ir.Region) -> list[list[str]]:
    """Return the names of the operations of each group that exchanges messages."""
    return [
        [type(operation).__name__ for operation in group]
        for group in groups(region.operations)
        if is_interactive(group[0])
    ]


def test_independent_comparisons_are_one_group() -> None:
    tests = "".join(
        f'secret bool b{n} = x[{n}] < y[{n}]; output(all, b{n}, "b{n}");\n' for n in range(4)
    )
    found = talking(prepared(tests))
    assert found == [["Relabel"] * 2, ["Binary"] * 4, ["Reveal"] * 4]


def test_rounds_are_depth_not_size() -> None:
    text = "secret int32 a = x[0] * y[0]; secret int32 b = x[1] * y[1];\n"
    text += "secret int32 c = a * y[2]; secret int32 d = b * y[3]; secret bool e = a < y[1];\n"
    text += 'output(all, c + d, "s"); output(all, e, "e");'
    found = talking(prepared(text, ProtocolChoice.ARITHMETIC))
    # x and y are multiplied and compared as their owners know them. The comparison takes more
    # rounds than the products of its level, which join it.
    assert found == [["Binary", "Binary"], ["Binary"] * 3, ["Reveal"] * 2]


def test_what_is_in_a_loop_is_put_together() -> None:
    text = "for i in 0..4 { x[i] = (x[i] ^ y[3 - i]) & (x[0] | y[i]);\n"
    text += "y[i] = (y[i] < x[1] ? y[2] : x[2]) & (x[3] | y[1]); }\n"
    region = prepared(text + 'output(all, x, "x"); output(all, y, "y");')
    loops = [operation for operation in region.operations if isinstance(operation, ir.For)]
    for loop in loops:
        found = talking(loop.regions[0])
        assert len(found) < sum(len(group) for group in found)


EFFECTS = """party alice, bob

fn main() {
  %0 = input[party=alice, name='x'] : int32 @alice
  %1 = relabel %0 : int32 secret boolean
  %2 = input[party=bob, name='y'] : int32 @bob
  %3 = relabel %2 : int32 secret boolean
  %4 = reveal %1 : int32 public
  %5 = constant[data=(7)] : int32 public
  %6 = binary[kind=div, checked=True] %5, %4 : int32 public
  %7 = reveal %3 : int32 public
  %8 = binary[kind=lt] %1, %3 : bool secret boolean
  %9 = reveal %8 : bool public
  output[to=all, name='a'] %6
  %10 = binary[kind=gt] %1, %3 : bool secret boolean
  %11 = reveal %10 : bool public
  assert[message='m'] %9
  %12 = binary[kind=eq] %1, %3 : bool secret boolean
  %13 = reveal %12 : bool public
  output[to=all, name='b'] %7
  output[to=all, name='c'] %11
  output[to=all, name='d'] %13
  yield
}
"""


def places(region: ir.Region) -> dict[object, int]:
    found: dict[object, int] = {}
    for place, operation in enumerate(region.operations):
        for value in operation.results:
            found[value.id] = place
        if isinstance(operation, ir.Output):
            found[operation.name] = place
        if isinstance(operation, ir.Assert):
            found["assert"] = place
    return found


def test_effects_keep_their_order() -> None:
    program = parse_program(EFFECTS)
    verify(program)
    scheduled = schedule(program)
    verify(scheduled)
    region = scheduled.main.body
    at = places(region)
    assert sorted(at, key=str) == sorted(places(program.main.body), key=str)
    # Told before what may fail: before it still. After it: after it still.
    assert at[4] < at[6] < min(at[7], at[9], at[11])
    assert max(at[6], at[7], at[9], at[11], at["a"]) < at["assert"] < at[13]
    assert at["a"] < at["b"] < at["c"] < at["d"]
    # The comparisons tell nothing, and run together, though the last stood behind the assertion.
    (compared,) = (group for group in talking(region) if "Binary" in group)
    assert sorted(compared) == ["Binary", "Binary", "Binary", "Reveal"]
    assert talking(region)[0] == ["Relabel", "Relabel"]


def test_a_read_stays_before_the_write_that_takes_its_memory() -> None:
    program = parse_program(
        """party alice, bob

fn main() {
  %0 = input[party=alice, name='x'] : int32[4] @alice
  %1 = relabel %0 : int32[4] secret boolean
  %2 = constant[data=(1)] : int64 public
  %3 = extract[dimensions=(1)] %1, %2 : int32 secret boolean
  %4 = binary[kind=mul] %3, %3 : int32 secret boolean
  %5 = insert[dimensions=(1)] %1, %4, %2 : int32[4] secret boolean
  %6 = constant[data=(2)] : int64 public
  %7 = extract[dimensions=(1)] %1, %6 : int32 secret boolean
  %8 = insert[dimensions=(1)] %5, %7, %2 : int32[4] secret boolean
  %9 = binary[kind=mul] %7, %4 : int32 secret boolean
  %10 = reveal %8 : int32[4] public
  %11 = reveal %9 : int32 public
  output[to=all, name='a'] %10
  output[to=all, name='b'] %11
  yield
}
"""
    )
    verify(program)
    scheduled = schedule(program)
    verify(scheduled)
    at = places(scheduled.main.body)
    assert at[3] < at[5]
    # The first opening goes out with the last product.
    found = [sorted(group) for group in talking(scheduled.main.body)]
    assert found == [["Relabel"], ["Binary"], ["Binary", "Reveal"], ["Reveal"]]


def test_programs_without_secrets_stay_as_they_are() -> None:
    body = prepared('output(all, 3 * 4, "z");')
    text = "party alice, bob\n\nfn main() {\n  yield\n}\n"
    assert schedule(parse_program(text)).main.body.operations == ()
    assert all(not is_interactive(operation) for operation in body.operations)
