"""The typed form of statements: desugaring, inferred labels, instances, places."""

from __future__ import annotations

from ezlang.typed import tree as typed
from ezlang.types.labels import PUBLIC, SECRET, owned
from tests.check.check_help import codes, nodes, program, shape, variable

_INPUTS = """
    secret int32 s = input(alice, "s");
    secret bool t = input(bob, "t");
    @alice int32 a = input(alice, "a");
    secret int32[3] xs = input(alice, "xs");
"""


def _main(body: str, items: str = "") -> list[typed.Statement]:
    """Return the statements of `main` after the inputs."""
    return list(program(_INPUTS + body, items).main.body.statements[4:])


def _assigned(statement: typed.Statement) -> tuple[str, str]:
    """Return an assignment as text: its place and its value."""
    assert isinstance(statement, typed.Assign)
    place = statement.place.variable.name
    for step in statement.place.steps:
        match step:
            case typed.IndexStep(indices=indices):
                place += f"[{', '.join(map(shape, indices))}]"
            case typed.SliceStep(start=start, length=length):
                place += f"[{shape(start)}; {length}]"
            case typed.FieldStep(name=name):
                place += f".{name}"
    return place, shape(statement.value)


def test_compound_assignment_is_desugared() -> None:
    assert _assigned(_main("s += 2;")[0]) == ("s", "(s + 2:int32)")
    assert _assigned(_main("xs[1] *= a;")[0]) == (
        "xs[1:int32]",
        "(xs[1:int32] * a)",
    )
    assert _assigned(_main("xs[0..2] -= 1;")[0]) == (
        "xs[0:int32; 2]",
        "(xs[0:int32; 2] - broadcast:int32[2](1:int32))",
    )


def test_compound_assignment_evaluates_an_index_once() -> None:
    items = "fn next(int32 x) -> int32 { return x + 1; }"
    (block,) = _main("xs[next(1)] += 2;", items)
    assert isinstance(block, typed.Block)
    declare, assign = block.statements
    assert isinstance(declare, typed.Declare)
    assert shape(declare.value) == "next[public](1:int32)"
    assert _assigned(assign) == ("xs[index]", "(xs[index] + 2:int32)")


def test_places_of_parts() -> None:
    items = "struct Inner { int32[2][2] m; } struct Outer { Inner[3] inner; }"
    body = "Outer o; o.inner[1].m[0][s] = 7; o.inner[a].m[1] = 2;"
    _, first, second = _main(body, items)
    assert _assigned(first) == ("o.inner[1:int32].m[0:int32, s]", "secret(7:int32)")
    assert _assigned(second) == (
        "o.inner[a].m[1:int32]",
        "secret(broadcast:int32[2](2:int32))",
    )


def test_for_each_is_a_loop_over_indices() -> None:
    (block,) = _main("for x in xs { x += 1; s += x; }")
    assert isinstance(block, typed.Block)
    items, loop = block.statements
    assert isinstance(items, typed.Declare)
    assert isinstance(loop, typed.For)
    assert (shape(items.value), shape(loop.low), shape(loop.high)) == (
        "xs",
        "0:int32",
        "3:int32",
    )
    declare = loop.body.statements[0]
    assert isinstance(declare, typed.Declare)
    assert shape(declare.value) == "x_items[x_index]"
    assert declare.variable.label == SECRET


def test_loops_over_parties_are_unrolled() -> None:
    body = 'for p in parties { @p int32 x = input(p, "x"); s += x; }'
    (block,) = _main(body)
    assert isinstance(block, typed.Block)
    declared = [n for n in nodes(block) if isinstance(n, typed.Declare)]
    assert [d.variable.label.owner for d in declared] == [0, 1, 2]
    assert len({d.variable.id for d in declared}) == 3


def test_constant_branches_leave_the_side_that_is_taken() -> None:
    (block,) = _main("if len(xs) == 3 { s = 1; } else { s = 2; }")
    assert isinstance(block, typed.Block)
    assert _assigned(block.statements[0]) == ("s", "secret(1:int32)")
    assert _main("while len(xs) > 3 { s = 1; }") == []
    assert _main("for i in 3..len(xs) { s = i; }") == []


def test_array_constants_are_made_once_a_function() -> None:
    items = "const table = [1, 2, 3]; fn f(int32 i) -> int32 { return table[i] + table[0]; }"
    tree = program("let x = f(1);", items)
    function = tree.function("f[public]")
    literals = [n for n in nodes(function) if isinstance(n, typed.ArrayLiteral)]
    assert len(literals) == 1
    assert isinstance(function.body.statements[0], typed.Declare)


def test_labels_fall_to_the_meet_of_what_is_assigned() -> None:
    tree = program(
        _INPUTS
        + """
        int32 untouched = 1;
        int32 mine = 1;
        mine = a;
        int32 ours = mine;
        if t { ours = 2; }
        int32[3] chosen;
        chosen[s] = 1;
        int32[3] own;
        own[a] = 1;
        int32 carried;
        for i in 0..2 { carried = mine; mine = s; }
        """
    )
    assert variable(tree, "untouched").label == PUBLIC
    assert variable(tree, "mine").label == SECRET
    assert variable(tree, "ours").label == SECRET
    assert variable(tree, "chosen").label == SECRET
    assert variable(tree, "own").label == owned(0)
    assert variable(tree, "carried").label == SECRET


