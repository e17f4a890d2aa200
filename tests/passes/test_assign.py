"""Sharings follow the protocol choice; secrets are converted once, outside of loops, at no loss."""

from typing import TypeVar

import pytest

from ezlang import api
from ezlang.compiler.cost.predict import predict
from ezlang.compiler.cost.profiles import LAN, LOOPBACK, PROFILES, WAN, Profile
from ezlang.compiler.cost.summary import total
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.sharings import A, B, Y
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.ir.verify import verify
from ezlang.compiler.lower import lower
from ezlang.compiler.passes.assign import (
    Explanation,
    ProtocolChoice,
    assign,
    explain,
    model_of,
    solve,
)
from ezlang.compiler.passes.assign.exact import certified
from ezlang.compiler.passes.assign.model import Assignment, Model
from ezlang.compiler.passes.assign.solution import FIXED, fixed
from ezlang.compiler.passes.prepare import before_assignment, prepare

Kind = TypeVar("Kind")

INPUTS = """
    secret int32[4] x = input(alice, "x");
    secret int32[4] y = input(bob, "y");
    secret int32 key = input(bob, "key");
"""


def ready(body: str, before: str = "") -> ir.Program:
    text = f"party alice, bob;\n{before}\nfn main() {{\n{INPUTS}\n{body}\n}}\n"
    return before_assignment(lower(api.checked(api.check_text(text))))


def assigned(body: str, protocol: ProtocolChoice, before: str = "") -> ir.Program:
    program = assign(ready(body, before), protocol)
    verify(program)
    return program


def found(region: ir.Region, kind: type[Kind], deep: bool = True) -> list[Kind]:
    operations = ir.walk(region) if deep else region.operations
    return [operation for operation in operations if isinstance(operation, kind)]


TEXT = """party alice, bob

fn main() {
  %0.x = input[party=alice, name='x'] : int32[4] @alice
  %2.y = input[party=bob, name='y'] : int32[4] @bob
  %4.key = input[party=bob, name='key'] : int32 @bob
"""


def test_text_of_a_small_program() -> None:
    program = assigned('output(all, (x + y) * 3 > y, "z");', ProtocolChoice.ARITHMETIC)
    assert print_program(program).startswith(TEXT)
    rest = print_program(program)[len(TEXT) :].splitlines()
    assert [line.split(" = ", 1)[-1].split(" ")[0] for line in rest if "secret" in line] == [
        "relabel",
        "relabel",
        "binary[kind=add]",
        "binary[kind=mul]",
        "binary[kind=gt]",
    ]
    assert [line.rsplit(" ", 1)[1] for line in rest if "secret" in line] == [
        *["arithmetic"] * 4,
        "boolean",
    ]


@pytest.mark.parametrize("protocol", FIXED)
def test_one_sharing_for_all(protocol: ProtocolChoice) -> None:
    program = assigned(
        "secret int32 s = 0;\n"
        "for i in 0..4 { if x[i] * y[i] > key { s += x[i] & 7; } }\n"
        'output(all, s, "s");',
        protocol,
    )
    used = {
        value.type.sharing
        for operation in ir.walk(program.main.body)
        for value in operation.results
        if value.type.sharing
    }
    expected = {
        ProtocolChoice.YAO: {Y},
        ProtocolChoice.BOOLEAN: {B},
        ProtocolChoice.ARITHMETIC: {A, B},
    }
    assert used == expected[protocol]


def test_a_conversion_is_shared_and_out_of_the_loop() -> None:
    program = assigned(
        "secret int32 m = key * x[0];\n"
        "for i in 0..4 { for j in 0..4 { x[i] = x[i] ^ (m | 3) ^ (m & y[j]); } }\n"
        'output(all, x, "x"); output(all, m, "m");',
        ProtocolChoice.ARITHMETIC,
    )
    converts = found(program.main.body, ir.Convert)
    of_scalars = [c for c in converts if c.result.type.shape == () and c.result.type.sharing is B]
    outside = found(program.main.body, ir.Convert, deep=False)
    (product,) = [o for o in found(program.main.body, ir.Binary) if o.result.type.sharing is A]
    shared = [c for c in of_scalars if c.operands == (product.result,)]
    assert len(shared) == 1
    assert shared[0] in outside


