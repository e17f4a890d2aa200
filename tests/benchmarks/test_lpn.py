"""The security of the parameters of silent OT."""

from __future__ import annotations

import pytest

from benchmarks.lpn import Noise, estimates
from ezlang.compiler.protocols.ot import silent
from ezlang.compiler.protocols.ot.stock import SILENT

MARGIN = 10


def test_all_attacks_on_the_parameters_in_use_cost_more_than_128_bits() -> None:
    found = estimates(Noise.of(SILENT))
    assert min(found.values()) > 128 + MARGIN
    rows = [f"| {attack} | {cost:.0f} |" for attack, cost in found.items()]
    assert "\n".join(rows) in (silent.__doc__ or "")


@pytest.mark.parametrize(
    ("attack", "published"),
    [("Gauss, dense elimination", 140.8), ("algebraic, dense elimination", 128.2)],
)
def test_estimates_are_near_those_that_were_published(attack: str, published: float) -> None:
    """For t = 1170, h = 11, log k = 17, by the formulas of [LWYY24] and [WWY+25]."""
    found = estimates(Noise(blocks=1170, size=1 << 11, secrets=1 << 17))
    assert abs(found[attack] - published) < 4


def test_sparse_rows_break_the_parameters_for_random_codes() -> None:
    found = estimates(Noise(blocks=1170, size=1 << 11, secrets=1 << 17))
    assert 115 < found["algebraic, sparse elimination"] < 118


def test_noise_that_is_known_costs_little() -> None:
    found = estimates(Noise(blocks=40, size=64, secrets=256))
    assert min(found.values()) < 40
