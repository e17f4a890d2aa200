"""Operators with the attributes that are easily forgotten, against the reference implementation.

`import_model` runs both; a difference of some ulp comes from rounding weights and data. What is
wrong differs by more, as the weights and the data are of the size of 1.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from ezlang import api
from ezlang.diagnostics.diagnostic import EzError
from tests.models.models import Draft
from tests.models.runs import difference, imported, inputs_of, program_of

GOLDEN = Path(__file__).parent / "golden"
Golden = Callable[[Path, str], None]
Made = Callable[[Draft], object]


def gemm(**attributes: Any) -> Made:
    def make(draft: Draft) -> None:
        left = (5, 3) if attributes.get("transA") else (3, 5)
        right = (4, 5) if attributes.get("transB") else (5, 4)
        x = draft.input("x", *left)
        draft.node("Gemm", x, draft.weight("w", *right), draft.weight("b", 4), **attributes)

    return make


def conv(shape: tuple[int, ...], filters: tuple[int, ...], **attributes: Any) -> Made:
    def make(draft: Draft) -> None:
        x = draft.input("x", *shape)
        draft.node(
            "Conv", x, draft.weight("w", *filters), draft.weight("b", filters[0]), **attributes
        )

    return make


def pool(op: str, **attributes: Any) -> Made:
    return lambda draft: draft.node(op, draft.input("x", 1, 2, 6, 6), **attributes)


def normalised(draft: Draft) -> None:
    y = draft.node("Conv", draft.input("x", 1, 2, 4, 4), draft.weight("w", 3, 2, 3, 3))
    _normalise(draft, y, 3)


def _normalise(draft: Draft, x: str, channels: int, **attributes: Any) -> str:
    names = [draft.weight(name, channels) for name in ("scale", "bias", "mean")]
    variance = draft.given("variance", np.linspace(0.01, 2, channels, dtype=np.float32))
    return draft.node("BatchNormalization", x, *names, variance, **attributes)


def scaled_twice(draft: Draft) -> None:
    y = draft.node("Conv", draft.input("x", 1, 2, 4, 4), draft.weight("w", 3, 2, 1, 1))
    y = _normalise(draft, y, 3, epsilon=0.1)
    y = draft.node("Mul", y, draft.weight("m", 3, 1, 1))
    draft.node("Add", draft.weight("a", 1, 3, 1, 1), y)


def norm_relu_conv(draft: Draft) -> None:
    x = draft.input("x", 1, 4, 5, 5)
    y = draft.node("Relu", _normalise(draft, x, 4))
    pooled = draft.node("GlobalAveragePool", y)
    flat = draft.node("Flatten", pooled)
    fc = draft.node("Gemm", flat, draft.weight("w1", 4, 2))
    first = draft.node("Conv", y, draft.weight("w2", 2, 4, 3, 3), pads=[1, 1, 1, 1])
    sums = draft.node("Flatten", draft.node("GlobalAveragePool", first))
    draft.node("Add", fc, sums)


def pooled_after_relu(draft: Draft) -> None:
    y = draft.node("Relu", draft.input("x", 1, 2, 5, 5))
    draft.node("MaxPool", y, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])


def unary(op: str, **attributes: Any) -> Made:
    return lambda draft: draft.node(op, draft.input("x", 2, 3, 2), **attributes)


def second_result(draft: Draft) -> None:
    x = draft.input("x", 1, 2, 6, 6)
    draft.node("MaxPool", x, name="places", kernel_shape=[2, 2], results=2)
    draft.nodes.append(helper.make_node("Identity", ["places_out1"], ["found"]))


def clip(low: float | None, high: float | None) -> Made:
    def make(draft: Draft) -> None:
        names = [
            "" if bound is None else draft.given(name, np.float32(bound))
            for name, bound in (("low", low), ("high", high))
        ]
        draft.node("Clip", draft.input("x", 2, 9), *names)

    return make


def binary(op: str, left: tuple[int, ...], right: tuple[int, ...]) -> Made:
    def make(draft: Draft) -> None:
        x = draft.input("x", *left)
        draft.node(op, x, draft.given("w", 1 + draft.random.random(right, np.float32)))

    return make


def matmul(left: tuple[int, ...], right: tuple[int, ...], is_constant: bool) -> Made:
    def make(draft: Draft) -> None:
        x = draft.input("x", *left)
        other = draft.weight("w", *right) if is_constant else draft.input("y", *right)
        draft.node("MatMul", x, other)

    return make


def residual(draft: Draft) -> None:
    x = draft.input("x", 1, 6)
    for number in range(3):
        y = draft.node("Gemm", x, draft.weight(f"w{number}", 6, 6), name=f"block{number}/fc/Gemm")
        y = draft.node("Relu", y, name=f"block{number}/relu")
        x = draft.node("Add", x, y, name=f"block{number}/sum")


@pytest.mark.parametrize(
    ("make", "ulps"),
    [
        pytest.param(gemm(alpha=0.5, beta=0.25), 8, id="gemm factors"),
        pytest.param(gemm(transA=1, beta=2.0), 8, id="gemm transA"),
        pytest.param(gemm(transB=1, alpha=-1.5), 8, id="gemm transB"),
        pytest.param(gemm(beta=0.0), 8, id="gemm without a bias"),
        pytest.param(conv((1, 2, 6, 6), (3, 2, 3, 3)), 8, id="conv"),
        pytest.param(
            conv((2, 2, 7, 7), (3, 2, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1]), 8, id="conv stride"
        ),
        pytest.param(conv((1, 2, 7, 7), (3, 2, 3, 3), dilations=[2, 2]), 8, id="conv dilation"),
        pytest.param(conv((1, 4, 5, 5), (4, 1, 3, 3), group=4), 8, id="conv depthwise"),
        pytest.param(conv((1, 4, 5, 5), (6, 2, 3, 3), group=2), 8, id="conv groups"),
        pytest.param(conv((1, 2, 5, 5), (3, 2, 3, 3), auto_pad="SAME_UPPER"), 8, id="conv same"),
        pytest.param(normalised, 24, id="batch normalisation after a convolution"),
        pytest.param(scaled_twice, 12, id="scaled twice"),
        pytest.param(norm_relu_conv, 12, id="normalisation and ReLU before convolutions"),
        pytest.param(
            lambda draft: _normalise(draft, draft.input("x", 1, 3, 2, 2), 3),
            24,
            id="batch normalisation alone",
        ),
        pytest.param(pool("MaxPool", kernel_shape=[2, 2], strides=[2, 2]), 1, id="max pool"),
        pytest.param(pooled_after_relu, 1, id="max pool with a border after a ReLU"),
        pytest.param(
            pool("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1),
            2,
            id="average pool that counts its border",
        ),
        pytest.param(clip(-0.5, 0.5), 1, id="clip"),
        pytest.param(clip(None, 0.25), 1, id="clip without a lower bound"),
        pytest.param(clip(0.0, None), 1, id="clip without an upper bound"),
        pytest.param(unary("LeakyRelu", alpha=0.3), 2, id="leaky relu"),
        pytest.param(unary("HardSigmoid"), 3, id="hard sigmoid"),
        pytest.param(unary("HardSwish"), 4, id="hard swish"),
        pytest.param(unary("Gelu"), 2, id="gelu"),
        pytest.param(unary("Gelu", approximate="tanh"), 4, id="gelu by tanh"),
        pytest.param(unary("Selu"), 4, id="selu"),
        pytest.param(unary("Celu", alpha=2.0), 4, id="celu"),
        pytest.param(unary("ThresholdedRelu", alpha=0.5), 1, id="thresholded relu"),
        pytest.param(unary("Floor"), 1, id="floor"),
        pytest.param(unary("Softmax"), 2, id="softmax"),
        pytest.param(binary("Add", (2, 3), (3,)), 2, id="add a row"),
        pytest.param(binary("Mul", (2, 3, 1), (4,)), 8, id="mul repeats"),
        pytest.param(binary("Div", (2, 3), (2, 1)), 8, id="div by weights"),
        pytest.param(matmul((2, 3), (3, 4), True), 8, id="matmul weights"),
        pytest.param(matmul((2, 5, 3), (3, 4), True), 8, id="matmul weights of a batch"),
        pytest.param(matmul((2, 2, 5, 3), (2, 2, 3, 4), False), 8, id="matmul of batches"),
        pytest.param(matmul((3,), (3, 2), True), 8, id="matmul of a vector"),
        pytest.param(matmul((2, 1, 5, 3), (4, 3, 2), False), 8, id="matmul repeats the left"),
        pytest.param(matmul((2, 3), (3, 1, 3, 2), True), 8, id="matmul repeats a matrix"),
        pytest.param(binary("PRelu", (2, 3), (3,)), 4, id="slopes"),
        pytest.param(residual, 24, id="blocks"),
    ],
)
def test_it_computes_what_the_reference_does(tmp_path: Path, make: Made, ulps: int) -> None:
    draft = Draft()
    make(draft)
    assert difference(draft, tmp_path) <= ulps


@pytest.mark.parametrize(
    "make", [residual, norm_relu_conv, conv((1, 4, 5, 5), (4, 1, 3, 3), group=4)]
)
def test_on_shares_too(tmp_path: Path, make: Made) -> None:
    draft = Draft()
    make(draft)
    imported(draft, tmp_path)
    loaded, inputs = api.load(tmp_path / "out" / "model.ez"), inputs_of(tmp_path)
    simulated = api.run_simulated(loaded, inputs, seed=2).outputs
    assert simulated == api.run_clear(loaded, inputs).outputs


def test_a_normalisation_becomes_part_of_the_layer_before_it(tmp_path: Path) -> None:
    draft = Draft()
    scaled_twice(draft)
    imported(draft, tmp_path)
    assert program_of(tmp_path).count("let ") == 1


def test_a_normalisation_before_a_relu_takes_no_products(tmp_path: Path) -> None:
    draft = Draft()
    norm_relu_conv(draft)
    imported(draft, tmp_path)
    text = program_of(tmp_path)
    assert text.count("tensors.norm_relu") == 1
    assert "max(" not in text
    assert " * " not in text


def gelu_by_erf(draft: Draft) -> None:
    x = draft.input("x", 2, 9)
    root, one, half = (
        draft.given(name, np.float32(number))
        for name, number in (("root", 2**0.5), ("one", 1), ("half", 0.5))
    )
    y = draft.node("Add", draft.node("Erf", draft.node("Div", x, root)), one)
    draft.node("Mul", draft.node("Mul", x, y), half)


def swish_by_sigmoid(draft: Draft) -> None:
    x = draft.input("x", 2, 9)
    draft.node("Mul", draft.node("Sigmoid", x), x)


def hard_swish_by_clip(draft: Draft) -> None:
    x = draft.input("x", 2, 9)
    three, six, zero = (
        draft.given(name, np.float32(number)) for name, number in (("a", 3), ("b", 6), ("c", 0))
    )
    y = draft.node("Clip", draft.node("Add", x, three), zero, six)
    draft.node("Div", draft.node("Mul", x, y), six)


@pytest.mark.parametrize(
    ("make", "function"),
    [
        (gelu_by_erf, "functions.gelu("),
        (swish_by_sigmoid, "functions.silu("),
        (hard_swish_by_clip, "functions.hard_sigmoid("),
    ],
)
def test_functions_that_exporters_write_as_several_nodes(
    tmp_path: Path, make: Made, function: str
) -> None:
    draft = Draft()
    make(draft)
    assert difference(draft, tmp_path) <= 3
    text = (tmp_path / "model.ez").read_text(encoding="utf-8")
    assert text.count("let ") == 1
    assert function in text


def test_a_factor_near_0_stays_a_product(tmp_path: Path) -> None:
    draft = Draft()
    norm_relu_conv(draft)
    draft.weights["scale"][2] = 1e-6
    done = imported(draft, tmp_path)
    assert "norm_relu" not in program_of(tmp_path)
    assert done.difference is not None
    assert done.difference < 12


@pytest.mark.parametrize("low", [-np.inf, np.finfo(np.float32).min, -1e4])
def test_masks_before_a_softmax(tmp_path: Path, low: float) -> None:
    """As exporters write causal attention; the numbers themselves would leave no fraction bits."""
    draft = Draft()
    mask = np.where(np.triu(np.ones((4, 4)), 1) > 0, low, 0).astype(np.float32)
    masked = draft.node("Add", draft.input("x", 4, 4), draft.given("mask", mask))
    draft.node("Softmax", masked)
    done = imported(draft, tmp_path)
    assert done.fraction == 16
    assert done.difference is not None
    assert done.difference < 1
    (output,) = done.clear[0].outputs.values()
    assert not output[mask < 0].any()


def attention(draft: Draft, scale: float, kind: str) -> None:
    """A product of matrices of 8 columns whose `kind` is scaled by one of the model's weights."""
    x = draft.input("x", 2, 5, 8)
    y = draft.node("Transpose", draft.node("Relu", x), perm=[0, 2, 1])
    number = draft.given("number", np.array([scale], np.float32))
    if kind == "factors":
        x, y = (draft.node("Mul", one, number) for one in (x, y))
    found = draft.node("MatMul", x, y)
    if kind == "product":
        found = draft.node("Div", found, draft.given("root", np.float32(1 / scale)))
    draft.node("Softmax", found)