def test_what_is_known_is_shared_directly() -> None:
    program = assigned(
        'output(all, key > 5 || (key ^ y[0]) * x[0] > 2, "z");\n'
        'output(all, (x[1] ^ y[1]) + x[1], "w");',
        ProtocolChoice.ARITHMETIC,
    )
    for convert in found(program.main.body, ir.Convert):
        (operand,) = convert.operands
        makers = [o for o in ir.walk(program.main.body) if operand in o.results]
        assert not isinstance(makers[0], ir.Relabel)


def test_products_take_what_a_party_knows() -> None:
    program = assigned(
        'secret int32[4] p = x * y;\noutput(all, p * x, "z"); output(all, p * p, "w");',
        ProtocolChoice.ARITHMETIC,
    )
    labels = [
        [value.type.label.owner for value in operation.operands]
        for operation in found(program.main.body, ir.Binary)
    ]
    assert sorted(labels, key=str) == sorted([[0, 1], [None, 0], [None, None]], key=str)


def test_what_one_party_knows_it_computes() -> None:
    program = assigned('output(all, x[0] * x[1] + y[0], "z");', ProtocolChoice.BOOLEAN)
    products = [o for o in found(program.main.body, ir.Binary) if o.kind is ir.BinaryKind.MUL]
    assert [o.result.type.label.owner for o in products] == [0]


def test_functions_have_one_sharing_a_parameter() -> None:
    before = "fn f(int32 a, int32 b) -> int32 { return a * b > 9 ? a : b; }\n"
    for protocol in ProtocolChoice:
        program = assigned('output(all, f(x[0], f(y[0], key ^ x[1])), "z");', protocol, before)
        verify(program)


def test_what_is_asked_for_is_obeyed() -> None:
    text = (
        "#[protocol(yao)]\nsecret bool less = x[0] < y[0];\n"
        "#[protocol(arithmetic)]\nsecret int32 product = x[1] * y[1];\n"
        "#[protocol(arithmetic)]\nsecret bool both = less && x[2] == y[2];\n"
        'output(all, less, "a"); output(all, product, "b"); output(all, both, "c");'
    )
    for protocol in ProtocolChoice:
        program = assigned(text, protocol)
        by_kind = {o.kind: o.result.type.sharing for o in found(program.main.body, ir.Binary)}
        assert by_kind[ir.BinaryKind.LT] is Y
        assert by_kind[ir.BinaryKind.MUL] is A
        assert by_kind[ir.BinaryKind.AND] is B


@pytest.mark.parametrize(
    "loop",
    [
        "int32 s = 0; for i in 0..k { s += a[i] * b[i]; } return s;",
        "int32 s = 0; for i in 0..k { if a[i] > b[i] { s += a[i]; } } return s;",
        "return sum(a * b);",
    ],
)
def test_what_is_asked_for_outlives_loops(loop: str) -> None:
    before = f"#[protocol(yao)]\nfn whole<k>(int32[k] a, int32[k] b) -> int32 {{ {loop} }}"
    program = assigned('output(all, whole(x, y), "o");', ProtocolChoice.ARITHMETIC, before)
    computed = [
        one
        for one in ir.walk(program.main.body)
        if isinstance(one, ir.Binary | ir.Reduce | ir.MatrixProduct)
    ]
    assert {one.result.type.sharing for one in computed if one.result.type.sharing} == {Y}


MIXED = (
    "secret int32[4] p = x * y;\nsecret int32 best = p[0];\n"
    "for i in 0..4 { best = p[i] > best ? p[i] : best; p[i] = p[i] * best + (key & 3); }\n"
    'output(all, best, "best"); output(all, p, "p");'
)


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_never_worse_than_one_protocol(name: str) -> None:
    program, profile = ready(MIXED), PROFILES[name]
    model = model_of(program, ProtocolChoice.AUTO, profile)
    chosen = solve(model, ProtocolChoice.AUTO)
    assert chosen.seconds == pytest.approx(model.total(chosen.sharings))
    assert chosen.bound <= chosen.seconds * (1 + 1e-9)
    for protocol in FIXED:
        one = solve(model_of(program, protocol, profile), protocol)
        assert chosen.seconds <= one.seconds * (1 + 1e-9)


