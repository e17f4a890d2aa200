"""Re-runs with another secret: they compare real runs, and find a difference where there is one."""

from __future__ import annotations

import pytest
from scipy.stats import chi2  # type: ignore[import-untyped]

from ezlang import api
from ezlang.trace.reruns import equality, tail
from tests.trace.traces import Data, program_of

RUNS = 100
LEAKY = """party alice, bob;
fn main() {
    @alice int32 a = input(alice, "a");
    secret int32 b = input(bob, "b");
    let told = reveal(a, bob);
    output(bob, told, "a");
    output(bob, b * a, "product");
}
"""


def observed(program: str, inputs: Data, protocol: str = "auto") -> Data:
    checked = api.checked(api.check_text(program))
    data = api.trace(checked, inputs, seed=3, protocol=protocol, reruns=RUNS).data["reruns"]
    found: Data = data
    return found


@pytest.mark.parametrize("protocol", ["arithmetic", "boolean", "yao"])
def test_bob_sees_the_same_distribution_with_either_secret(protocol: str) -> None:
    program, inputs = program_of("millionaires")
    data = api.trace(program, inputs, seed=3, protocol=protocol, reruns=RUNS).data["reruns"]
    assert data["same_outputs"]
    assert data["secrets"][0] != data["secrets"][1]
    assert len(data["observed"]) >= 2
    for one in data["observed"]:
        assert [sum(counts) for counts in one["counts"]] == [RUNS, RUNS]
        assert one["p"] == pytest.approx(equality(*one["counts"]), abs=1e-6)
        assert one["p"] > 1e-4, one


def test_a_difference_is_found_where_a_program_tells_the_secret() -> None:
    data = observed(LEAKY, {"alice": {"a": 1000}, "bob": {"b": 7}})
    assert not data["same_outputs"]
    told = [one for one in data["observed"] if one["told"] and one["kind"] == "message"]
    assert min(one["p"] for one in told) < 1e-6
    kept = [one for one in data["observed"] if not one["told"]]
    assert kept
    assert min(one["p"] for one in kept) > 1e-4


def test_a_party_without_inputs_has_no_other_secret() -> None:
    program = api.checked(api.check_text(ALONE))
    assert api.trace(program, {"alice": {}, "bob": {"x": 1}}, reruns=5).data["reruns"] is None


ALONE = """party alice, bob;
fn main() {
    secret int32 x = input(bob, "x");
    output(alice, x + 1, "y");
}
"""


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 14, 15])
@pytest.mark.parametrize("x", [0.0, 0.1, 1.0, 5.0, 20.0, 60.0])
def test_the_tail_is_that_of_the_chi_square_distribution(x: float, freedom: int) -> None:
    assert tail(x, freedom) == pytest.approx(chi2.sf(x, freedom), rel=1e-9)
