"""Sharings are explicit, done once, before loops; meanings stay."""

from __future__ import annotations

from ezlang import api
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.verify import verify
from ezlang.compiler.lower import lower
from ezlang.compiler.passes.sharings.share import share


def shared(text: str) -> ir.Program:
    program = share(lower(api.checked(api.check_text("party alice, bob;\n" + text))))
    verify(program)
    return program


def sharings(region: ir.Region, deep: bool = True) -> list[ir.Relabel]:
    operations = ir.walk(region) if deep else region.operations
    return [
        operation
        for operation in operations
        if isinstance(operation, ir.Relabel)
        and operation.result.type.label.is_secret
        and operation.operands[0].type.label.is_owned
    ]


def test_mixed_operands_are_shared_before() -> None:
    program = shared(
        "fn main() {\n"
        '    @alice int32 a = input(alice, "a");\n'
        '    @bob int32[3] b = input(bob, "b");\n'
        '    output(all, (a + b) * 2 > 7, "c");\n}\n'
    )
    for operation in ir.walk(program.main.body):
        if isinstance(operation, ir.Binary) and operation.result.type.label.is_secret:
            assert not any(value.type.label.is_owned for value in operation.operands)
    # Alice's number is repeated along Bob's array: one number is shared, not three.
    assert sorted(s.result.type.size for s in sharings(program.main.body)) == [1, 3]


def test_what_is_repeated_is_shared_before() -> None:
    program = shared(
        "fn main() {\n"
        '    @alice int32[3][1] a = input(alice, "a");\n'
        '    @bob int32[2][3][5] b = input(bob, "b");\n'
        '    output(all, max(b, a) + reshape(a, 1, 3, 1), "c");\n}\n'
    )
    # Each of the two shapes of Alice's numbers is shared, and then repeated.
    assert sorted(s.result.type.size for s in sharings(program.main.body)) == [3, 3, 30]


def test_a_value_is_shared_once_and_before_the_loop() -> None:
    program = shared(
        "fn main() {\n"
        '    @bob int32 b = input(bob, "b");\n'
        '    secret int32[9] a = input(alice, "a");\n'
        "    for i in 0..9 { for j in 0..9 { a[i] = a[j] * b + b; } }\n"
        '    output(all, a[0] + b, "c");\n}\n'
    )
    here = sharings(program.main.body, deep=False)
    assert here == sharings(program.main.body)
    assert len(here) == 2


def test_what_a_loop_makes_is_shared_in_it() -> None:
    program = shared(
        "fn main() {\n"
        '    @bob int32[9] b = input(bob, "b");\n'
        '    secret int32 a = input(alice, "a");\n'
        "    for i in 0..9 { a += b[i]; }\n"
        '    output(all, a, "c");\n}\n'
    )
    assert [s.result.type.shape for s in sharings(program.main.body)] == [(), ()]
    assert len(sharings(program.main.body, deep=False)) == 1


def test_a_branch_that_may_not_run_keeps_its_sharing() -> None:
    program = shared(
        "fn main() {\n"
        '    @bob int32 b = input(bob, "b");\n'
        '    secret int32 a = input(alice, "a");\n'
        '    public bool p = reveal(input(alice, "p"));\n'
        "    if p { a += b; } else { a -= b; }\n"
        '    output(all, a, "c");\n}\n'
    )
    assert len(sharings(program.main.body)) == 3
    assert len(sharings(program.main.body, deep=False)) == 1
