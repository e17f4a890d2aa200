"""Convolutions of shares: values, costs, views; with OTs and with a dealer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ezlang.compiler.protocols.arithmetic.convolution import (
    Window,
    convolve,
    convolve_known,
    convolved,
    triple_for,
)
from ezlang.compiler.protocols.core.lengths import product_message
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.steps import Steps
from ezlang.diagnostics.diagnostic import CompilerBug
from tests.support.dealt_parties import run_dealt
from tests.support.sharing_parties import Pair, assert_uniform, random_numbers, split

WIDTHS = [8, 16, 32, 64]
Array = np.ndarray[Any, Any]
SHAPES = [
    ((1, 1, 3, 3), (1, 1, 1, 1), Window()),
    ((2, 3, 6, 5), (4, 3, 3, 3), Window()),
    ((1, 2, 7, 8), (3, 2, 3, 3), Window(stride=2, padding=1)),
    ((1, 1, 14, 14), (2, 1, 3, 3), Window(padding=1)),
    ((1, 2, 4, 4), (150, 2, 4, 4), Window()),
]


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


def meaning(x: Array, y: Array, window: Window) -> Array:
    """The definition, number by number."""
    edge = (window.padding, window.padding)
    x = np.pad(x, ((0, 0), (0, 0), edge, edge))
    size = y.shape[-1]
    height, width = ((n - size) // window.stride + 1 for n in x.shape[2:])
    result = np.zeros((len(x), len(y), height, width), x.dtype)
    for i in range(height):
        for j in range(width):
            top, left = i * window.stride, j * window.stride
            part = x[:, None, :, top : top + size, left : left + size]
            result[:, :, i, j] = (part * y[None]).sum(axis=(2, 3, 4), dtype=x.dtype)
    return result


def numbers(bits: int, shapes: tuple[tuple[int, ...], ...]) -> tuple[Array, Array]:
    x, y = (random_numbers(shape, f"u{bits // 8}", seed) for seed, shape in enumerate(shapes))
    return x, y


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize(("images", "filters", "window"), SHAPES)
def test_values_and_cost(
    pair: Pair, bits: int, images: tuple[int, ...], filters: tuple[int, ...], window: Window
) -> None:
    x, y = numbers(bits, (images, filters))
    xs, ys = split(x, 3), split(y, 4)
    outcome = pair.run(lambda p: convolve(p, xs[p.index], ys[p.index], window))
    result = meaning(x, y, window)
    assert np.array_equal(sum(outcome.results), result)
    f, k, p = len(y), y[0].size, result.size // len(y)
    if k * p * -(-f // 128) < f * k * -(-p // 128):
        f, p = p, f
    panels = [min(128, p - at) for at in range(0, p, 128)]
    ots = bits * f * k * len(panels)
    message = f * k * sum(product_message(bits, panel) for panel in panels)
    assert outcome.ots == (ots, ots)
    assert outcome.bytes == (ots // 8 + message,) * 2


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("owner", [0, 1])
@pytest.mark.parametrize(("images", "filters", "window"), SHAPES)
def test_known_filters(
    pair: Pair,
    bits: int,
    owner: int,
    images: tuple[int, ...],
    filters: tuple[int, ...],
    window: Window,
) -> None:
    x, y = numbers(bits, (images, filters))
    xs = split(x, 3)

    def steps(party: SharingParty) -> Steps[Array]:
        known = y if party.index == owner else np.zeros_like(y)
        return convolve_known(party, xs[party.index], known, owner, window)

    outcome = pair.run(steps)
    assert np.array_equal(sum(outcome.results), meaning(x, y, window))
    assert 0 in outcome.ots


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize(("images", "filters", "window"), SHAPES)
def test_with_a_dealer(
    pair: Pair, bits: int, images: tuple[int, ...], filters: tuple[int, ...], window: Window
) -> None:
    x, y = numbers(bits, (images, filters))
    xs, ys = split(x, 3), split(y, 4)
    outcome, asked = run_dealt(pair, lambda p: convolve(p, xs[p.index], ys[p.index], window))
    assert np.array_equal(sum(outcome.results), meaning(x, y, window))
    edge = (window.padding, window.padding)
    padded = np.pad(x, ((0, 0), (0, 0), edge, edge))
    assert asked == {triple_for(padded, y, window.stride): 1}
    assert outcome.ots == (0, 0)
    assert outcome.bytes == (padded.nbytes + y.nbytes,) * 2
    assert outcome.rounds == 1


@pytest.mark.parametrize("bits", WIDTHS)
def test_what_is_seen(pair: Pair, bits: int) -> None:
    x, y = np.zeros((1, 4, 40, 40), f"u{bits // 8}"), np.zeros((4, 4, 3, 3), f"u{bits // 8}")
    outcome = pair.run(lambda p: convolve(p, x, y))
    for heard in outcome.heard:
        assert_uniform(heard)
    outcome, _ = run_dealt(pair, lambda p: convolve(p, x, y))
    for heard, result in zip(outcome.heard, outcome.results, strict=True):
        assert_uniform(heard)
        assert_uniform(result)


def test_in_the_clear() -> None:
    x, y = numbers(32, ((2, 3, 9, 9), (2, 3, 2, 2)))
    for stride in (1, 2, 3):
        expected = meaning(x, y, Window(stride=stride))
        assert np.array_equal(convolved(x, y, stride), expected)


def test_filters_that_do_not_fit(pair: Pair) -> None:
    x, y = numbers(32, ((1, 3, 4, 4), (1, 2, 2, 2)))
    with pytest.raises(CompilerBug, match="don't fit"):
        pair.run(lambda p: convolve(p, x, y))
    x, y = numbers(32, ((1, 3, 4, 4), (1, 3, 5, 5)))
    with pytest.raises(CompilerBug, match="larger"):
        pair.run(lambda p: convolve(p, x, y))
