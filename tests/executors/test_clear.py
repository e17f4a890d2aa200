"""The clear executor on typed trees made by hand: one node or statement at a time."""

import pytest

from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.clear import run_clear
from ezlang.executors.operators import binary, unary
from ezlang.source import NO_SPAN
from ezlang.typed import tree as t
from ezlang.types.labels import PUBLIC, SECRET, Label, owned
from ezlang.types.types import (
    BOOL,
    INT8,
    INT32,
    INT64,
    UINT8,
    UINT64,
    VOID,
    ArrayType,
    Field,
    IntType,
    StructType,
    Type,
)

ALICE = owned(0)


def number(value: int, type: IntType = INT32, label: Label = PUBLIC) -> t.Expr:
    literal = t.Literal(span=NO_SPAN, type=type, label=PUBLIC, value=value)
    if label == PUBLIC:
        return literal
    return t.Relabel(span=NO_SPAN, type=type, label=label, operand=literal)


def truth(value: bool, label: Label = PUBLIC) -> t.Expr:
    literal = t.Literal(span=NO_SPAN, type=BOOL, label=PUBLIC, value=value)
    return t.Relabel(span=NO_SPAN, type=BOOL, label=label, operand=literal)


def apply(op: t.BinaryOp, left: t.Expr, right: t.Expr, type: Type | None = None) -> t.Expr:
    result = type or (BOOL if op in t.COMPARISONS else left.type)
    return t.Binary(
        span=NO_SPAN,
        type=result,
        label=left.label.meet(right.label),
        op=op,
        left=left,
        right=right,
    )


def array(*values: int, label: Label = PUBLIC) -> t.Expr:
    type = ArrayType(INT32, (len(values),))
    items = tuple(number(v) for v in values)
    literal = t.ArrayLiteral(span=NO_SPAN, type=type, label=PUBLIC, elements=items)
    return t.Relabel(span=NO_SPAN, type=type, label=label, operand=literal)


def variable(id: int, type: Type = INT32, label: Label = PUBLIC, name: str = "x") -> t.Variable:
    return t.Variable(span=NO_SPAN, id=id, name=name, type=type, label=label)


def read(v: t.Variable) -> t.Expr:
    return t.Read(span=NO_SPAN, type=v.type, label=v.label, variable=v)


def declare(v: t.Variable, value: t.Expr) -> t.Statement:
    return t.Declare(span=NO_SPAN, variable=v, value=value)


def assign(v: t.Variable, value: t.Expr, *steps: t.Step) -> t.Statement:
    place = t.AssignmentTarget(
        span=NO_SPAN, variable=v, steps=steps, type=value.type, label=v.label
    )
    return t.Assign(span=NO_SPAN, place=place, value=value)


def at(*indices: t.Expr) -> t.IndexStep:
    return t.IndexStep(span=NO_SPAN, indices=indices)


def index(base: t.Expr, *indices: t.Expr) -> t.Expr:
    assert isinstance(base.type, ArrayType)
    rest = base.type.shape[len(indices) :]
    type = ArrayType(base.type.element, rest) if rest else base.type.element
    label = base.label
    for one in indices:
        label = label.meet(one.label)
    return t.Index(span=NO_SPAN, type=type, label=label, base=base, indices=indices)


def output(value: t.Expr, name: str = "out", to: int | None = None) -> t.Statement:
    label = PUBLIC if to is None else owned(to)
    shown = t.Reveal(span=NO_SPAN, type=value.type, label=label, operand=value, to=to)
    return t.Output(span=NO_SPAN, to=to, value=shown, name=name)


def block(*statements: t.Statement) -> t.Block:
    return t.Block(span=NO_SPAN, statements=statements)


def branch(condition: t.Expr, then: t.Block, otherwise: t.Block | None = None) -> t.If:
    return t.If(span=NO_SPAN, condition=condition, then=then, otherwise=otherwise or block())


