"""Fixed-point numbers: their meaning against fractions, their data, and the types of operators."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ezlang.types import fixed_point
from ezlang.types.scalar import MisfitError, nearest
from ezlang.types.types import BOOL, FIXED, INT8, INT32, INT64, UINT32, FixedType, ScalarType
from tests.check.check_help import codes, program, shape, value_of

FRACTIONS = st.integers(1, 30)
WORDS = st.integers(INT64.low, INT64.high)


def half_up(x: Fraction) -> int:
    return math.floor(x + Fraction(1, 2))


@given(FRACTIONS, WORDS, WORDS)
def test_products_are_rounded_to_nearest_where_they_fit(f: int, x: int, y: int) -> None:
    type = FixedType(fraction=f)
    got = fixed_point.product(type, type, x, y)
    if abs(x * y) < 1 << 62:
        assert got == half_up(Fraction(x * y, 1 << f))
    else:
        wrapped = INT64.wrap(x * y)
        assert got == INT64.wrap(wrapped + (1 << (f - 1))) >> f
    assert fixed_point.product(type, INT64, x, y) == INT64.wrap(x * y)
    assert fixed_point.product(INT64, type, x, y) == INT64.wrap(x * y)


@given(FRACTIONS, FRACTIONS, st.integers(-(1 << 31), 1 << 31), st.integers(-(1 << 30), 1 << 30))
def test_products_have_the_fraction_bits_of_the_left_number(f: int, g: int, x: int, y: int) -> None:
    types = FixedType(fraction=f), FixedType(fraction=g)
    exact = Fraction(x, 1 << f) * Fraction(y, 1 << g)
    assert fixed_point.product(*types, x, y) == half_up(exact * (1 << f))


@given(FRACTIONS, st.integers(-(1 << 31), 1 << 31), st.integers(-(1 << 40), 1 << 40))
def test_quotients_are_rounded_to_nearest(f: int, x: int, y: int) -> None:
    type = FixedType(fraction=f)
    if y == 0:
        assert fixed_point.quotient(type, x, y) == -1
    else:
        assert fixed_point.quotient(type, x, y) == half_up(Fraction(x << f, y))
        assert fixed_point.quotient(INT32, x, y) == half_up(Fraction(x, y))


@given(WORDS, WORDS)
def test_quotients_are_words(x: int, y: int) -> None:
    assert INT64.contains(fixed_point.quotient(FIXED, x, y))
    assert INT64.contains(fixed_point.quotient(INT64, x, y))


@given(st.floats(allow_nan=True, allow_infinity=True, width=64), st.integers(1, 30))
def test_data_are_rounded_to_nearest_or_refused(data: float, f: int) -> None:
    type = FixedType(24 + f, fraction=f)
    exact = half_up(Fraction(data) * (1 << f)) if math.isfinite(data) else None
    if exact is not None and type.low <= exact <= type.high:
        assert type.accept(data) == data
        assert type.encode(data) == exact
        assert type.are_plain([0, data])
        assert type.encode(type.decode(exact)) == exact
    else:
        assert not type.are_plain([0, data])
        with pytest.raises(MisfitError):
            type.accept(data)


@pytest.mark.parametrize("data", [True, "1", None, [1.0], 1j])
def test_what_is_no_number_is_refused(data: object) -> None:
    assert not FIXED.are_plain([data])
    with pytest.raises(MisfitError, match="is not a number"):
        FIXED.accept(data)


@pytest.mark.parametrize(
    ("text", "number"), [("0.5", 0.5), ("-3", -3.0), ("1e3", 1000.0), (" 2.25 ", 2.25)]
)
def test_typed_numbers(text: str, number: float) -> None:
    assert FIXED.parse(text) == number


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "1e300", "1,5"])
def test_wrong_typed_numbers(text: str) -> None:
    with pytest.raises(MisfitError):
        FIXED.parse(text)


def test_names_and_ranges() -> None:
    assert [str(t) for t in (FIXED, FixedType(fraction=8), FixedType(24, fraction=16))] == [
        "fixed",
        "fixed<8>",
        "fixed<8, 16>",
    ]
    narrow = FixedType(24, fraction=16)
    assert (narrow.low, narrow.high) == (-(1 << 23), (1 << 23) - 1)
    assert narrow.values == "-2^7 to 2^7, in steps of 2^-16"
    assert nearest(Fraction(5, 2)) == 3
    assert nearest(Fraction(-5, 2)) == -2


@pytest.mark.parametrize(
    ("source", "target", "widens"),
    [
        (INT32, FIXED, True),
        (UINT32, FIXED, True),
        (INT64, FIXED, False),
        (INT8, FixedType(24, fraction=16), True),
        (INT32, FixedType(24, fraction=16), False),
        (FixedType(24, fraction=16), FIXED, True),
        (FIXED, FixedType(24, fraction=16), False),
        (FixedType(24, fraction=16), FixedType(24, fraction=8), False),
        (FIXED, INT64, False),
        (BOOL, FIXED, False),
    ],
    ids=str,
)
def test_widening(source: ScalarType, target: ScalarType, widens: bool) -> None:
    assert source.widens_to(target) == widens


ITEMS = """const fixed<8> third = 1.0 / 3.0;
const half = 0.5;
fn twice<f>(fixed<f> v) -> fixed<f> { return v + v; }
fn narrow<i, f>(fixed<i, f> v) -> fixed<i, f> { return max(v, 0); }
"""
BODY = """secret fixed x = input(alice, "x");
secret fixed<4, 16>[2] p = input(bob, "p");
secret fixed<8> c = input(bob, "c");
secret int32 n = input(bob, "n");
secret int64 m = input(bob, "m");
"""


@pytest.mark.parametrize(
    ("written", "node"),
    [
        ("x * x", "(x * x)"),
        ("2 * x", "(2:int64 * x)"),
        ("x * 2.0", "(x * 2:int64)"),
        ("x * 0.5", "(x * 32768:fixed)"),
        ("x * n", "(x * n)"),
        ("m * x", "(m * x)"),
        ("x / m", "(x / m)"),
        ("x / 4", "(x / 4:int64)"),
        ("1 / x", "(65536:fixed / x)"),
        ("x + 1", "(x + 65536:fixed)"),
        ("x + n", "(x + cast:fixed(n))"),
        ("n - 0.5", "(cast:fixed(n) - 32768:fixed)"),
        ("c + half", "(c + 128:fixed<8>)"),
        ("x + half", "(x + 32768:fixed)"),
        ("c * third", "(c * 85:fixed<8>)"),
        ("x * c", "(x * c)"),
        ("c * p", "(broadcast:fixed<8>[2](c) * cast:fixed[2](p))"),
        ("x * from_raw::<8>(512)", "(x * 2:int64)"),
        ("sum(p * c)", "sum(cast:fixed[2](p) * broadcast:fixed<8>[2](c))"),
        ("sum(c * p)", "sum(broadcast:fixed<8>[2](c) * cast:fixed[2](p))"),
        ("p + p", "(cast:fixed[2](p) + cast:fixed[2](p))"),
        ("-p", "(-cast:fixed[2](p))"),
        ("max(p, p)", "(p max p)"),
        ("sum(p)", "sum(cast:fixed[2](p))"),
        ("sum(p * p)", "sum(cast:fixed[2](p) * cast:fixed[2](p))"),
        ("sum(x * p)", "sum(broadcast:fixed[2](x) * cast:fixed[2](p))"),
        ("sum(2 * p)", "sum((broadcast:int64[2](2:int64) * cast:fixed[2](p)))"),
        ("raw(p)", "bits:int64[2](p)"),
        ("from_raw::<8>(m)", "bits:fixed<8>(m)"),
        ("from_raw(m)", "bits:fixed(m)"),
        ("fixed<20>(0.1)", "104858:fixed<20>"),
        ("int32(2.5)", "3:int32"),
        ("fixed<4, 16>(x)", "cast:fixed<4, 16>(x)"),
        ("0.1 + 0.2", "(6554:fixed + 13107:fixed)"),
        (
            "fixed<4, 16>((n > 0 ? 0.5 : 1.5) + 1.0)",
            "cast:fixed<4, 16>((cast:fixed(select((n > 0:int32), 32768:fixed<4, 16>, "
            "98304:fixed<4, 16>)) + 65536:fixed))",
        ),
    ],
)
def test_operators(written: str, node: str) -> None:
    tree = program(f"{BODY}let r = {written};", ITEMS)
    assert shape(value_of(tree, "r")) == node


def test_the_bits_of_a_generic_function_are_those_of_its_argument() -> None:
    calls = "let a = twice(c); let b = twice(p[0]); let d = narrow(p[0]);"
    names = sorted(function.name for function in program(BODY + calls, ITEMS).functions)
    assert names == ["main", "narrow<4,16>[secret]", "twice<16>[secret]", "twice<8>[secret]"]


@pytest.mark.parametrize(
    ("written", "type"),
    [
        ("x * c", "fixed"),
        ("c * x", "fixed<8>"),
        ("sum(p * c)", "fixed"),
        ("sum(c * p)", "fixed<8>"),
    ],
)
def test_a_product_is_of_the_type_of_its_left_operand(written: str, type: str) -> None:
    assert str(value_of(program(f"{BODY}let r = {written};", ITEMS), "r").type) == type


@pytest.mark.parametrize("operator", ["+", "-", "/", "%", "<", "=="])
def test_other_operators_take_numbers_of_as_many_fraction_bits(operator: str) -> None:
    assert codes(f"{BODY}let r = x {operator} c;") == ["EZ2002"]


def test_a_constant_that_does_not_fit_its_type_is_an_error() -> None:
    assert codes("fixed<4, 16> e = 4.0 * 4.0;") == ["EZ2001"]
    assert codes("fixed<4, 16> e = 1.5 * 4.0;") == []
