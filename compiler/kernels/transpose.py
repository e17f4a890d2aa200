"""Bit transposition: 128 columns of n bits into n rows of 128.

Eklundh's method [Ekl72]: for s = 64, 32, … 1, exchange, in every two rows i and i + s, the bits
whose index has bit s set in the first with those whose index doesn't in the second. A vector holds
two 128 × 128 matrices side by side; several steps are taken on rows in registers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .abi import I64, POINTER
from .build import BLOCK, PAIR, VOID, Kernel, Value

_SIZE: Final = 128
_SIDE_BY_SIDE: Final = 2


def _exchange(k: Kernel, rows: list[Value], i: int, j: int, step: int) -> None:
    """Perform one exchange of Eklundh's method, on rows[i] and rows[j]."""
    a, b = rows[i], rows[j]
    if step == 64:
        rows[i] = a.shuffle((0, 4, 2, 6), b)
        rows[j] = a.shuffle((1, 5, 3, 7), b)
        return
    mask = sum(1 << bit for bit in range(64) if not bit & step)
    t = ((a >> step) ^ b) & k.constant(PAIR, mask - (1 << 64) if mask >> 63 else mask)
    rows[i], rows[j] = a ^ (t << step), b ^ t


def _pass(
    k: Kernel,
    steps: tuple[int, ...],
    load: Callable[[int], Value],
    store: Callable[[int, Value], None],
) -> None:
    """Perform steps (each half of the one before) on rows 0, s, 2s, … for the last step s."""
    unit = steps[-1]
    rows = [load(unit * m) for m in range(2 * steps[0] // unit)]
    for step in steps:
        distance = step // unit
        for i in range(len(rows)):
            if not i & distance:
                _exchange(k, rows, i, i + distance, step)
    for m, row in enumerate(rows):
        store(unit * m, row)


def write_transpose(module: Any) -> Kernel:
    """Write `transpose(columns*, out*, n)`: columns [128][n/8 bytes], n a multiple of 256."""
    parameters = (("columns", POINTER), ("out", POINTER), ("n", I64))
    k = Kernel(module, "transpose", parameters, result=VOID)
    matrix = k.bytes_slot(_SIZE * 16 * _SIDE_BY_SIDE)
    column_bytes = k["n"] >> 3
    with k.loop(0, k["n"], _SIZE * _SIDE_BY_SIDE) as first:
        columns = k["columns"].at(first >> 3)
        with k.loop(0, k.i64(16)) as i:
            _pass(
                k,
                (64, 32, 16),
                lambda m: k.load(columns.at((i + m) * column_bytes), PAIR),
                lambda m, row: k.store(row, matrix.at((i + m) << 5), align=32),
            )
        with k.loop(0, k.i64(_SIZE), 16) as high, k.loop(0, k.i64(4)) as low:
            row = matrix.at((high + low) << 5)
            _pass(
                k,
                (8, 4),
                lambda m: k.load(row.at(32 * m), PAIR, align=32),
                lambda m, value: k.store(value, row.at(32 * m), align=32),
            )
        with k.loop(0, k.i64(_SIZE), 4) as i:
            row = matrix.at(i << 5)
            out = k["out"].at((first + i) << 4)

            def store(m: int, value: Value) -> None:
                for lane in range(_SIDE_BY_SIDE):
                    block = value.shuffle((2 * lane, 2 * lane + 1)).cast(BLOCK)
                    k.store(block, out.at(16 * (_SIZE * lane + m)))

            _pass(k, (2, 1), lambda m: k.load(row.at(32 * m), PAIR, align=32), store)
    k.finish()
    return k