def function(name: str, body: t.Block, *parameters: t.Variable, result: Type = VOID) -> t.Function:
    return t.Function(
        span=NO_SPAN,
        name=name,
        parameters=parameters,
        return_type=result,
        return_label=SECRET,
        pc=PUBLIC,
        body=body,
    )


def program(*statements: t.Statement, functions: tuple[t.Function, ...] = ()) -> t.Program:
    main = function("main", block(*statements))
    return t.Program(
        span=NO_SPAN, parties=("alice", "bob"), params=(), functions=(*functions, main)
    )


def result(*statements: t.Statement, functions: tuple[t.Function, ...] = ()) -> object:
    return run_clear(program(*statements, functions=functions), {}).outputs["alice"]["out"]


def value_of(expr: t.Expr) -> object:
    return result(output(expr))


def fails_with(code: str, *statements: t.Statement) -> None:
    with pytest.raises(EzError) as caught:
        run_clear(program(*statements), {})
    assert caught.value.exit_code == 3
    assert [d.code for d in caught.value.diagnostics] == [code]


B = t.BinaryOp


@pytest.mark.parametrize(
    ("op", "type", "x", "y", "expected"),
    [
        (B.ADD, INT8, 127, 1, -128),
        (B.SUB, UINT8, 0, 1, 255),
        (B.MUL, INT64, 1 << 62, 4, 0),
        (B.MUL, UINT64, 2**64 - 1, 2**64 - 1, 1),
        (B.DIV, INT8, -7, 2, -3),
        (B.DIV, INT8, 7, -2, -3),
        (B.DIV, INT8, -128, -1, -128),
        (B.DIV, INT8, 5, 0, -1),
        (B.DIV, UINT8, 5, 0, 255),
        (B.MOD, INT8, -7, 2, -1),
        (B.MOD, INT8, 7, -2, 1),
        (B.MOD, INT8, -128, -1, 0),
        (B.MOD, INT8, -5, 0, -5),
        (B.SHL, INT8, 1, 7, -128),
        (B.SHL, INT8, 1, 8, 0),
        (B.SHL, UINT8, 255, 1, 254),
        (B.SHR, INT8, -128, 7, -1),
        (B.SHR, INT8, -128, 8, -1),
        (B.SHR, INT8, 127, 8, 0),
        (B.SHR, INT8, 127, -1, 0),
        (B.SHR, UINT8, 200, 3, 25),
        (B.BITXOR, INT8, -1, 1, -2),
        (B.LT, INT8, -1, 1, True),
        (B.GE, UINT8, 200, 100, True),
        (B.MIN, INT8, -5, 3, -5),
        (B.MAX, INT8, -5, 3, 3),
    ],
)
def test_operators(op: B, type: IntType, x: int, y: int, expected: int) -> None:
    assert binary(op, type, type)(x, y) == expected
    assert value_of(apply(op, number(x, type), number(y, type, SECRET))) == expected


def test_quotient_and_remainder_belong_together() -> None:
    divide, remainder = binary(B.DIV, INT8, INT8), binary(B.MOD, INT8, INT8)
    for x in range(-128, 128):
        for y in range(-128, 128):
            assert INT8.wrap(divide(x, y) * y + remainder(x, y)) == x
            assert y == 0 or abs(remainder(x, y)) < abs(y)


def test_unary_operators_wrap() -> None:
    assert unary(t.UnaryOp.NEG, INT8)(-128) == -128
    assert unary(t.UnaryOp.NEG, UINT8)(1) == 255
    assert unary(t.UnaryOp.BITNOT, UINT8)(1) == 254
    assert unary(t.UnaryOp.BITNOT, INT8)(1) == -2
    assert unary(t.UnaryOp.NOT, BOOL)(True) is False
    assert unary(t.UnaryOp.ABS, INT8)(-128) == -128
    assert unary(t.UnaryOp.ABS, INT8)(-127) == 127
    assert [unary(t.UnaryOp.COUNT_ONES, INT8)(x) for x in (-128, -1, 0, 127)] == [1, 8, 0, 7]
    assert unary(t.UnaryOp.COUNT_ONES, UINT8)(255) == 8


