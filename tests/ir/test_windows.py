"""Convolutions of arrays: their shapes and their meaning, in strips of any size."""

from __future__ import annotations

import numpy as np
import pytest

from ezlang.compiler.ir import windows
from ezlang.compiler.ir.windows import Window, convolved
from tests.support.convolutions import CASES, convolution


@pytest.mark.parametrize("strip", [1, 700, 1 << 23])
@pytest.mark.parametrize("dtype", ["int64", "uint8"])
@pytest.mark.parametrize("case", CASES)
def test_meaning(case: str, dtype: str, strip: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "STRIP_BYTES", strip)
    *shapes, window = CASES[case]
    rng = np.random.default_rng(1)
    x, y = (rng.integers(0, 256, shape).astype(dtype) for shape in shapes)
    assert np.array_equal(convolved(x, y, window), convolution(x, y, window))


REFUSED = [
    ((1, 3, 4, 4), (1, 2, 2, 2), Window()),
    ((1, 3, 4, 4), (1, 3, 5, 5), Window()),
    ((1, 3, 4, 4), (1, 3, 3, 3), Window(dilation=(1, 2))),
    ((1, 4, 4, 4), (3, 2, 3, 3), Window(groups=2)),
    ((0, 3, 4, 4), (1, 3, 2, 2), Window()),
    ((1, 3, 4, 4), (1, 3, 0, 2), Window()),
    ((1, 3, 4), (1, 3, 2, 2), Window()),
]


@pytest.mark.parametrize(("images", "filters", "window"), REFUSED)
def test_what_does_not_fit(
    images: tuple[int, ...], filters: tuple[int, ...], window: Window
) -> None:
    assert window.output(images, filters) is None
    with pytest.raises(ValueError, match="don't fit"):
        convolved(np.zeros(images), np.zeros(filters), window)
