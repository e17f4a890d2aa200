"""The effect of each pass on a small program: golden files of the IR before and after it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from ezlang.compiler.cost.profiles import LOOPBACK
from ezlang.compiler.ir.parse import parse_program
from ezlang.compiler.ir.text import print_program
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import Transform, run_passes
from ezlang.compiler.passes.assign import Policy, assign
from ezlang.compiler.passes.assign.known import forward_known
from ezlang.compiler.passes.general.checks import drop_checks
from ezlang.compiler.passes.general.constants import fold_constants
from ezlang.compiler.passes.general.cse import merge_common
from ezlang.compiler.passes.general.dce import remove_dead
from ezlang.compiler.passes.general.inline import inline
from ezlang.compiler.passes.general.moves import merge_moves
from ezlang.compiler.passes.general.oblivious import expand_oblivious
from ezlang.compiler.passes.general.oblivious_add import add_at_indices
from ezlang.compiler.passes.general.products import fold_products
from ezlang.compiler.passes.general.reduce import expand_products, expand_reduce
from ezlang.compiler.passes.general.simplify import simplify
from ezlang.compiler.passes.sharings.circuit_depth import choose_circuits
from ezlang.compiler.passes.sharings.expand import expand_shared
from ezlang.compiler.passes.sharings.narrow import narrow
from ezlang.compiler.passes.sharings.pairs import choose_once, compare_once
from ezlang.compiler.passes.sharings.schedule import schedule
from ezlang.compiler.passes.sharings.share import share
from ezlang.compiler.passes.vectorise import vectorise
from tests.support.lowered import checked

GOLDEN = Path(__file__).parent / "golden"
TIDY = (fold_constants, simplify, merge_common, remove_dead)
LOOPS = (*TIDY, vectorise, *TIDY)

MATRICES = """
    secret int32[2][3] a = input(alice, "a");
    secret int32[3][4] b = input(bob, "b");
    secret int32[2][4] c;
    for i in 0..2 { for j in 0..4 { for k in 0..3 { c[i][j] += a[i][k] * b[k][j]; } } }
    output(all, c, "c");
"""
VECTORS = """
    secret int32[4] x = input(alice, "x");
    secret int32[4] y = input(bob, "y");
"""

NARROW = """
    secret int64 a = int64(input(alice, "a") & 1023);
    secret int64 b = int64(input(bob, "b") & 1023);
    output(all, a < b ? a : b, "s");
