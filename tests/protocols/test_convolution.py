"""Convolutions of shares: values, costs, views; with OTs and with a dealer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ezlang.compiler.ir.windows import Window
from ezlang.compiler.protocols.arithmetic.convolution import convolve, convolve_known, triple_for
from ezlang.compiler.protocols.arithmetic.owned import Masked, mask_known
from ezlang.compiler.protocols.core.lengths import product_message
from ezlang.compiler.protocols.core.party import SharingParty
from ezlang.compiler.protocols.core.preprocessing import MaskedTriple, OwnedTriple
from ezlang.compiler.protocols.core.steps import Steps
from ezlang.diagnostics.diagnostic import CompilerBug
from tests.support.convolutions import CASES, convolution
from tests.support.dealt_parties import run_dealt
from tests.support.sharing_parties import Pair, assert_uniform, random_numbers, split

WIDTHS = [8, 16, 32, 64]
Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


def numbers(bits: int, shapes: tuple[tuple[int, ...], ...]) -> tuple[Array, Array]:
    x, y = (random_numbers(shape, f"u{bits // 8}", seed) for seed, shape in enumerate(shapes))
    return x, y


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("case", CASES)
def test_values_and_cost(pair: Pair, bits: int, case: str) -> None:
    images, filters, window = CASES[case]
    x, y = numbers(bits, (images, filters))
    xs, ys = split(x, 3), split(y, 4)
    outcome = pair.run(lambda p: convolve(p, xs[p.index], ys[p.index], window))
    result = convolution(x, y, window)
    assert np.array_equal(sum(outcome.results), result)
    f, k, p = len(y) // window.groups, y[0].size, result.size // len(y)
    if p * -(-f // 128) < f * -(-p // 128):
        f, p = p, f
    panels = [min(128, p - at) for at in range(0, p, 128)]
    rows = window.groups * f * k
    ots = bits * rows * len(panels)
    message = (
        product_message(bits, rows)
        if p == 1
        else rows * sum(product_message(bits, panel) for panel in panels)
    )
    assert outcome.ots == (ots, ots)
    assert outcome.bytes == (ots // 8 + message,) * 2


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("owner", [0, 1])
@pytest.mark.parametrize("known", ["images", "filters"])
@pytest.mark.parametrize("case", CASES)
def test_known_operands(pair: Pair, bits: int, owner: int, known: str, case: str) -> None:
    images, filters, window = CASES[case]
    x, y = numbers(bits, (images, filters))
    outcome = pair.run(one_known(x, y, owner, known, window))
    assert np.array_equal(sum(outcome.results), convolution(x, y, window))
    assert 0 in outcome.ots


def one_known(
    x: Array, y: Array, owner: int, known: str, window: Window
) -> Callable[[SharingParty], Steps[Array]]:
    """The convolution with one operand that its owner gives, and zeros from the other party."""
    shares = split(y if known == "images" else x, 3)

    def steps(party: SharingParty) -> Steps[Array]:
        given = party.index == owner
        share = shares[party.index]
        if known == "images":
            own = x if given else np.zeros_like(x)
            return convolve_known(party, own, share, owner, window, images=True)
        own = y if given else np.zeros_like(y)
        return convolve_known(party, share, own, owner, window)

    return steps


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("case", CASES)
def test_with_a_dealer(pair: Pair, bits: int, case: str) -> None:
    images, filters, window = CASES[case]
    x, y = numbers(bits, (images, filters))
    xs, ys = split(x, 3), split(y, 4)
    outcome, asked = run_dealt(pair, lambda p: convolve(p, xs[p.index], ys[p.index], window))
    assert np.array_equal(sum(outcome.results), convolution(x, y, window))
    assert asked == {triple_for(x, y, window): 1}
    assert outcome.ots == (0, 0)
    assert outcome.bytes == (x.nbytes + y.nbytes,) * 2
    assert outcome.rounds == 1


@pytest.mark.parametrize("owner", [0, 1])
@pytest.mark.parametrize("known", ["images", "filters"])
@pytest.mark.parametrize("case", CASES)
def test_known_operands_with_a_dealer(pair: Pair, owner: int, known: str, case: str) -> None:
    """Each party sends one factor: the owner what it knows, the other one its share."""
    images, filters, window = CASES[case]
    x, y = numbers(64, (images, filters))
    outcome, asked = run_dealt(pair, one_known(x, y, owner, known, window))
    assert np.array_equal(sum(outcome.results), convolution(x, y, window))
    side = 0 if known == "images" else 1
    assert asked == {OwnedTriple(owner=owner, side=side, product=triple_for(x, y, window)): 1}
    own, other = (x.nbytes, y.nbytes) if known == "images" else (y.nbytes, x.nbytes)
    assert outcome.bytes == ((own, other) if owner == 0 else (other, own))
    assert outcome.rounds == 1


@pytest.mark.parametrize("owner", [0, 1])
@pytest.mark.parametrize("known", ["images", "filters"])
@pytest.mark.parametrize("masks", [True, False])
def test_a_factor_that_is_masked_once(pair: Pair, owner: int, known: str, masks: bool) -> None:
    """It is sent once; each product then sends its shared factor alone. By OTs, it isn't sent."""
    images, filters, window = (1, 2, 20, 20), (120, 2, 5, 5), Window(padding=(1, 0, 2, 1))
    x, y = numbers(64, (images, filters))
    owned, others = (x, [y, y[::-1]]) if known == "images" else (y, [x, x[:, ::-1]])
    shares = [split(np.ascontiguousarray(one), seed) for seed, one in enumerate(others)]

    def steps(party: SharingParty) -> Steps[list[Array]]:
        given = owned if party.index == owner else np.zeros_like(owned)
        share = yield from mask_known(party, given, owner, 5)
        masked, results = Masked(number=5, share=share.reshape(-1)), []
        for one in shares:
            pair = (given, one[party.index]) if known == "images" else (one[party.index], given)
            side = known == "images"
            made = convolve_known(party, *pair, owner, window, images=side, masked=masked)
            results.append((yield from made))
        return results

    expected = [
        convolution(*((x, one) if known == "images" else (one, y)), window) for one in others
    ]
    if masks:
        unit = OwnedTriple(
            owner=owner, side=int(known == "filters"), product=triple_for(x, y, window)
        )
        triple = MaskedTriple(number=5, owned=unit)
        outcome, _ = run_dealt(pair, steps, {triple.mask: 1, triple: 2})
        sent = owned.nbytes, 2 * others[0].nbytes
        assert outcome.bytes == (sent if owner == 0 else sent[::-1])
        assert outcome.rounds == 2
        for heard in outcome.heard:
            assert_uniform(heard)
    else:
        outcome = pair.run(steps)
        assert 0 in outcome.ots
    for result, *parts in zip(expected, *outcome.results, strict=True):
        assert np.array_equal(parts[0] + parts[1], result)


