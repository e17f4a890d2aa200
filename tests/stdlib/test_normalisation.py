"""Softmax and the norms of neural networks: their errors, and agreement of all executors."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.functions import evaluated
from benchmarks.norms import MEASURED, Measured, error
from ezlang import api
from ezlang.diagnostics.diagnostic import EzError
from ezlang.values.data import Inputs
from tests.support.agreement import agree, checked


@pytest.mark.parametrize("f", [5, 12, 16, 20])
@pytest.mark.parametrize("measured", MEASURED, ids=lambda one: one.name)
def test_errors_of_rows(measured: Measured, f: int) -> None:
    most = 2 if f == 20 else 0.75
    assert error(measured, f, 40, 10, 1.0) <= most
    assert error(measured, f, 4, 130, 4.0) <= most


def test_errors_of_rows_with_a_small_deviation() -> None:
    """The mean's rounding, 1/32 ulp, is divided by the deviation of 1/20."""
    layer = next(one for one in MEASURED if one.name == "layer_norm")
    assert error(layer, 16, 40, 100, 0.05) <= 1.75


def test_what_is_far_below_the_largest_counts_as_nothing() -> None:
    text = """
    party alice, bob;
    import normalisation;
    fn main() {
        @alice fixed[4] x = input(alice, "x");
        output(alice, raw(normalisation.softmax(x)), "y");
    }
    """
    inputs = {"alice": {"x": [-1e9, 0, -32, 1e9 - 1e9]}, "bob": {}}
    assert api.run_clear(checked(text), inputs).outputs["alice"]["y"] == [0, 1 << 15, 0, 1 << 15]


def test_rows_have_a_largest_length() -> None:
    text = """
    party alice, bob;
    import normalisation;
    fn main() {{
        @alice fixed[{m}] x = input(alice, "x");
        output(alice, normalisation.softmax(x), "y");
    }}
    """
    assert checked(text.format(m=43007))
    with pytest.raises(EzError):
        api.checked(api.check_text(text.format(m=43008)))


@pytest.mark.parametrize(
    "call",
    [
        "softmax(x + y)",
        "log_softmax(x + y)",
        "layer_norm(x + y, w, b, 0.00001)",
        "rms_norm(x + y, w, 0.00001)",
        "instance_norm(reshape(x + y, 1, 2, 3), w[0..2], b[0..2], 0.00001)",
        "batch_norm(reshape(x + y, 2, 3, 1), w, b)",
        "lrn::<3>(x + y, 0.1, 0.75, 1.0)",
    ],
)
def test_executors_agree(call: str) -> None:
    text = f"""
    party alice, bob;
    import normalisation;
    fn main() {{
        secret fixed[2][3] x = input(alice, "x");
        secret fixed[2][3] y = input(bob, "y");
        @bob fixed[3] w = input(bob, "w");
        @bob fixed[3] b = input(bob, "b");
        output(all, normalisation.{call}, "z");
    }}
    """
    inputs: Inputs = {
        "alice": {"x": [[0, 1, -1], [7.25, -20, 3]]},
        "bob": {"y": [[0.5, -2, -9], [3, 0, 3]], "w": [1, -0.5, 2], "b": [0, 1, -3]},
    }
    assert agree(checked(text), inputs).outputs is not None


@pytest.mark.parametrize("exponent", [-1.5, -0.75, 0.5, 0.75, 2.5, 10])
@pytest.mark.parametrize("f", [5, 12, 16, 20])
def test_powers(f: int, exponent: float) -> None:
    numbers = [3, 1 << (f - 1), 1 << f, (1 << f) + 3, 10 << f, 100 << f]
    found = evaluated("pow", f, numbers, f", {float(exponent)}")
    for n, y in zip(numbers, found, strict=True):
        exact = (n / (1 << f)) ** exponent
        if exact < 2.0 ** (62 - 2 * f):
            # An ulp, relative above 1, and |exponent| + 1 parts in 2^24.
            parts = (abs(exponent) + 1) / (1 << 24)
            assert abs(y - exact) <= 0.75 / (1 << f) * max(1, exact) + exact * parts, n


def test_squares_of_rows_reach_their_bound() -> None:
    """Squares that add up to nearly 2^23 are still exact."""
    text = """
    party alice, bob;
    import normalisation;
    fn main() {
        @alice fixed[32] x = input(alice, "x");
        output(alice, normalisation.rms_norm(x, x / x, 0.0), "y");
    }
    """
    inputs = {"alice": {"x": [511, -511] * 16}, "bob": {}}
    found = api.run_clear(checked(text), inputs).outputs["alice"]["y"]
    assert np.abs(np.array(found) - [1, -1] * 16).max() <= 2**-16
