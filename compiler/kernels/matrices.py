"""Matrix products from correlated OTs with vector payloads.

The receiver's matrix X [rows][inner] chooses with its bits; the sender's factors are the rows of Y
[inner][columns], at most 128 columns. One OT for each bit of X carries a whole row of Y, so
a product of matrices takes rows·inner·ℓ OTs for rows·inner·columns products; its message is that of
so many products in `rings.py`, ℓ(ℓ + 1)/2 bits each.

For every row and inner index, the ℓ OTs stand in the order in which bits share words: 0, ℓ/2, 1,
ℓ − 1, 2, ℓ − 2, …, and the message has the row of bit 0, that of half words, then the pairs'. Rows
of elements lie `stride` elements apart, a multiple of 16 that isn't below `columns`; messages
have 16 elements of padding at their end.

Keys: one an OT, windows of 16; an inner index begins a new one.
"""

from __future__ import annotations

from typing import Any, Final

from .abi import I8, I64, POINTER
from .aes import WINDOW_BYTES, WINDOW_KEYS, Cipher
from .build import BLOCK, VOID, Kernel, Value
from .pads import LONG_BYTES, LONG_OTS, PADS

_SIZES: Final = ("rows", "inner", "columns", "stride")


def bit_order(bits: int) -> list[int]:
    """Return the bits' order among an element's OTs."""
    order = [0, bits // 2]
    for bit in range(1, bits // 2):
        order += [bit, bits - bit]
    return order


class _Product:
    """The loops over rows, inner indices and groups of four OTs."""

    def __init__(self, k: Kernel, cipher: Cipher, bits: int, versions: int) -> None:
        self.k = k
        self.cipher = cipher
        self.bits = bits
        self.versions = versions
        self.bytes = bits // 8
        self.window = k.bytes_slot(WINDOW_BYTES)
        self.pads = k.bytes_slot(LONG_BYTES * LONG_OTS * versions)
        self.key = k.variable(k["first"])
        self.blocks = k.variable(k["blocks"])
        self.message = k.variable(k["message"])
        count = k["columns"]
        self.row_bytes = count * self.bytes
        self.half_bytes = (count + 1) >> 1 if bits == 8 else count * (bits // 16)

    def pad(self, ot: int, version: int) -> Value:
        """Return the address of the pads of one of four OTs."""
        return self.pads.at(LONG_BYTES * (self.versions * ot + version))

    def fill(self, pads: Kernel, delta: Value, four: Value, gate: Value) -> None:
        """Make the pads of OTs number 4·four … of an element."""
        k = self.k
        blocks = self.blocks.get().at(four << 6)
        count = (self.row_bytes + 15) >> 4
        k.call(pads, self.window, gate, blocks, delta, self.pads, count)

    def next_window(self) -> None:
        """Expand the next 16 keys."""
        k = self.k
        self.cipher.window(k, k.load(k["start"], BLOCK), self.key.get(), self.window)
        self.key.set(self.key.get() + WINDOW_KEYS)

    def take(self, size: Value) -> Value:
        """Return the message's next bytes, and go past them."""
        address = self.message.get()
        self.message.set(address.at(size))
        return address


def _run(product: _Product, pads: Kernel, delta: Value, step: Any) -> None:
    """Write the loops; `step(i, j, four, first)` writes a group's work."""
    k, bits = product.k, product.bits
    fours = min(bits, WINDOW_KEYS) // LONG_OTS
    with k.loop(0, k["rows"]) as i, k.loop(0, k["inner"]) as j:
        with k.loop(0, k.i64(bits // LONG_OTS), fours) as base:
            product.next_window()
            with k.loop(0, k.i64(fours)) as offset:
                four = base + offset
                product.fill(pads, delta, four, offset << 1)
                with k.either(four.equals(0)) as (then, otherwise):
                    with then:
                        step(i, j, four, True)
                    with otherwise:
                        step(i, j, four, False)
        product.blocks.set(product.blocks.get().at(16 * bits))


def write_matrix_sender(
    module: Any, cipher: Cipher, bits: int, pads: Kernel, first: Kernel, pair: Kernel
) -> Kernel:
    """Write `matrix_sender{ℓ}(start*, first, blocks*, delta*, y*, share*, message*, rows, …)`."""
    pointers = [(p, POINTER) for p in ("blocks", "delta", "y", "share", "message")]
    sizes = [(size, I64) for size in _SIZES]
    parameters = (("start", POINTER), ("first", I64), *pointers, *sizes)
    k = Kernel(module, f"matrix_sender{bits}", parameters, result=VOID)
    product = _Product(k, cipher, bits, versions=2)

    def step(i: Value, j: Value, four: Value, is_first: bool) -> None:
        stride = k["stride"] * product.bytes
        y, share = k["y"].at(j * stride), k["share"].at(i * stride)
        for half in (0, 1):
            ots = [product.pad(2 * half + ot, v) for ot in (0, 1) for v in (0, 1)]
            row = product.take(product.row_bytes)
            if is_first and half == 0:
                halves = product.take(product.half_bytes)
                k.call(first, *ots, y, share, row, halves, k["columns"])
            else:
                k.call(pair, *ots, y, share, row, k["columns"], (four << 1) + half)

    _run(product, pads, k["delta"], step)
    k.finish()
    return k


def write_matrix_receiver(
    module: Any, cipher: Cipher, bits: int, pads: Kernel, first: Kernel, pair: Kernel
) -> Kernel:
    """Write `matrix_receiver{ℓ}(start*, first, blocks*, choices*, message*, share*, rows, …)`."""
    pointers = [(p, POINTER) for p in ("blocks", "choices", "message", "share")]
    sizes = [(size, I64) for size in _SIZES]
    parameters = (("start", POINTER), ("first", I64), *pointers, *sizes)
    k = Kernel(module, f"matrix_receiver{bits}", parameters, result=VOID)
    product = _Product(k, cipher, bits, versions=1)
    chosen = [k.bytes_slot(PADS) for _ in (0, 1)]

    def step(i: Value, j: Value, four: Value, is_first: bool) -> None:
        share = k["share"].at(i * k["stride"] * product.bytes)
        choices = k["choices"].at((i * k["inner"] + j) * bits + (four << 2))
        for half in (0, 1):
            for ot, row_of in enumerate(chosen):
                choice = k.load(choices.at(2 * half + ot), I8)
                k.store(k.splat(choice, PADS), row_of)
            ots = [product.pad(2 * half + ot, 0) for ot in (0, 1)]
            row = product.take(product.row_bytes)
            if is_first and half == 0:
                halves = product.take(product.half_bytes)
                k.call(first, *ots, *chosen, row, halves, share, k["columns"])
            else:
                k.call(pair, *ots, *chosen, row, share, k["columns"], (four << 1) + half)

    _run(product, pads, k.null, step)
    k.finish()
    return k