def test_small_programs_are_solved_exactly() -> None:
    program = ready('output(all, x[0] * y[0] > key && x[1] + y[1] < 5, "z");')
    model = model_of(program, ProtocolChoice.AUTO, WAN)
    solution = certified(model, solve(model, ProtocolChoice.AUTO))
    assert solution.exact
    best = min(map(model.total, _all_choices(model)))
    assert solution.seconds == pytest.approx(best, rel=1e-4)
    assert solution.bound <= best * (1 + 1e-4)


def _all_choices(model: Model) -> list[Assignment]:
    choices: list[Assignment] = [()]
    for variable in model.problem.variables:
        choices = [(*before, sharing) for before in choices for sharing in variable.domain]
    return choices


@pytest.mark.parametrize("name", sorted(PROFILES))
@pytest.mark.parametrize(
    "body",
    [
        MIXED,
        'output(all, x * y + x, "z");',
        'output(all, sum(x * y) > key ? x : y, "z");',
        'output(all, max(x[0] * y[0], x[1] * y[1]) / 7, "z");',
    ],
)
def test_search_finds_what_integer_programming_finds(body: str, name: str) -> None:
    model = model_of(ready(body), ProtocolChoice.AUTO, PROFILES[name])
    assert certified(model, solve(model, ProtocolChoice.AUTO)).exact


def explained(body: str, profile: Profile) -> list[Explanation]:
    model = model_of(ready(body), ProtocolChoice.AUTO, profile)
    return explain(
        model, solve(model, ProtocolChoice.AUTO).sharings, ProtocolChoice.AUTO
    ).operations


def test_the_network_decides() -> None:
    text = 'secret int32[4] p = x * y;\noutput(all, p[0] * p[1] * p[2] * p[3] * key > 3, "z");'
    near, far = (explained(text, profile) for profile in (LOOPBACK, WAN))
    assert {one.sharing for one in far} == {Y}
    for one in (*near, *far):
        assert all(more >= -1e-9 for more in one.alternatives.values())


def test_explanations_have_places_and_alternatives() -> None:
    explanations = explained(MIXED, LAN)
    product = next(one for one in explanations if "kind=mul" in one.operation)
    assert product.span.line > 0
    assert {product.sharing, *product.alternatives} == {A, B, Y}
    assert product.seconds > 0
    assert not product.asked


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_what_is_prepared_is_never_worse_by_the_ledger(name: str) -> None:
    text = f"party alice, bob;\nfn main() {{\n{INPUTS}\n{MIXED}\n}}\n"
    program, profile = lower(api.checked(api.check_text(text))), PROFILES[name]
    seconds = {
        protocol: total(predict(prepare(program, protocol, profile)).least).seconds(profile)
        for protocol in ProtocolChoice
    }
    assert seconds[ProtocolChoice.AUTO] == min(seconds.values())


def test_what_assignments_have_in_common_is_left_out() -> None:
    program = ready('let z = sum(x * y); output(alice, z * z > key, "w");')
    model = model_of(program, ProtocolChoice.AUTO, LAN)
    yao, boolean, arithmetic = (fixed(model.problem, protocol) for protocol in FIXED)
    for other in (boolean, yao):
        one, two = model.apart(arithmetic, other)
        difference = model.total(other) - model.total(arithmetic)
        assert two - one == pytest.approx(difference)
        assert 0 < one <= model.total(arithmetic)
    same, again = model.apart(arithmetic, arithmetic)
    operations = sum(c.seconds[s] for c, s in zip(model.costs, arithmetic, strict=True))
    assert same == again <= model.total(arithmetic) - operations
    assert operations > 0


@pytest.mark.parametrize("protocol", ProtocolChoice)
def test_matrix_products_and_reductions(protocol: ProtocolChoice) -> None:
    program = lower(
        api.checked(
            api.check_text(
                "party alice, bob;\nfn main() {\n"
                '    secret int32[3][4] a = input(alice, "a");\n'
                '    secret int32[4][2] b = input(bob, "b");\n'
                "    secret int32[3][2] c; secret int32 most = 0;\n"
                "    for i in 0..3 { for j in 0..2 { for k in 0..4 {"
                " c[i][j] += a[i][k] * b[k][j]; } most = c[i][j] > most ? c[i][j] : most; } }\n"
                '    output(all, c, "c"); output(all, most, "most");\n}\n'
            )
        )
    )
    verify(prepare(program, protocol))