def test_casts() -> None:
    def cast(operand: t.Expr, type: Type) -> object:
        return value_of(t.Cast(span=NO_SPAN, type=type, label=operand.label, operand=operand))

    assert cast(number(300), INT8) == 44
    assert cast(number(-1), UINT64) == 2**64 - 1
    assert cast(truth(True), INT8) == 1
    assert cast(number(-2), BOOL) is True


@pytest.mark.parametrize(
    ("code", "op", "wrong"),
    [
        ("EZ4001", B.DIV, 0),
        ("EZ4001", B.MOD, 0),
        ("EZ4002", B.SHL, 32),
        ("EZ4002", B.SHR, -1),
    ],
)
def test_a_public_operand_fails_the_run_unless_someone_is_alone(
    code: str, op: B, wrong: int
) -> None:
    bad = apply(op, number(1, label=SECRET), number(wrong))
    fails_with(code, output(bad))
    fails_with(code, branch(truth(False, SECRET), block(declare(variable(0, label=SECRET), bad))))
    alone = declare(variable(1, label=ALICE), apply(op, number(1, label=ALICE), number(wrong)))
    run_clear(program(branch(truth(True, ALICE), block(alone))), {})


def test_indices() -> None:
    three = array(5, 6, 7)
    assert value_of(index(three, number(2))) == 7
    assert value_of(index(three, number(3, label=SECRET))) == 0
    assert value_of(index(three, number(-1, label=ALICE))) == 0
    fails_with("EZ4003", output(index(three, number(3))))
    fails_with("EZ4003", output(index(three, number(-1))))


def test_writes_out_of_range_vanish_or_fail() -> None:
    v = variable(0, ArrayType(INT32, (3,)), SECRET)
    start = declare(v, array(1, 2, 3, label=SECRET))
    assert result(start, assign(v, number(9), at(number(1))), output(read(v))) == [1, 9, 3]
    lost = assign(v, number(9), at(number(7, label=SECRET)))
    assert result(start, lost, output(read(v))) == [1, 2, 3]
    fails_with("EZ4003", start, assign(v, number(9), at(number(3))))


def test_a_public_index_fails_the_run_even_where_a_secret_one_makes_the_write_vanish() -> None:
    v = variable(0, ArrayType(INT32, (2, 2)), SECRET)
    start = declare(v, t.Zero(span=NO_SPAN, type=v.type, label=SECRET))
    fails_with("EZ4003", start, assign(v, number(9), at(number(7, label=SECRET), number(2))))


def test_rows_and_slices() -> None:
    type = ArrayType(INT32, (3, 2))
    rows = tuple(array(i, i + 1) for i in range(3))
    v = variable(0, type, SECRET)
    start = declare(v, t.ArrayLiteral(span=NO_SPAN, type=type, label=PUBLIC, elements=rows))
    assert result(start, output(index(read(v), number(1)))) == [1, 2]

    def part(first: t.Expr) -> t.Expr:
        two = ArrayType(INT32, (2, 2))
        return t.Slice(span=NO_SPAN, type=two, label=SECRET, base=read(v), start=first, length=2)

    assert result(start, output(part(number(1)))) == [[1, 2], [2, 3]]
    assert result(start, output(part(number(2, label=SECRET)))) == [[2, 3], [0, 0]]
    assert result(start, output(part(number(-1, label=SECRET)))) == [[0, 0], [0, 1]]
    fails_with("EZ4006", start, output(part(number(2))))

    def step(first: t.Expr) -> t.SliceStep:
        return t.SliceStep(span=NO_SPAN, start=first, length=2)

    def after(*steps: t.Step, value: t.Expr) -> object:
        return result(start, assign(v, value, *steps), output(read(v)))

    assert after(step(number(0)), value=part(number(1))) == [[1, 2], [2, 3], [2, 3]]
    lost = step(number(2, label=SECRET))
    assert after(lost, value=part(number(0))) == [[0, 1], [1, 2], [0, 1]]
    assert after(lost, at(number(0), number(1)), value=number(9)) == [[0, 1], [1, 2], [2, 9]]
    assert after(lost, at(number(1), number(1)), value=number(9)) == [[0, 1], [1, 2], [2, 3]]


