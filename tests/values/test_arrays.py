"""NumPy arrays as inputs mean the same as lists of their elements."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ezlang.executors.clear_values import from_data
from ezlang.types.types import SCALARS, ArrayType, FixedType, ScalarType
from ezlang.values.arrays import EncodedArray, encoded
from ezlang.values.data import flatten

TYPES = [*SCALARS.values(), FixedType(fraction=30), FixedType(24, fraction=16)]
DTYPES = [np.dtype(name) for name in ("bool", "i1", "u2", "i4", "i8", "u8", "f4", "f8")]


def one_by_one(element: ScalarType, value: Any) -> list[int] | None:
    """Return what the elements are represented by; None if one isn't accepted."""
    try:
        return [element.encode(element.accept(item)) for item in value.reshape(-1).tolist()]
    except ValueError:
        return None


@given(
    st.sampled_from(TYPES),
    st.sampled_from(DTYPES).flatmap(lambda dtype: arrays.arrays(dtype, (2, 3))),
)
def test_arrays_are_encoded_as_their_elements(element: ScalarType, value: Any) -> None:
    wanted, found = one_by_one(element, value), encoded(element, (2, 3), value)
    assert (found is None) == (wanted is None)
    if found is not None:
        assert found.integers.dtype == element.numpy
        assert found.integers.tolist() == wanted
        type = ArrayType(element, (2, 3))
        assert from_data(type, found) == wanted
        assert list(flatten(type, found)[()]) == wanted


@pytest.mark.parametrize("number", [0.1, -0.1, 2.5, 1e13, -(2.0**47), 2.0**47 - 2.0**-6, 3e-6])
def test_floats_are_rounded_as_one_by_one(number: float) -> None:
    for element in TYPES:
        value = np.array([number, 0.0, number])
        found = encoded(element, (3,), value)
        assert (None if found is None else found.integers.tolist()) == one_by_one(element, value)


@pytest.mark.parametrize(
    "value",
    [
        np.zeros((3, 2)),
        np.zeros(6),
        np.array([["a"] * 3] * 2),
        [[0.0] * 3] * 2,
        np.float64(0),
        None,
    ],
    ids=["turned", "flat", "text", "lists", "scalar", "none"],
)
def test_what_is_no_array_of_the_shape_is_left_to_other_checks(value: Any) -> None:
    assert encoded(SCALARS["fixed"], (2, 3), value) is None


def test_an_encoded_array_is_a_copy() -> None:
    for element in (SCALARS["int64"], SCALARS["bool"]):
        value = np.zeros(2, element.numpy)
        found = encoded(element, (2,), value)
        assert isinstance(found, EncodedArray)
        value[:] = 1
        assert found.integers.tolist() == [0, 0]
