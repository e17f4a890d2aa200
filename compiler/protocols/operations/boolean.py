"""Operations on XOR-shared values: the boolean column of the table in `table.py`.

Arguments are flat arrays: integers, or bools as bytes. Bitwise operations treat the bytes of
integers as packed bits; all other operations run their circuit from the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...circuits import catalogue
from ...circuits.catalogue import Operand
from ...circuits.netlist import Netlist
from ...ir import tree as ir
from ...ir.tree import BinaryKind
from ..boolean.gates import and_bits, and_both, evaluate
from ..conversions.bits_and_numbers import masks
from ..core.bits import pack, unpack
from ..core.party import LocalParty
from ..core.steps import Array, Bytes, Steps
from .call import AnyCall, Call, packed, unpacked


def circuit(call: Call, operation: catalogue.CircuitOperation) -> Steps[Array]:
    """Run an operation's circuit on every element: `gates.evaluate`."""
    netlist, ports = netlist_of(call, operation)
    n = call.type.size
    planes = yield from evaluate(call.party, netlist, ports, n)
    return unpack(planes[0], n) if call.type.width == 1 else call.party.planes.words(planes, n)


def netlist_of(
    call: AnyCall[LocalParty], operation: catalogue.CircuitOperation
) -> tuple[Netlist, list[Array]]:
    """Return an operation's circuit, and the operands that are its inputs."""
    roles: list[Operand] = []
    ports: list[Array] = []
    for i in range(len(operation.operands)):
        constant = call.constant(i)
        if i == 1 and isinstance(operation, ir.Binary) and call.same():
            roles.append(catalogue.SAME)
        elif constant is not None:
            roles.append(constant)
        else:
            roles.append(catalogue.SECRET if call.is_shared(i) else catalogue.PUBLIC)
            ports.append(_port(call, i))
    return catalogue.circuit(operation, roles, shallow=call.shallow), ports


def _port(call: AnyCall[LocalParty], i: int) -> Array:
    """Return an operand as a circuit input: integers, or packed bits [1][N]."""
    values = call.clear(i)
    return pack(values)[None] if call.type_of(i).width == 1 else values


def bitwise(call: Call, kind: BinaryKind) -> Steps[Array]:
    """x & y or x | y = ¬(¬x & ¬y) of two secrets: `and_bits` of all bits, one round."""
    party, type = call.party, call.type
    x, y = (call.narrowed(call.share(i)) for i in (0, 1))
    if kind is BinaryKind.OR:
        x, y = complement(party, x, type), complement(party, y, type)
    product = yield from and_bits(party, packed(x, type), packed(y, type))
    result = unpacked(product, type, x.dtype)
    if kind is BinaryKind.OR:
        result = complement(party, result, type)
    return call.widened(result)


def complement(party: LocalParty, x: Array, type: ir.TensorType) -> Array:
    """Return shares of the bitwise complement; bools stay 0 or 1. Local."""
    if not party.adds_known:
        return x
    return x ^ x.dtype.type(1) if type.width == 1 else ~x


def choice(call: Call) -> Steps[Array]:
    """y ^ c·(x ^ y): `and_bits` for bools; `and_both` of both halves of the bits for integers.

    Cost per bit of an integer: half a pair of triples and 1.5 bits each way; one round. Nothing is
    sent where x and y are public.
    """
    party = call.party

    def of_words(factor: Array, change: Array) -> Steps[Array]:
        low, high = _halves(change)
        one, other = yield from and_both(party, _halves(factor)[0], low, high)
        return _joined(one, other, change)

    return chosen(call, lambda x, y: and_bits(party, x, y), of_words)


def chosen(
    call: AnyCall[Any],
    of_bits: Callable[[Bytes, Bytes], Steps[Bytes]],
    of_words: Callable[[Array, Array], Steps[Array]],
) -> Steps[Array]:
    """y ^ c·(x ^ y), given the ANDs of packed bits, and of integers with masks of equal bits."""
    type = call.type
    x, y = call.share(1), call.share(2)
    condition = call.share(0)
    if call.type_of(0).size == 1:
        condition = np.repeat(condition, type.size)
    if not (call.is_shared(1) or call.is_shared(2)):
        return y ^ (masks(condition, x) & (call.clear(1) ^ call.clear(2)))
    if type.width == 1:
        product = yield from of_bits(pack(condition), pack(x ^ y))
        return y ^ unpack(product, type.size)
    change = call.narrowed(x ^ y)
    return y ^ call.widened((yield from of_words(masks(condition, change), change)))


def _halves(x: Array) -> tuple[Bytes, Bytes]:
    """Return the lower and the upper halves of the bits of integers as packed bits."""
    if x.itemsize > 1:
        rows = x.view(f"u{x.itemsize // 2}").reshape(-1, 2)
        low, high = np.ascontiguousarray(rows.T)
        return low.view(np.uint8), high.view(np.uint8)
    even = np.zeros(x.size + x.size % 2, np.uint8)
    even[: x.size] = x
    first, second = even[::2], even[1::2]
    low, high = np.bitwise_and(first, 15), first >> np.uint8(4)
    return low | second << np.uint8(4), high | np.bitwise_and(second, 240)


def _joined(low: Bytes, high: Bytes, like: Array) -> Array:
    """Return integers from the halves of their bits."""
    size = like.itemsize
    if size > 1:
        half = np.dtype(f"u{size // 2}")
        count = like.nbytes // 2
        rows = np.stack([low[:count].view(half), high[:count].view(half)], axis=1)
        return np.ascontiguousarray(rows).reshape(-1).view(like.dtype)
    pairs = np.stack([low & 15 | high << 4, low >> 4 | high & 240], axis=1)
    return pairs.reshape(-1)[: like.size]
