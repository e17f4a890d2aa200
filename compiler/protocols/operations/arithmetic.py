"""Operations on additively shared numbers: the arithmetic column of the table in `table.py`.

Arguments are flat arrays; the costs are those of the protocols named. Boolean conditions and
results are XOR-shared, one per byte.
"""

from __future__ import annotations

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ...ir import evaluate as meaning
from ...ir import tree as ir
from ...ir.dtypes import as_signed
from ...ir.tree import BinaryKind
from ..arithmetic import comparison
from ..arithmetic.comparison import equal, less_than, msb, negate_bits
from ..arithmetic.convolution import convolve, convolve_known
from ..arithmetic.division import Factor, divide, divide_by_constant, remainder_by_constant
from ..arithmetic.fits import sign_and_fit
from ..arithmetic.lookups import lookup
from ..arithmetic.matrices import matrix_multiply, matrix_multiply_known, turned
from ..arithmetic.owned import Masked
from ..arithmetic.products import multiply_known, product, small_product, square
from ..arithmetic.truncation import extend, rectified_shift, truncate
from ..conversions.bits_and_numbers import (
    bits_to_numbers,
    select,
    to_numbers,
    to_xor_shares,
)
from ..core.bits import pack, unpack
from ..core.lookups import Table
from ..core.steps import Array, Bytes, Steps
from ..homomorphic.products import (
    convolve_encrypted,
    convolve_known_encrypted,
    matrix_multiply_encrypted,
    matrix_multiply_known_encrypted,
)
from .call import Call
from .encrypted import known_operand


def absolute(call: Call) -> Steps[Array]:
    """|x| = x − 2·(x < 0)·x: `msb` and `select`; unsigned numbers are unchanged."""
    x = call.share(0)
    if not call.type.signed:
        return x
    negative = yield from msb(call.party, x)
    twice = yield from select(call.party, negative, x + x)
    return x - twice


def binary(call: Call, kind: BinaryKind) -> Steps[Array]:
    """A binary operation that isn't local."""
    match kind:
        case BinaryKind.MUL:
            return (yield from _product(call))
        case BinaryKind.DIV | BinaryKind.MOD:
            return (yield from _division(call, kind))
        case BinaryKind.SHR:
            return (yield from _shifted(call))
        case BinaryKind.EQ | BinaryKind.NE:
            return (yield from _equal(call, kind))
        case BinaryKind.LT | BinaryKind.LE | BinaryKind.GT | BinaryKind.GE:
            return (yield from _ordered(call, kind))
        case BinaryKind.MIN | BinaryKind.MAX:
            return (yield from _extreme(call, kind))
        case _:
            raise CompilerBug(f"{kind.value} on arithmetic shares takes no messages")


def _product(call: Call) -> Steps[Array]:
    """x·y: `square`, `multiply_known` where only one party knows a factor, otherwise `product`.

    Where a factor is known to be small: `small_product`.
    """
    party = call.party
    for known, other in ((1, 0), (0, 1)):
        owner = call.owner(known)
        if owner is not None:
            factor = call.clear(known) if party.index == owner else None
            return (yield from multiply_known(party, call.share(other), factor, owner))
    if call.same():
        return (yield from square(party, call.share(0)))
    if isinstance(call.operation, ir.Binary) and call.operation.factor:
        which, low, high = call.operation.factor
        x, y = call.share(1 - which), call.share(which)
        return (yield from small_product(party, x, y, low, (high - low).bit_length()))
    return (yield from product(party, call.share(0), call.share(1)))


def _division(call: Call, kind: BinaryKind) -> Steps[Array]:
    """x / y and x % y: `divide_by_constant` where the compiler knows y, otherwise `divide`."""
    divisor = call.constant(1)
    if divisor is not None:
        by = divide_by_constant if kind is BinaryKind.DIV else remainder_by_constant
        return (yield from by(call.party, call.share(0), divisor, signed=call.type.signed))
    x, y = (Factor(call.clear(i), known=not call.is_shared(i)) for i in (0, 1))
    element, narrow = call.type.element, call.narrow
    return (yield from divide(call.party, kind, x, y, element, narrow, shallow=call.shallow))


def _shifted(call: Call) -> Steps[Array]:
    """x >> s: `truncate` where the compiler knows s, otherwise on bits and back."""
    party, x, signed = call.party, call.share(0), call.type.signed
    width = call.type.width
    shift = call.constant(1)
    if shift is None:
        shared = yield from to_xor_shares(party, x, shallow=call.shallow)
        moved = shifted(BinaryKind.SHR, shared, call.clear(1), signed=signed)
        return (yield from to_numbers(party, moved))
    shift %= 1 << call.type_of(1).width
    if shift == 0:
        return x
    if shift < width:
        return (yield from truncate(party, x, shift, signed=signed, lift=_lift(call, shift)))
    if not signed:
        return np.zeros_like(x)
    negative = yield from msb(party, x)
    number = yield from bits_to_numbers(party, negative, x.size, width)
    return np.negative(number)