def test_structs_are_values() -> None:
    point = StructType("Point", (Field("x", INT32), Field("y", ArrayType(INT32, (2,)))))
    literal = t.StructLiteral(
        span=NO_SPAN, type=point, label=PUBLIC, values=(number(1), array(2, 3))
    )
    many = ArrayType(point, (2,))
    a, b = variable(0, many), variable(1, many)
    fill = t.Broadcast(span=NO_SPAN, type=many, label=PUBLIC, operand=literal)
    y = t.FieldStep(span=NO_SPAN, name="y")
    shown = result(
        declare(a, fill),
        declare(b, read(a)),
        assign(a, number(9), at(number(1)), y, at(number(0))),
        output(read(a), "a"),
        output(read(b)),
    )
    assert shown == [{"x": 1, "y": [2, 3]}, {"x": 1, "y": [2, 3]}]
    outcome = run_clear(
        program(
            declare(a, fill),
            assign(a, number(9), at(number(1)), y, at(number(0))),
            output(read(a)),
        ),
        {},
    )
    assert outcome.outputs["bob"]["out"] == [{"x": 1, "y": [2, 3]}, {"x": 1, "y": [9, 3]}]


@pytest.mark.parametrize("chosen", [True, False])
def test_both_sides_of_a_secret_if_start_from_the_same_state(chosen: bool) -> None:
    v = variable(0, ArrayType(INT32, (2,)), SECRET)
    first = index(read(v), number(0))
    more = apply(B.ADD, first, number(1))
    less = apply(B.SUB, first, number(1))
    shown = result(
        declare(v, array(5, 5, label=SECRET)),
        branch(
            truth(chosen, SECRET),
            block(assign(v, more, at(number(0))), assign(v, more, at(number(1)))),
            block(assign(v, less, at(number(1)))),
        ),
        output(read(v)),
    )
    assert shown == ([6, 7] if chosen else [5, 4])


def test_a_secret_branch_may_declare_and_loop() -> None:
    v, local, i = variable(0, label=SECRET), variable(1, label=SECRET), variable(2)
    loop = t.For(
        span=NO_SPAN,
        variable=i,
        low=number(0),
        high=number(4),
        body=block(assign(local, apply(B.ADD, read(local), read(i)))),
    )
    inside = block(declare(local, read(v)), loop, assign(v, read(local)))
    start = declare(v, number(10, label=SECRET))
    assert result(start, branch(truth(True, SECRET), inside), output(read(v))) == 16
    assert result(start, branch(truth(False, SECRET), inside), output(read(v))) == 10


def test_parameters_are_the_functions_own_and_return_leaves_loops() -> None:
    three = ArrayType(INT32, (3,))
    p, i = variable(10, three), variable(11)
    search = t.For(
        span=NO_SPAN,
        variable=i,
        low=number(0),
        high=number(3),
        body=block(
            assign(p, number(0), at(number(0))),
            branch(
                apply(B.EQ, index(read(p), read(i)), number(7)),
                block(t.Return(span=NO_SPAN, value=read(i))),
            ),
        ),
    )
    body = block(search, t.Return(span=NO_SPAN, value=number(-1)))
    find = function("find", body, p, result=INT32)
    v = variable(0, three)
    call = t.Call(span=NO_SPAN, type=INT32, label=PUBLIC, function="find", arguments=(read(v),))
    start = declare(v, array(7, 7, 7))
    assert result(start, output(call), functions=(find,)) == 1
    mine = (start, t.Evaluate(span=NO_SPAN, value=call), output(read(v)))
    assert result(*mine, functions=(find,)) == [7, 7, 7]


