"""Operators that work along axes one after the other, against the reference implementation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ezlang import api
from tests.models.models import Draft
from tests.models.runs import difference, imported, inputs_of

Made = Callable[[Draft], object]


def pool(op: str, **attributes: Any) -> Made:
    return lambda draft: draft.node(op, draft.input("x", 1, 2, 6, 6), **attributes)


def transposed(shape: tuple[int, ...], filters: tuple[int, ...], **attributes: Any) -> Made:
    def make(draft: Draft) -> None:
        x, groups = draft.input("x", *shape), attributes.get("group", 1)
        names = draft.weight("w", *filters), draft.weight("b", groups * filters[1])
        draft.node("ConvTranspose", x, *names, **attributes)

    return make


def along(op: str, axis: int | list[int], **attributes: Any) -> Made:
    return lambda draft: draft.node(
        op, draft.input("x", 2, 3, 4), draft.given("axis", np.array(axis)), **attributes
    )


def cropped(draft: Draft) -> None:
    region = draft.given("region", np.array([0, 0, 0.25, -0.5, 1, 1, 0.75, 1.5], np.float32))
    sizes = draft.given("sizes", np.array([1, 1, 3, 4]))
    how = "tf_crop_and_resize"
    x = draft.input("x", 1, 1, 5, 6)
    draft.node("Resize", x, region, "", sizes, mode="linear", coordinate_transformation_mode=how)


@pytest.mark.parametrize(
    ("make", "ulps"),
    [
        pytest.param(
            transposed((1, 4, 3, 3), (4, 1, 2, 2), group=4), 8, id="transposed conv of groups"
        ),
        pytest.param(
            transposed((1, 2, 4, 5), (2, 3, 3, 2), dilations=[2, 3], strides=[2, 1]),
            8,
            id="transposed conv dilation",
        ),
        pytest.param(
            transposed(
                (2, 4, 3, 2, 3),
                (4, 2, 2, 3, 1),
                strides=[2, 1, 3],
                group=2,
                pads=[1, 1, 0, 0, 2, 0],
            ),
            8,
            id="transposed conv of volumes",
        ),
        pytest.param(
            transposed((1, 1, 2, 2, 2), (1, 1, 2, 2, 2), dilations=[1, 2, 2], strides=[3, 3, 1]),
            8,
            id="transposed conv of volumes dilation",
        ),
        pytest.param(
            pool("MaxPool", kernel_shape=[3, 2], dilations=[2, 3], pads=[2, 1, 1, 1]),
            1,
            id="max pool dilation",
        ),
        *(
            pytest.param(
                pool(
                    "AveragePool",
                    kernel_shape=[3, 2],
                    dilations=[2, 3],
                    pads=[2, 1, 1, 1],
                    strides=[2, 1],
                    count_include_pad=counted,
                ),
                2,
                id=f"average pool dilation {counted}",
            )
            for counted in (0, 1)
        ),
        pytest.param(along("CumSum", 1), 2, id="running sum"),
        pytest.param(along("CumSum", -1, reverse=1, exclusive=1), 2, id="running sum reverse"),
        pytest.param(along("ReduceProd", [1]), 4, id="product"),
        pytest.param(cropped, 4, id="resize a region"),
    ],
)
def test_it_computes_what_the_reference_does(tmp_path: Path, make: Made, ulps: int) -> None:
    draft = Draft()
    make(draft)
    assert difference(draft, tmp_path) <= ulps


@pytest.mark.parametrize(
    "make",
    [
        pool("MaxPool", kernel_shape=[2, 2], dilations=[2, 3], pads=[1, 0, 1, 0]),
        transposed((1, 1, 2, 2, 2), (1, 1, 2, 2, 2), strides=[2, 1, 1]),
        along("CumSum", 1),
    ],
)
def test_on_shares_too(tmp_path: Path, make: Made) -> None:
    draft = Draft()
    make(draft)
    imported(draft, tmp_path)
    loaded, inputs = api.load(tmp_path / "out" / "model.ez"), inputs_of(tmp_path)
    simulated = api.run_simulated(loaded, inputs, seed=2).outputs
    assert simulated == api.run_clear(loaded, inputs).outputs