def _lift(call: Call, shift: int) -> int | None:
    """Return a multiple of 2^s with which a shift's numbers are from 0 to 2^(ℓ−1) − 1, if any."""
    one, width = call.operation, call.type.width
    if not isinstance(one, ir.Binary) or not 0 < one.bits < width:
        return None
    lift = 0 if one.nonnegative else 1 << max(one.bits - 1, shift)
    return lift if lift < 1 << (width - 1) else None


def rectified(call: Call, operation: ir.RectifiedShift) -> Steps[Array]:
    """max(x, 0) >> s: `rectified_shift`, of as many bits as x has without its sign."""
    shift = operation.shift
    top = max(_top(call), shift + 1)
    return (yield from rectified_shift(call.party, call.share(0), shift, top))


def sign_and_size(call: Call, operation: ir.SignAndFit) -> Steps[Array]:
    """x < 0, and whether x fits: `sign_and_fit`, of as many bits as x has without its sign."""
    size, x = operation.size, call.share(0)
    found = yield from sign_and_fit(call.party, x, size, max(_top(call), size + 1))
    return np.concatenate([unpack(one, x.size) for one in found])


def _top(call: Call) -> int:
    """Return the place of the sign bit of the operand, whose lower bits have its value."""
    narrow = call.narrow
    if narrow is None or narrow.nonnegative:
        return call.type_of(0).width - 1
    return narrow.bits - 1


def shifted(kind: BinaryKind, x: Array, amount: Array, *, signed: bool) -> Array:
    """Shift numbers by public amounts; local on the kinds of shares for which it is valid."""
    with np.errstate(all="ignore"):
        moved = meaning.binary(kind, as_signed(x) if signed else x, amount)
    result: Array = moved.view(x.dtype)
    return result


def _equal(call: Call, kind: BinaryKind) -> Steps[Array]:
    same = yield from equal(call.party, *(call.narrowed(call.share(i)) for i in (0, 1)))
    return unpack(negate_bits(call.party, same) if kind is BinaryKind.NE else same, call.type.size)


def _ordered(call: Call, kind: BinaryKind) -> Steps[Array]:
    """An order comparison: a sign bit where that is equivalent, else `less_than`, swapped or
    negated.

    For numbers known to have b bits, the sign of the difference: a comparison of b bits.
    """
    negated = kind in (BinaryKind.LE, BinaryKind.GE)
    swapped = kind in (BinaryKind.GT, BinaryKind.LE)
    left, right = (1, 0) if swapped else (0, 1)
    sign = _sign_asked(call, left, right, swapped=swapped)
    if sign is not None:
        which, negative = sign
        narrow = call.narrow
        top = call.type_of(0).width if narrow is None or narrow.nonnegative else narrow.bits
        found = yield from comparison.bit(call.party, call.share(which), top - 1)
        negated ^= not negative
    else:
        found = yield from _less_than(call, left, right)
    return unpack(negate_bits(call.party, found) if negated else found, call.type.size)


def _sign_asked(call: Call, left: int, right: int, *, swapped: bool) -> tuple[int, bool] | None:
    """Return the operand whose top bit is `left < right`, and whether the bit is negated, or None.

    The cases are x < 0 and −1 < x if signed; x < 2^(w−1) and 2^(w−1) − 1 < x if unsigned.
    """
    type = call.type_of(0)
    low = 0 if type.signed else 1 << (type.width - 1)
    if call.constant(right) == low:
        return left, type.signed
    if call.constant(left) == low - 1:
        return right, not type.signed
    return None


def _less_than(call: Call, left: int, right: int) -> Steps[Bytes]:
    x, y = call.share(left), call.share(right)
    if call.narrow is not None:
        # The difference of b-bit numbers has b bits and a sign.
        return (yield from comparison.bit(call.party, x - y, call.narrow.bits))
    whole = (call.holds(left), call.holds(right))
    return (yield from less_than(call.party, x, y, signed=call.type_of(0).signed, whole=whole))


def _extreme(call: Call, kind: BinaryKind) -> Steps[Array]:
    """The minimum or maximum: `less_than` and `select`."""
    less = yield from _less_than(call, 0, 1)
    x, y = call.share(0), call.share(1)
    if kind is BinaryKind.MIN:
        x, y = y, x
    chosen = yield from select(call.party, less, y - x)
    return x + chosen


