import re
from typing import Any

import numpy as np
import pytest

from ezlang.diagnostics.diagnostic import EzError
from ezlang.types.types import BOOL, INT8, INT32, INT64, UINT64, ArrayType, Field, StructType, Type
from ezlang.values.check import check_inputs
from ezlang.values.expected import expected_inputs
from tests.values.typed_programs import asking, fitted

POINT = StructType("Point", (Field("x", INT32), Field("y", ArrayType(BOOL, (2,)))))


@pytest.mark.parametrize(
    ("type", "value", "plain"),
    [
        (INT8, 5.0, 5),
        (INT64, np.int32(-3), -3),
        (UINT64, 2**64 - 1, 2**64 - 1),
        (BOOL, np.True_, True),
        (ArrayType(INT8, (0, 2)), [], []),
        (ArrayType(BOOL, (2,)), (True, False), [True, False]),
        (POINT, {"y": [True, False], "x": 3}, {"x": 3, "y": [True, False]}),
    ],
)
def test_values_that_fit(type: Type, value: Any, plain: Any) -> None:
    assert fitted(type, value) == plain


def test_arrays_are_encoded() -> None:
    found = fitted(ArrayType(INT8, (2, 2)), np.array([[1, 2], [3, 4]]))
    assert found.integers.tolist() == [1, 2, 3, 4]
    assert fitted(ArrayType(INT8, (2, 2)), found) is found


@pytest.mark.parametrize(
    ("type", "value", "why"),
    [
        (INT8, 300, "`w`: 300 does not fit int8"),
        (
            ArrayType(INT8, (4, 3)),
            [[0] * 3] * 3 + [[0, 0, 300]],
            "`w[3][2]`: 300 does not fit int8",
        ),
        (INT8, 2.5, "`w`: 2.5 is not an integer"),
        (INT64, 1e18, "`w`: 1e+18 is not an integer"),
        (INT8, True, "`w`: true is not a number"),
        (BOOL, 1, "`w`: 1 is not a bool"),
        (INT8, None, "`w`: null is not an integer"),
        (INT8, "7", '`w`: "7" is not an integer'),
        (INT8, [1], "`w`: a list is not an integer"),
        (INT8, 10**400, "`w`: a number of more than 256 bits does not fit int8"),
        (ArrayType(INT8, (2,)), 3, "`w`: 3 is not a list, but int8[2] is required"),
        (ArrayType(INT8, (2,)), [1, 2, 3], "`w`: there are 3 items, but int8[2] has 2"),
        (
            ArrayType(INT8, (2, 2)),
            [[1, 2], [3]],
            "`w[1]`: there are 1 items, but int8[2] has 2",
        ),
        (POINT, 3, "`w`: 3 is not an object"),
        (POINT, {"x": 1}, "`w`: the field `y` of Point is missing"),
        (POINT, {"x": 1, "y": [True, 2]}, "`w.y[1]`: 2 is not a bool"),
        (POINT, {"x": 1, "y": [True, True], "z": 1}, "`w`: Point has no field `z`"),
    ],
)
def test_values_that_do_not_fit(type: Type, value: Any, why: str) -> None:
    with pytest.raises(EzError, match=f"alice's input does not fit: {re.escape(why)}"):
        fitted(type, value)


def told(inputs: dict[str, dict[str, Any]], *asked: tuple[int, str, Type]) -> list[str]:
    with pytest.raises(EzError) as caught:
        check_inputs(asking(*asked), inputs, lambda party, name: f"{party}.json")
    assert caught.value.exit_code == 2
    return [f"{d.code} {d.message} ({d.help})" for d in caught.value.diagnostics]


def test_everything_wrong_is_told_at_once() -> None:
    assert told(
        {"alice": {"welth": 1, "age": 1000}},
        (0, "wealth", INT32),
        (0, "age", INT8),
        (1, "wealth", INT32),
    ) == [
        "EZ4104 The program does not ask alice for an input `welth`, which is given in alice.json "
        "(did you mean `wealth`?)",
        "EZ4103 alice's input `wealth` is missing "
        '(give it in a file: --input alice=FILE.json with {"wealth": 0})',
        "EZ4105 alice's input in alice.json does not fit: `age`: 1000 does not fit int8 "
        "(int8 ranges from -128 to 127)",
        "EZ4103 bob's input `wealth` is missing "
        '(give it in a file: --input bob=FILE.json with {"wealth": 0})',
    ]


def test_parties_that_are_not_there() -> None:
    assert told({"alise": {}}) == [
        "EZ4106 The program has no party `alise` (did you mean `alice`?)"
    ]


def test_a_name_may_be_asked_for_twice() -> None:
    assert [
        (e.name, e.type) for e in expected_inputs(asking((0, "a", INT8), (0, "a", INT8)), "alice")
    ] == [("a", INT8)]