def test_only_what_matters_is_evaluated() -> None:
    bad = apply(B.EQ, apply(B.DIV, number(1), number(0)), number(1))

    def circuit(op: B, left: bool) -> t.Expr:
        return t.ShortCircuit(
            span=NO_SPAN, type=BOOL, label=PUBLIC, op=op, left=truth(left), right=bad
        )

    assert value_of(circuit(B.LOGAND, False)) is False
    assert value_of(circuit(B.LOGOR, True)) is True
    fails_with("EZ4001", output(circuit(B.LOGAND, True)))
    sides = {"then": truth(True), "otherwise": bad}
    chosen = t.Conditional(span=NO_SPAN, type=BOOL, label=PUBLIC, condition=truth(True), **sides)
    assert value_of(chosen) is True
    both = t.Select(span=NO_SPAN, type=BOOL, label=SECRET, condition=truth(True, SECRET), **sides)
    fails_with("EZ4001", output(both))


def test_selecting_element_by_element() -> None:
    mask = apply(B.LT, array(1, 5), array(2, 2), ArrayType(BOOL, (2,)))
    two = ArrayType(INT32, (2,))
    select = t.Select(
        span=NO_SPAN,
        type=two,
        label=SECRET,
        condition=mask,
        then=array(10, 20),
        otherwise=array(30, 40),
    )
    assert value_of(select) == [10, 40]


def test_an_output_name_is_used_once_for_each_receiver() -> None:
    run_clear(program(output(number(1), to=0), output(number(2), to=1)), {})
    fails_with("EZ4005", output(number(1), to=0), output(number(2)))


def test_assertions() -> None:
    def claim(holds: bool) -> t.Statement:
        return t.Assert(span=NO_SPAN, condition=truth(holds), message="n is even")

    run_clear(program(claim(True)), {})
    fails_with("EZ4004", claim(False))


def test_views_have_what_each_party_is_told_in_order() -> None:
    revealed = t.Reveal(
        span=NO_SPAN, type=INT32, label=ALICE, operand=number(4, label=SECRET), to=0
    )
    outcome = run_clear(program(declare(variable(0, label=ALICE), revealed), output(number(5))), {})
    assert [(s.name, s.value) for s in outcome.views["alice"]] == [
        (None, 4),
        (None, 5),
        ("out", 5),
    ]
    assert [(s.name, s.value) for s in outcome.views["bob"]] == [(None, 5), ("out", 5)]


def test_inputs() -> None:
    asked = t.Input(span=NO_SPAN, type=ArrayType(INT8, (2,)), label=ALICE, party=0, name="a")
    assert run_clear(program(output(asked)), {"alice": {"a": [1, -2]}}).outputs == {
        "alice": {"out": [1, -2]},
        "bob": {"out": [1, -2]},
    }
    for wrong in ({}, {"a": [1, 200]}, {"a": [1, 2], "b": 3}):
        with pytest.raises(EzError) as caught:
            run_clear(program(output(asked)), {"alice": wrong})
        assert caught.value.exit_code == 2


def test_calls_may_nest_as_deep_as_programs_do() -> None:
    x = variable(0)
    functions = [function("f0", block(t.Return(span=NO_SPAN, value=read(x))), x, result=INT32)]
    for depth in range(1, 1000):
        call = t.Call(
            span=NO_SPAN, type=INT32, label=PUBLIC, function=f"f{depth - 1}", arguments=(read(x),)
        )
        more = block(t.Return(span=NO_SPAN, value=apply(B.ADD, call, number(1))))
        functions.append(function(f"f{depth}", more, x, result=INT32))
    outermost = t.Call(
        span=NO_SPAN, type=INT32, label=PUBLIC, function="f999", arguments=(number(1),)
    )
    assert result(output(outermost), functions=tuple(functions)) == 1000