"""
BOOLEAN = partial(assign, policy=Policy.BOOLEAN)
"""Assignment, for passes that come after it."""

CASES: dict[str, tuple[Transform, tuple[Transform, ...], str]] = {
    "constants": (
        fold_constants,
        (),
        f"{VECTORS} int32 k = 2 * 3 - 5; if k > 0 {{ x[k] = y[k] * (k + 2); }} else {{ x[0] = 1; }}"
        ' output(all, x, "x");',
    ),
    "simplify": (
        simplify,
        (fold_constants,),
        f"{VECTORS} secret bool c = !(!(x[0] < y[0])); secret int32 s = c ? 1 : 0;"
        ' output(all, s * 1 + 0, "s");',
    ),
    "cse": (
        merge_common,
        (fold_constants,),
        f'{VECTORS} output(all, x[1] * y[1] > 4 || x[1] * y[1] < 2, "b");',
    ),
    "dce": (
        remove_dead,
        (),
        f"{VECTORS} secret int32 t = 0; secret int32 s = 0;"
        " for i in 0..4 { t += x[i]; s += y[i]; }"
        ' output(all, s, "s");',
    ),
    "inline": (
        inline,
        (),
        f'{VECTORS} output(all, larger(x[0], y[0]), "m");',
    ),
    "counting": (
        add_at_indices,
        (merge_common,),
        f'{VECTORS} secret int32[4] h; h[x[0]] += y[0]; output(all, h, "h");',
    ),
    "oblivious": (
        expand_oblivious,
        TIDY,
        f'{VECTORS} output(all, x[y[0]], "item");',
    ),
    "vectorise": (
        vectorise,
        TIDY,
        f"{VECTORS} secret int32 s = 0;"
        " for i in 0..4 { if x[i] > y[i] { s += x[i]; } x[i] = s * y[i]; }"
        ' output(all, x, "x");',
    ),
    "vectorise-nest": (vectorise, TIDY, MATRICES),
    "vectorise-best": (
        vectorise,
        TIDY,
        f"{VECTORS} secret int32 best = 100; secret int32 place = -1;"
        " for i in 0..4 { let d = x[i] - y[i]; if d < best { best = d; place = i; } }"
        ' output(all, place, "place");',
    ),
    "vectorise-computed": (
        vectorise,
        TIDY,
        f"{VECTORS} int32 d = 2;"
        " while d > 0 {"
        " for i in 0..4 - d { if (i & d) == 0 { let low = min(x[i], x[i + d]);"
        " x[i + d] ^= x[i] ^ low; x[i] = low; } } d /= 2; }"
        ' output(all, x, "x");',
    ),
    "vectorise-strips": (
        partial(vectorise, budget=3000),
        TIDY,
        f'{VECTORS} for i in 0..4 {{ x[i] = min(x[i], y[i]); }} output(all, x, "x");',
    ),
    "moves": (
        merge_moves,
        LOOPS,
        f"{VECTORS} secret int32[4][4] t;"
        " for k in 0..4 { for i in 0..4 { t[i][k] = x[3 - k] > y[i] ? 1 : 0; } }"
        ' output(all, t, "t");',
    ),
    "products": (fold_products, (*LOOPS, merge_moves), MATRICES),
    "products-expanded": (
        expand_products,
        (*LOOPS, merge_moves, fold_products, *TIDY),
        MATRICES,
    ),
    "reduce": (expand_reduce, TIDY, f'{VECTORS} output(all, sum(x * y), "s");'),
    "pairs": (
        compare_once,
        TIDY,
        f'{VECTORS} output(all, min(x, y), "a"); output(all, max(y, x), "b");'
        ' output(all, x[0] >= y[0], "c"); output(all, x[0] < y[0], "d");',
    ),
    "share": (
        share,
        TIDY,
        f'{VECTORS} @bob int32 z = input(bob, "z"); output(all, x[0] * z + z, "s");',
    ),
    "checks": (
        drop_checks,
        TIDY,
        f'{VECTORS} for i in 0..4 {{ x[i] += y[3 - i]; }} output(all, x, "x");',
    ),
    "known": (
        forward_known,
        TIDY,
        f'{VECTORS} secret int32 k = x[1] > 2 ? x[2] : 3; output(all, k * y[0], "s");',
    ),
    "narrow": (narrow, (*TIDY, share), NARROW),
    "assign": (partial(assign, policy=Policy.AUTO), (*TIDY, share, narrow), NARROW),
    "swap": (
        choose_once,
        (*TIDY, compare_once, share, BOOLEAN),
        f'{VECTORS} output(all, min(x, y), "a"); output(all, max(x, y), "b");',
    ),
    "expand": (
        expand_shared,
        (*LOOPS, share, BOOLEAN),
        f"{VECTORS} secret int32 s = 0; for i in 0..4 {{ s = max(s, x[i] * y[i]); }}"
        ' output(all, s, "s");',
    ),
    "schedule": (
        schedule,
        (*TIDY, share, BOOLEAN),
        f"{VECTORS} let a = x[0] * y[0]; let b = a > 4; let c = x[1] * y[1]; let d = c > 5;"
        ' output(all, b ^ d, "t");',
    ),
    "circuits": (
        partial(choose_circuits, profile=LOOPBACK),
        (*TIDY, share, BOOLEAN, schedule),
        'secret int32[5000] x = input(alice, "x"); secret int32[5000] y = input(bob, "y");'
        ' output(all, x < y, "t"); output(all, x[0] < y[0], "u");',
    ),
}

HEAD = """party alice, bob;
fn larger(int32 x, int32 y) -> int32 { int32 z = y; if x > y { z = x; } return z; }
"""


@pytest.mark.parametrize("name", CASES)
def test_ir(name: str, golden: Callable[[Path, str], None]) -> None:
    run, first, body = CASES[name]
    before = run_passes(lower(checked(f"{HEAD}fn main() {{{body}}}")), first)
    after = run_passes(before, (run,))
    text = f"{print_program(before)}\n{'-' * 8} after {name} {'-' * 8}\n\n{print_program(after)}"
    golden(GOLDEN / f"{name}.ir", text)
    assert print_program(parse_program(print_program(after))) == print_program(after)