@pytest.mark.parametrize("bits", WIDTHS)
def test_what_is_seen(pair: Pair, bits: int) -> None:
    x, y = np.zeros((1, 4, 40, 40), f"u{bits // 8}"), np.zeros((4, 4, 3, 3), f"u{bits // 8}")
    window = Window(padding=(1, 1, 1, 1))
    outcome = pair.run(lambda p: convolve(p, x, y, window))
    for heard in outcome.heard:
        assert_uniform(heard)
    y = np.zeros((120, 4, 3, 3), x.dtype)  # enough bytes to count
    for protocol in (
        lambda p: convolve(p, x, y, window),
        one_known(x, y, 0, "filters", window),
        one_known(x, y, 1, "images", window),
    ):
        outcome, _ = run_dealt(pair, protocol)
        for heard, result in zip(outcome.heard, outcome.results, strict=True):
            assert_uniform(heard)
            assert_uniform(result)


def test_filters_that_do_not_fit(pair: Pair) -> None:
    x, y = numbers(32, ((1, 3, 4, 4), (1, 2, 2, 2)))
    with pytest.raises(CompilerBug, match="don't fit"):
        pair.run(lambda p: convolve(p, x, y, Window()))
    x, y = numbers(32, ((1, 3, 4, 4), (1, 3, 5, 5)))
    with pytest.raises(CompilerBug, match="don't fit"):
        pair.run(lambda p: convolve(p, x, y, Window()))