def choice(call: Call) -> Steps[Array]:
    """y + c·(x − y): `select`; only a conversion of c where x and y are public."""
    party, n = call.party, call.type.size
    condition = np.broadcast_to(call.share(0), n) if call.type_of(0).size == 1 else call.share(0)
    if call.is_shared(1) or call.is_shared(2):
        x, y = call.share(1), call.share(2)
        chosen = yield from select(party, pack(condition), x - y)
        return y + chosen
    once = call.share(0)
    number = yield from bits_to_numbers(party, pack(once), once.size, call.type.width)
    result: Array = call.share(2) + number * (call.clear(1) - call.clear(2))
    return result


def cast(call: Call) -> Steps[Array]:
    """A cast: to a wider integer by `extend`; to and from XOR-shared bools."""
    party, old, new = call.party, call.type_of(0), call.type
    x = call.share(0)
    if old.ring is None:
        return (yield from bits_to_numbers(party, pack(x), x.size, new.width))
    if new.is_logical:
        zero = yield from equal(party, x, np.zeros_like(x))
        return unpack(negate_bits(party, zero), x.size)
    return (yield from extend(party, x, new.width, signed=old.signed))


def bit(call: Call, position: int) -> Steps[Array]:
    """A bit: `comparison.bit`."""
    found = yield from comparison.bit(call.party, call.share(0), position)
    return unpack(found, call.type.size)


def matrix_product(call: Call, operation: ir.MatrixProduct) -> Steps[Array]:
    """X·Y: `matrix_multiply_known` where only one party knows a factor, else `matrix_multiply`.

    Or their homomorphic forms, if the operation is marked so and the back end has them.
    """
    party = call.party
    x, y = (call.share(i).reshape(call.type_of(i).shape) for i in (0, 1))
    if not x.size or not y.size:
        return np.zeros(call.type.size, x.dtype)
    bits = _encrypted_bits(call, operation)
    known = known_operand(operation) if bits else operation.known
    if known is None:
        multiply = matrix_multiply_encrypted if bits else matrix_multiply
        return (yield from multiply(party, x, y)).reshape(-1)
    factors, left = ((x, y), False) if known == 1 else ((y, x), True)
    owner, masked = call.owner(known) or 0, _masked(call, operation)
    if bits and left:
        other = yield from matrix_multiply_known_encrypted(party, turned(y), turned(x), owner, bits)
        result = np.ascontiguousarray(turned(other))
    elif bits:
        result = yield from matrix_multiply_known_encrypted(party, x, y, owner, bits)
    else:
        result = yield from matrix_multiply_known(party, *factors, owner, left=left, masked=masked)
    return result.reshape(-1)


def _encrypted_bits(call: Call, operation: ir.AnyProduct) -> int:
    """Return the bits of a homomorphic product's known elements, or 0 if it isn't homomorphic."""
    return operation.encrypted if call.party.variants.encrypts else 0


def _masked(call: Call, operation: ir.AnyProduct) -> Masked | None:
    """Return the masked factor of a product that has one: its third operand."""
    if operation.mask is None:
        return None
    return Masked(number=operation.mask, share=call.share(2))


def convolution(call: Call, operation: ir.Convolution) -> Steps[Array]:
    """Images ∗ filters: `convolve_known` where only one party knows one, else `convolve`.

    Or their homomorphic forms, as for matrices; there is none for known images.
    """
    party, window, known = call.party, operation.window, operation.known
    bits = _encrypted_bits(call, operation)
    x, y = (call.share(i).reshape(call.type_of(i).shape) for i in (0, 1))
    if known is None:
        return (yield from (convolve_encrypted if bits else convolve)(party, x, y, window))
    owner, masked = call.owner(known) or 0, _masked(call, operation)
    if bits and known == 1:
        return (yield from convolve_known_encrypted(party, x, y, owner, window, bits))
    steps = convolve_known(party, x, y, owner, window, images=known == 0, masked=masked)
    return (yield from steps)


def looked_up(call: Call, operation: ir.Lookup) -> Steps[Array]:
    """Entries of a table: `lookup`; a table is filled up with zeros."""
    given = call.clear(0).reshape(-1, operation.words)
    entries = 1 << operation.index_bits
    words = np.zeros((operation.words, entries), given.dtype)
    some = given[:entries]
    words[:, : len(some)] = some.T
    table = Table(words=words, bounds=operation.bounds)
    signed, inside = call.type_of(1).signed, operation.inside
    found = yield from lookup(call.party, table, call.share(1), signed=signed, inside=inside)
    return np.ascontiguousarray(found).reshape(-1)
