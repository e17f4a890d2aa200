"""Affine reads and writes, rows of numbers, reductions along an axis: on shares, against NumPy."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.types.labels import PUBLIC, SECRET, Label, owned
from ezlang.types.types import INT8, INT32, INT64, UINT8
from tests.support.ir_drafts import Draft

LABELS = pytest.mark.parametrize("label", [PUBLIC, owned(1), SECRET], ids=str)
GRID = np.arange(24).reshape(4, 6)


def grid(draft: Draft, label: Label) -> ir.Value:
    return draft.build.reshape(draft.give(INT32, list(range(24)), label), (4, 6))


READS: dict[str, tuple[list[tuple[int, ...]], tuple[int, ...], Callable[[Any], Any]]] = {
    "transposed": ([(0, 0, 1), (0, 1, 0)], (6, 4), lambda g: g.T),
    "diagonal": ([(0, 1), (1, 1)], (4,), lambda g: np.diagonal(g, 1)),
    "backwards": ([(3, -1, 0), (5, 0, -2)], (4, 3), lambda g: g[::-1, ::-2]),
    "windows": ([(0, 1, 0, 0), (0, 0, 1, 1)], (4, 4, 3), lambda g: np.stack(
        [np.stack([row[i : i + 3] for i in range(4)]) for row in g])),
    "repeated": ([(2, 0, 0), (0, 1, 0)], (6, 2), lambda g: np.stack([g[2]] * 2, axis=1)),
    "nothing": ([(0, 9), (0, 0)], (0,), lambda g: g[0, :0]),
    "one": ([(3,), (5,)], (), lambda g: g[3, 5]),
}  # fmt: skip


@LABELS
@pytest.mark.parametrize("name", READS)
def test_reads(name: str, label: Label) -> None:
    rows, shape, expected = READS[name]
    draft = Draft()
    found = draft.result(draft.build.affine_read(grid(draft, label), rows, shape))
    assert found == expected(GRID).tolist()


@LABELS
def test_offsets_move_places(label: Label) -> None:
    draft = Draft()
    down, right = draft.build.constant(UINT8, (2,)), draft.build.constant(INT64, (-3,))
    base = grid(draft, label)
    part = draft.build.affine_read(base, [(0, 1), (4, 1)], (2,), [down, right])
    written = draft.build.affine_write(base, part, [(1, 0), (0, 4)], [None, None])
    draft.show(part, "part")
    draft.show(written, "written")
    expected = GRID.copy()
    expected[1, [0, 4]] = [GRID[2, 1], GRID[3, 2]]
    outputs = draft.run().outputs["bob"]
    assert outputs == {"part": [13, 20], "written": expected.tolist()}


@pytest.mark.parametrize("label", [PUBLIC, owned(0), SECRET], ids=str)
def test_writes_keep_the_rest(label: Label) -> None:
    draft = Draft()
    base = grid(draft, SECRET)
    value = draft.build.reshape(draft.give(INT32, [-1, -2, -3, -4], label), (2, 2))
    written = draft.build.affine_write(base, value, [(3, -3, 0), (0, 0, 5)])
    expected = GRID.copy()
    expected[3, [0, 5]], expected[0, [0, 5]] = [-1, -2], [-3, -4]
    draft.show(base, "base")
    draft.show(written, "written")
    outputs = draft.run().outputs["alice"]
    assert outputs == {"base": GRID.tolist(), "written": expected.tolist()}


def test_rows_of_numbers_wrap() -> None:
    draft = Draft()
    draft.show(draft.build.iota(INT8, 5, 100, 20), "up")
    draft.show(draft.build.iota(INT64, 3, 0, -1), "down")
    draft.show(draft.build.iota(UINT8, 0, 7, 1), "none")
    outputs = draft.run().outputs["alice"]
    assert outputs == {"up": [100, 120, -116, -96, -76], "down": [0, -1, -2], "none": []}


@LABELS
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("kind", [BinaryKind.ADD, BinaryKind.MIN, BinaryKind.XOR, BinaryKind.MUL])
def test_reductions_along_an_axis(kind: BinaryKind, axis: int, label: Label) -> None:
    data = (np.arange(30, dtype=np.int32) * 7919 % 101 - 50).reshape(2, 5, 3)
    draft = Draft()
    x = draft.build.reshape(draft.give(INT32, data.reshape(-1).tolist(), label), data.shape)
    combine = {
        BinaryKind.ADD: np.add,
        BinaryKind.MIN: np.minimum,
        BinaryKind.XOR: np.bitwise_xor,
        BinaryKind.MUL: np.multiply,
    }[kind]
    expected = combine.reduce(data, axis=axis).tolist()
    assert draft.result(draft.build.reduce(kind, x, axis)) == expected


@LABELS
def test_reductions_of_nothing_along_an_axis(label: Label) -> None:
    draft = Draft()
    empty = draft.build.zeros(grid(draft, label).type.__class__(INT8, (2, 0), label))
    assert draft.result(draft.build.reduce(BinaryKind.MAX, empty, 1)) == [-128, -128]


@pytest.mark.parametrize(
    "rows",
    [[(0, 1), (0, 2)], [(-1, 1), (0, 1)], [(0, 1), (0,)], [(0, 1)], [(1, 1), (0, 0)]],
)
def test_places_out_of_range_are_refused(rows: list[tuple[int, ...]]) -> None:
    draft = Draft()
    draft.build.affine_read(grid(draft, SECRET), rows, (4,))
    with pytest.raises(CompilerBug):
        draft.program()