def test_a_branch_does_not_restrict_what_is_declared_inside() -> None:
    tree = program(_INPUTS + "if t { int32 local = 1; local = 2; s = local; }")
    assert variable(tree, "local").label == PUBLIC
    tree = program(_INPUTS + "if t { if a > 3 { int32 local = a; } }")
    assert variable(tree, "local").label == owned(0)


def test_a_branch_of_an_owner_inside_a_secret_one() -> None:
    body = "if t { @alice int32 x = 1; if a > 3 { x = 2; } s = x; }"
    assert codes(_INPUTS + body) == []


def test_instances_by_sizes_labels_and_program_counter() -> None:
    items = "fn f<k>(int32[k] x, int32 y) -> int32 { return x[0] + y; }"
    body = """
        let c = f(xs, 1);
        let d = f([1, 2], a);
        let e = f(xs, 2);
        if t { let g = f([3, 4], a); }
        if a > 1 { let h = f([5, 6], a); }
    """
    tree = program(_INPUTS + body, items)
    assert [f.name for f in tree.functions] == [
        "f<3>[secret,public]",
        "f<2>[public,@alice]",
        "f<2>[public,@alice]{secret}",
        "f<2>[public,@alice]{@alice}",
        "main",
    ]
    assert [f.pc for f in tree.functions] == [PUBLIC, PUBLIC, SECRET, owned(0), PUBLIC]
    assert len({v.id for f in tree.functions for v in f.parameters}) == 8


def test_a_parameter_that_falls_is_shared_by_the_caller() -> None:
    items = "fn f(int32 x, int32 y) -> int32 { x += y; return x; }"
    (declare,) = _main("let z = f(1, s);", items)
    assert isinstance(declare, typed.Declare)
    assert shape(declare.value) == "f[public,secret](secret(1:int32), s)"


def test_returned_values_have_the_label_of_the_result() -> None:
    items = "fn f(public bool c, int32 x) -> int32 { if c { return 1; } return x; }"
    tree = program(_INPUTS + "let z = f(true, s);", items)
    function = tree.function("f[public,secret]")
    returns = [n.value for n in nodes(function) if isinstance(n, typed.Return)]
    assert [shape(r) for r in returns if r is not None] == ["secret(1:int32)", "x"]
    assert function.return_label == SECRET


def test_an_output_releases_explicitly() -> None:
    body = 'output(all, s, "x"); output(alice, a, "y"); output(bob, a, "z"); output(bob, 3, "w");'
    values = [shape(o.value) for o in _main(body) if isinstance(o, typed.Output)]
    assert values == ["reveal(s)", "a", "reveal(a, 1)", "3:int32"]


def test_an_index_of_an_owner_needs_only_the_owner() -> None:
    body = "int32[3] p = [1, 2, 3]; let x = p[a]; let y = xs[a];"
    tree = program(_INPUTS + body)
    assert variable(tree, "x").label == owned(0)
    assert variable(tree, "y").label == SECRET


def test_fields_with_labels_of_their_own() -> None:
    items = "struct Row { public int32 id; @bob int32 key; int32 value; }"
    body = """
        Row r = Row { id: 1, key: input(bob, "k"), value: s };
        let id = r.id;
        let key = r.key;
        let value = r.value;
        @alice int32 mine = 0;
        if a > 3 { mine = r.id; }
    """
    tree = program(_INPUTS + body, items)
    assert variable(tree, "r").label == SECRET
    assert variable(tree, "id").label == PUBLIC
    assert variable(tree, "key").label == owned(1)
    assert variable(tree, "value").label == SECRET


def test_local_names_may_hide_what_is_at_the_top() -> None:
    items = "const n = 3; fn f(int32 x) -> int32 { return x; }"
    assert codes("int32 n = 4; int32 f = f(n); int32 sum = sum([f, n]);", items) == []


def test_names_end_with_their_block() -> None:
    assert codes("if true { int32 x = 1; } for x in 0..3 { } int32 x = 2;") == []


def test_a_loop_that_never_ends_needs_no_return() -> None:
    items = 'fn f() -> int32 { while true { if reveal(input(alice, "go")) { return 1; } } }'
    assert codes("let x = f();", items) == []


def test_lets_of_constants_are_constants() -> None:
    items = (
        "param int32 n = 6; fn f<k>(int32[k] x) -> int32 { let h = k / 2; return sum(x[0..h]); }"
    )
    assert codes("let half = n / 2; int32[half] x; x = [1, 2, 3]; let y = f(x);", items) == []


def test_sizes_of_structs_follow_params() -> None:
    items = "param int32 n = 2; struct V { int32[n][n + 1] m; }"
    assert codes("V v; v.m = [[1, 2, 3], [4, 5, 6]];", items) == []


def test_functions_called_only_where_nothing_runs_are_left_out() -> None:
    items = """
    fn last<k>(int32[k] x) -> int32 { return x[7]; }
    fn asks<k>(int32[k] x) -> int32 { @bob int32[k] y = input(bob, "y"); return x[0]; }
    """
    body = "if len(xs) > 7 { let y = last(xs); let z = asks([1, 2]); } let w = asks(xs);"
    tree = program(_INPUTS + body, items)
    assert [f.name for f in tree.functions] == ["asks<3>[secret]", "main"]


def test_an_assertion_that_fails_may_stand_in_a_branch() -> None:
    assert codes(_INPUTS + 'if reveal(t) { assert(false, "not so"); }') == []