@pytest.mark.parametrize(
    ("scale", "kind", "secrets"),
    [
        (8**-0.25, "factors", 0),
        (8**-0.5, "factors", 0),
        (8**-0.5, "product", 0),
        (8**-0.5 * 1.00001, "product", 1),
        (5**-0.5, "product", 1),
        (0.3, "factors", 1),
    ],
)
def test_scales_of_attention_that_follow_from_a_size_are_public(
    tmp_path: Path, scale: float, kind: str, secrets: int
) -> None:
    draft = Draft()
    attention(draft, scale, kind)
    done = imported(draft, tmp_path)
    assert len(done.listing.weights) == secrets
    assert len(done.listing.public) == (0 if secrets else 2 if kind == "factors" else 1)
    assert done.difference is not None
    assert done.difference < 12


def test_a_channel_that_is_switched_off(tmp_path: Path) -> None:
    """Pruning leaves channels whose factor and offset are 0."""
    draft = Draft()
    norm_relu_conv(draft)
    for name in ("scale", "bias", "mean"):
        draft.weights[name][2] = 0
    done = imported(draft, tmp_path)
    assert "norm_relu" in program_of(tmp_path)
    assert done.difference is not None
    assert done.difference < 12


def test_blocks_that_repeat_are_functions(tmp_path: Path, golden: Golden) -> None:
    draft = Draft()
    residual(draft)
    imported(draft, tmp_path)
    golden(GOLDEN / "blocks.ez", (tmp_path / "out" / "model.ez").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (second_result, "its result"),
        (unary("Cast", to=8), "text"),
    ],
)
def test_what_is_refused(tmp_path: Path, make: Made, reason: str) -> None:
    draft = Draft()
    make(draft)
    with pytest.raises(EzError, match=reason):
        imported(draft, tmp_path)
