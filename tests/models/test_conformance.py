"""The conformance cases of the package onnx: a sample here, all of them in the slow test."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.models.conformance import FAILED, KINDS, PASSED, Case, cases, judged, page

PAGE = Path(__file__).parents[2] / "docs" / "onnx.md"

SAMPLE = (
    "test_add_bcast",
    "test_argmax_keepdims_example_select_last_index",
    "test_argmin_negative_axis_keepdims_random",
    "test_averagepool_2d_pads_count_include_pad",
    "test_basic_conv_with_padding",
    "test_batchnorm_epsilon",
    "test_attention_4d_causal",
    "test_averagepool_2d_same_lower",
    "test_ceil",
    "test_clip_splitbounds",
    "test_concat_3d_axis_1",
    "test_conv_with_strides_padding",
    "test_convtranspose_pads",
    "test_elu",
    "test_flatten_axis2",
    "test_gelu_tanh_1",
    "test_gemm_all_attributes",
    "test_globalaveragepool",
    "test_greater_equal_bcast",
    "test_hardswish",
    "test_leakyrelu",
    "test_layer_normalization_4d_axis2",
    "test_logsoftmax_large_number",
    "test_lrn",
    "test_matmul_4d",
    "test_maxpool_2d_ceil",
    "test_maxpool_2d_pads",
    "test_maxpool_2d_strides",
    "test_mean_example",
    "test_mish",
    "test_pow_bcast_scalar",
    "test_prelu_broadcast",
    "test_reciprocal",
    "test_reduce_log_sum_exp_keepdims_example",
    "test_reduce_mean_negative_axes_keepdims_random",
    "test_reshape_zero_and_negative_dim",
    "test_resize_downsample_sizes_cubic",
    "test_resize_upsample_scales_nearest",
    "test_selu_default",
    "test_sign",
    "test_slice_neg_steps",
    "test_softmax_large_number",
    "test_split_variable_parts_2d_opset18",
    "test_sqrt",
    "test_sum_example",
    "test_swish",
    "test_tile",
    "test_transpose_all_permutations_4",
    "test_unsqueeze_unsorted_axes",
    "test_where_example",
)


@cache
def node_cases() -> dict[str, Case]:
    return {case.name: case for case in cases("node")}


@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_of_cases(name: str) -> None:
    verdict = judged(node_cases()[name])
    assert verdict.what == PASSED, verdict


@pytest.mark.slow
def test_all_cases(golden: Callable[[Path, str], None]) -> None:
    judgements = {case: judged(case) for kind in KINDS for case in cases(kind)}
    golden(PAGE, page(judgements))
    assert not [case.name for case, one in judgements.items() if one.what == FAILED]
