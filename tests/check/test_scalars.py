"""The descriptions of all scalar types."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any, get_args

import numpy as np
import pytest

from ezlang.compiler.codegen.representations import Representation, element_bytes
from ezlang.compiler.ir.dtypes import as_signed, dtype, share_dtype, word_dtype
from ezlang.compiler.ir.evaluate import identity
from ezlang.compiler.ir.tree import BinaryKind, TensorType
from ezlang.typed import tree as typed
from ezlang.types.labels import PUBLIC
from ezlang.types.scalars import MisfitError
from ezlang.types.types import (
    BOOL,
    FIXED,
    INT8,
    INT16,
    INT32,
    INT64,
    SCALARS,
    UINT8,
    UINT16,
    UINT64,
    Scalar,
    ScalarType,
)

ALL = pytest.mark.parametrize("type", SCALARS.values(), ids=str)
INTEGERS = [type for type in SCALARS.values() if type.is_integer]

# name, bits, bytes, sign, lowest and highest value, ring, clear and shared elements in NumPy
TABLE = [
    ("bool", 1, 1, False, 0, 1, None, "bool", "uint8"),
    ("int8", 8, 1, True, -128, 127, 8, "int8", "uint8"),
    ("int16", 16, 2, True, -32768, 32767, 16, "int16", "uint16"),
    ("int32", 32, 4, True, -2147483648, 2147483647, 32, "int32", "uint32"),
    ("int64", 64, 8, True, -9223372036854775808, 9223372036854775807, 64, "int64", "uint64"),
    ("uint8", 8, 1, False, 0, 255, 8, "uint8", "uint8"),
    ("uint16", 16, 2, False, 0, 65535, 16, "uint16", "uint16"),
    ("uint32", 32, 4, False, 0, 4294967295, 32, "uint32", "uint32"),
    ("uint64", 64, 8, False, 0, 18446744073709551615, 64, "uint64", "uint64"),
    ("fixed", 64, 8, True, -9223372036854775808, 9223372036854775807, 64, "int64", "uint64"),
]


def test_descriptions() -> None:
    assert [
        (name, t.width, t.bytes, t.signed, t.low, t.high, t.ring, t.numpy, t.numpy_share)
        for name, t in SCALARS.items()
    ] == TABLE
    assert [str(type) for type in SCALARS.values()] == list(SCALARS)


def test_all_scalar_types_are_in_the_table() -> None:
    assert {type(one) for one in SCALARS.values()} == set(get_args(ScalarType))
    assert all(issubclass(one, Scalar) for one in get_args(ScalarType))


@ALL
def test_capabilities(type: ScalarType) -> None:
    kinds = (type.is_logical, type.is_number, type.is_integer, type.is_fixed)
    if type == BOOL:
        assert kinds == (True, False, False, False)
    else:
        assert kinds == (False, True, type != FIXED, type == FIXED)
    assert TensorType(type, (2, 3), PUBLIC).is_integer == type.is_integer


def test_operators() -> None:
    operators = (*typed.BinaryOp, *typed.UnaryOp)
    everything = {op.value for op in operators}
    has = {n: {op.value for op in operators if op.domain.has(t)} for n, t in SCALARS.items()}
    assert has["bool"] == {"&", "|", "^", "!", "&&", "||", "==", "!="}
    assert has["uint32"] == everything - {"!", "&&", "||", "abs"}
    assert has["int8"] == has["uint32"] | {"abs"}
    assert has["fixed"] == has["int8"] - {"&", "|", "^", "~", "<<", ">>", "count_ones", "mulhi"}


@ALL
def test_ranges(type: ScalarType) -> None:
    for value in (type.low, type.high):
        assert type.wrap(value) == value
    low, high = (Fraction(end, 1 << type.fraction_bits) for end in (type.low, type.high))
    if type.is_number:
        assert type.contains(low if type.is_fixed else type.low)
        assert type.contains(high if type.is_fixed else type.high)
        assert type.wrap(type.high + 1) == type.low
        assert type.wrap(type.low - 1) == type.high
    assert not type.contains(low - 1)
    assert not type.contains(high + 1)
    assert type.contains(Fraction(1, 2)) == type.is_fixed
    assert type.contains(True) == (type == BOOL)
    assert type.contains(1) == (type != BOOL)


@ALL
def test_wrapping_is_modulo_two_to_the_width(type: ScalarType) -> None:
    quick = type.wrapping()
    for value in (0, 1, -1, 127, 128, -128, -129, 255, 256, 2**31, 2**63, -(2**63) - 1, 2**70 + 5):
        wrapped = type.wrap(value)
        assert quick(value) == wrapped
        assert type.low <= wrapped <= type.high
        assert (wrapped - value) % (1 << type.width) == 0
    assert isinstance(type.wrap(3), bool) == (type == BOOL)


def test_what_widens_by_itself() -> None:
    wider = {str(a): [str(b) for b in SCALARS.values() if a.widens_to(b)] for a in SCALARS.values()}
    assert wider["bool"] == ["bool"]
    assert wider["int16"] == ["int16", "int32", "int64", "fixed"]
    unsigned = ["uint8", "uint16", "uint32", "uint64"]
    assert wider["uint8"] == ["int16", "int32", "int64", *unsigned, "fixed"]
    assert wider["fixed"] == ["fixed"]
    assert wider["uint64"] == ["uint64"]


@pytest.mark.parametrize(
    ("source", "target", "value", "result"),
    [
        (INT16, INT8, 300, 44),
        (INT16, UINT8, -1, 255),
        (INT8, UINT64, -1, 2**64 - 1),
        (UINT8, INT8, 200, -56),
        (BOOL, INT32, True, 1),
        (BOOL, FIXED, True, 65536),
        (INT8, FIXED, -3, -3 << 16),
        (INT64, FIXED, 1 << 47, -(1 << 63)),
        (FIXED, INT8, 5 << 15, 3),
        (FIXED, INT8, -5 << 15, -2),
        (FIXED, BOOL, 1, True),
        (INT32, BOOL, 256, True),
        (INT32, BOOL, 0, False),
        (BOOL, BOOL, True, True),
        (None, UINT8, -1, 255),
        (None, BOOL, 2, True),
    ],
)
def test_casts(source: ScalarType | None, target: ScalarType, value: int, result: int) -> None:
    made = target.conversion(source)(value)
    assert made == result
    assert isinstance(made, bool) == (target == BOOL)


@pytest.mark.parametrize(
    ("type", "data", "accepted"),
    [
        (BOOL, True, True),
        (INT8, -128, -128),
        (INT8, 5.0, 5),
        (UINT16, 65535, 65535),
        (INT64, 2.0**53, 2**53),
    ],
)
def test_data_that_is_accepted(type: ScalarType, data: Any, accepted: Any) -> None:
    found = type.accept(data)
    assert (found, found.__class__) == (accepted, accepted.__class__)
    assert type.decode(type.encode(found)) == found
    assert type.are_plain([accepted, accepted])
    assert type.are_plain([accepted, data]) == (data.__class__ is accepted.__class__)


@pytest.mark.parametrize(
    ("type", "data", "why", "help"),
    [
        (BOOL, 1, "is not a bool", "write true or false"),
        (BOOL, "true", "is not a bool", "write true or false"),
        (INT8, True, "is not a number", "write 1 for true and 0 for false"),
        (INT8, 128, "does not fit int8", "int8 ranges from -128 to 127"),
        (UINT8, -1, "does not fit uint8", "uint8 ranges from 0 to 255"),
        (UINT8, None, "is not an integer", "write a number from 0 to 255"),
        (INT64, 2.0**54, "is not an integer", "round it, or declare the input `fixed`"),
    ],
)
def test_data_that_is_refused(type: ScalarType, data: Any, why: str, help: str) -> None:
    with pytest.raises(MisfitError) as caught:
        type.accept(data)
    assert caught.value.why == why
    assert caught.value.help.startswith(help)
    assert not type.are_plain([data])


@ALL
def test_text(type: ScalarType) -> None:
    # Data of fixed-point numbers are floats, which are exact up to 2^53 steps.
    ends = (-(1 << 53), (1 << 53) - 1) if type.is_fixed else (type.low, type.high)
    for value in ends:
        text = type.format(value)
        assert type.encode(type.parse(text)) == value
    assert type.format(0) == {BOOL: "false", FIXED: "0.0"}.get(type, "0")
    assert type.accept(type.parse(type.example)) == type.parse(type.example)
    for wrong in ("", "x", "1.5" if not type.is_fixed else "1.5.5", str(2**64), "TRUE"):
        with pytest.raises(MisfitError):
            type.parse(wrong)


def test_values_in_messages() -> None:
    assert BOOL.values == "`true` or `false`"
    assert INT8.values == "-128 to 127"
    assert INT32.parse("-0x10") == -16


@ALL
def test_numpy_holds_exactly_the_values(type: ScalarType) -> None:
    clear, shared = dtype(type), share_dtype(type)
    assert clear.itemsize == shared.itemsize == type.bytes
    assert shared.kind == "u"
    for value in (type.low, 0, type.high):
        assert type.decode(np.array(value, clear).item()) == type.decode(value)
    if type.is_number:
        limits = np.iinfo(clear)
        assert (limits.min, limits.max) == (type.low, type.high)
        assert shared == word_dtype(type.width)
        highest = np.array([type.high], clear)
        assert int((highest + clear.type(1))[0]) == type.low
        assert as_signed(highest.astype(shared)).dtype.kind == "i"


@ALL
def test_elements_in_memory_have_their_bytes(type: ScalarType) -> None:
    for form in (Representation.CLEAR, Representation.SHARES):
        assert element_bytes(TensorType(type, (), PUBLIC), form) == type.bytes
    assert element_bytes(TensorType(type, (), PUBLIC), Representation.LABELS) == 16 * type.width


@pytest.mark.parametrize("type", INTEGERS, ids=str)
def test_identities(type: ScalarType) -> None:
    combine: dict[BinaryKind, Callable[[int, int], int]] = {
        BinaryKind.ADD: lambda x, y: x + y,
        BinaryKind.MUL: lambda x, y: x * y,
        BinaryKind.AND: lambda x, y: x & y,
        BinaryKind.OR: lambda x, y: x | y,
        BinaryKind.XOR: lambda x, y: x ^ y,
        BinaryKind.MIN: min,
        BinaryKind.MAX: max,
    }
    for kind, apply in combine.items():
        neutral = identity(kind, type)
        assert type.low <= neutral <= type.high
        for value in (type.low, 0, 5, type.high):
            assert type.wrap(apply(value, neutral)) == value
    assert [identity(k, BOOL) for k in (BinaryKind.AND, BinaryKind.OR, BinaryKind.XOR)] == [1, 0, 0]


def test_types_need_neither_numpy_nor_llvm() -> None:
    script = (
        "import sys\n"
        "sys.modules.update(numpy=None, llvmlite=None)\n"
        "import ezlang.check.program, ezlang.executors.clear, ezlang.values.check\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
