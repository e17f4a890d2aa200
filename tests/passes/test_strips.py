"""The memory of a run doesn't grow with the number of iterations, and strips keep to a budget."""

import pytest

from ezlang import api
from ezlang.compiler.codegen.frames import frame_bytes
from ezlang.compiler.cost.predict import predict
from ezlang.compiler.cost.profiles import PROFILES
from ezlang.compiler.cost.summary import total
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import run_passes
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.compiler.passes.pipeline import vectorised
from ezlang.compiler.passes.prepare import prepare
from ezlang.executors.native.executable import executable_of
from tests.support.lowered import checked

LABEL = 16
CACHED = 2 << 20


def text(turns: int, size: int | None = None, kind: str = "secret") -> str:
    """Comparisons of an operand that changes from one iteration to the next."""
    shape = "" if size is None else f"[{size}]"
    return f"""party alice, bob;
    fn main() {{
        {kind} int64{shape} x = input(alice, "x");
        secret int64{shape} y = input(bob, "y");
        secret bool{shape} odd;
        for i in 0..{turns} {{ odd = odd ^ (x < y); x = x ^ int64(i); }}
        output(all, odd, "odd");
    }}
    """


def elements(turns: int) -> str:
    """Comparisons of elements that bob computes in each iteration."""
    return f"""party alice, bob;
    fn main() {{
        secret int32 x = input(alice, "x");
        secret int32 sum = 0;
        @bob int32 y = input(bob, "y");
        for i in 0..{turns} {{ let z = y * y + i; if x < z {{ sum += 1; }} }}
        output(all, sum, "sum");
    }}
    """


def prepared(source: str, memory: int = 256_000_000, protocol: str = "yao") -> ir.Program:
    choice = ProtocolChoice(protocol)
    return prepare(lower(checked(source)), choice, PROFILES["loopback"], memory)


def frames(program: ir.Program) -> list[int]:
    return [frame_bytes(program, party) for party in COMPUTING]


@pytest.mark.parametrize("protocol", ["yao", "auto"])
def test_memory_is_that_of_the_values_of_the_program(protocol: str) -> None:
    few, more, many = (prepared(text(turns, 1000), protocol=protocol) for turns in (30, 100, 300))
    assert frames(few) == frames(more) == frames(many)
    # x, y and the comparison with its total.
    assert max(frames(many)) <= 1.1 * 1000 * (64 + 64 + 1 + 1) * LABEL
    ands = [total(predict(one).least).ands for one in (few, many)]
    assert ands == [30 * 64_000, 300 * 64_000]


def test_narrow_loops_get_strips_that_stay_in_the_cache() -> None:
    sizes = [max(frames(prepared(text(turns)))) for turns in (10_000, 1_000_000)]
    assert max(sizes) <= CACHED
    assert sizes[1] <= 1.01 * sizes[0]
    # Many comparisons are made at a time.
    widths = [
        one.result.type.size
        for one in ir.walk(prepared(text(10_000)).main.body)
        if isinstance(one, ir.Binary) and one.kind is ir.BinaryKind.LT
    ]
    assert min(widths) >= 100


def test_strips_with_messages_get_a_part_of_the_budget() -> None:
    small, large = (prepared(elements(100_000), memory) for memory in (16_000_000, 64_000_000))
    assert max(frames(small)) <= 16_000_000
    assert max(frames(small)) < max(frames(large)) <= 64_000_000
    rounds = [total(predict(one).least).rounds for one in (small, large)]
    assert rounds[0] > 2 * rounds[1]


def test_an_array_that_is_written_item_by_item_costs_no_strips() -> None:
    source = """party alice, bob;
    fn main() {
        secret int32[4000] x = input(alice, "x");
        secret int32 y = input(bob, "y");
        for i in 0..4000 { x[i] = y ^ x[i]; }
        output(all, x, "x");
    }
    """
    body = run_passes(lower(checked(source)), vectorised(1 << 30, local=CACHED)).main.body
    assert not any(isinstance(one, ir.For) for one in ir.walk(body))


def test_products_keep_to_the_cache_under_yao() -> None:
    source = """party alice, bob;
    fn main() {
        secret int32[64][64] a = input(alice, "a");
        secret int32[64][64] b = input(bob, "b");
        secret int32[64][64] c;
        for i in 0..64 { for j in 0..64 { for k in 0..64 { c[i][j] += a[i][k] * b[k][j]; } } }
        output(all, c, "c");
    }
    """
    own = 3 * 64 * 64 * 32 * LABEL
    assert max(frames(prepared(source))) <= own + 2 * CACHED


MIXED = """party alice, bob;
fn main() {
    secret int64 x = input(alice, "x");
    secret int64 y = input(bob, "y");
    secret int64 count = 0;
    for i in 0..20000 {
        #[protocol(yao)]
        let less = x ^ (y + i) < y & (x + i);
        if less { count += 1; }
    }
    output(all, count * x, "count");
}
"""


def test_labels_in_loops_that_were_cut_for_shares_fit_all_the_same() -> None:
    wide = frames(prepared(MIXED, memory=256_000_000, protocol="auto"))
    tight = frames(prepared(MIXED, memory=16_000_000, protocol="auto"))
    assert max(tight) <= 16_000_000 < max(wide) <= 256_000_000


def test_a_pass_without_strips_for_the_cache_uses_its_budget() -> None:
    loops = [
        [one for one in ir.walk(run_passes(lower(checked(text(10_000))), passes).main.body)
         if isinstance(one, ir.For)]
        for passes in (vectorised(1 << 30), vectorised(1 << 30, local=CACHED))
    ]  # fmt: skip
    assert [len(found) for found in loops] == [1, 2]


def test_the_budget_is_an_option_that_both_parties_give() -> None:
    program = api.checked(api.check_text(elements(100_000)))
    one, other = (executable_of(program, "yao", memory=memory) for memory in (1 << 20, 1 << 28))
    assert one.fingerprint != other.fingerprint
    assert dict(one.choices)["--memory"] == "1.048576 MB"
