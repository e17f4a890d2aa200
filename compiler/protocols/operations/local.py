"""Local operations on shares: each party computes on its own share without messages.

Additive shares are moved, added, and multiplied by public values; XOR shares are combined bit by
bit. Only one party adds public values.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ...ir import evaluate as meaning
from ...ir import tree as ir
from ...ir.dtypes import as_signed, share_dtype
from ...ir.tree import BinaryKind, Sharing, UnaryKind
from ..core.party import LocalParty
from ..core.steps import Array
from .arithmetic import shifted
from .boolean import complement
from .call import AnyCall


def local_of(party: LocalParty, operation: ir.Operation, operands: Sequence[Array | None]) -> Array:
    """Compute an operation with a shared result that isn't interactive.

    `operations/call.py` describes operands and results.
    """
    call = AnyCall(party=party, operation=operation, operands=operands)
    type = call.type
    with np.errstate(all="ignore"):
        result = _result(call, operation)
    return np.asarray(result, share_dtype(type.element)).reshape(type.shape)


def _result(call: AnyCall[LocalParty], operation: ir.Operation) -> Array:
    additive = any(
        value.type.sharing is Sharing.ARITHMETIC
        for value in (*operation.operands, *operation.results)
    )
    match operation:
        case ir.Relabel():
            return call.share(0)
        case ir.Unary():
            return _unary(call, operation.kind, additive)
        case ir.Binary():
            return _additive(call, operation) if additive else _bitwise(call, operation)
        case ir.Select():
            condition = call.clear(0) != 0
            return np.where(condition, call.share(1), call.share(2))
        case ir.Cast():
            x, old = call.share(0), call.type_of(0)
            source = as_signed(x) if old.signed and not additive else x
            return np.asarray(source.astype(share_dtype(call.type.element)))
        case ir.Bit():
            x = call.share(0)
            return np.asarray(x >> x.dtype.type(operation.position) & x.dtype.type(1))
        case ir.Reduce():
            x = call.share(0).reshape(call.type_of(0).shape)
            return meaning.reduce(operation.kind, x, operation.axis, call.type.element)
        case ir.MatrixProduct():
            x, y = (_factor(call, i).reshape(call.type_of(i).shape) for i in (0, 1))
            return call.party.local.multiply(x, y)
        case ir.Convolution():
            x, y = (_factor(call, i).reshape(call.type_of(i).shape) for i in (0, 1))
            return call.party.local.convolve(x, y, operation.window)
        case ir.Move():
            return _moved(call, operation)
        case _:
            raise CompilerBug(f"{type(operation).__name__} isn't local on shares")


def _moved(call: AnyCall[LocalParty], operation: ir.AnyMove) -> Array:
    """Move elements; their positions are public."""
    count = operation.element_count
    elements = [call.share(i).reshape(call.type_of(i).shape) for i in range(count)]
    places = []
    for place, value in zip(call.operands[count:], operation.operands[count:], strict=True):
        if place is None:
            raise CompilerBug("not all parties know the place of a shared element")
        places.append(place.view(meaning.dtype(value.type.element)))
    return meaning.moved(operation, [*elements, *places])


def _factor(call: AnyCall[LocalParty], i: int) -> Array:
    """Return a factor: a share, or a public value unchanged."""
    return call.share(i) if call.is_shared(i) else call.clear(i)


def _unary(call: AnyCall[LocalParty], kind: UnaryKind, additive: bool) -> Array:
    x = call.share(0)
    if kind is UnaryKind.NEG:
        return np.negative(x)
    if kind not in (UnaryKind.BITNOT, UnaryKind.NOT):
        raise CompilerBug(f"{kind.value} isn't local on shares")
    if additive:
        one = x.dtype.type(1)
        return np.negative(x) - one if call.party.adds_known else np.negative(x)  # ~x = −x − 1
    return complement(call.party, x, call.type)


def _additive(call: AnyCall[LocalParty], operation: ir.Binary) -> Array:
    """Sums, products with public values, and left shifts by public amounts."""
    match operation.kind:
        case BinaryKind.ADD:
            return call.share(0) + call.share(1)
        case BinaryKind.SUB:
            return call.share(0) - call.share(1)
        case BinaryKind.MUL:
            return _factor(call, 0) * _factor(call, 1)
        case BinaryKind.SHL:
            return shifted(operation.kind, call.share(0), call.clear(1), signed=False)
        case _:
            raise CompilerBug(f"{operation.kind.value} isn't local on arithmetic shares")


def _bitwise(call: AnyCall[LocalParty], operation: ir.Binary) -> Array:
    """Bitwise operations with public bits, XOR, and shifts by public amounts."""
    kind, type = operation.kind, call.type_of(0)
    single = type.width == 1
    match kind:
        case BinaryKind.XOR | BinaryKind.NE if kind is BinaryKind.XOR or single:
            return call.share(0) ^ call.share(1)
        case BinaryKind.EQ if single:
            different = call.share(0) ^ call.share(1)
            return different ^ 1 if call.party.adds_known else different
        case BinaryKind.AND:
            return _factor(call, 0) & _factor(call, 1)
        case BinaryKind.OR:
            shared, known = (0, 1) if call.is_shared(0) else (1, 0)
            mask = call.clear(known)
            return (call.share(shared) & ~mask) | call.share(known)
        case BinaryKind.SHL | BinaryKind.SHR:
            return shifted(kind, call.share(0), call.clear(1), signed=type.signed)
        case _:
            raise CompilerBug(f"{kind.value} isn't local on boolean shares")
