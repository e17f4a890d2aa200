"""Oblivious reads and writes, expanded and run on shares, against the same on lists."""

import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.verify import verify
from ezlang.compiler.passes.general.oblivious import expand_oblivious
from ezlang.types.labels import PUBLIC, SECRET, Label, owned
from ezlang.types.types import BOOL, INT8, INT32, INT64, UINT8, UINT64, IntType
from tests.support.ir_drafts import Draft


def positions(type: IntType, size: int) -> list[int]:
    near = {*range(-2, size + 3), size * 2, type.low, type.high, 128, -100}
    return sorted(i for i in near if type.low <= i <= type.high)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 8, 13])
@pytest.mark.parametrize("type", [INT8, UINT8, INT64, UINT64], ids=str)
def test_reads_and_writes_at_every_index(type: IntType, size: int) -> None:
    values = [100 + i for i in range(size)]
    draft = Draft()
    base = draft.give(INT32, values, SECRET)
    new = draft.give(INT32, -1, SECRET)
    for i in positions(type, size):
        index = draft.give(type, i, SECRET)
        draft.show(draft.build.oblivious_read(base, index), f"read {i}")
        draft.show(draft.build.oblivious_write(base, index, new), f"write {i}")
    outputs = draft.run().outputs["bob"]
    for i in positions(type, size):
        inside = 0 <= i < size
        assert outputs[f"read {i}"] == (values[i] if inside else 0)
        assert outputs[f"write {i}"] == [-1 if j == i else v for j, v in enumerate(values)]


@pytest.mark.parametrize("size", [200, 300])
def test_arrays_longer_than_the_index_type_reaches(size: int) -> None:
    draft = Draft()
    base = draft.give(INT32, list(range(1, size + 1)), SECRET)
    new = draft.give(INT32, 0, SECRET)
    for type, i in [(INT8, 127), (INT8, -56), (INT8, -1), (UINT8, 199), (UINT8, 255)]:
        index = draft.give(type, i, SECRET)
        draft.show(draft.build.oblivious_read(base, index), f"read {type} {i}")
        draft.show(draft.build.oblivious_write(base, index, new), f"write {type} {i}")
    outputs = draft.run().outputs["alice"]
    for type, i in [(INT8, 127), (INT8, -56), (INT8, -1), (UINT8, 199), (UINT8, 255)]:
        assert outputs[f"read {type} {i}"] == (i + 1 if 0 <= i < size else 0)
        wanted = [0 if j == i else j + 1 for j in range(size)]
        assert outputs[f"write {type} {i}"] == wanted


@pytest.mark.parametrize("guard", [False, True])
def test_rows_with_and_without_a_guard(guard: bool) -> None:
    rows = [[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]], [[0, 0], [1, 1], [2, 2]]]
    flat = [x for row in rows for pair in row for x in pair]
    draft = Draft(3)
    base = draft.build.reshape(draft.give(INT32, flat, SECRET), (3, 3, 2))
    row = draft.build.reshape(draft.give(INT32, [-1, -2, -3, -4, -5, -6], PUBLIC), (3, 2))
    index = draft.give(INT32, 1, owned(1))
    index = draft.build.relabel(index, SECRET)
    flag = draft.give(BOOL, guard, SECRET)
    draft.show(draft.build.oblivious_read(base, index), "read")
    draft.show(draft.build.oblivious_write(base, index, row, flag), "write")
    outputs = draft.run().outputs["alice"]
    assert outputs["read"] == rows[1]
    changed = [rows[0], [[-1, -2], [-3, -4], [-5, -6]], rows[2]]
    assert outputs["write"] == (changed if guard else rows)


@pytest.mark.parametrize("label", [PUBLIC, owned(0), SECRET], ids=str)
@pytest.mark.parametrize("index_label", [owned(1), SECRET], ids=str)
def test_bases_of_any_label(label: Label, index_label: Label) -> None:
    draft = Draft()
    base = draft.give(BOOL, [False, True, True], label)
    index = draft.give(INT32, 2, index_label)
    assert draft.result(draft.build.oblivious_read(base, index)) is True


def expanded(size: int) -> ir.Program:
    draft = Draft()
    base = draft.give(INT32, [0] * size, SECRET)
    index = draft.give(INT32, 0, SECRET)
    value = draft.build.oblivious_read(base, index)
    draft.show(draft.build.oblivious_write(base, index, value))
    program = expand_oblivious(draft.program())
    verify(program)
    return program


def test_the_expansion_is_logarithmic_and_complete() -> None:
    sizes = {}
    for size in (4, 1024, 2048):
        operations = list(ir.walk(expanded(size).main.body))
        assert not any(isinstance(o, ir.ObliviousRead | ir.ObliviousWrite) for o in operations)
        sizes[size] = len(operations)
    assert sizes[2048] - sizes[1024] < 40
    assert sizes[2048] < 300


@pytest.mark.parametrize("size", [1, 2, 3, 8, 13, 100])
def test_costs(size: int) -> None:
    """Multiplexed items, and bits of the demultiplexer, are what the documentation says."""
    draft = Draft()
    base = draft.give(INT32, [0] * size, SECRET)
    index = draft.give(INT32, 0, SECRET)
    draft.show(draft.build.oblivious_read(base, index))
    program = expand_oblivious(draft.program())
    selects = [o.result.type.size for o in ir.walk(program.main.body) if isinstance(o, ir.Select)]
    assert sum(selects) == size - 1 + 1
    draft = Draft()
    base = draft.give(INT32, [0] * size, SECRET)
    index = draft.give(INT32, 0, SECRET)
    draft.show(draft.build.oblivious_write(base, index, draft.give(INT32, 5, SECRET)))
    operations = list(ir.walk(expand_oblivious(draft.program()).main.body))
    ands = [
        o.result.type.size
        for o in operations
        if isinstance(o, ir.Binary) and o.kind is ir.BinaryKind.AND
    ]
    assert sum(ands) == size - 1
    assert sum(o.result.type.size for o in operations if isinstance(o, ir.Select)) == size
